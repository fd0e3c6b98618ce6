//! Setting the mirror up, who may, and what is never shown. None of these needs an emulator.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::shop::Shop;

/// A key made for these tests and used nowhere.
const KEY: &str = include_str!("key.json");

#[tokio::test]
async fn what_is_wrong_with_a_set_up_is_named_with_its_place() {
    let shop = Shop::new().await;
    let off = shop.mirror().await;
    assert_eq!((&off["state"], &off["settings"]), (&json!("off"), &Value::Null));
    let input = json!({"project_id": "no/such", "database_id": "a b", "collection": "shops/berlin", "writes_per_second": 0,
                       "credentials": {"type": "authorized_user", "client_email": "x", "private_key": "y"}});
    let answer = shop.put("/sync/firestore", input).await.expect(422).json;
    let mut places: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/collection",
            "/credentials",
            "/database_id",
            "/project_id",
            "/writes_per_second"
        ]
    );
    for collection in ["", "a//b", "..", "__x__", "a/b/."] {
        let answer = shop
            .put(
                "/sync/firestore",
                json!({"project_id": "p", "collection": collection}),
            )
            .await;
        assert_eq!(
            answer.expect(422).json["errors"][0]["pointer"],
            "/collection",
            "{collection}"
        );
    }
    shop.put("/sync/firestore", json!({"endpoint": "http://169.254.169.254"}))
        .await
        .expect(400);
    assert_eq!(shop.mirror().await["state"], "off");
    for (path, status) in [("verify", 404), ("repair", 404), ("load", 404)] {
        shop.post(&format!("/sync/firestore/{path}"), json!(null))
            .await
            .expect(status);
    }
    shop.delete("/sync/firestore").await.expect(404);
}

#[tokio::test]
async fn a_key_is_taken_and_never_shown() {
    let shop = Shop::new().await;
    let credentials: Value = serde_json::from_str(KEY).unwrap();
    let shown = shop.set_up(json!({"credentials": credentials})).await;
    let again = shop
        .patch(
            "/sync/firestore",
            json!({"writes_per_second": 50, "credentials": KEY}),
        )
        .await
        .expect(200)
        .json;
    let audit = shop.app.get("/api/v1/audit").bearer(&shop.key).await.text();
    let mut tx = shop.app.tx("acme").await;
    let entries: String =
        sqlx::query_scalar("SELECT coalesce(string_agg(data::text, ' '), '') FROM audit_entries")
            .fetch_one(tx.conn())
            .await
            .unwrap();
    let secret = credentials["private_key"].as_str().unwrap();
    let part = &secret.lines().nth(5).unwrap()[..40];
    for text in [
        shown.to_string(),
        again.to_string(),
        audit,
        entries,
        format!("{shown:?}"),
    ] {
        assert!(!text.contains(part) && !text.contains("PRIVATE KEY"), "{text}");
    }
    assert_eq!(
        again["settings"]["credentials"]["client_email"],
        credentials["client_email"]
    );
    assert_eq!(again["settings"]["writes_per_second"], 50);
    // Replacing the rest leaves the key.
    let replaced = shop.set_up(json!({})).await;
    assert_eq!(
        replaced["settings"]["credentials"]["client_email"],
        credentials["client_email"]
    );
    assert_eq!(replaced["settings"]["writes_per_second"], Value::Null);
}

#[tokio::test]
async fn a_version_that_is_old_changes_nothing() {
    let shop = Shop::new().await;
    shop.set_up(json!({})).await;
    let stale = shop
        .app
        .patch("/api/v1/sync/firestore")
        .bearer(&shop.key)
        .if_match(7)
        .json(json!({"writes_per_second": 5}))
        .await;
    stale.expect(412);
    assert_eq!(shop.mirror().await["settings"]["writes_per_second"], Value::Null);
}

#[tokio::test]
async fn only_who_may_and_only_ones_own() {
    let shop = Shop::new().await;
    shop.set_up(json!({})).await;
    let id = shop.customer(json!({"email": "ada@example.com"})).await;
    let agent = shop.app.key(Role::Agent).await;
    let viewer = shop.app.key(Role::Viewer).await;
    let others = shop.app.key_of("others", Role::Admin).await;
    shop.app.get("/api/v1/sync/firestore").await.expect(401);
    shop.app
        .get("/api/v1/sync/firestore")
        .bearer(&viewer)
        .await
        .expect(403);
    shop.app
        .get("/api/v1/sync/firestore")
        .bearer(&agent)
        .await
        .expect(200);
    shop.app
        .post("/api/v1/sync/firestore/verify")
        .bearer(&agent)
        .await
        .expect(403);
    shop.app
        .put("/api/v1/sync/firestore")
        .bearer(&agent)
        .json(json!({"project_id": "p"}))
        .await
        .expect(403);
    let theirs = shop
        .app
        .get("/api/v1/sync/firestore")
        .bearer(&others)
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&theirs["state"], &theirs["pending"]["value"]),
        (&json!("off"), &json!(0))
    );
    shop.app
        .get(&format!("/api/v1/sync/firestore/customers/{id}"))
        .bearer(&others)
        .await
        .expect(404);
    shop.app
        .post("/api/v1/sync/firestore/repair")
        .bearer(&others)
        .await
        .expect(404);
    shop.app
        .delete("/api/v1/sync/firestore")
        .bearer(&others)
        .await
        .expect(404);
    let state = shop
        .get(&format!("/sync/firestore/customers/{id}"))
        .await
        .expect(200)
        .json;
    assert_eq!(state["state"], "pending");
}

#[tokio::test]
async fn a_mirror_that_rests_keeps_what_changes_and_one_that_is_taken_away_forgets_it() {
    let shop = Shop::new().await;
    shop.set_up(json!({})).await;
    let paused = shop
        .patch("/sync/firestore", json!({"paused": true}))
        .await
        .expect(200)
        .json;
    assert_eq!(paused["state"], "paused");
    shop.customers(3).await;
    assert_eq!(shop.mirror().await["pending"], json!({"value": 3, "exact": true}));
    shop.delete("/sync/firestore").await.expect(204);
    assert_eq!(shop.mirror().await["state"], "off");
    shop.customer(json!({"email": "late@example.com"})).await;
    assert_eq!(shop.number("SELECT count(*) FROM customer_changes").await, 0);
}
