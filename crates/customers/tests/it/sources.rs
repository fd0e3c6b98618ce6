//! Links to other systems: changed under a guard.

use serde_json::json;

use crate::harness::{House, places};

#[tokio::test]
async fn a_links_state_is_changed_under_a_guard_and_told() {
    let house = House::new().await;
    let path = house.path_of("Ada").await;
    let link = json!({"source": "shopify", "external_id": "a/7 ü"});
    let made = house.post(&format!("{path}/sources"), link).await.expect(201);
    assert_eq!(
        (&made.json["version"], made.header("etag")),
        (&json!(1), "\"v1\"")
    );
    let at = format!("{path}/sources/shopify/a%2F7%20%C3%BC");
    let change = |version: i32, body: serde_json::Value| {
        let request = house.app.patch(&format!("/api/v1{at}")).bearer(&house.key);
        async move { request.if_match(version).json(body).await }
    };
    let pending = change(1, json!({"sync_state": "pending"})).await.expect(200);
    assert_eq!(
        (&pending.json["version"], &pending.json["sync_state"]),
        (&json!(2), &json!("pending"))
    );
    change(1, json!({"sync_state": "failed"})).await.expect(412);
    assert_eq!(
        places(&change(2, json!({"sync_state": "lost"})).await.expect(422)),
        ["/sync_state"]
    );
    let same = change(2, json!({})).await.expect(200);
    assert_eq!(same.json["version"], 2);
    let synced = change(2, json!({"sync_state": "synced"})).await.expect(200);
    assert_ne!(synced.json["synced_at"], pending.json["synced_at"]);
    assert_eq!(
        house.get(&format!("{path}/sources")).await.json["data"][0]["version"],
        3
    );
    let whole = house.get(&format!("{path}?include=sources")).await.expect(200);
    assert_eq!(whole.json["sources"][0]["version"], 3);
    let stale = house
        .app
        .delete(&format!("/api/v1{at}"))
        .bearer(&house.key)
        .if_match(1);
    stale.await.expect(412);
    house.delete(&at).await.expect(204);
    assert_eq!(
        house.kinds(&path).await,
        [
            "source.unlinked",
            "source.updated",
            "source.updated",
            "source.linked",
            "customer.created"
        ]
    );
}
