//! Which order a payment belongs to, whichever is known first, and that no money is counted twice.

use serde_json::json;

use crate::{
    desk::{Desk, KEY, item, with_signature},
    stripe::{charge, declined, intent},
};

#[tokio::test]
async fn a_payment_waits_for_its_order() {
    let desk = Desk::new().await;
    desk.event(
        "evt_1",
        "payment_intent.payment_failed",
        1,
        &intent("pi_1", "requires_payment_method", declined("ch_1")),
    )
    .await;
    desk.event(
        "evt_2",
        "payment_intent.succeeded",
        2,
        &intent("pi_1", "succeeded", json!({})),
    )
    .await;
    desk.items(&[with_signature(
        item("P1", "", "AUTHORISATION", true, "2002", 500, 0),
        KEY,
    )])
    .await
    .expect(200);
    desk.process().await;
    assert!(desk.events().await.iter().all(|event| event["state"] == "done"));
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    let other = desk.order("shop", "A7", "#2002", json!({})).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "paid");
    assert_eq!(desk.told(&order).await.len(), 1);
    assert_eq!(desk.now(&other).await["payment_status"], "authorized");
    let mut tx = desk.app.tx("acme").await;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM waiting_payments")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(waiting, 0);
}

#[tokio::test]
async fn a_payment_and_its_order_at_the_same_time_find_each_other() {
    let desk = Desk::new().await;
    for number in 0..10 {
        let id = format!("9{number}");
        let named = intent(
            &format!("pi_{number}"),
            "succeeded",
            json!({"metadata": {"order_id": id}}),
        );
        let event_id = format!("evt_{number}");
        let (order, ()) = tokio::join!(desk.order("shop", &id, &id, json!({})), async {
            desk.event(&event_id, "payment_intent.succeeded", 1, &named).await;
            desk.process().await;
        });
        // The job that looks once more does so after half a minute; here, now.
        let mut tx = desk.app.tx("acme").await;
        sqlx::query("UPDATE jobs SET run_at = now() WHERE state = 'queued'")
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        desk.process().await;
        assert_eq!(desk.now(&order).await["payment_status"], "paid");
    }
}

#[tokio::test]
async fn what_names_two_orders_names_none() {
    let desk = Desk::new().await;
    let one = desk.order("shop", "1001", "#1", json!({})).await;
    let two = desk.order("till", "1001", "#2", json!({})).await;
    desk.event(
        "evt_1",
        "payment_intent.succeeded",
        2,
        &intent("pi_1", "succeeded", json!({})),
    )
    .await;
    desk.process().await;
    for order in [&one, &two] {
        assert_eq!(desk.payments(order).await, Vec::<String>::new());
    }
    let id = desk.events().await[0]["id"].as_str().unwrap().to_owned();
    let shown = desk.get(&format!("/webhook-events/{id}")).await.expect(200).json;
    assert_eq!(shown["result"]["order"], "ambiguous");
}

#[tokio::test]
async fn money_that_the_orders_source_tells_of_too_is_counted_once() {
    let desk = Desk::new().await;
    let own = json!({"payments": [
        {"external_id": "1", "kind": "sale", "state": "failed", "amount": "60.00", "reference": "ch_0", "failure_code": "card_declined"},
        {"external_id": "2", "kind": "sale", "state": "succeeded", "amount": "60.00", "reference": "ch_1"},
        {"external_id": "3", "kind": "refund", "state": "succeeded", "amount": "10.00", "reference": "re_1"},
    ]});
    let order = desk.order("shop", "1001", "#1", own).await;
    assert_eq!(desk.told(&order).await.len(), 1);
    desk.event(
        "evt_1",
        "charge.failed",
        1,
        &charge(
            "ch_0",
            "pi_1",
            "failed",
            json!({"amount": 6_000, "metadata": {"order_id": "1001"}}),
        ),
    )
    .await;
    desk.event(
        "evt_2",
        "charge.succeeded",
        2,
        &charge("ch_1", "pi_1", "succeeded", json!({"amount_captured": 6_000})),
    )
    .await;
    desk.event("evt_3", "refund.created", 3, &json!({"id": "re_1", "object": "refund", "amount": 1_000, "currency": "eur", "status": "succeeded", "payment_intent": "pi_1"})).await;
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(now["refunded"]["amount"], "10.00");
    assert_eq!(now["payment_status"], "partially_refunded");
    assert_eq!(now["payments"].as_array().unwrap().len(), 6);
    // The failed attempt was told already, by the shop.
    let failed = desk.told(&order).await;
    assert_eq!(
        failed
            .iter()
            .filter(|event| event["kind"] == "payment.failed")
            .count(),
        1,
        "{failed:?}"
    );
}
