//! What Stripe's events change of an order.

use serde_json::{Value, json};

use crate::desk::{Desk, T, event};

pub fn intent(id: &str, status: &str, more: Value) -> Value {
    let mut intent = json!({"id": id, "object": "payment_intent", "amount": 10_000, "amount_received": if status == "succeeded" { 10_000 } else { 0 },
        "currency": "eur", "status": status, "capture_method": "automatic", "payment_method_types": ["card"], "metadata": {"order_id": "1001"}});
    intent
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    intent
}

pub fn charge(id: &str, intent: &str, status: &str, more: Value) -> Value {
    let mut charge = json!({"id": id, "object": "charge", "amount": 10_000, "amount_captured": if status == "succeeded" { 10_000 } else { 0 },
        "amount_refunded": 0, "captured": status == "succeeded", "created": T, "currency": "eur", "status": status, "payment_intent": intent,
        "payment_method_details": {"type": "card", "card": {"brand": "visa"}}, "metadata": {}});
    charge
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    charge
}

pub fn declined(charge: &str) -> Value {
    json!({"last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card has insufficient funds.",
           "type": "card_error", "charge": charge, "payment_method": {"type": "card", "card": {"brand": "visa"}}}, "latest_charge": charge})
}

#[tokio::test]
async fn each_failed_attempt_is_told_once_and_then_it_is_paid() {
    let desk = Desk::new().await;
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    for (n, (id, second)) in [("ch_1", 1), ("ch_2", 2)].into_iter().enumerate() {
        let failed = intent("pi_1", "requires_payment_method", declined(id));
        desk.event(
            &format!("evt_a{n}"),
            "payment_intent.payment_failed",
            second,
            &failed,
        )
        .await;
        let more = json!({"failure_code": "card_declined", "failure_message": "Your card has insufficient funds.", "outcome": {"reason": "insufficient_funds"}});
        desk.event(
            &format!("evt_b{n}"),
            "charge.failed",
            second,
            &charge(id, "pi_1", "failed", more),
        )
        .await;
    }
    // An attempt that did not come as far as a charge.
    let unauthenticated = json!({"last_payment_error": {"code": "payment_intent_authentication_failure", "message": "Not authenticated."}});
    desk.event(
        "evt_c",
        "payment_intent.payment_failed",
        3,
        &intent("pi_1", "requires_payment_method", unauthenticated),
    )
    .await;
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(now["payment_status"], "failed");
    assert_eq!(
        desk.payments(&order).await,
        [
            "stripe:ch_1 sale failed 100.00",
            "stripe:ch_2 sale failed 100.00",
            "stripe:pi_1 sale pending 100.00",
            &format!("stripe:pi_1/{} sale failed 100.00", T + 3),
        ]
    );
    let funds = ["insufficient_funds", "Your card has insufficient funds."];
    assert_eq!(
        desk.failures(&order).await,
        [
            ["stripe:ch_1", funds[0], funds[1]],
            ["stripe:ch_2", funds[0], funds[1]],
            [
                &format!("stripe:pi_1/{}", T + 3),
                "payment_intent_authentication_failure",
                "Not authenticated."
            ],
        ]
    );
    let told = desk.told(&order).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|event| event["kind"] == "payment.failed"));
    assert_eq!(told[0]["data"]["code"], "insufficient_funds");
    assert_eq!(told[0]["data"]["reason"], "Your card has insufficient funds.");
    assert_eq!(told[2]["data"]["code"], "payment_intent_authentication_failure");

    let paid = json!({"latest_charge": "ch_3"});
    desk.event(
        "evt_d",
        "payment_intent.succeeded",
        9,
        &intent("pi_1", "succeeded", paid),
    )
    .await;
    desk.event(
        "evt_e",
        "charge.succeeded",
        9,
        &charge("ch_3", "pi_1", "succeeded", json!({})),
    )
    .await;
    // Late: what was before.
    desk.event(
        "evt_f",
        "payment_intent.processing",
        8,
        &intent("pi_1", "processing", json!({})),
    )
    .await;
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(
        (&now["payment_status"], &now["status"]),
        (&json!("paid"), &json!("confirmed"))
    );
    assert!(
        desk.payments(&order)
            .await
            .contains(&"stripe:pi_1 sale succeeded 100.00".to_owned())
    );
    assert_eq!(desk.told(&order).await.len(), 3);
}

