//! One change to many customers, through the API.

use serde_json::{Value, json};

use crate::harness::{House, id, places};

pub async fn three(house: &House) -> Vec<String> {
    let mut ids = Vec::new();
    for name in ["Ada", "Grace", "Ida"] {
        ids.push(id(&house
            .customer(json!({"first_name": name, "email": format!("{name}@example.com")}))
            .await));
    }
    ids
}

#[tokio::test]
async fn many_are_tagged_changed_deleted_and_restored_together() {
    let house = House::new().await;
    let ids = three(&house).await;
    let path = format!("/customers/{}", ids[0]);
    let run = |body: Value| house.post("/customers/bulk", body);
    let done = run(json!({"action": "tag", "ids": ids, "tags": ["vip"]}))
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&done["action"], &done["changed"], &done["unchanged"]),
        (&json!("tag"), &json!(3), &json!(0))
    );
    let done = run(json!({"action": "tag", "ids": ids, "tags": ["VIP"]}))
        .await
        .expect(200)
        .json;
    assert_eq!((&done["changed"], &done["unchanged"]), (&json!(0), &json!(3)));
    run(json!({"action": "untag", "ids": [ids[0]], "tags": ["vip"]}))
        .await
        .expect(200);
    run(json!({"action": "update", "ids": ids, "changes": {"status": "vip", "industry": "Maths"}}))
        .await
        .expect(200);
    let ada = house.get(&path).await.json;
    assert_eq!((&ada["status"], &ada["tags"]), (&json!("vip"), &json!([])));
    run(json!({"action": "delete", "ids": ids})).await.expect(200);
    house.get(&path).await.expect(404);
    house.customer(json!({"email": "grace@example.com"})).await;
    let clash = run(json!({"action": "restore", "ids": ids})).await.expect(422);
    assert_eq!(places(&clash), ["/ids/1"]);
    house.get(&path).await.expect(404);
    run(json!({"action": "restore", "ids": [ids[0], ids[2]]}))
        .await
        .expect(200);
    let kinds = house.kinds(&path).await;
    assert_eq!(
        kinds,
        [
            "customer.restored",
            "customer.deleted",
            "customer.updated",
            "customer.untagged",
            "customer.tagged",
            "customer.created"
        ]
    );
    run(json!({"action": "owner", "ids": [ids[0]], "owner_id": null}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_wrong_one_among_many_stops_them_all() {
    let house = House::new().await;
    let ids = three(&house).await;
    let run = |body: Value| house.post("/customers/bulk", body);
    let unknown = "0198c0de-0000-7000-8000-000000000000";
    let refused = run(json!({"action": "delete", "ids": [ids[0], unknown]}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/ids/1"]);
    house.get(&format!("/customers/{}", ids[0])).await.expect(200);
    let refused = run(json!({"action": "fly", "ids": ["x"], "tags": []}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/action", "/ids/0"]);
    let refused = run(json!({"action": "update", "ids": ids, "changes": {"email": "a@b.co", "status": "x"}}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/changes/email", "/changes/status"]);
    let refused = run(json!({"action": "update", "ids": ids, "changes": {"status": "x"}}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/changes/status"]);
    let both = run(json!({"action": "delete", "ids": ids, "query": {}}))
        .await
        .expect(422);
    assert_eq!(places(&both), ["/ids"]);
    let refused = run(json!({"action": "delete", "query": {"status": "x", "shoe": "1", "tag": 7}}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/query/tag"]);
    let refused = run(json!({"action": "delete", "query": {"status": "x", "shoe": "1"}}))
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/query/shoe", "/query/status"]);
}
