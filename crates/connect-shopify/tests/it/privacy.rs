//! The three privacy topics: what is asked for is owed, by a day.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::shop::Shop;

fn asked() -> [(&'static str, Value); 3] {
    let customer = json!({"id": 191_167, "email": "john@example.com", "phone": "555-625-1199"});
    [
        (
            "customers/data_request",
            json!({"shop_id": 954_889, "shop_domain": "example.myshopify.com", "customer": customer, "orders_requested": [299_938, 280_263], "data_request": {"id": 9999}}),
        ),
        (
            "customers/redact",
            json!({"shop_id": 954_889, "shop_domain": "example.myshopify.com", "customer": customer, "orders_to_redact": [299_938]}),
        ),
        (
            "shop/redact",
            json!({"shop_id": 954_889, "shop_domain": "example.myshopify.com"}),
        ),
    ]
}

#[tokio::test]
async fn what_is_asked_for_is_owed_once_with_the_day_by_which_it_is_due() {
    let shop = Shop::new().await;
    let john = json!({"id": 191_167, "email": "john@example.com", "updated_at": "2026-05-01T10:00:00Z"});
    shop.says("customers/create", "2026-05-01T10:00:00Z", &john).await;
    shop.process().await;
    for (topic, body) in asked() {
        shop.says(topic, "2026-05-02T10:00:00Z", &body).await;
    }
    // A request for data is known by its id, whoever sends it again.
    let (topic, body) = &asked()[0];
    shop.says(topic, "2026-05-03T10:00:00Z", body).await;
    shop.process().await;
    let all = shop.get("/privacy/duties?state=open").await.expect(200).json;
    let duties = all["data"].as_array().unwrap();
    let mut kinds: Vec<&str> = duties.iter().map(|duty| duty["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["access", "erasure", "shop_erasure"]);
    let access = duties.iter().find(|duty| duty["kind"] == "access").unwrap();
    assert_eq!(access["customer_id"], shop.customer("191167").await["id"]);
    assert_eq!(
        access["subject"],
        json!({"external_id": "191167", "email": "john@example.com", "phone": "555-625-1199", "orders": ["299938", "280263"], "shop": "example.myshopify.com"})
    );
    for duty in duties {
        let day =
            |name: &str| -> chrono::DateTime<chrono::Utc> { duty[name].as_str().unwrap().parse().unwrap() };
        assert_eq!(
            day("due_at") - day("received_at"),
            chrono::TimeDelta::days(30),
            "{duty}"
        );
        // From when it came here, which is now, and not from when Shopify says.
        let age = regulars_kernel::clock::now() - day("received_at");
        assert!(
            chrono::TimeDelta::zero() <= age && age < chrono::TimeDelta::minutes(5),
            "{duty}"
        );
    }

    // Played again, it is still the same.
    let events = shop.events().await;
    for event in &events {
        let path = format!("/api/v1/webhook-events/{}/replay", event["id"].as_str().unwrap());
        shop.app.post(&path).bearer(&shop.key).await.expect(200);
    }
    shop.process().await;
    let again = shop.get("/privacy/duties").await.expect(200).json;
    assert_eq!(again["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_duty_is_done_when_somebody_who_may_says_so() {
    let shop = Shop::new().await;
    let (topic, body) = &asked()[1];
    shop.says(topic, "2026-05-02T10:00:00Z", body).await;
    shop.process().await;
    let duty = shop.get("/privacy/duties").await.expect(200).json["data"][0].clone();
    let path = format!("/api/v1/privacy/duties/{}", duty["id"].as_str().unwrap());
    let agent = shop.app.key(Role::Agent).await;
    shop.app.get(&path).bearer(&agent).await.expect(403);
    shop.app
        .post(&format!("{path}/done"))
        .bearer(&agent)
        .await
        .expect(403);
    let note = json!({"note": "Erased by hand"});
    for _ in 0..2 {
        let done = shop
            .app
            .post(&format!("{path}/done"))
            .bearer(&shop.key)
            .json(note.clone())
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&done["state"], &done["note"]),
            (&json!("done"), &json!("Erased by hand"))
        );
        assert!(
            done["done_at"].is_string() && done["done_by"].is_string(),
            "{done}"
        );
    }
    let open = shop.get("/privacy/duties?state=open").await.expect(200).json;
    assert_eq!(open["data"], json!([]));
    let reopened = shop
        .app
        .post(&format!("{path}/reopen"))
        .bearer(&shop.key)
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&reopened["state"], &reopened["done_at"]),
        (&json!("open"), &Value::Null)
    );
    shop.get("/privacy/duties?state=half").await.expect(400);
    shop.get("/privacy/duties?kind=erasure&limit=1").await.expect(200);
    let long = json!({"note": "x".repeat(1001)});
    let refused = shop
        .app
        .post(&format!("{path}/done"))
        .bearer(&shop.key)
        .json(long)
        .await
        .expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/note");
}
