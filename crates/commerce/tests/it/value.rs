//! The average lifetime value, by orders that are told and customers who leave.

use chrono::{DateTime, Days, Utc};
use regulars_commerce::ops::value;
use regulars_kernel::{Currency, clock};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::{House, shoes, text};

fn days_ago(days: u64) -> DateTime<Utc> {
    clock::now().checked_sub_days(Days::new(days)).unwrap()
}

/// An order of 59.90 with something else about it.
fn told(number: u32, email: &str, days: u64, more: Value) -> Value {
    let mut order = shoes(number, email);
    order["placed_at"] = json!(days_ago(days));
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

#[tokio::test]
async fn it_is_what_living_customers_with_an_order_brought_and_moves_with_the_last_thirty_days() {
    let house = House::new().await;
    let reckon = async || {
        let mut tx = house.app.tx("acme").await;
        value::reckon(&mut tx, Currency::EUR).await.unwrap()
    };
    let nothing = reckon().await;
    assert_eq!(
        (nothing.customers, nothing.average, nothing.previous),
        (0, None, None)
    );
    let refund = json!([{"external_id": "1", "amount": "9.90", "refunded_at": days_ago(50)}]);
    house
        .order(told(1, "ada@example.com", 60, json!({"refunds": refund})))
        .await;
    house.order(told(2, "ada@example.com", 3, json!({}))).await;
    house.order(told(3, "bea@example.com", 2, json!({}))).await;
    // None of these counts: a test, a cancelled one, one of which no rate is known.
    house
        .order(told(4, "cora@example.com", 2, json!({"is_test": true})))
        .await;
    house
        .order(told(
            5,
            "dora@example.com",
            2,
            json!({"cancelled_at": days_ago(1)}),
        ))
        .await;
    house
        .order(told(6, "emmy@example.com", 2, json!({"currency": "USD"})))
        .await;
    let gone = house
        .order(told(7, "faye@example.com", 90, json!({"total": "900.00"})))
        .await;
    let with_faye = reckon().await;
    assert_eq!(with_faye.customers, 3);
    let path = format!("/customers/{}", text(&gone["customer_id"]));
    house.delete(&path).await.expect(204);
    let value = reckon().await;
    // (50.00 + 59.90 + 59.90) of two, and 50.00 of the one who had ordered thirty days ago.
    assert_eq!(
        (value.customers, value.average, value.previous),
        (2, Some(Decimal::new(8_490, 2)), Some(Decimal::new(5_000, 2)))
    );
    let tx = house.app.tx("acme").await;
    assert_eq!(value::known(tx.organization_id(), Currency::EUR), Some(value));
}
