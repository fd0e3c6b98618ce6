//! What is not signed rightly is refused and leaves no row.

use base64::{Engine, engine::general_purpose::STANDARD};
use regulars_connect::signature;
use regulars_kernel::{Role, clock};
use serde_json::{Value, json};

use crate::desk::{Desk, KEY, SECRET, event, item, notification, v1, with_signature};

#[tokio::test]
async fn every_wrong_mode_of_stripes_signature_is_refused() {
    let desk = Desk::new().await;
    let body = event("evt_1", "payment_intent.created", 0, true, &json!({}))
        .to_string()
        .into_bytes();
    let now = clock::now().timestamp();
    let right = v1(SECRET, now, &body);
    desk.raw(&body).await.expect(401);
    for wrong in [
        String::new(),
        "!!!".into(),
        format!("t={now}"),
        format!("v1={right}"),
        format!("t={now},v0={right}"),
        format!("t={now},v1={}", &right[..60]),
        format!("t={now},v1={}", v1("wrong", now, &body)),
        format!("t={},v1={right}", now + 1),
        format!("t=x,v1={right}"),
        format!("t={now},v1="),
        format!(
            "t={now},v1={}",
            STANDARD.encode(signature::from_hex(&right).unwrap())
        ),
    ] {
        desk.raw(&body)
            .header("stripe-signature", &wrong)
            .await
            .expect(401);
    }
    // Too old, too new, however rightly signed.
    for at in [now - 310, now + 330, 0, -5] {
        desk.signed_at(at, &body).await.expect(401);
    }
    // Signed, and then changed.
    let mut tampered = body.clone();
    tampered.push(b' ');
    desk.raw(&tampered)
        .header("stripe-signature", &format!("t={now},v1={right}"))
        .await
        .expect(401);
    assert!(desk.events().await.is_empty());
    // While a secret is rolled there are several; beside them, other schemes are no matter.
    let rolled = format!("t={now},v1={},v1={right},v0=00", v1("other", now, &body));
    desk.raw(&body)
        .header("stripe-signature", &rolled)
        .await
        .expect(200);
    // Replayed within the time: the same event.
    desk.signed(&body).await.expect(200);
    desk.signed_at(now - 200, &body).await.expect(200);
    assert_eq!(desk.events().await.len(), 1);
}

#[tokio::test]
async fn every_wrong_mode_of_adyens_signature_is_refused_whole() {
    let desk = Desk::new().await;
    let good = with_signature(item("PSP1", "", "AUTHORISATION", true, "1001", 10_000, 0), KEY);
    let other = item("PSP2", "", "AUTHORISATION", true, "1002", 500, 0);
    let wrong_key = "00".repeat(32);
    let mut changed = Vec::new();
    for (pointer, value) in [
        ("/success", json!("false")),
        ("/amount/value", json!(1)),
        ("/merchantReference", json!("1003")),
        ("/additionalData/hmacSignature", json!("AAAA")),
        ("/additionalData/hmacSignature", json!("")),
        ("/additionalData/hmacSignature", json!(null)),
        // The same text, cut elsewhere.
        ("/pspReference", json!("PSP1:")),
    ] {
        let mut tampered = good.clone();
        *tampered.pointer_mut(pointer).unwrap() = value;
        changed.push(tampered);
    }
    let shifted = with_signature(item("PS:P", "", "AUTHORISATION", true, "1", 1, 0), KEY);
    changed.extend([other.clone(), with_signature(other, &wrong_key), shifted]);
    for wrong in changed {
        desk.items(std::slice::from_ref(&wrong)).await.expect(401);
        desk.items(&[good.clone(), wrong]).await.expect(401);
    }
    for body in [
        "",
        "[]",
        "{}",
        "null",
        r#"{"notificationItems": []}"#,
        r#"{"notificationItems": [{}]}"#,
        "\u{0}",
    ] {
        desk.app
            .post(&desk.adyen)
            .body("application/json", body)
            .await
            .expect(401);
    }
    assert!(desk.events().await.is_empty());
    let taken = desk.items(std::slice::from_ref(&good)).await.expect(200);
    assert_eq!(taken.text(), "[accepted]");
    // What is not signed makes it no other item.
    let mut later = good.clone();
    later["eventDate"] = "2026-07-01T10:00:00+02:00".into();
    later["reason"] = "changed".into();
    let second = with_signature(item("PSP9", "PSP1", "CAPTURE", true, "1001", 10_000, 9), KEY);
    desk.items(&[later, second]).await.expect(200);
    assert_eq!(desk.events().await.len(), 2);
}

#[tokio::test]
async fn the_published_vectors_verify() {
    let desk = Desk::new().await;
    let vector = json!({"pspReference": "pspReference", "originalReference": "originalReference", "merchantAccountCode": "merchantAccount",
        "merchantReference": "reference", "amount": {"currency": "EUR", "value": 1000}, "eventCode": "REPORT_AVAILABLE", "success": "true",
        "additionalData": {"hmacSignature": "ZNBPtI+oDyyRrLyD1XirkKnQgIAlFc07Vj27TeHsDRE="}});
    desk.items(&[vector]).await.expect(200);
    let body = br#"{"meta":{"klaviyo_webhook_id":"a8b89045"},"data":[]}"#;
    assert_eq!(
        v1(SECRET, 1_700_000_000, body),
        "8cd7d42e12edd8763eff192c9aaf7c9a4e40c3916b04e19582880ace7bb8f884"
    );
    desk.signed(body).await.expect(200);
    desk.process().await;
    let states: Vec<Value> = desk
        .events()
        .await
        .iter()
        .map(|event| event["state"].clone())
        .collect();
    assert_eq!(states, [json!("ignored"), json!("ignored")]);
}

