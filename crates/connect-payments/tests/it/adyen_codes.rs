//! What each of Adyen's event codes becomes on the order, as a table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desk::{Desk, KEY, item, with_signature};

/// Code, success, kind and state of the line; none where nothing answers to it.
type Case = (&'static str, bool, Option<(&'static str, &'static str)>);

/// What begins a payment.
const FIRST: &[Case] = &[
    ("AUTHORISATION", true, Some(("authorization", "succeeded"))),
    ("AUTHORISATION", false, Some(("authorization", "failed"))),
    ("PENDING", true, Some(("authorization", "pending"))),
    ("OFFER_CLOSED", true, Some(("authorization", "cancelled"))),
];
/// The same where captures are automatic.
const FIRST_OF_AUTOMATIC: &[Case] = &[
    ("AUTHORISATION", true, Some(("sale", "succeeded"))),
    ("AUTHORISATION", false, Some(("sale", "failed"))),
    ("PENDING", true, Some(("sale", "pending"))),
    ("OFFER_CLOSED", true, Some(("sale", "cancelled"))),
];
/// What follows, whatever the captures.
const LATER: &[Case] = &[
    ("CANCELLATION", true, Some(("void", "succeeded"))),
    ("CANCELLATION", false, Some(("void", "failed"))),
    ("TECHNICAL_CANCEL", true, Some(("void", "succeeded"))),
    ("TECHNICAL_CANCEL", false, Some(("void", "failed"))),
    ("EXPIRE", true, Some(("void", "succeeded"))),
    ("VOID_PENDING_REFUND", true, Some(("void", "succeeded"))),
    ("VOID_PENDING_REFUND", false, Some(("void", "failed"))),
    ("CANCEL_OR_REFUND/cancel", true, Some(("void", "succeeded"))),
    ("CANCEL_OR_REFUND/cancel", false, Some(("void", "failed"))),
    ("CANCEL_OR_REFUND/refund", true, Some(("refund", "succeeded"))),
    ("CANCEL_OR_REFUND/refund", false, Some(("refund", "failed"))),
    ("REFUND", true, Some(("refund", "succeeded"))),
    ("REFUND", false, Some(("refund", "failed"))),
    ("REFUND_WITH_DATA", true, Some(("refund", "succeeded"))),
    ("REFUND_WITH_DATA", false, Some(("refund", "failed"))),
    ("REFUND_FAILED", true, Some(("refund", "failed"))),
    ("REFUNDED_REVERSED", true, Some(("refund", "failed"))),
    ("REQUEST_FOR_INFORMATION", true, Some(("chargeback", "pending"))),
    (
        "NOTIFICATION_OF_CHARGEBACK",
        true,
        Some(("chargeback", "pending")),
    ),
    ("CHARGEBACK", true, Some(("chargeback", "succeeded"))),
    ("CHARGEBACK_REVERSED", true, Some(("chargeback", "cancelled"))),
    ("SECOND_CHARGEBACK", true, Some(("chargeback", "succeeded"))),
    ("PREARBITRATION_WON", true, Some(("chargeback", "cancelled"))),
    ("PREARBITRATION_LOST", true, Some(("chargeback", "succeeded"))),
    // A card scheme's word that it suspects fraud: no money moves, and no dispute begins.
    ("NOTIFICATION_OF_FRAUD", true, None),
    ("REPORT_AVAILABLE", true, None),
    ("RECURRING_CONTRACT", true, None),
];
const CAPTURES: &[Case] = &[
    ("CAPTURE", true, Some(("capture", "succeeded"))),
    ("CAPTURE", false, Some(("capture", "failed"))),
    ("CAPTURE_FAILED", true, Some(("capture", "failed"))),
];
/// Where captures are automatic, the authorisation was the payment.
const CAPTURES_OF_AUTOMATIC: &[Case] = &[
    ("CAPTURE", true, None),
    ("CAPTURE", false, None),
    ("CAPTURE_FAILED", true, Some(("capture", "failed"))),
];

/// What each is worth, so that it can be told from the others.
fn cents(n: usize) -> i64 {
    100 + i64::try_from(n).unwrap()
}

/// The kind of event that tells of a line of this kind and state.
fn event_of(kind: &str, state: &str) -> Option<&'static str> {
    match (kind, state) {
        ("chargeback", _) => Some("payment.disputed"),
        ("refund", "succeeded") => Some("payment.refunded"),
        ("refund", "failed") => Some("payment.refund_failed"),
        ("authorization" | "sale" | "capture", "failed") => Some("payment.failed"),
        _ => None,
    }
}

