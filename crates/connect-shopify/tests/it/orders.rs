//! What Shopify says of orders and products, and what becomes of the customer's figures.

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

fn customer(id: u64) -> Value {
    json!({"id": id, "email": format!("c{id}@example.com"), "first_name": "Ada", "last_name": "Byron", "updated_at": at(0), "state": "enabled"})
}

/// An order of two lines, of the version of a minute.
fn order(id: u64, minute: u32, changes: &Value) -> Value {
    let mut order = json!({
        "id": id, "name": format!("#{id}"), "email": format!("c{id}@example.com"), "currency": "EUR", "created_at": at(1), "processed_at": at(1),
        "updated_at": at(minute), "total_price": "59.90", "subtotal_price": "54.90", "total_tax": "8.76", "total_discounts": "5.00",
        "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "EUR"}}, "financial_status": "pending", "fulfillment_status": null,
        "test": false, "tags": "first, web", "source_name": "web", "discount_codes": [{"code": "WELCOME", "amount": "5.00"}], "tax_lines": [{"title": "VAT", "price": "8.76"}],
        "shipping_address": {"name": "Ada Byron", "address1": "Street 1", "city": "Berlin", "country_code": "DE", "phone": "x"}, "customer": customer(id),
        "line_items": [
            {"id": id * 10, "product_id": 7, "variant_id": 71, "title": "Shoes", "vendor": "Acme", "quantity": 1, "price": "49.90", "total_discount": "0.00", "requires_shipping": true},
            {"id": id * 10 + 1, "title": "Socks", "vendor": "Acme", "quantity": 2, "price": "5.00", "discount_allocations": [{"amount": "5.00"}]},
        ],
        "fulfillments": [], "refunds": [],
    });
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

fn refund(id: u64, minute: u32) -> Value {
    json!({"id": id * 100, "order_id": id, "created_at": at(minute), "processed_at": at(minute), "note": "too small", "restock": true,
           "refund_line_items": [{"id": 1, "line_item_id": id * 10, "quantity": 1, "subtotal": 49.9, "total_tax": 0}],
           "transactions": [{"id": id * 100 + 1, "kind": "refund", "status": "success", "amount": "49.90", "currency": "EUR", "created_at": at(minute), "processed_at": at(minute), "gateway": "visa"}]})
}

fn fulfillment(id: u64, minute: u32, delivered: bool) -> Value {
    json!({"id": id * 1000, "order_id": id, "status": "success", "created_at": at(4), "updated_at": at(minute), "tracking_company": "DHL", "tracking_numbers": ["123"],
           "tracking_urls": ["https://track.example.com/123"], "shipment_status": if delivered { json!("delivered") } else { Value::Null }, "line_items": []})
}

/// An order's life as Shopify tells it.
fn life(id: u64) -> Vec<(&'static str, String, Value)> {
    let paid = json!({"id": id * 100 + 2, "order_id": id, "kind": "sale", "status": "success", "amount": "59.90", "currency": "EUR", "gateway": "visa", "created_at": at(2), "processed_at": at(2)});
    vec![
        ("orders/create", at(1), order(id, 1, &json!({}))),
        ("order_transactions/create", at(2), paid),
        (
            "orders/paid",
            at(2),
            order(id, 2, &json!({"financial_status": "paid"})),
        ),
        (
            "orders/updated",
            at(3),
            order(id, 3, &json!({"financial_status": "paid", "note": "ring twice"})),
        ),
        ("fulfillments/create", at(4), fulfillment(id, 4, false)),
        (
            "orders/fulfilled",
            at(5),
            order(
                id,
                5,
                &json!({"financial_status": "paid", "fulfillment_status": "fulfilled", "fulfillments": [fulfillment(id, 4, false)]}),
            ),
        ),
        ("fulfillments/update", at(6), fulfillment(id, 6, true)),
        (
            "order_transactions/create",
            at(7),
            json!({"id": id * 100 + 1, "order_id": id, "kind": "refund", "status": "success", "amount": "49.90", "currency": "EUR", "created_at": at(7), "processed_at": at(7), "gateway": "visa"}),
        ),
        ("refunds/create", at(7), refund(id, 7)),
        (
            "orders/updated",
            at(8),
            order(
                id,
                8,
                &json!({"financial_status": "partially_refunded", "fulfillment_status": "fulfilled", "refunds": [refund(id, 7)], "note": null}),
            ),
        ),
    ]
}

/// What must be the same in the end.
async fn state(shop: &Shop, id: u64) -> Value {
    let customer = shop.customer(&id.to_string()).await;
    let metrics = shop
        .get(&format!("/customers/{}", customer["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json["metrics"]
        .clone();
    let orders = shop
        .get(&format!("/customers/{}/orders", customer["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json["data"]
        .clone();
    assert_eq!(orders.as_array().unwrap().len(), 1, "{orders}");
    let order = shop
        .get(&format!("/orders/{}", orders[0]["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json;
    let count = |name: &str| order[name].as_array().map_or(0, Vec::len);
    let timeline = shop
        .get(&format!(
            "/customers/{}/activities?limit=200",
            customer["id"].as_str().unwrap()
        ))
        .await
        .expect(200)
        .json;
    // Each fact once; how often it changed on the way is another matter.
    let mut told: Vec<&str> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .filter(|kind| kind.starts_with("order.") && *kind != "order.updated")
        .collect();
    told.sort_unstable();
    json!({
        "told": told,
        "status": order["status"], "payment_status": order["payment_status"], "fulfillment_status": order["fulfillment_status"], "note": order["note"],
        "total": order["total"], "parts": [count("lines"), count("payments"), count("fulfillments"), count("refunds")],
        "delivered": order["fulfillments"][0]["delivered_at"], "metrics": [
            metrics["orders"], metrics["total_spent"], metrics["refunded"], metrics["net_revenue"], metrics["items"], metrics["first_order_at"], metrics["favourite_brand"],
        ],
        "name": customer["full_name"],
    })
}

#[tokio::test]
async fn an_order_comes_with_all_that_hangs_on_it_and_counts_in_the_figures_of_its_customer() {
    let shop = Shop::new().await;
    for (topic, at, body) in life(1) {
        shop.says(topic, &at, &body).await;
        shop.process().await;
    }
    let events = shop.events().await;
    assert!(events.iter().all(|event| event["state"] == "done"), "{events:?}");
    let state = state(&shop, 1).await;
    assert_eq!(state["payment_status"], "partially_refunded");
    assert_eq!(state["total"], json!({"amount": "59.90", "currency": "EUR"}));
    assert_eq!(state["parts"], json!([2, 2, 1, 1]));
    assert_eq!(state["delivered"], "2026-05-01T10:06:00Z");
    assert_eq!(state["metrics"][0], 1);
    assert_eq!(state["metrics"][1], json!({"amount": "59.90", "currency": "EUR"}));
    assert_eq!(state["metrics"][2], json!({"amount": "49.90", "currency": "EUR"}));
    assert_eq!(state["metrics"][3], json!({"amount": "10.00", "currency": "EUR"}));
    let id = shop.customer("1").await["id"].as_str().unwrap().to_owned();
    let timeline = shop
        .get(&format!("/customers/{id}/activities"))
        .await
        .expect(200)
        .json;
    let kinds: Vec<_> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "order.placed",
        "order.paid",
        "order.shipped",
        "order.delivered",
        "order.refunded",
    ] {
        assert_eq!(
            kinds.iter().filter(|one| *one == kind).count(),
            1,
            "{kind} in {kinds:?}"
        );
    }
}

#[tokio::test]
async fn orders_end_in_the_same_state_whatever_the_order_of_their_messages() {
    let shop = Shop::new().await;
    for (topic, at, body) in life(1) {
        shop.says(topic, &at, &body).await;
        shop.process().await;
    }
    let expected = state(&shop, 1).await;
    let steps = life(1).len();
    let order = prop::collection::vec(0..steps, 0..6).prop_flat_map(move |again| {
        let mut all: Vec<usize> = (0..steps).chain(again).collect();
        all.sort_unstable();
        Just(all).prop_shuffle()
    });
    let mut runner = TestRunner::new(Config::default());
    for case in 0..30 {
        let order = order.new_tree(&mut runner).unwrap().current();
        let id = case + 100;
        let life = life(id);
        for (sent, step) in order.iter().enumerate() {
            let (topic, at, body) = &life[*step];
            shop.signed(topic, &format!("{case}-{sent}"), at, body.to_string().as_bytes())
                .await
                .expect(200);
            if case % 2 == 0 && sent % 3 == 0 {
                shop.process().await;
            }
        }
        shop.process().await;
        assert_eq!(state(&shop, id).await, expected, "{order:?}");
    }
}

#[tokio::test]
async fn a_cancelled_a_test_and_a_deleted_order_do_not_count() {
    let shop = Shop::new().await;
    let of_one = |id: u64, changes: Value| {
        let mut order = order(id, 1, &changes);
        order["customer"] = customer(1);
        order
    };
    shop.says("orders/create", &at(1), &of_one(1, json!({}))).await;
    shop.says(
        "orders/cancelled",
        &at(3),
        &of_one(
            2,
            json!({"cancelled_at": at(3), "cancel_reason": "customer", "updated_at": at(3)}),
        ),
    )
    .await;
    shop.says("orders/create", &at(1), &of_one(3, json!({"test": true})))
        .await;
    // The deletion before what it deletes, which then does not come back.
    shop.says("orders/delete", &at(9), &json!({"id": 4})).await;
    shop.process().await;
    shop.says("orders/updated", &at(5), &of_one(4, json!({"updated_at": at(5)})))
        .await;
    shop.process().await;
    let id = shop.customer("1").await["id"].as_str().unwrap().to_owned();
    let metrics = shop.get(&format!("/customers/{id}")).await.expect(200).json["metrics"].clone();
    assert_eq!(metrics["orders"], 1);
    assert_eq!(metrics["cancelled_orders"], 1);
    assert_eq!(metrics["total_spent"]["amount"], "59.90");
}

#[tokio::test]
async fn an_order_follows_shopifys_customer_before_its_address() {
    let shop = Shop::new().await;
    let other = json!({"email": "c5@example.com", "first_name": "Eve"});
    shop.app
        .post("/api/v1/customers")
        .bearer(&shop.key)
        .json(&other)
        .await
        .expect(201);
    shop.says(
        "customers/create",
        &at(0),
        &json!({"id": 7, "email": "seven@example.com", "updated_at": at(0)}),
    )
    .await;
    shop.process().await;
    let mut theirs = order(5, 1, &json!({}));
    theirs["customer"] = json!({"id": 7});
    shop.says("orders/create", &at(1), &theirs).await;
    // Without a customer, by its address.
    let mut guest = order(6, 1, &json!({"email": "c5@example.com"}));
    guest.as_object_mut().unwrap().shift_remove("customer");
    shop.says("orders/create", &at(1), &guest).await;
    shop.process().await;
    let seven = shop.customer("7").await;
    assert_eq!(
        seven["email"], "seven@example.com",
        "an order's thin customer empties nothing"
    );
    let orders = async |id: &str| {
        shop.get(&format!("/customers/{id}/orders"))
            .await
            .expect(200)
            .json["data"]
            .clone()
    };
    assert_eq!(orders(seven["id"].as_str().unwrap()).await[0]["number"], "#5");
    let eve = shop
        .get("/customers/by-email/c5@example.com")
        .await
        .expect(200)
        .json;
    assert_eq!(orders(eve["id"].as_str().unwrap()).await[0]["number"], "#6");
}

#[tokio::test]
async fn a_product_comes_with_its_variants() {
    let shop = Shop::new().await;
    let product = json!({"id": 788_032_119_674_292_922_u64, "title": "T-Shirt", "vendor": "Acme", "product_type": "Shirts", "handle": "t-shirt", "status": "active", "tags": "mens, example",
        "updated_at": at(1), "images": [{"src": "https://cdn.example.com/1.png"}],
        "variants": [{"id": 1, "title": "", "option1": "Small", "option2": "Red", "price": "19.99", "compare_at_price": "24.99", "sku": "S", "inventory_quantity": -3, "barcode": null}]});
    shop.says("products/create", &at(1), &product).await;
    shop.process().await;
    assert_eq!(shop.events().await[0]["state"], "done");
    let list = shop.get("/products").await.expect(200).json["data"].clone();
    let one = shop
        .get(&format!("/products/{}", list[0]["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&one["title"], &one["brand"], &one["category"]),
        (&json!("T-Shirt"), &json!("Acme"), &json!("Shirts"))
    );
    assert_eq!(one["variants"][0]["title"], "Small / Red");
    assert_eq!(one["variants"][0]["price"]["amount"], "19.99");
}

#[tokio::test]
async fn a_deleted_product_is_gone_whichever_message_comes_first() {
    let shop = Shop::new().await;
    let product = |id: u32| json!({"id": id, "title": "Shoes", "product_type": "Footwear", "updated_at": at(1), "variants": []});
    shop.says("products/create", &at(1), &product(7)).await;
    shop.process().await;
    shop.says("products/delete", &at(2), &json!({"id": 7})).await;
    shop.says("products/delete", &at(2), &json!({"id": 8})).await;
    shop.process().await;
    shop.says("products/create", &at(1), &product(8)).await;
    shop.says("products/update", &at(1), &product(7)).await;
    shop.process().await;
    for event in shop.events().await {
        assert_eq!(event["state"], "done", "{event}");
    }
    assert_eq!(shop.get("/products").await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn prices_are_in_the_currency_of_the_shop_where_the_connection_says_it() {
    let shop = Shop::new().await;
    let settings = |currency: &str| json!({"settings": {"currency": currency}});
    let path = format!("/api/v1/connections/{}", shop.connection);
    let wrong = shop
        .app
        .patch(&path)
        .bearer(&shop.key)
        .json(settings("EURO"))
        .await
        .expect(422);
    assert_eq!(wrong.json["errors"][0]["pointer"], "/settings/currency");
    shop.app
        .patch(&path)
        .bearer(&shop.key)
        .json(settings("SEK"))
        .await
        .expect(200);
    shop.says("products/create", &at(1), &json!({"id": 7, "title": "Shoes", "updated_at": at(1), "variants": [{"id": 71, "price": "599.00", "compare_at_price": null}]})).await;
    shop.process().await;
    let products = shop.get("/products").await.expect(200).json;
    let id = products["data"][0]["id"].as_str().unwrap();
    let product = shop.get(&format!("/products/{id}")).await.expect(200).json;
    assert_eq!(
        product["variants"][0]["price"],
        json!({"amount": "599.00", "currency": "SEK"})
    );
}

#[tokio::test]
async fn a_field_of_another_kind_is_left_out_and_named_and_the_order_stands() {
    let shop = Shop::new().await;
    let odd = json!({
        "total_price": 59.9, "phone": 4_930_123_456_u64, "test": "false", "closed_at": "tomorrow", "email": "not an address",
        "discount_codes": [{"code": "x".repeat(300), "amount": "1.00"}, {"code": "OK", "amount": "2.00"}],
        "billing_address": {"address1": "Street 1", "zip": 10117, "phone": 4_930_123_456_u64},
    });
    let mut told = order(1, 1, &odd);
    told["customer"]["default_address"] =
        json!({"id": 5, "address1": "Street 1", "zip": 10117, "phone": 4_930_123_456_u64});
    shop.says("orders/create", &at(1), &told).await;
    shop.process().await;
    let event = shop.events().await[0].clone();
    assert_eq!(event["state"], "done", "{event}");
    let result = shop
        .get(&format!("/webhook-events/{}", event["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json["result"]
        .clone();
    let left_out = result["left_out"].to_string();
    for field in ["/phone", "/is_test", "/closed_at", "/email"] {
        assert!(left_out.contains(field), "{field} in {left_out}");
    }
    let kept = shop
        .get(&format!("/orders/{}", result["order_id"].as_str().unwrap()))
        .await
        .expect(200)
        .json;
    assert_eq!(kept["total"]["amount"], "59.90");
    assert_eq!(kept["discounts"].as_array().unwrap().len(), 1);
    assert_eq!(kept["billing_address"]["line1"], "Street 1");
}

#[tokio::test]
async fn a_part_before_its_order_is_not_the_order_and_after_its_deletion_changes_nothing() {
    let shop = Shop::new().await;
    shop.says("fulfillments/create", &at(4), &fulfillment(1, 4, false))
        .await;
    shop.says("refunds/create", &at(7), &refund(1, 7)).await;
    shop.process().await;
    assert_eq!(shop.get("/orders").await.expect(200).json["data"], json!([]));
    shop.says("orders/create", &at(1), &order(1, 1, &json!({}))).await;
    shop.process().await;
    let id = shop.customer("1").await["id"].as_str().unwrap().to_owned();
    let timeline = shop
        .get(&format!("/customers/{id}/activities"))
        .await
        .expect(200)
        .text();
    for kind in ["order.placed", "order.shipped", "order.refunded"] {
        assert_eq!(timeline.matches(&format!("\"{kind}\"")).count(), 1, "{kind}");
    }
    shop.says("orders/delete", &at(9), &json!({"id": 1})).await;
    shop.process().await;
    shop.says("fulfillments/update", &at(10), &fulfillment(1, 10, true))
        .await;
    shop.process().await;
    let event = shop.events().await[0].clone();
    assert_eq!(
        (&event["topic"], &event["state"]),
        (&json!("fulfillments/update"), &json!("done"))
    );
    assert_eq!(shop.get("/orders").await.expect(200).json["data"], json!([]));
}
