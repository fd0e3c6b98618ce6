//! What is written, and when.

use serde_json::{Value, json};

use crate::{
    emulator::Emulator,
    shop::{Shop, document},
};

#[tokio::test]
async fn a_change_is_mirrored_with_all_that_hangs_on_the_customer() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let worker = shop.worker(&emulator.address());
    let id = shop
        .customer(
            json!({"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "tags": ["vip"],
            "addresses": [{"line1": "Hauptstraße 1", "city": "Berlin", "country": "DE", "latitude": 52.5}],
            "contacts": [{"first_name": "Charles", "email": "charles@example.com"}]}),
        )
        .await;
    shop.post(
        "/orders",
        json!({"source": "erp", "external_id": "1", "customer_id": id, "currency": "EUR", "total": "59.90",
        "placed_at": "2026-01-02T03:04:05Z", "status": "completed"}),
    )
    .await
    .expect(201);
    shop.post(
        "/activities",
        json!({"kind": "page_view", "customer_id": id, "url": "https://shop.example/shoes"}),
    )
    .await
    .expect(200);
    let mirror = shop.settled().await;
    assert_eq!(
        (&mirror["pending"]["value"], &mirror["lag_seconds"]),
        (&json!(0), &Value::Null)
    );

    let client = shop.client(&emulator);
    let found = document(&client, &id).await;
    assert_eq!(found["email"], "ada@example.com");
    assert_eq!(found["tags"], json!(["vip"]));
    assert_eq!(found["deleted_at"], Value::Null);
    assert!(found["created_at"]["time"].is_i64(), "{found:#}");
    let address = &found["addresses"][0];
    assert_eq!(
        (&address["city"], &address["latitude"], &address["is_default"]),
        (&json!("Berlin"), &json!(52.5), &json!(true))
    );
    assert!(address["created_at"]["time"].is_i64());
    assert_eq!(found["contacts"][0]["first_name"], "Charles");
    let metrics = &found["metrics"];
    assert_eq!(
        (&metrics["orders"], &metrics["total_spent"]),
        (&json!(1), &json!({"amount": "59.90", "currency": "EUR"}))
    );
    assert_eq!(metrics["last_order_at"], json!({"time": 1_767_323_045}));
    let activity = found["recent_activity"].as_array().unwrap();
    let kinds: Vec<_> = activity.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"page_view") && kinds.contains(&"customer.created"),
        "{kinds:?}"
    );

    shop.patch(&format!("/customers/{id}"), json!({"phone": "+4930123456"}))
        .await
        .expect(200);
    shop.settled().await;
    assert_eq!(document(&client, &id).await["phone"], "+4930123456");
    let state = shop
        .get(&format!("/sync/firestore/customers/{id}"))
        .await
        .expect(200)
        .json;
    assert_eq!(state["state"], "mirrored");
    assert!(
        state["document"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/documents/customers/{id}"))
    );
    shop.is_equal(1).await;
    worker.stop(std::time::Duration::from_secs(10)).await;
}

#[tokio::test]
async fn who_is_deleted_leaves_and_who_is_restored_comes_back() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let _worker = shop.worker(&emulator.address());
    let client = shop.client(&emulator);
    let id = shop.customer(json!({"email": "ada@example.com"})).await;
    shop.settled().await;
    assert_eq!(document(&client, &id).await["email"], "ada@example.com");
    shop.delete(&format!("/customers/{id}")).await.expect(204);
    shop.settled().await;
    assert_eq!(document(&client, &id).await, Value::Null);
    let state = shop
        .get(&format!("/sync/firestore/customers/{id}"))
        .await
        .expect(200)
        .json;
    assert_eq!(state["state"], "deleted");
    shop.is_equal(0).await;
    shop.post(&format!("/customers/{id}/restore"), json!(null))
        .await
        .expect(200);
    shop.settled().await;
    assert_eq!(document(&client, &id).await["email"], "ada@example.com");
}