#[tokio::test]
async fn refunds_and_disputes_are_told_with_how_they_end() {
    let desk = Desk::new().await;
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    desk.event(
        "evt_1",
        "payment_intent.succeeded",
        1,
        &intent("pi_1", "succeeded", json!({})),
    )
    .await;
    let refund = |id: &str, amount: i64, status: &str| json!({"id": id, "object": "refund", "amount": amount, "currency": "eur", "status": status, "charge": "ch_1", "payment_intent": "pi_1", "created": T + 5});
    desk.event("evt_2", "refund.created", 5, &refund("re_1", 2_000, "succeeded"))
        .await;
    // All that was paid back, in one sum: of which 20 are known.
    desk.event(
        "evt_3",
        "charge.refunded",
        6,
        &charge("ch_1", "pi_1", "succeeded", json!({"amount_refunded": 3_000})),
    )
    .await;
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(now["refunded"]["amount"], "30.00");
    assert_eq!(now["payment_status"], "partially_refunded");
    // The other refund is told of by itself, and fails at last.
    desk.event("evt_4", "refund.created", 6, &refund("re_2", 1_000, "pending"))
        .await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["refunded"]["amount"], "20.00");
    desk.event("evt_5", "refund.updated", 7, &refund("re_2", 1_000, "succeeded"))
        .await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["refunded"]["amount"], "30.00");
    desk.event(
        "evt_6",
        "charge.refunded",
        8,
        &charge("ch_1", "pi_1", "succeeded", json!({"amount_refunded": 2_000})),
    )
    .await;
    desk.event("evt_7", "refund.failed", 8, &refund("re_2", 1_000, "failed"))
        .await;
    let dispute = |status: &str| json!({"id": "dp_1", "object": "dispute", "amount": 8_000, "currency": "eur", "status": status, "charge": "ch_1", "payment_intent": "pi_1", "reason": "fraudulent"});
    desk.event("evt_8", "charge.dispute.created", 10, &dispute("needs_response"))
        .await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["refunded"]["amount"], "20.00");
    desk.event("evt_9", "charge.dispute.closed", 20, &dispute("lost"))
        .await;
    desk.event("evt_10", "charge.dispute.updated", 15, &dispute("under_review"))
        .await;
    desk.process().await;
    let now = desk.now(&order).await;
    assert_eq!(now["refunded"]["amount"], "100.00");
    assert_eq!(now["payment_status"], "refunded");
    let kinds: Vec<String> = desk
        .told(&order)
        .await
        .iter()
        .map(|event| {
            format!(
                "{} {}",
                event["kind"].as_str().unwrap(),
                event["data"]["outcome"].as_str().unwrap_or_default()
            )
        })
        .collect();
    for expected in [
        "payment.refunded ",
        "payment.refund_failed ",
        "payment.disputed open",
        "payment.disputed lost",
    ] {
        assert!(kinds.iter().any(|kind| kind == expected), "{kinds:?}");
    }
    assert!(!kinds.contains(&"payment.failed ".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn authorizations_are_captured_or_voided() {
    let desk = Desk::new().await;
    let manual = |status: &str| {
        intent(
            "pi_1",
            status,
            json!({"capture_method": "manual", "latest_charge": "ch_1"}),
        )
    };
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    desk.event(
        "evt_1",
        "payment_intent.amount_capturable_updated",
        1,
        &manual("requires_capture"),
    )
    .await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "authorized");
    desk.event("evt_2", "payment_intent.canceled", 2, &manual("canceled"))
        .await;
    desk.process().await;
    assert_eq!(desk.now(&order).await["payment_status"], "voided");
}

#[tokio::test]
async fn tests_are_marked_and_count_only_where_that_is_wanted() {
    for (setting, status, payments) in [
        (None, "pending", 1),
        (Some("ignore"), "pending", 0),
        (Some("count"), "paid", 1),
    ] {
        let settings = setting.map_or(json!({}), |value| json!({"test_payments": value}));
        let desk = Desk::with(&settings, &json!({})).await;
        let order = desk.order("shop", "1001", "#1", json!({})).await;
        let body = event(
            "evt_1",
            "payment_intent.succeeded",
            1,
            false,
            &intent("pi_1", "succeeded", json!({})),
        )
        .to_string();
        desk.signed(body.as_bytes()).await.expect(200);
        desk.process().await;
        let now = desk.now(&order).await;
        assert_eq!(now["payment_status"], status, "{setting:?}");
        assert_eq!(now["payments"].as_array().unwrap().len(), payments);
        if setting.is_none() {
            assert_eq!(now["payments"][0]["is_test"], true);
        }
    }
}

#[tokio::test]
async fn invoices_and_checkouts_name_the_order() {
    let desk = Desk::with(&json!({"order_key": "shop_order"}), &json!({})).await;
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    let other = desk.order("shop", "1002", "#2", json!({})).await;
    let third = desk.order("shop", "1003", "#3", json!({})).await;
    // An older version of the API: the payment tells of the money.
    let unnamed = json!({"metadata": {}});
    desk.event(
        "evt_1",
        "payment_intent.succeeded",
        1,
        &intent("pi_1", "succeeded", unnamed.clone()),
    )
    .await;
    let invoice = |id: &str, status: &str, order: &str, more: Value| {
        let mut invoice = json!({"id": id, "object": "invoice", "status": status, "amount_due": 10_000, "amount_paid": if status == "paid" { 10_000 } else { 0 }, "currency": "eur", "metadata": {"shop_order": order}, "attempt_count": 1});
        invoice
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        invoice
    };
    desk.event(
        "evt_2",
        "invoice.paid",
        2,
        &invoice("in_1", "paid", "1001", json!({"payment_intent": "pi_1"})),
    )
    .await;
    // A newer one: the invoice does, and the payment of what comes back.
    desk.event(
        "evt_3",
        "invoice.payment_failed",
        1,
        &invoice("in_2", "open", "1002", json!({})),
    )
    .await;
    desk.event(
        "evt_4",
        "payment_intent.succeeded",
        5,
        &intent("pi_2", "succeeded", unnamed.clone()),
    )
    .await;
    desk.event(
        "evt_5",
        "invoice.paid",
        5,
        &invoice("in_2", "paid", "1002", json!({})),
    )
    .await;
    desk.event("evt_6", "invoice_payment.paid", 5, &json!({"id": "inpay_1", "object": "invoice_payment", "invoice": "in_2", "payment": {"type": "payment_intent", "payment_intent": "pi_2"}})).await;
    desk.event("evt_7", "refund.created", 6, &json!({"id": "re_1", "object": "refund", "amount": 500, "currency": "eur", "status": "succeeded", "payment_intent": "pi_2"})).await;
    // A checkout.
    desk.event(
        "evt_8",
        "payment_intent.succeeded",
        5,
        &intent("pi_3", "succeeded", unnamed),
    )
    .await;
    desk.event("evt_9", "checkout.session.completed", 5, &json!({"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_3", "client_reference_id": "1003"})).await;
    desk.process().await;
    assert_eq!(desk.payments(&order).await, ["stripe:pi_1 sale succeeded 100.00"]);
    let payments = desk.payments(&other).await;
    for expected in [
        "stripe:in_2 sale succeeded 100.00",
        "stripe:in_2/1 sale failed 100.00",
        "stripe:re_1 refund succeeded 5.00",
        "stripe:pi_2 sale cancelled 100.00",
    ] {
        assert!(payments.iter().any(|one| one == expected), "{payments:?}");
    }
    assert_eq!(desk.now(&other).await["refunded"]["amount"], "5.00");
    assert_eq!(desk.now(&third).await["payment_status"], "paid");
}

/// What the payment intent of an invoice says of it: newer versions of the API in this place.
fn for_invoice(invoice: &str) -> Value {
    json!({"metadata": {}, "payment_details": {"customer_reference": null, "order_reference": invoice}})
}

#[tokio::test]
async fn a_card_that_is_declined_for_an_invoice_is_told_with_the_reason_of_its_payment_intent() {
    let desk = Desk::new().await;
    let order = desk.order("shop", "1001", "#1", json!({})).await;
    let invoice = |attempts: u32| {
        json!({"id": "in_1", "object": "invoice", "status": "open", "amount_due": 10_000, "amount_paid": 0, "currency": "eur",
            "metadata": {"order_id": "1001"}, "attempt_count": attempts,
            // Of when it was made final; of no payment.
            "last_finalization_error": {"code": "customer_tax_location_invalid", "message": "No tax."}})
    };
    let attempt = |charge: &str, code: &str, message: &str| {
        let mut more = for_invoice("in_1");
        let error =
            json!({"code": "card_declined", "decline_code": code, "message": message, "charge": charge});
        more["last_payment_error"] = error;
        more["latest_charge"] = charge.into();
        intent("pi_1", "requires_payment_method", more)
    };
    let failed = "payment_intent.payment_failed";
    let first = attempt("ch_1", "insufficient_funds", "Not enough.");
    desk.event("evt_1", failed, 1, &first).await;
    desk.event("evt_2", "invoice.payment_failed", 2, &invoice(1))
        .await;
    desk.process().await;
    assert_eq!(
        desk.failures(&order).await,
        [["stripe:in_1/1", "insufficient_funds", "Not enough."]]
    );
    let told = desk.told(&order).await;
    assert_eq!(
        (told.len(), &told[0]["kind"], &told[0]["data"]["code"]),
        (1, &json!("payment.failed"), &json!("insufficient_funds"))
    );
    // Days later the next one, of which the invoice comes first.
    let days = 3 * 86_400;
    desk.event("evt_3", "invoice.payment_failed", days, &invoice(2))
        .await;
    desk.process().await;
    assert_eq!(desk.failures(&order).await[1], ["stripe:in_1/2", "–", "–"]);
    let second = attempt("ch_2", "expired_card", "Your card has expired.");
    desk.event("evt_4", failed, days - 1, &second).await;
    desk.process().await;
    assert_eq!(
        desk.failures(&order).await,
        [
            ["stripe:in_1/1", "insufficient_funds", "Not enough."],
            ["stripe:in_1/2", "expired_card", "Your card has expired."],
        ]
    );
    assert_eq!(desk.now(&order).await["payment_status"], "failed");
}

#[tokio::test]
async fn older_invoices_leave_the_reason_to_the_payment_or_charge_that_they_name() {
    let desk = Desk::new().await;
    for (number, named) in [("1001", "payment_intent"), ("1002", "charge")] {
        let order = desk.order("shop", number, &format!("#{number}"), json!({})).await;
        let (pi, ch) = (format!("pi_{number}"), format!("ch_{number}"));
        let is_intent = named == "payment_intent";
        let mut invoice = json!({"id": format!("in_{number}"), "object": "invoice", "status": "open", "amount_due": 10_000,
            "amount_paid": 0, "currency": "eur", "metadata": {"order_id": number}, "attempt_count": 1});
        invoice[named] = if is_intent { &pi } else { &ch }.as_str().into();
        let more = json!({"failure_code": "card_declined", "failure_message": "No.", "outcome": {"reason": "do_not_honor"}});
        let mut declined = charge(&ch, &pi, "failed", more);
        if !is_intent {
            declined["payment_intent"] = Value::Null;
        }
        desk.event(&format!("evt_c{number}"), "charge.failed", 1, &declined)
            .await;
        desk.event(&format!("evt_i{number}"), "invoice.payment_failed", 2, &invoice)
            .await;
        desk.process().await;
        let expected = [format!("stripe:{ch}"), "do_not_honor".into(), "No.".into()];
        assert_eq!(desk.failures(&order).await, [expected], "{named}");
        let told = desk.told(&order).await;
        assert_eq!(
            (told.len(), &told[0]["kind"]),
            (1, &json!("payment.failed")),
            "{named}"
        );
    }
}
