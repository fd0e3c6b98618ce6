//! What Shopify says of carts and checkouts, and the orders that came of them.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::shop::Shop;

fn at(minute: u32) -> String {
    format!("2026-05-01T10:{minute:02}:00Z")
}

fn shoes(quantity: u32) -> Value {
    json!([{"id": 71, "key": "71:ab", "variant_id": 71, "product_id": 7, "sku": "SHOE-38", "title": "Shoes", "quantity": quantity, "price": "49.90",
        "line_price": format!("{:.2}", 49.9 * f64::from(quantity)), "line_price_set": {"shop_money": {"amount": "0", "currency_code": "CAD"}}}])
}

fn cart(id: u64, minute: u32, quantity: u32) -> Value {
    json!({"id": format!("t{id}"), "token": format!("t{id}"), "line_items": if quantity == 0 { json!([]) } else { shoes(quantity) }, "note": null,
        "created_at": at(minute), "updated_at": at(minute)})
}

fn customer(id: u64) -> Value {
    json!({"id": id, "email": format!("c{id}@example.com"), "first_name": "Ada", "last_name": "Byron", "updated_at": at(0), "state": "enabled"})
}

fn checkout(id: u64, minute: u32, quantity: u32, more: Value) -> Value {
    let mut body = json!({"id": id * 10, "token": format!("k{id}"), "cart_token": format!("t{id}"), "email": null, "created_at": at(10), "updated_at": at(minute),
        "currency": "CAD", "completed_at": null, "line_items": shoes(quantity), "total_price": "60.00",
        "abandoned_checkout_url": format!("https://shop.example/{id}/recover?key=secret")});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

fn order(id: u64, minute: u32, more: Value) -> Value {
    let mut body = json!({"id": id * 100, "name": format!("#{id}"), "email": format!("c{id}@example.com"), "currency": "EUR", "created_at": at(20),
        "processed_at": at(20), "updated_at": at(minute), "total_price": "60.00", "customer": customer(id), "line_items": [], "checkout_id": id * 10});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

/// The one cart of a token; none if there is none.
async fn found(shop: &Shop, id: u64) -> Option<Value> {
    let list = shop.get("/carts?limit=200").await.expect(200).json;
    let token = format!("t{id}");
    let row = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cart| cart["external_id"] == token.as_str())?
        .clone();
    Some(
        shop.get(&format!("/carts/{}", row["id"].as_str().unwrap()))
            .await
            .expect(200)
            .json,
    )
}

#[tokio::test]
async fn a_cart_becomes_a_checkout_of_somebody_and_an_order() {
    let shop = Shop::new().await;
    shop.says("carts/create", &at(5), &cart(1, 5, 1)).await;
    shop.process().await;
    let first = found(&shop, 1).await.unwrap();
    assert_eq!(
        (&first["state"], &first["customer_id"], &first["total"]),
        (
            &json!("abandoned"),
            &json!(null),
            &json!({"amount": "49.90", "currency": "CAD"})
        )
    );
    assert_eq!(first["lines"][0]["variant_external_id"], "71");
    assert_eq!(shop.get("/customers").await.json["page"]["total"]["value"], 0);
    shop.says(
        "checkouts/create",
        &at(10),
        &checkout(
            1,
            10,
            2,
            json!({"customer": customer(1), "email": "c1@example.com"}),
        ),
    )
    .await;
    shop.says("carts/update", &at(12), &cart(1, 12, 3)).await;
    shop.process().await;
    let second = found(&shop, 1).await.unwrap();
    assert_eq!(
        (&second["id"], &second["items"], &second["checkout_started_at"]),
        (&first["id"], &json!(3), &json!("2026-05-01T10:10:00Z"))
    );
    assert_eq!(second["customer_id"], shop.customer("1").await["id"]);
    assert_eq!(
        second["recovery_url"],
        "https://shop.example/1/recover?key=secret"
    );
    shop.says(
        "orders/create",
        &at(20),
        &order(1, 20, json!({"cart_token": "t1"})),
    )
    .await;
    shop.process().await;
    let third = found(&shop, 1).await.unwrap();
    assert_eq!(
        (
            &third["state"],
            &third["completed_at"],
            &third["order_external_id"]
        ),
        (&json!("converted"), &json!("2026-05-01T10:20:00Z"), &json!("100"))
    );
    assert!(third["order_id"].is_string());
    // Somebody who only left an address is a guest, as with orders; a cart without a token of its own is known by the checkout's.
    let bare = json!({"cart_token": null, "token": "t2", "email": "grace@example.com"});
    shop.says("checkouts/create", &at(10), &checkout(2, 10, 1, bare))
        .await;
    shop.process().await;
    let grace = found(&shop, 2).await.unwrap();
    assert_eq!(
        (&grace["email"], grace["customer_id"].is_string()),
        (&json!("grace@example.com"), true)
    );
}

#[tokio::test]
async fn a_deleted_checkout_is_gone_whether_its_deletion_comes_first_or_last() {
    let shop = Shop::new().await;
    for (id, is_first) in [(1, true), (2, false)] {
        let gone = json!({"id": id * 10, "presentment_currency": "CAD"});
        if is_first {
            shop.says("checkouts/delete", &at(15), &gone).await;
            shop.process().await;
        }
        shop.says("carts/create", &at(5), &cart(id, 5, 1)).await;
        shop.says("checkouts/create", &at(10), &checkout(id, 10, 1, json!({})))
            .await;
        shop.process().await;
        if !is_first {
            shop.says("checkouts/delete", &at(15), &gone).await;
            shop.process().await;
        }
        shop.says("carts/update", &at(16), &cart(id, 16, 2)).await;
        shop.process().await;
        assert_eq!(found(&shop, id).await, None, "{id}");
    }
}

#[tokio::test]
async fn who_is_merged_takes_their_carts_along() {
    let shop = Shop::new().await;
    for id in [1, 2] {
        shop.says(
            "checkouts/create",
            &at(10),
            &checkout(id, 10, 1, json!({"customer": customer(id)})),
        )
        .await;
    }
    shop.process().await;
    let merged = json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1", "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2", "status": "completed"});
    shop.says("customers/merge", &at(30), &merged).await;
    shop.process().await;
    let kept = shop.customer("1").await;
    assert_eq!(found(&shop, 2).await.unwrap()["customer_id"], kept["id"]);
}

/// What is said of one cart: by whichever of its ids its order names it.
fn life(id: u64) -> Vec<(&'static str, String, Value)> {
    let named = if id.is_multiple_of(2) {
        json!({"cart_token": format!("t{id}")})
    } else {
        json!({"cart_token": null, "checkout_token": format!("k{id}")})
    };
    vec![
        ("carts/create", at(5), cart(id, 5, 1)),
        ("carts/update", at(7), cart(id, 7, 0)),
        ("carts/update", at(9), cart(id, 9, 2)),
        ("checkouts/create", at(10), checkout(id, 10, 2, json!({}))),
        (
            "checkouts/update",
            at(12),
            checkout(
                id,
                12,
                2,
                json!({"customer": customer(id), "email": format!("c{id}@example.com")}),
            ),
        ),
        ("carts/update", at(13), cart(id, 13, 4)),
        (
            "checkouts/update",
            at(14),
            checkout(
                id,
                14,
                3,
                json!({"customer": customer(id), "email": format!("c{id}@example.com"), "completed_at": at(21)}),
            ),
        ),
        ("orders/create", at(20), order(id, 20, named.clone())),
        ("orders/updated", at(22), order(id, 22, named)),
    ]
}

/// What must be the same in the end.
async fn state(shop: &Shop, id: u64) -> Value {
    let mut cart = found(shop, id).await.unwrap_or_else(|| panic!("no cart {id}"));
    let customer = shop.customer(&id.to_string()).await;
    assert_eq!(cart["customer_id"], customer["id"]);
    assert!(cart["order_id"].is_string(), "{cart}");
    assert_eq!(cart["order_external_id"], (id * 100).to_string());
    let events = shop
        .get(&format!(
            "/customers/{}/activities?limit=200",
            customer["id"].as_str().unwrap()
        ))
        .await
        .expect(200)
        .json;
    let mut kinds: Vec<String> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .filter(|kind| kind.starts_with("cart.") || kind.starts_with("checkout."))
        .collect();
    kinds.sort();
    let fields = cart.as_object_mut().unwrap();
    for name in [
        "id",
        "version",
        "external_id",
        "customer_id",
        "order_id",
        "order_external_id",
        "email",
        "recovery_url",
        "created_at",
        "updated_at",
    ] {
        fields.remove(name);
    }
    json!({"cart": cart, "kinds": kinds})
}

#[tokio::test]
async fn carts_checkouts_and_orders_in_any_order_with_repetitions_end_as_the_orderly_ones() {
    let shop = Shop::new().await;
    for (topic, at, body) in life(1) {
        shop.says(topic, &at, &body).await;
        shop.process().await;
    }
    let expected = state(&shop, 1).await;
    assert_eq!(
        expected["kinds"],
        json!(["cart.converted", "cart.created", "checkout.started"])
    );
    assert_eq!(
        (&expected["cart"]["items"], &expected["cart"]["completed_at"]),
        (&json!(3), &json!("2026-05-01T10:20:00Z"))
    );

    let steps = life(1).len();
    let order = prop::collection::vec(0..steps, 0..5).prop_flat_map(move |again| {
        let mut all: Vec<usize> = (0..steps).chain(again).collect();
        all.sort_unstable();
        Just(all).prop_shuffle()
    });
    let mut runner = TestRunner::new(Config::default());
    let orders: Vec<Vec<usize>> = (0..30)
        .map(|_| order.new_tree(&mut runner).unwrap().current())
        .collect();
    for (case, order) in orders.iter().enumerate() {
        let id = case as u64 + 100;
        let life = life(id);
        for (sent, step) in order.iter().enumerate() {
            let (topic, at, body) = &life[*step];
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
