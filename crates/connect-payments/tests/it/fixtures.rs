//! Every payload of the shared fixtures that concerns payments is taken and processed. Skipped, by name, where the folder is not.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use regulars_connect::signature;
use serde_json::{Value, json};

use crate::desk::{Desk, KEY, event, with_signature};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/payments");
    if !folder.is_dir() {
        eprintln!("skipped: no ../shared/fixtures/payments beside the checkout");
        return None;
    }
    Some(folder)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn none_is_dead(desk: &Desk) {
    let mut tx = desk.app.tx("acme").await;
    let dead: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT topic, error FROM webhook_events WHERE state NOT IN ('done', 'ignored')")
            .fetch_all(tx.conn())
            .await
            .unwrap();
    tx.commit().await.unwrap();
    assert!(dead.is_empty(), "{dead:?}");
}

#[tokio::test]
async fn every_object_of_stripe_is_taken_and_none_is_dead() {
    let Some(folder) = folder() else { return };
    let path = folder.join("stripe/fixtures3.json");
    let desk = Desk::new().await;
    // The file as it is, signed, is no event.
    desk.signed(&std::fs::read(&path).unwrap()).await.expect(200);
    let resources = read(&path)["resources"].as_object().unwrap().clone();
    assert!(resources.len() > 150);
    for (number, (name, object)) in resources.iter().enumerate() {
        let body = event(
            &format!("evt_{number}"),
            &format!("{name}.updated"),
            0,
            false,
            object,
        );
        desk.signed(body.to_string().as_bytes()).await.expect(200);
    }
    // Those that tell of payments, of orders that are known.
    let order = |object: &str| -> Value {
        let mut object = resources[object].clone();
        object["metadata"] = json!({"order_id": "1001"});
        object["id"] = format!("{}x", object["id"].as_str().unwrap()).into();
        object
    };
    let known = desk.order("shop", "1001", "#1", json!({"currency": "USD"})).await;
    for (number, (topic, object)) in [
        ("payment_intent.payment_failed", order("payment_intent")),
        ("charge.succeeded", order("charge")),
        ("refund.created", order("refund")),
        ("charge.dispute.created", order("dispute")),
        ("invoice.payment_failed", order("invoice")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut object = object;
        if topic.starts_with("refund") || topic.starts_with("charge.dispute") {
            object["charge"] = order("charge")["id"].clone();
        }
        let body = event(&format!("evt_x{number}"), topic, 1, false, &object);
        desk.signed(body.to_string().as_bytes()).await.expect(200);
    }
    desk.process().await;
    none_is_dead(&desk).await;
    let payments = desk.payments(&known).await.join("\n");
    for expected in [
        "sale pending 10.99",
        "sale failed 10.99",
        "authorization succeeded 1.00",
        "refund succeeded 1.00",
        "chargeback pending 10.00",
        "sale failed 10.00",
    ] {
        assert!(payments.contains(expected), "{expected} in {payments}");
    }
    // Test mode, so nothing of it counts.
    assert_eq!(desk.now(&known).await["refunded"]["amount"], "0.00");
}

#[tokio::test]
async fn every_notification_of_adyen_is_taken_and_has_its_effect() {
    let Some(folder) = folder() else { return };
    let desk = Desk::with(&json!({}), &json!({"test_payments": "count"})).await;
    let first = desk
        .order("shop", "a", "8313842560770001", json!({"total": "101.00"}))
        .await;
    let second = desk
        .order(
            "shop",
            "b",
            "00000001",
            json!({"currency": "USD", "total": "236.23"}),
        )
        .await;
    let mut taken = 0;
    let files = std::fs::read_dir(folder.join("adyen/notification"))
        .unwrap()
        .map(|file| file.unwrap().path());
    for path in files.chain([folder.join("adyen/payload.json")]) {
        let mut body = read(&path);
        if let Some(items) = body["notificationItems"].as_array_mut() {
            for wrapped in items {
                let item = wrapped["NotificationRequestItem"].take();
                wrapped["NotificationRequestItem"] = with_signature(item, KEY);
            }
            desk.app
                .post(&desk.adyen)
                .body("application/json", body.to_string())
                .await
                .expect(200);
        } else {
            let bytes = body.to_string();
            let mac = signature::hmac_sha256(&signature::from_hex(KEY).unwrap(), &[bytes.as_bytes()]);
            let send = |mac: &str| {
                desk.app
                    .post(&desk.adyen)
                    .header("hmacsignature", mac)
                    .body("application/json", bytes.clone())
            };
            send("AAAA").await.expect(401);
            send(&STANDARD.encode(mac)).await.expect(200);
        }
        taken += 1;
    }
    assert!(taken >= 7, "{taken}");
    desk.process().await;
    none_is_dead(&desk).await;
    assert_eq!(desk.now(&first).await["payment_status"], "authorized");
    let payments = desk.payments(&second).await;
    // The fixtures give several events one reference and, to the captures, one time.
    for (kind, amount) in [("capture", "236.23"), ("refund", "15.00")] {
        let is_it = |one: &String| {
            one.starts_with(&format!("adyen:PSP_REFERENCE/{kind} {kind} ")) && one.ends_with(amount)
        };
        assert!(payments.iter().any(is_it), "{kind} in {payments:?}");
    }
}
