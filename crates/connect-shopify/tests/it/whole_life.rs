//! One customer's whole life in one: what is said of them, their carts, orders, refunds, and another one who becomes part of
//! them. Whatever the order in which it comes, and however often, it ends in the same state.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    life::{Ids, at, life},
    shop::Shop,
};

/// The fields of these names.
fn only(value: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), value[*name].clone()))
        .collect()
}

async fn whole(shop: &Shop, list: &str, of: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for row in shop.get(list).await.expect(200).json["data"].as_array().unwrap() {
        let path = format!("{of}/{}", row["id"].as_str().unwrap());
        all.push(shop.get(&path).await.expect(200).json);
    }
    all
}

const OF_ORDER: &[&str] = &[
    "external_id",
    "number",
    "status",
    "payment_status",
    "fulfillment_status",
    "total",
    "refunded",
    "items",
    "tags",
    "cancelled_at",
    "cancel_reason",
    "history",
];

/// What must be the same in the end; ids are told as numbers behind the first.
async fn state(shop: &Shop, ids: Ids) -> Value {
    let customer = shop.customer(&ids.kept().to_string()).await;
    let id = customer["id"].as_str().unwrap();
    let mut figures = shop.metrics(&ids.kept().to_string()).await;
    figures.as_object_mut().unwrap().remove("days_since_last_order");
    let consents: Vec<Value> = customer["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| only(one, &["channel", "state", "changed_at"]))
        .collect();
    let mut orders = whole(shop, &format!("/customers/{id}/orders?limit=200"), "/orders").await;
    orders.sort_by_key(|order| order["number"].to_string());
    let orders: Vec<Value> = orders
        .iter()
        .map(|order| {
            let parts: Value = ["lines", "payments", "fulfillments", "refunds"]
                .map(|name| {
                    let mut parts = order[name].as_array().unwrap().clone();
                    for part in &mut parts {
                        part.as_object_mut().unwrap().remove("source_version");
                    }
                    parts.sort_by_key(|part| part["external_id"].to_string());
                    Value::from(parts)
                })
                .to_vec()
                .into();
            json!([
                only(order, OF_ORDER),
                // What comes of somebody who was deleted makes nobody anew, so that it may be without an address.
                Value::from(order["email"].as_str().filter(|email| email.starts_with("kept"))),
                parts,
            ])
        })
        .collect();
    let mut carts = whole(shop, "/carts?limit=200", "/carts").await;
    let token = format!("t{}", ids.0);
    carts.retain(|cart| cart["external_id"] == token.as_str());
    let carts: Vec<Value> = carts
        .iter()
        .map(|cart| {
            let is_theirs = cart["customer_id"] == id;
            json!([
                only(
                    cart,
                    &[
                        "state",
                        "items",
                        "total",
                        "order_external_id",
                        "completed_at",
                        "checkout_started_at",
                        "email"
                    ]
                ),
                is_theirs
            ])
        })
        .collect();
    let timeline = shop
        .get(&format!("/customers/{id}/activities?limit=200"))
        .await
        .expect(200)
        .json;
    // Of the first order and its cart; what was told of orders that are another's or deleted now stands where it was told.
    let first = format!("\"{}\"", ids.number(1));
    let mut told: Vec<&str> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| {
            let kind = event["kind"].as_str()?;
            let is_of_cart = ["cart.converted", "checkout.started"].contains(&kind);
            let is_of_first =
                kind.starts_with("order.") && kind != "order.updated" && event.to_string().contains(&first);
            (is_of_cart || is_of_first).then_some(kind)
        })
        .collect();
    told.sort_unstable();
    let other = shop
        .get(&format!("/customers/by-external-id/shopify/{}", ids.gone()))
        .await;
    let their_address = shop
        .get(&format!("/customers/by-email/gone{}@example.com", ids.0))
        .await;
    let addresses: Vec<Value> = customer["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|address| only(address, &["line1", "city", "country"]))
        .collect();
    let state = json!({
        "customer": only(&customer, &["full_name", "email", "email_verified", "phone", "type", "internal_note", "tags", "status"]), "addresses": addresses, "consents": consents,
        "figures": figures, "orders": orders, "carts": carts, "told": told, "other": [other.status.as_u16(), their_address.status.as_u16()],
    });
    // As they are of another life.
    let mut text = state.to_string();
    for id in 0..100 {
        text = text.replace(&format!("\"{}\"", ids.kept() + id), &format!("\"id {id}\""));
    }
    text = text.replace(&format!("#{}-", ids.0), "#");
    text = text
        .replace(&format!("kept{}@", ids.0), "kept@")
        .replace(&format!("gone{}@", ids.0), "gone@");
    serde_json::from_str(&text).unwrap()
}

/// Where two states differ, one place a line.
fn differences(place: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (name, value) in a {
                differences(&format!("{place}/{name}"), value, &b[name], found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{place}/{index}"), a, b, found);
            }
        }
        (one, other) if one != other => found.push(format!("{place}: {one} became {other}")),
        _ => {}
    }
}

