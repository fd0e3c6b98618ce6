//! What Adyen's items change of an order.

use serde_json::{Value, json};

use crate::desk::{Desk, KEY, item, with_signature};

async fn say(desk: &Desk, told: Value) {
    desk.items(&[with_signature(told, KEY)]).await.expect(200);
}

#[tokio::test]
async fn an_authorisation_is_captured_refunded_and_charged_back() {
    let desk = Desk::new().await;
    let order = desk.order("shop", "A1", "#1001", json!({})).await;
    let mut refused = item("P1", "", "AUTHORISATION", false, "1001", 10_000, 0);
    refused["additionalData"]["refusalReasonRaw"] = "51 : Not sufficient funds".into();
    say(&desk, refused).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "failed");
    assert_eq!(
        desk.failures(&order).await,
        [["adyen:P1", "51 : Not sufficient funds", "Refused"]]
    );
    let told = desk.told(&order).await;
    assert_eq!(
        (told.len(), &told[0]["kind"], &told[0]["data"]["reason"]),
        (1, &json!("payment.failed"), &json!("Refused"))
    );
    // Another attempt, and what follows it.
    say(&desk, item("P2", "", "AUTHORISATION", true, "1001", 10_000, 10)).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "authorized");
    desk.items(&[
        with_signature(item("C1", "P2", "CAPTURE", true, "1001", 10_000, 20), KEY),
        with_signature(item("R1", "P2", "REFUND", true, "refund-7", 2_500, 30), KEY),
        with_signature(item("R2", "P2", "REFUND", true, "refund-8", 1_000, 31), KEY),
        with_signature(
            item("R2", "P2", "REFUND_FAILED", true, "refund-8", 1_000, 40),
            KEY,
        ),
    ])
    .await
    .expect(200);
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(
        (&now["payment_status"], &now["refunded"]["amount"]),
        (&json!("partially_refunded"), &json!("25.00"))
    );
    say(
        &desk,
        item("D1", "P2", "NOTIFICATION_OF_CHARGEBACK", true, "1001", 7_500, 50),
    )
    .await;
    say(&desk, item("D1", "P2", "CHARGEBACK", true, "1001", 7_500, 51)).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "refunded");
    say(
        &desk,
        item("D1", "P2", "CHARGEBACK_REVERSED", true, "1001", 7_500, 52),
    )
    .await;
    say(&desk, item("X", "", "SOMETHING_NEW", true, "1001", 1, 53)).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["refunded"]["amount"], "25.00");
    assert_eq!(desk.events().await[0]["state"], "ignored");
}

#[tokio::test]
async fn a_capture_that_fails_is_told_and_an_authorisation_is_cancelled() {
    let desk = Desk::with(
        &json!({}),
        &json!({"merchant_account": "Acme", "order_source": "shop"}),
    )
    .await;
    let order = desk.order("shop", "A1", "#1001", json!({})).await;
    // The same number elsewhere is no matter.
    desk.order("till", "B1", "#1001", json!({})).await;
    say(&desk, item("P2", "", "AUTHORISATION", true, "1001", 10_000, 10)).await;
    say(&desk, item("C1", "P2", "CAPTURE", true, "1001", 10_000, 20)).await;
    say(
        &desk,
        item("C1", "P2", "CAPTURE_FAILED", true, "1001", 10_000, 21),
    )
    .await;
    say(&desk, item("V1", "P2", "CANCELLATION", true, "1001", 10_000, 22)).await;
    let mut foreign = item("P3", "", "AUTHORISATION", true, "1001", 10_000, 23);
    foreign["merchantAccountCode"] = "Other".into();
    say(&desk, foreign).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "voided");
    let told = desk.told(&order).await;
    assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("payment.failed")));
    assert_eq!(desk.events().await[0]["state"], "ignored");
}

#[tokio::test]
async fn where_captures_are_automatic_an_authorisation_is_a_payment() {
    let desk = Desk::with(&json!({}), &json!({"capture": "automatic"})).await;
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    say(&desk, item("P2", "", "AUTHORISATION", true, "1001", 10_000, 10)).await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "paid");
}
