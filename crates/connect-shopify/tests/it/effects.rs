//! Topics of customers and orders by what they change here.

use serde_json::{Value, json};

use crate::shop::Shop;

/// Beyond 2^53: read as a number with a fraction it would be another one.
const BIG: u64 = 820_982_911_946_154_509;

fn at(minute: u32) -> String {
    format!("2026-05-01T10:{minute:02}:00Z")
}

fn changed(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn ada(minute: u32, changes: &Value) -> Value {
    let ada = json!({"id": BIG, "updated_at": at(minute), "email": "ada@example.com", "first_name": "Ada", "state": "disabled", "phone": "+4930123456"});
    changed(ada, changes)
}

/// Two pairs of socks and a pair of shoes.
fn order(minute: u32, changes: &Value) -> Value {
    let order = json!({
        "id": BIG + 1, "name": "#1001", "currency": "EUR", "created_at": at(1), "processed_at": at(1), "updated_at": at(minute),
        "total_price": "60.00", "subtotal_price": "60.00", "financial_status": "paid", "fulfillment_status": null, "tags": "web, first", "customer": ada(1, &json!({})),
        "line_items": [line(0, 1, 1), line(1, 2, 2)], "fulfillments": [], "refunds": [],
    });
    changed(order, changes)
}

/// Shoes, or socks.
fn line(number: u64, quantity: u32, current: u32) -> Value {
    let (title, price) = if number == 0 {
        ("Shoes", "50.00")
    } else {
        ("Socks", "5.00")
    };
    json!({"id": BIG + 10 + number, "product_id": BIG + 20 + number, "variant_id": BIG + 30 + number, "title": title, "vendor": "Acme", "price": price,
        "quantity": quantity, "current_quantity": current})
}

fn fulfillment(minute: u32, lines: &Value) -> Value {
    json!({"id": BIG + 2, "order_id": BIG + 1, "status": "success", "created_at": at(minute), "updated_at": at(minute), "tracking_company": "DHL",
        "tracking_numbers": ["123"], "tracking_urls": [], "shipment_status": null, "line_items": lines})
}

fn euro(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

#[tokio::test]
async fn who_has_an_account_is_registered_and_who_has_none_any_more_is_a_guest() {
    let shop = Shop::new().await;
    let is = async || shop.customer(&BIG.to_string()).await["type"].clone();
    shop.says("customers/create", &at(1), &ada(1, &json!({}))).await;
    shop.process().await;
    assert_eq!(is().await, "guest");
    shop.says("customers/enable", &at(2), &ada(2, &json!({"state": "enabled"})))
        .await;
    shop.process().await;
    assert_eq!(is().await, "registered");
    shop.says(
        "customers/disable",
        &at(4),
        &ada(4, &json!({"state": "disabled"})),
    )
    .await;
    shop.process().await;
    assert_eq!(is().await, "guest");
    // A late one changes nothing.
    shop.says("customers/enable", &at(3), &ada(3, &json!({"state": "enabled"})))
        .await;
    shop.process().await;
    assert_eq!(is().await, "guest");
}

#[tokio::test]
async fn an_order_of_which_a_part_was_sent_is_partially_shipped() {
    let shop = Shop::new().await;
    shop.says("orders/create", &at(1), &order(1, &json!({}))).await;
    shop.process().await;
    let before = shop.order("#1001").await;
    assert_eq!(
        (&before["fulfillment_status"], &before["status"]),
        (&json!("unfulfilled"), &json!("confirmed"))
    );
    let sent = fulfillment(4, &json!([{"id": BIG + 11, "quantity": 2}]));
    let partial = json!({"fulfillment_status": "partial", "fulfillments": [sent]});
    shop.says("orders/partially_fulfilled", &at(4), &order(4, &partial))
        .await;
    shop.process().await;
    let after = shop.order("#1001").await;
    assert_eq!(
        (&after["fulfillment_status"], &after["status"]),
        (&json!("partial"), &json!("partially_shipped"))
    );
    assert_eq!(
        after["fulfillments"][0]["lines"],
        json!([{"external_id": (BIG + 11).to_string(), "quantity": 2}])
    );
}

#[tokio::test]
async fn items_total_and_figures_follow_an_edited_order() {
    let shop = Shop::new().await;
    let figures = async || {
        let metrics = shop.metrics(&BIG.to_string()).await;
        [
            "orders",
            "items",
            "total_spent",
            "net_revenue",
            "average_order_value",
        ]
        .map(|name| metrics[name].clone())
    };
    let lines = async || {
        let order = shop.order("#1001").await;
        let lines = order["lines"].as_array().unwrap().clone();
        let lines: Vec<Value> = lines
            .iter()
            .map(|one| json!([one["title"], one["quantity"], one["current_quantity"]]))
            .collect();
        (json!(lines), order["total"].clone())
    };
    let of_sixty = [json!(1), json!(3), euro("60.00"), euro("60.00"), euro("60.00")];
    shop.says("orders/create", &at(1), &order(1, &json!({}))).await;
    shop.process().await;
    assert_eq!(figures().await, of_sixty);
    // One pair of socks less: the line stays, with what is left of it.
    let less = json!({"line_items": [line(0, 1, 1), line(1, 2, 1)], "total_price": "55.00", "subtotal_price": "55.00"});
    // The topic of its own says the same in another form, and is not answered.
    shop.says("orders/edited", &at(2), &json!({"order_edit": {"order_id": BIG + 1, "line_items": {"additions": [], "removals": [{"id": BIG + 11, "delta": 1}]}}})).await;
    shop.says("orders/updated", &at(2), &order(2, &less)).await;
    shop.process().await;
    assert_eq!(
        lines().await,
        (json!([["Shoes", 1, 1], ["Socks", 2, 1]]), euro("55.00"))
    );
    assert_eq!(
        figures().await,
        [json!(1), json!(2), euro("55.00"), euro("55.00"), euro("55.00")]
    );
    // The whole line is gone, and another one has come.
    let other = changed(line(2, 4, 4), &json!({"title": "Laces"}));
    let edited =
        json!({"line_items": [line(0, 1, 1), other], "total_price": "70.00", "subtotal_price": "70.00"});
    shop.says("orders/updated", &at(3), &order(3, &edited)).await;
    // Late: as it was before.
    shop.says("orders/updated", &at(2), &order(2, &json!({"note": "late"})))
        .await;
    shop.process().await;
    assert_eq!(
        lines().await,
        (json!([["Shoes", 1, 1], ["Laces", 4, 4]]), euro("70.00"))
    );
    assert_eq!(
        figures().await,
        [json!(1), json!(5), euro("70.00"), euro("70.00"), euro("70.00")]
    );
}

#[tokio::test]
async fn ids_beyond_what_a_float_can_hold_stay_what_they_are() {
    let shop = Shop::new().await;
    assert_ne!((BIG as f64) as u64, BIG);
    let refund = json!({"id": BIG + 3, "order_id": BIG + 1, "created_at": at(7), "processed_at": at(7), "note": "too small",
        "refund_line_items": [{"id": BIG + 4, "line_item_id": BIG + 10, "quantity": 1}],
        "transactions": [{"id": BIG + 5, "kind": "refund", "status": "success", "amount": "50.00", "currency": "EUR", "created_at": at(7), "processed_at": at(7)}]});
    let product = json!({"id": BIG + 20, "title": "Shoes", "updated_at": at(1), "variants": [{"id": BIG + 30, "price": "50.00"}]});
    shop.says("products/create", &at(1), &product).await;
    shop.says("orders/create", &at(1), &order(1, &json!({}))).await;
    shop.says(
        "fulfillments/create",
        &at(4),
        &fulfillment(4, &json!([{"id": BIG + 10, "quantity": 1}])),
    )
    .await;
    shop.says("refunds/create", &at(7), &refund).await;
    shop.process().await;
    let id = |number: u64| json!((BIG + number).to_string());
    let order = shop.order("#1001").await;
    assert_eq!(order["external_id"], id(1));
    for (number, line) in [(0, &order["lines"][0]), (1, &order["lines"][1])] {
        assert_eq!(line["external_id"], id(10 + number));
        assert_eq!(line["product_external_id"], id(20 + number));
        assert_eq!(line["variant_external_id"], id(30 + number));
    }
    let (sent, back) = (&order["fulfillments"][0], &order["refunds"][0]);
    assert_eq!((&sent["external_id"], &back["external_id"]), (&id(2), &id(3)));
    assert_eq!(sent["lines"][0]["external_id"], id(10));
    assert_eq!(back["lines"][0]["external_id"], id(10));
    assert_eq!(order["payments"][0]["external_id"], id(5));
    let list = shop.get("/products").await.expect(200).json["data"].clone();
    let product = shop
        .get(&format!("/products/{}", list[0]["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json;
    assert_eq!(product["external_id"], id(20));
    assert_eq!(product["variants"][0]["external_id"], id(30));
    // And what hangs on such an order finds it again.
    shop.says("orders/delete", &at(9), &json!({"id": BIG + 1})).await;
    shop.process().await;
    assert_eq!(shop.get("/orders").await.expect(200).json["data"], json!([]));
}

#[tokio::test]
async fn null_tags_take_none_away_and_an_empty_text_takes_all() {
    let shop = Shop::new().await;
    let product = |minute: u32, tags: Value| json!({"id": 7, "title": "Shoes", "updated_at": at(minute), "tags": tags, "variants": []});
    let tags = async || {
        let products = shop.get("/products").await.expect(200).json["data"].clone();
        let product = shop
            .get(&format!("/products/{}", products[0]["id"].as_str().unwrap()))
            .await
            .expect(200)
            .json;
        [
            shop.customer(&BIG.to_string()).await["tags"].clone(),
            shop.order("#1001").await["tags"].clone(),
            product["tags"].clone(),
        ]
    };
    let tell = async |minute: u32, tags: Value| {
        let with = json!({"tags": tags});
        let mut order = order(minute, &with);
        order["customer"] = json!({"id": BIG});
        shop.says("customers/update", &at(minute), &ada(minute, &with))
            .await;
        shop.says("orders/updated", &at(minute), &order).await;
        shop.says("products/update", &at(minute), &product(minute, tags))
            .await;
        shop.process().await;
        let events = shop.events().await;
        assert!(events.iter().all(|event| event["state"] == "done"), "{events:?}");
    };
    // As one reads them, whatever order they were told in.
    let both = ["customer", "order", "product"].map(|_| json!(["first", "web"]));
    tell(1, json!("web, first")).await;
    assert_eq!(tags().await, both);
    tell(2, Value::Null).await;
    assert_eq!(tags().await, both);
    // Null did not count as a newer word, either: what was told one by one before it holds.
    shop.says(
        "customer.tags_added",
        &at(2),
        &json!({"customerId": format!("gid://shopify/Customer/{BIG}"), "tags": ["vip"], "occurredAt": "2026-05-01T10:01:30Z"}),
    )
    .await;
    shop.process().await;
    assert_eq!(tags().await[0], json!(["first", "vip", "web"]));
    tell(3, json!("")).await;
    assert_eq!(tags().await, [json!([]), json!([]), json!([])]);
}

#[tokio::test]
async fn an_order_that_was_sent_and_then_cancelled_is_cancelled_and_its_history_says_that_this_is_unusual() {
    let shop = Shop::new().await;
    shop.says("orders/create", &at(1), &order(1, &json!({}))).await;
    let all = fulfillment(
        4,
        &json!([{"id": BIG + 10, "quantity": 1}, {"id": BIG + 11, "quantity": 2}]),
    );
    let sent = json!({"fulfillment_status": "fulfilled", "fulfillments": [all]});
    shop.says("orders/fulfilled", &at(4), &order(4, &sent)).await;
    shop.process().await;
    let shipped = shop.order("#1001").await;
    assert_eq!(shipped["status"], "shipped");
    let history = shipped["history"].as_array().unwrap();
    assert!(
        history.iter().all(|change| change["unusual"] == false),
        "{history:?}"
    );
    let cancelled = changed(
        order(6, &sent),
        &json!({"cancelled_at": at(6), "cancel_reason": "customer"}),
    );
    shop.says("orders/cancelled", &at(6), &cancelled).await;
    shop.process().await;
    let order = shop.order("#1001").await;
    assert_eq!(order["status"], "cancelled");
    let last = order["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        ["from", "to", "at", "unusual"].map(|name| last[name].clone()),
        [json!("shipped"), json!("cancelled"), json!(at(6)), json!(true)]
    );
    let metrics = shop.metrics(&BIG.to_string()).await;
    assert_eq!(
        (&metrics["orders"], &metrics["cancelled_orders"]),
        (&json!(0), &json!(1))
    );
}