#[tokio::test]
async fn a_whole_life_in_any_order_with_repetitions_ends_as_the_orderly_one() {
    let shop = Shop::new().await;
    let orderly = Ids(1);
    let mut words = life(orderly);
    words.sort_by(|one, other| one.1.cmp(&other.1));
    for (topic, at, body) in words {
        shop.says(topic, &at, &body).await;
        shop.process().await;
    }
    let expected = state(&shop, orderly).await;
    let customer = &expected["customer"];
    assert_eq!(
        (
            &customer["full_name"],
            &customer["phone"],
            &customer["type"],
            &customer["tags"]
        ),
        (
            &json!("Augusta Ada Byron"),
            &json!("+4930654321"),
            &json!("guest"),
            &json!(["press"])
        )
    );
    assert_eq!(
        expected["addresses"],
        json!([{"line1": "Street 1", "city": "Hamburg", "country": "DE"}])
    );
    assert_eq!(
        expected["consents"],
        json!([{"channel": "email", "state": "subscribed", "changed_at": at(32)}, {"channel": "sms", "state": "unsubscribed", "changed_at": at(15)}])
    );
    let figures = &expected["figures"];
    assert_eq!(
        (
            &figures["orders"],
            &figures["cancelled_orders"],
            &figures["total_spent"]["amount"],
            &figures["refunded"]["amount"]
        ),
        (&json!(2), &json!(1), &json!("140.00"), &json!("20.00"))
    );
    assert_eq!(expected["orders"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&expected["carts"][0][0]["state"], &expected["carts"][0][1]),
        (&json!("converted"), &json!(true))
    );
    assert_eq!(expected["other"], json!([404, 404]));

    let steps = life(orderly).len();
    let order = prop::collection::vec(0..steps, 0..12).prop_flat_map(move |again| {
        let mut all: Vec<usize> = (0..steps).chain(again).collect();
        all.sort_unstable();
        Just(all).prop_shuffle()
    });
    let mut runner = TestRunner::new(Config::default());
    for case in 0..16 {
        let order = order.new_tree(&mut runner).unwrap().current();
        let ids = Ids(100 + case);
        let life = life(ids);
        for (sent, step) in order.iter().enumerate() {
            let (topic, at, body) = &life[*step];
            // A redelivery is the same message, under the same id or another one.
            let delivery = if sent % 2 == 0 {
                format!("{case} {sent}")
            } else {
                format!("{case} of {step}")
            };
            shop.signed(topic, &delivery, at, body.to_string().as_bytes())
                .await
                .expect(200);
            // Some are processed one by one, others by several at once.
            if case % 3 == 0 || (case % 3 == 1 && sent % 4 == 0) {
                shop.process().await;
            }
        }
        shop.process().await;
        if case % 2 == 1 {
            // What was processed is played again.
            let list = shop
                .get("/webhook-events?state=done&limit=12")
                .await
                .expect(200)
                .json;
            for event in list["data"].as_array().unwrap() {
                let path = format!("/api/v1/webhook-events/{}/replay", event["id"].as_str().unwrap());
                shop.app.post(&path).bearer(&shop.key).await.expect(200);
            }
            shop.process().await;
        }
        let mut found = Vec::new();
        differences("", &expected, &state(&shop, ids).await, &mut found);
        let told: Vec<(&str, &str)> = order
            .iter()
            .map(|step| (life[*step].0, &life[*step].1[14..16]))
            .collect();
        assert!(
            found.is_empty(),
            "case {case}: {found:#?}\nin this order: {told:?}"
        );
    }
    let events = shop.get("/webhook-events?state=dead").await.expect(200).json;
    assert_eq!(events["data"], json!([]));
}
