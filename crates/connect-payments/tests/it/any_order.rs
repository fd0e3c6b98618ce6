//! Whatever the order in which a payment's messages come, and however often, they end in the same state.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, KEY, T, item, with_signature},
    stripe::{charge, declined, intent},
};

/// A payment's life as Stripe tells it: topic, second, object.
fn stripe(case: usize) -> Vec<(&'static str, i64, Value)> {
    let pi = format!("pi_{case}");
    let (failed, paid) = (format!("ch_{case}a"), format!("ch_{case}b"));
    let named = json!({"metadata": {"order_id": format!("s{case}")}});
    let with = |mut one: Value, more: &Value| {
        one.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        one
    };
    let refund = |id: &str, amount: i64, status: &str| json!({"id": format!("re_{case}{id}"), "object": "refund", "amount": amount, "currency": "eur", "status": status, "payment_intent": pi, "created": T});
    let dispute = |status: &str| json!({"id": format!("dp_{case}"), "object": "dispute", "amount": 1_000, "currency": "eur", "status": status, "payment_intent": pi});
    vec![
        (
            "payment_intent.created",
            0,
            intent(&pi, "requires_payment_method", named.clone()),
        ),
        (
            "payment_intent.payment_failed",
            1,
            intent(&pi, "requires_payment_method", with(declined(&failed), &named)),
        ),
        (
            "charge.failed",
            1,
            charge(&failed, &pi, "failed", json!({"failure_code": "card_declined"})),
        ),
        (
            "payment_intent.processing",
            2,
            intent(&pi, "processing", named.clone()),
        ),
        ("payment_intent.succeeded", 2, intent(&pi, "succeeded", named)),
        ("charge.succeeded", 2, charge(&paid, &pi, "succeeded", json!({}))),
        ("refund.created", 3, refund("a", 2_000, "pending")),
        ("refund.updated", 4, refund("a", 2_000, "succeeded")),
        (
            "charge.refunded",
            4,
            charge(&paid, &pi, "succeeded", json!({"amount_refunded": 2_500})),
        ),
        ("refund.created", 5, refund("b", 300, "succeeded")),
        ("refund.failed", 6, refund("b", 300, "failed")),
        ("charge.dispute.created", 7, dispute("needs_response")),
        ("charge.dispute.closed", 8, dispute("won")),
    ]
}

fn adyen(case: usize) -> Vec<Value> {
    let (psp, reference) = (format!("P{case}"), format!("a{case}"));
    let one = |psp: &str, original: &str, code: &str, success: bool, value: i64, second: i64| {
        with_signature(item(psp, original, code, success, &reference, value, second), KEY)
    };
    vec![
        one(&psp, "", "AUTHORISATION", false, 10_000, 0),
        one(&psp, "", "AUTHORISATION", true, 10_000, 0),
        one(&format!("C{case}"), &psp, "CAPTURE", true, 10_000, 2),
        one(&format!("R{case}"), &psp, "REFUND", true, 1_500, 3),
        one(&format!("R{case}"), &psp, "REFUND_FAILED", true, 1_500, 4),
        one(&format!("Q{case}"), &psp, "REFUND", true, 700, 4),
        one(&format!("D{case}"), &psp, "CHARGEBACK", true, 9_000, 5),
        one(&format!("D{case}"), &psp, "CHARGEBACK_REVERSED", true, 9_000, 6),
    ]
}

/// What is to be the same: the payments without the case's number, the sums, and the failures that were told.
async fn state(desk: &Desk, order: &Value, case: usize) -> Value {
    let number = case.to_string();
    let payments: Vec<String> = desk
        .payments(order)
        .await
        .iter()
        .map(|one| one.replacen(&number, "N", 1))
        .collect();
    let now = desk.now(order).await;
    let failed = desk
        .told(order)
        .await
        .iter()
        .filter(|event| event["kind"] == "payment.failed")
        .count();
    json!([payments, now["payment_status"], now["refunded"], failed])
}

fn orders(steps: usize, cases: usize) -> Vec<Vec<usize>> {
    let order = prop::collection::vec(0..steps, 0..5).prop_flat_map(move |again| {
        let mut all: Vec<usize> = (0..steps).chain(again).collect();
        all.sort_unstable();
        Just(all).prop_shuffle()
    });
    let mut runner = TestRunner::new(Config::default());
    (0..cases)
        .map(|_| order.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[tokio::test]
async fn stripes_events_end_in_the_same_state() {
    let desk = Desk::new().await;
    let mut expected = None;
    let steps = stripe(0).len();
    let all = [vec![(0..steps).collect()], orders(steps, 25)].concat();
    for (index, order) in all.iter().enumerate() {
        let case = index + 1_000;
        let (external_id, number) = (format!("s{case}"), format!("S{case}"));
        let place = || desk.order("shop", &external_id, &number, json!({}));
        // The order is known before, between or after its payments.
        let mut made = if index % 3 == 0 { Some(place().await) } else { None };
        for (sent, step) in order.iter().enumerate() {
            let (topic, second, object) = &stripe(case)[*step];
            desk.event(&format!("evt_{case}_{sent}"), topic, *second, object)
                .await;
            if index % 2 == 0 && sent % 4 == 0 {
                desk.process().await;
            }
            if index % 3 == 1 && sent == 5 {
                made = Some(place().await);
            }
        }
        let made = if let Some(made) = made {
            made
        } else {
            desk.process().await;
            place().await
        };
        desk.process().await;
        wait_again(&desk).await;
        let state = state(&desk, &made, case).await;
        let expected = expected.get_or_insert_with(|| state.clone());
        assert_eq!(&state, expected, "{order:?}");
    }
    assert_eq!(expected.unwrap()[2]["amount"], "25.00");
}

#[tokio::test]
async fn adyens_items_end_in_the_same_state() {
    let desk = Desk::new().await;
    let mut expected = None;
    let steps = adyen(0).len();
    let all = [vec![(0..steps).collect()], orders(steps, 20)].concat();
    for (index, order) in all.iter().enumerate() {
        let case = index + 1_000;
        let made = desk
            .order("shop", &format!("a{case}"), &format!("A{case}x"), json!({}))
            .await;
        for (sent, step) in order.iter().enumerate() {
            desk.items(&[adyen(case)[*step].clone()]).await.expect(200);
            if index % 2 == 0 && sent % 3 == 0 {
                desk.process().await;
            }
        }
        desk.process().await;
        let mut state = state(&desk, &made, case).await;
        // Whether the first answer was told depends on whether it came before the second, which took it back.
        state[3] = json!(0);
        let expected = expected.get_or_insert_with(|| state.clone());
        assert_eq!(&state, expected, "{order:?}");
    }
    assert_eq!(expected.unwrap()[2]["amount"], "7.00");
}

/// The look that follows after half a minute, now.
async fn wait_again(desk: &Desk) {
    let mut tx = desk.app.tx("acme").await;
    sqlx::query("UPDATE jobs SET run_at = now() WHERE kind = 'payments.attach' AND state = 'queued'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    desk.process().await;
}
