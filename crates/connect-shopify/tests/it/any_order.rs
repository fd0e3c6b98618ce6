//! Whatever the order in which a customer's messages come, and however often, they end in the same state.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::shop::Shop;

/// A customer's life as Shopify tells it: topic, when it was sent, body. `N` is the customer.
fn life(id: u64) -> Vec<(&'static str, String, Value)> {
    let at = |minute: u32| format!("2026-05-01T10:{minute:02}:00Z");
    let profile = |minute: u32, first: &str, phone: Value, city: &str| {
        json!({"id": id, "updated_at": at(minute), "email": format!("c{id}@example.com"), "first_name": first, "last_name": "Byron", "phone": phone,
               "state": "enabled", "addresses": [{"id": id * 10, "address1": "Street 1", "city": city, "country_code": "DE", "default": true}]})
    };
    let gid = format!("gid://shopify/Customer/{id}");
    let consent = |minute: u32, state: &str| json!({"customer_id": id, "email_marketing_consent": {"state": state, "consent_updated_at": at(minute)}});
    let tags =
        |minute: u32, names: &[&str]| json!({"customerId": gid, "tags": names, "occurredAt": at(minute)});
    vec![
        (
            "customers/create",
            at(0),
            profile(0, "Ada", json!("+4930123456"), "Berlin"),
        ),
        ("customer.tags_added", at(1), tags(1, &["vip", "press"])),
        (
            "customers_email_marketing_consent/update",
            at(2),
            consent(2, "subscribed"),
        ),
        (
            "customers/update",
            at(3),
            profile(3, "Augusta", Value::Null, "Berlin"),
        ),
        ("customer.tags_removed", at(4), tags(4, &["press"])),
        (
            "customers_email_marketing_consent/update",
            at(5),
            consent(5, "unsubscribed"),
        ),
        (
            "customers/update",
            at(6),
            profile(6, "Augusta Ada", json!("+4930654321"), "Hamburg"),
        ),
        ("customer.tags_added", at(7), tags(7, &["press"])),
        ("customer.tags_removed", at(8), tags(8, &["vip"])),
        (
            "customers_email_marketing_consent/update",
            at(9),
            consent(9, "subscribed"),
        ),
    ]
}

/// What must be the same in the end.
async fn state(shop: &Shop, id: u64) -> Value {
    let customer = shop.customer(&id.to_string()).await;
    let address = &customer["addresses"][0];
    let consent = customer["consents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["channel"] == "email")
        .cloned()
        .unwrap_or_default();
    json!({
        "name": customer["full_name"], "phone": customer["phone"], "tags": customer["tags"], "city": address["city"],
        "addresses": customer["addresses"].as_array().unwrap().len(), "consent": [consent["state"], consent["changed_at"]],
        "has_email": customer["email"].is_string(),
    })
}

#[tokio::test]
async fn any_order_with_repetitions_ends_as_the_orderly_one() {
    let shop = Shop::new().await;
    for (topic, at, body) in life(1) {
        shop.says(topic, &at, &body).await;
        shop.process().await;
    }
    let expected = state(&shop, 1).await;
    assert_eq!(expected["name"], "Augusta Ada Byron");
    assert_eq!(expected["tags"], json!(["press"]));
    assert_eq!(expected["consent"], json!(["subscribed", "2026-05-01T10:09:00Z"]));

    // Orders are drawn once, so that each case is a customer of its own in the same shop.
    let steps = life(1).len();
    let order = prop::collection::vec(0..steps, 0..6).prop_flat_map(move |again| {
        let mut all: Vec<usize> = (0..steps).chain(again).collect();
        all.sort_unstable();
        Just(all).prop_shuffle()
    });
    let mut runner = TestRunner::new(Config::default());
    let orders: Vec<Vec<usize>> = (0..40)
        .map(|_| order.new_tree(&mut runner).unwrap().current())
        .collect();
    for (case, order) in orders.iter().enumerate() {
        let id = case as u64 + 100;
        let life = life(id);
        for (sent, step) in order.iter().enumerate() {
            let (topic, at, body) = &life[*step];
            // A redelivery has another id where Shopify sends it anew.
            let delivery = format!("{case}-{sent}");
            shop.signed(topic, &delivery, at, body.to_string().as_bytes())
                .await
                .expect(200);
            // Some are processed one by one, others by several at once.
            if case % 2 == 0 && sent % 3 == 0 {
                shop.process().await;
            }
        }
        shop.process().await;
        assert_eq!(state(&shop, id).await, expected, "{order:?}");
    }
}
