//! What of customers, tags and attributes stands in the audit log.

use regulars_testkit::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{House, id};

/// The entries so far: what was done, to whom, and what is said about it.
async fn entries(database: &TestDatabase) -> Vec<(String, String, Value)> {
    sqlx::query_as(
        "SELECT action, target_kind || ' ' || target_id, data FROM audit_entries
         WHERE split_part(action, '.', 1) IN ('customer', 'customers', 'tag', 'attribute') ORDER BY id",
    )
    .fetch_all(database.owner())
    .await
    .unwrap()
}

#[tokio::test]
async fn who_deletes_and_restores_somebody_stands_in_the_audit_log() {
    let house = House::new().await;
    let ada = house.customer(json!({"first_name": "Ada"})).await;
    let path = format!("/customers/{}", id(&ada));
    house.delete(&path).await.expect(204);
    house.delete(&path).await.expect(404);
    house
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200);
    house
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200);
    let target = format!("customer {}", id(&ada));
    let code = json!({"code": ada["code"]});
    assert_eq!(
        entries(house.app.test_database()).await,
        [
            ("customer.deleted".to_owned(), target.clone(), code.clone()),
            ("customer.restored".to_owned(), target, code),
        ]
    );
}

#[tokio::test]
async fn what_is_done_to_many_is_one_entry_and_what_changes_nobody_none() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for name in ["Ada", "Bea", "Carol"] {
        ids.push(id(&house.customer(json!({"first_name": name})).await));
    }
    let tagged = house
        .post(
            "/customers/bulk",
            json!({"action": "tag", "ids": ids, "tags": ["press"]}),
        )
        .await
        .expect(200)
        .json;
    house
        .post(
            "/customers/bulk",
            json!({"action": "tag", "ids": ids, "tags": ["press"]}),
        )
        .await
        .expect(200);
    house
        .post(
            "/customers/bulk",
            json!({"action": "tag", "ids": ["x"], "tags": ["press"]}),
        )
        .await
        .expect(422);
    house
        .post(
            "/customers/bulk",
            json!({"action": "undo", "bulk_id": tagged["bulk_id"]}),
        )
        .await
        .expect(200);
    let queued = house
        .post(
            "/customers/bulk",
            json!({"action": "update", "query": {"status": "active"}, "changes": {"status": "vip", "priority": "high"}}),
        )
        .await
        .expect(202)
        .json;
    let entries = entries(house.app.test_database()).await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.0.as_str()).collect();
    assert_eq!(
        actions,
        ["customers.tagged", "customers.undone", "customers.updated"]
    );
    assert_eq!(
        entries[0].1,
        format!("bulk {}", tagged["bulk_id"].as_str().unwrap())
    );
    assert_eq!(entries[0].2, json!({"customers": 3, "tags": ["press"]}));
    assert_eq!(entries[1].2["customers"], 3);
    assert_eq!(
        entries[2].1,
        format!("bulk {}", queued["job_id"].as_str().unwrap())
    );
    // Which fields, not their values, which may be personal.
    let mut fields: Vec<_> = entries[2].2["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    fields.sort_unstable();
    assert_eq!(
        (fields, &entries[2].2["customers"]),
        (vec!["priority", "status"], &json!(3))
    );
}

#[tokio::test]
async fn tags_and_attributes_leave_entries_with_their_names() {
    let house = House::new().await;
    let press = id(&house
        .post("/tags", json!({"name": "press"}))
        .await
        .expect(201)
        .json);
    let media = id(&house
        .post("/tags", json!({"name": "media"}))
        .await
        .expect(201)
        .json);
    house
        .patch(&format!("/tags/{press}"), json!({"name": "journalists"}))
        .await
        .expect(200);
    house
        .patch(&format!("/tags/{press}"), json!({"name": "journalists"}))
        .await
        .expect(200);
    house
        .post(&format!("/tags/{press}/merge"), json!({"into": media}))
        .await
        .expect(200);
    house.delete(&format!("/tags/{media}")).await.expect(204);
    let size = house
        .post(
            "/attributes",
            json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"}),
        )
        .await
        .expect(201)
        .json;
    let size = format!("/attributes/{}", id(&size));
    house.patch(&size, json!({"label": "Size"})).await.expect(200);
    house.delete(&size).await.expect(204);
    let entries = entries(house.app.test_database()).await;
    let said: Vec<_> = entries
        .iter()
        .map(|(action, _, data)| (action.as_str(), data["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("tag.created", "press"),
            ("tag.created", "media"),
            ("tag.updated", "press"),
            ("tag.merged", "journalists"),
            ("tag.deleted", "media"),
            ("attribute.created", "shoe_size"),
            ("attribute.updated", "shoe_size"),
            ("attribute.deleted", "shoe_size"),
        ]
    );
    assert_eq!(
        entries[2].2["changes"],
        json!({"name": {"from": "press", "to": "journalists"}})
    );
    assert_eq!(entries[3].2["into"], "media");
}
