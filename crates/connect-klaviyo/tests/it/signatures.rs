//! Who is believed, and what is kept of a delivery.

use proptest::prelude::*;
use regulars_connect::{Delivery, Known, Provider, Receiver};
use regulars_connect_klaviyo::Klaviyo;
use serde_json::json;

use crate::account::{Account, SECRET, WEBHOOK, batch, event, signature_of, stamp};

#[tokio::test]
async fn only_what_klaviyo_signed_just_now_for_this_webhook_is_taken() {
    let account = Account::new().await;
    let text = batch(&[event("event:klaviyo.opened_email", "E1", "P1", 1)]).to_string();
    let body = text.as_bytes();
    let now = stamp(0);
    let headers = |signature: &str, stamp: &str, webhook: &str| {
        account
            .unsigned(body)
            .header("klaviyo-signature", signature)
            .header("klaviyo-timestamp", stamp)
            .header("klaviyo-webhook-id", webhook)
    };
    let right = signature_of(SECRET, &now, body);
    // Missing, one after the other.
    account.unsigned(body).await.expect(401);
    account
        .unsigned(body)
        .header("klaviyo-timestamp", &now)
        .header("klaviyo-webhook-id", WEBHOOK)
        .await
        .expect(401);
    account
        .unsigned(body)
        .header("klaviyo-signature", &right)
        .header("klaviyo-webhook-id", WEBHOOK)
        .await
        .expect(401);
    account
        .unsigned(body)
        .header("klaviyo-signature", &right)
        .header("klaviyo-timestamp", &now)
        .await
        .expect(401);
    // Another secret, another time than was signed, the time in front, a changed body, no hexadecimal digits.
    headers(&signature_of("another", &now, body), &now, WEBHOOK)
        .await
        .expect(401);
    headers(&right, &stamp(1), WEBHOOK).await.expect(401);
    let turned = signature_of(SECRET, &text, now.as_bytes());
    headers(&turned, &now, WEBHOOK).await.expect(401);
    let changed = signature_of(SECRET, &now, format!("{text} ").as_bytes());
    headers(&changed, &now, WEBHOOK).await.expect(401);
    headers("not digits", &now, WEBHOOK).await.expect(401);
    headers(&right.to_uppercase(), &now, WEBHOOK).await.expect(401);
    headers(&right[..63], &now, WEBHOOK).await.expect(401);
    // Signed well, and of another webhook, too old, too early, at no time.
    headers(&right, &now, "another").await.expect(401);
    for stale in [stamp(-310), stamp(310), "yesterday".into(), "1700000000".into()] {
        account.signed_at(&stale, body).await.expect(401);
    }
    assert!(account.inbox().await.is_empty());
    // Signed, and nothing that Klaviyo sends.
    for wrong in ["", "x", "[]", r#"{"data": 1}"#] {
        assert!(
            (400..402).contains(&account.signed(wrong.as_bytes()).await.status.as_u16()),
            "{wrong}"
        );
    }
    account.signed(br#"{"data": []}"#).await.expect(401);
    assert!(account.inbox().await.is_empty());
    for taken in [stamp(-290), stamp(290), now] {
        account.signed_at(&taken, body).await.expect(200);
    }
    assert_eq!(account.inbox().await.len(), 1, "three times the same event");
    account
        .signed(batch(&[]).to_string().as_bytes())
        .await
        .expect(200);
}

#[tokio::test]
async fn a_thousand_events_are_a_thousand_messages_and_each_is_stored_once() {
    let account = Account::new().await;
    let events: Vec<_> = (0..1_000)
        .map(|n| {
            event(
                "event:klaviyo.opened_email",
                &format!("E{n}"),
                &format!("P{}", n % 7),
                n,
            )
        })
        .collect();
    account.says(&events).await;
    let count = "SELECT count(*) FROM webhook_events";
    assert_eq!(account.number(count).await, 1_000);
    // Again, in another order, and twice in one delivery; one is new.
    let mut again = events.clone();
    again.reverse();
    again.truncate(900);
    again.push(again[0].clone());
    again.push(event("event:klaviyo.opened_email", "new", "P1", 1));
    account.says(&again).await;
    assert_eq!(account.number(count).await, 1_001);
    // The id tells, whatever else is said.
    account
        .says(&[event("event:klaviyo.clicked_email", "E1", "P2", 50)])
        .await;
    assert_eq!(account.number(count).await, 1_001);
    let more: Vec<_> = (0..1_001)
        .map(|n| event("event:x", &format!("F{n}"), "P", n))
        .collect();
    account
        .signed(batch(&more).to_string().as_bytes())
        .await
        .expect(400);
    account.process().await;
    assert_eq!(
        account
            .number("SELECT count(*) FROM webhook_events WHERE state <> 'done'")
            .await,
        0
    );
    assert_eq!(account.number("SELECT count(*) FROM activities").await, 1_001);
}

#[tokio::test]
async fn what_nothing_answers_to_is_kept_and_what_makes_no_sense_keeps_nothing_else_back() {
    let account = Account::new().await;
    let long = "x".repeat(50_000);
    let mut odd = vec![
        json!(null),
        json!(1),
        json!("text"),
        json!([]),
        json!({}),
        json!({"topic": 1, "external_id": 2, "payload": 3}),
        json!({"topic": "campaign.sent", "external_id": "C1", "payload": {}}),
        json!({"topic": "\u{0}\n", "external_id": "\u{0}", "payload": {}}),
        json!({"topic": long, "external_id": long, "payload": {}}),
        json!({"topic": format!("event:{long}"), "external_id": "L1", "payload": {}}),
        json!({"topic": "event:klaviyo.opened_email", "external_id": "N1"}),
        json!({"topic": "event:klaviyo.opened_email", "external_id": "N2", "payload": {"data": {"relationships": {"profile": {"data": {"id": 7}}}}}}),
        json!({"topic": "profile.updated", "external_id": "N3", "payload": {"data": {"id": long}}}),
        json!({"topic": "profile.merged", "external_id": "N4", "payload": {"data": {"id": "P9"}}}),
        json!({"topic": "profile.merged", "external_id": "N5", "payload": {"data": {"id": "P9", "relationships": {"profiles": {"data": [{"id": "P9"}, 1, null]}}}}}),
    ];
    let mut hostile = event("event:klaviyo.opened_email", "H1", "P1", 1);
    hostile["payload"]["data"]["attributes"] = json!({"datetime": long, "timestamp": "x", "event_properties": {"Subject": long, "\u{0}": "\u{0}", long.as_str(): long, "URL": 1, "deep": [[[[]]]]}});
    odd.push(hostile);
    odd.push(event("event:klaviyo.opened_email", "good", "P1", 2));
    account.hears(&odd).await;
    let inbox = account.inbox().await;
    assert_eq!(inbox.len(), odd.len());
    let state = |id: &str| inbox.iter().find(|one| one["delivery_id"] == id).unwrap()["state"].clone();
    assert_eq!(state("good"), "done");
    assert_eq!(state("H1"), "done");
    assert_eq!(state("C1"), "ignored");
    for unclear in ["N1", "N2", "N3", "N4", "N5"] {
        assert_eq!(state(unclear), "dead", "{unclear}");
    }
    let why: Vec<_> = inbox.iter().filter_map(|one| one["error"].as_str()).collect();
    assert!(
        why.iter()
            .all(|why| !why.contains("broke off") && !why.contains("server failed")),
        "{why:?}"
    );
}

proptest! {
    #[test]
    fn no_body_and_no_header_breaks_the_receiver(body in ".{0,300}", signature in "[ -~]{0,80}", stamp in "[ -~]{0,40}") {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("klaviyo-signature", signature.parse().unwrap());
        headers.insert("klaviyo-timestamp", stamp.parse().unwrap());
        headers.insert("klaviyo-webhook-id", "W".parse().unwrap());
        let known = Known {
            provider: Provider::Klaviyo,
            settings: serde_json::Map::new(),
            is_disabled: false,
            secrets: vec![regulars_kernel::Secret::new(SECRET.into())],
        };
        let delivery = Delivery { headers: &headers, body: &body.into_bytes().into(), now: chrono::DateTime::UNIX_EPOCH };
        prop_assert!(Klaviyo.receive(&delivery, &known).is_err());
    }
}
