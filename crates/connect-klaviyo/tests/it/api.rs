//! Pulls and keys over the API: who may, and what is refused.

use regulars_kernel::Role;
use serde_json::json;

use crate::account::{API_KEY, Account};

#[tokio::test]
async fn a_pull_wants_a_key_and_a_connection_that_is_on() {
    let account = Account::new().await;
    let one = format!("/connections/{}", account.connection);
    let pull = format!("{one}/pull");
    account.get(&pull).await.expect(404);
    let viewer = account.app.key(Role::Viewer).await;
    account
        .app
        .post(&format!("/api/v1{pull}"))
        .bearer(&viewer)
        .json(json!({}))
        .await
        .expect(403);
    let change = async |patch: serde_json::Value| {
        account
            .app
            .patch(&format!("/api/v1{one}"))
            .bearer(&account.key)
            .json(patch)
            .await
    };
    change(json!({"disabled": true})).await.expect(200);
    account.post(&pull, json!({})).await.expect(409);
    change(json!({"disabled": false})).await.expect(200);
    let without = change(json!({"api_key": null})).await.expect(200).json;
    assert!(without["api_key"].is_null());
    let refused = account.post(&pull, json!({})).await.expect(409).json;
    assert_eq!(refused["errors"][0]["code"], "api_key_missing");
    for wrong in ["", "a b", "a\nb", &"x".repeat(501)] {
        change(json!({"api_key": wrong})).await.expect(422);
    }
    let with = change(json!({"api_key": API_KEY})).await.expect(200).json;
    assert_eq!(with["api_key"]["hint"], "cdef");
    assert!(!with.to_string().contains(API_KEY));
    let begun = account.post(&pull, json!({})).await.expect(202);
    let job = begun.json["job_id"].as_str().unwrap();
    assert_eq!(begun.header("location"), format!("/api/v1/jobs/{job}"));
    account.post(&pull, json!({"all": true})).await.expect(400);
    // Nobody reads the key, wherever it is told of.
    let mut tx = account.app.tx("acme").await;
    let audit: String =
        sqlx::query_scalar("SELECT coalesce(string_agg(data::text, ''), '') FROM audit_entries")
            .fetch_one(tx.conn())
            .await
            .unwrap();
    assert!(!audit.contains(API_KEY) && audit.contains("is_there"), "{audit}");
}

#[tokio::test]
async fn who_tells_by_webhooks_alone_has_no_key_and_is_not_pulled() {
    let account = Account::new().await;
    let shopify = |more: serde_json::Value| {
        let mut new = json!({"provider": "shopify", "secret": "hush"});
        new.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        new
    };
    let refused = account
        .post("/connections", shopify(json!({"api_key": "x"})))
        .await
        .expect(422)
        .json;
    assert_eq!(refused["errors"][0]["pointer"], "/api_key");
    let made = account
        .post("/connections", shopify(json!({})))
        .await
        .expect(201)
        .json;
    let id = made["id"].as_str().unwrap();
    account
        .post(&format!("/connections/{id}/pull"), json!({}))
        .await
        .expect(409);
}