#[tokio::test]
async fn a_connection_of_another_provider_or_organization_is_not_there() {
    let desk = Desk::new().await;
    for path in [
        desk.stripe.replace("stripe", "adyen"),
        desk.adyen.replace("adyen", "stripe"),
    ] {
        desk.app
            .post(&path)
            .body("application/json", "{}")
            .await
            .expect(404);
    }
    desk.event("evt_1", "payment_intent.created", 0, &json!({})).await;
    let id = desk.events().await[0]["id"].as_str().unwrap().to_owned();
    let foreign = desk.app.key_of("other", Role::Admin).await;
    desk.app
        .get(&format!("/api/v1/webhook-events/{id}"))
        .bearer(&foreign)
        .await
        .expect(404);
    let list = desk
        .app
        .get("/api/v1/webhook-events")
        .bearer(&foreign)
        .await
        .expect(200);
    assert_eq!(list.json["data"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_named() {
    let desk = Desk::new().await;
    let make = |body: Value| desk.app.post("/api/v1/connections").bearer(&desk.key).json(body);
    make(json!({"provider": "adyen", "secret": "not hexadecimal"}))
        .await
        .expect(422);
    let wrong =
        json!({"provider": "stripe", "secret": "s", "settings": {"test_payments": "maybe", "shop": "x"}});
    assert_eq!(
        make(wrong).await.expect(422).json["errors"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let adyen = make(json!({"provider": "adyen", "secret": KEY, "settings": {"capture": "automatic"}}))
        .await
        .expect(201);
    let secrets = format!(
        "/api/v1/connections/{}/secrets",
        adyen.json["id"].as_str().unwrap()
    );
    desk.app
        .post(&secrets)
        .bearer(&desk.key)
        .json(json!({"secret": "zz"}))
        .await
        .expect(422);
    desk.app
        .post(&secrets)
        .bearer(&desk.key)
        .json(json!({"secret": "00ff"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_signed_body_of_any_kind_is_kept_and_never_a_failure_of_the_server() {
    let desk = Desk::new().await;
    let objects = [
        json!(null),
        json!({"object": "payment_intent"}),
        json!({"object": "payment_intent", "id": "pi\u{0}", "amount": -1}),
        json!({"object": "payment_intent", "id": "pi_1", "amount": i64::MAX, "currency": "eur", "status": "succeeded", "amount_received": i64::MAX}),
        json!({"object": "charge", "id": "ch_1", "amount": 100, "currency": "\u{0}"}),
        json!({"object": "charge", "id": "ch_2", "amount": 100, "currency": "eur", "status": "failed", "failure_message": "a\u{0}b\nc", "created": i64::MAX,
               "metadata": {"order_id": "\u{0}", "order_number": "x".repeat(5_000)}}),
        json!({"object": "refund", "id": "re_1", "amount": 1, "currency": "eur"}),
        json!({"object": "dispute", "id": ["x"], "charge": {"id": {}}}),
        json!({"object": "invoice", "id": "in_1"}),
        json!({"object": "checkout.session", "id": "cs_1", "payment_intent": "pi_2", "client_reference_id": {"a": 1}}),
    ];
    for (number, object) in objects.iter().enumerate() {
        desk.event(&format!("evt_{number}"), "x.y", 0, object).await;
    }
    let odd = json!({"id": "evt\u{0}", "type": "\u{0}", "object": "event", "account": "\u{0}", "created": "x", "livemode": "?"});
    for body in [
        b"".as_slice(),
        b"\xff",
        b"[1]",
        "[".repeat(3_000).as_bytes(),
        odd.to_string().as_bytes(),
    ] {
        desk.signed(body).await.expect(200);
    }
    let mut items = Vec::new();
    for (number, amount) in [
        json!({"value": "x", "currency": "EUR"}),
        json!({"value": 1, "currency": "ZZZ"}),
        json!({}),
    ]
    .iter()
    .enumerate()
    {
        let mut odd = item(&format!("P{number}"), "", "AUTHORISATION", true, "a:b\u{0}", 1, 0);
        odd["amount"] = amount.clone();
        items.push(with_signature(odd, KEY));
    }
    items.push(with_signature(
        item(&"p".repeat(400), "", "REPORT_AVAILABLE", true, "", 0, 0),
        KEY,
    ));
    desk.items(&items).await.expect(200);
    let mut nameless = item("", "", "AUTHORISATION", true, "", 0, 0);
    nameless["reason"] = "x".into();
    desk.items(&[with_signature(nameless, KEY)]).await.expect(400);
    assert!(notification(&items)["notificationItems"].is_array());
    desk.process().await;
    let events = desk.events().await;
    assert_eq!(events.len(), objects.len() + 5 + items.len());
    for event in events {
        assert_ne!(event["state"], "queued", "{event}");
        let failed = event["error"].as_str().unwrap_or_default();
        assert!(!failed.contains("the server"), "{event}");
        let path = format!("/webhook-events/{}?reveal=true", event["id"].as_str().unwrap());
        desk.get(&path).await.expect(200);
    }
}
