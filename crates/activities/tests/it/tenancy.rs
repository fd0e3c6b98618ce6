//! One organization knows nothing of another's visitors and customers.

use regulars_kernel::Role;
use serde_json::json;

use crate::harness::{House, ago};

#[tokio::test]
async fn the_same_visitor_id_is_somebody_else_in_another_organization() {
    let house = House::new().await;
    house.app.organization("theirs").await;
    let theirs = House {
        key: house.app.key_of("theirs", Role::Admin).await,
        app: house.app,
    };
    let ours = theirs.app.key(Role::Admin).await;
    let bob = theirs.customer("bob@example.com").await;
    theirs
        .tell(json!({"kind": "page_view", "visitor_id": "v1", "occurred_at": ago(9)}))
        .await;
    let house = House {
        key: ours,
        app: theirs.app,
    };
    let ada = house.customer("ada@example.com").await;
    let view = json!({"kind": "page_view", "id": "0b0e8f5e-7d0c-4f5b-9d43-111111111111", "visitor_id": "v1", "occurred_at": ago(5)});
    house.tell(view.clone()).await;
    // Neither by id nor by address is another organization's customer found.
    for named in [json!({"customer_id": bob}), json!({"email": "bob@example.com"})] {
        let mut body = json!({"kind": "identify", "visitor_id": "v1"});
        body.as_object_mut()
            .unwrap()
            .extend(named.as_object().unwrap().clone());
        let told = house.tell(body).await;
        assert_eq!(told["results"][0].get("customer_id"), None);
    }
    house
        .tell(json!({"kind": "identify", "visitor_id": "v1", "customer_id": ada}))
        .await;
    house.work("activities.join").await;
    assert_eq!(
        house
            .kinds(&ada)
            .await
            .iter()
            .filter(|kind| *kind == "page_view")
            .count(),
        1
    );
    house
        .get(&format!("/customers/{bob}/activities"))
        .await
        .expect(404);
    // The same id is another activity there.
    let theirs = House {
        key: house.app.key_of("theirs", Role::Admin).await,
        app: house.app,
    };
    assert_eq!(theirs.tell(view).await["created"], 1);
    assert_eq!(theirs.kinds(&bob).await, ["customer.created"]);
    // Anybody's partition is behind the wall itself.
    let mut tx = theirs.app.tx("theirs").await;
    let mut seen = 0;
    let parts: Vec<String> = sqlx::query_scalar(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'activities'::regclass",
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    for part in parts {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {part}")))
            .fetch_one(tx.conn())
            .await
            .unwrap();
        seen += count;
    }
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn a_key_needs_the_permission() {
    let house = House::new().await;
    let viewer = house.app.key(Role::Viewer).await;
    let view = json!({"kind": "page_view"});
    house
        .app
        .post("/api/v1/activities")
        .bearer(&viewer)
        .json(&view)
        .await
        .expect(403);
    house.app.post("/api/v1/activities").json(&view).await.expect(401);
    let agent = house.app.key(Role::Agent).await;
    house
        .app
        .post("/api/v1/activities")
        .bearer(&agent)
        .json(&view)
        .await
        .expect(200);
    house
        .app
        .patch("/api/v1/activity-settings")
        .bearer(&agent)
        .json(json!({}))
        .await
        .expect(403);
}