/// Sends each about a payment of its own, and compares what the order has then.
async fn is_as_said(capture: &str, first: &[Case], captures: &[Case]) {
    let desk = Desk::with(&json!({}), &json!({"capture": capture})).await;
    let order = desk.order("shop", "A1", "#1001", json!({})).await;
    let cases: Vec<&Case> = first.iter().chain(captures).chain(LATER).collect();
    let mut items = Vec::new();
    for (n, (code, is_success, _)) in cases.iter().enumerate() {
        let (code, action) = code.split_once('/').unwrap_or((code, ""));
        let (own, payment) = (format!("P{n:02}M"), format!("P{n:02}"));
        let mut one = if n < first.len() {
            item(&payment, "", code, *is_success, "1001", cents(n), 0)
        } else {
            item(&own, &payment, code, *is_success, "1001", cents(n), 0)
        };
        if !action.is_empty() {
            one["additionalData"]["modification.action"] = action.into();
        }
        items.push(with_signature(one, KEY));
    }
    desk.items(&items).await.expect(200);
    desk.process().await;
    let now = desk.now(&order).await;
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let mut found: BTreeMap<String, Vec<[String; 4]>> = BTreeMap::new();
    for one in now["payments"].as_array().unwrap() {
        let id = text(one, "external_id");
        let payment = id.strip_prefix("adyen:").unwrap()[..3].to_owned();
        let fields = ["kind", "state", "failure_code", "failure_reason"].map(|name| text(one, name));
        found.entry(payment).or_default().push(fields);
    }
    for (n, (code, is_success, expected)) in cases.iter().enumerate() {
        let lines = found.remove(&format!("P{n:02}")).unwrap_or_default();
        let shown: Vec<_> = lines
            .iter()
            .map(|[kind, state, ..]| (kind.as_str(), state.as_str()))
            .collect();
        let wanted: Vec<_> = expected.iter().copied().collect();
        assert_eq!(shown, wanted, "{capture}: {code} {is_success}");
        // What Adyen said of it stands where something failed.
        if let [[_, state, failure, reason]] = lines.as_slice()
            && state == "failed"
            && !is_success
        {
            assert_eq!(
                [failure.as_str(), reason.as_str()],
                ["Refused", "Refused"],
                "{code}"
            );
        }
    }
    assert!(found.is_empty(), "{found:?}");
    // What is told of it, by its amount; and what is ignored is kept.
    let told = desk.told(&order).await;
    for (n, (code, is_success, expected)) in cases.iter().enumerate() {
        let amount = format!("{:.2}", cents(n) as f64 / 100.0);
        let of = told
            .iter()
            .find(|event| event["data"]["amount"]["amount"] == amount.as_str());
        let kind = of.map(|event| event["kind"].as_str().unwrap());
        assert_eq!(
            kind,
            expected.and_then(|(kind, state)| event_of(kind, state)),
            "{code} {is_success}"
        );
        if *code == "AUTHORISATION" && !is_success {
            assert_eq!(of.unwrap()["kind"], "payment.failed");
            assert_eq!(of.unwrap()["data"]["reason"], "Refused");
        }
    }
    let ignored = cases.iter().filter(|(_, _, expected)| expected.is_none()).count();
    let states: Vec<Value> = desk
        .events()
        .await
        .iter()
        .map(|one| one["state"].clone())
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "ignored").count(),
        ignored
    );
    assert_eq!(
        states.iter().filter(|state| **state == "done").count(),
        cases.len() - ignored
    );
}

#[tokio::test]
async fn every_code_is_the_line_that_it_means() {
    is_as_said("manual", FIRST, CAPTURES).await;
}

#[tokio::test]
async fn every_code_is_the_line_that_it_means_where_captures_are_automatic() {
    is_as_said("automatic", FIRST_OF_AUTOMATIC, CAPTURES_OF_AUTOMATIC).await;
}
