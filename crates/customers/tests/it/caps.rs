//! How many tags one customer and one organization may have, whichever way they come.

use std::time::Duration;

use regulars_customers::job_handlers;
use regulars_jobs::{Registry, Worker};
use serde_json::{Value, json};

use crate::harness::{House, id, places};

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

/// One with as many tags as there may be, and one with none.
async fn two(house: &House) -> [String; 2] {
    let full = house
        .customer(json!({"first_name": "Ada", "tags": names("t", 100)}))
        .await;
    let empty = house.customer(json!({"first_name": "Ida"})).await;
    [id(&full), id(&empty)]
}

async fn tags_of(house: &House, id: &str) -> usize {
    let customer = house.get(&format!("/customers/{id}")).await.expect(200).json;
    customer["tags"].as_array().unwrap().len()
}

#[tokio::test]
async fn at_once_a_customer_with_too_many_tags_stops_them_all() {
    let house = House::new().await;
    let ids = two(&house).await;
    let tag = |name: &str| {
        let body = json!({"action": "tag", "ids": ids, "tags": [name]});
        house.post("/customers/bulk", body)
    };
    let refused = tag("more").await.expect(422);
    assert_eq!(places(&refused), ["/ids/0"]);
    assert_eq!(refused.json["errors"][0]["code"], "too_many");
    assert_eq!(tags_of(&house, &ids[1]).await, 0);
    let done = tag("t7").await.expect(200).json;
    assert_eq!((&done["changed"], &done["unchanged"]), (&json!(1), &json!(1)));
    let path = format!("/customers/{}/tags", ids[0]);
    let refused = house.post(&path, json!({"tags": ["more"]})).await.expect(422);
    assert_eq!(places(&refused), ["/tags"]);
    house.post(&path, json!({"tags": ["T8"]})).await.expect(200);
}

#[tokio::test]
async fn a_job_refuses_who_has_too_many_tags_and_tags_the_others() {
    let house = House::new().await;
    let ids = two(&house).await;
    let body = json!({"action": "tag", "query": {}, "tags": ["more"]});
    let queued = house.post("/customers/bulk", body).await.expect(202).json;
    let job = queued["job_id"].as_str().unwrap().parse().unwrap();
    let worker = Worker::start(house.app.database().clone(), job_handlers(Registry::new()), 1);
    let mut result = Value::Null;
    for _ in 0..500 {
        let mut tx = house.app.tx("acme").await;
        let found = regulars_jobs::get(&mut tx, job).await.unwrap();
        if let Some(found) = found.result {
            result = found;
            break;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    worker.stop(Duration::from_secs(5)).await;
    assert_eq!(
        result,
        json!({"action": "tag", "tags": ["more"], "changed": 1, "unchanged": 0, "refused": 1})
    );
    assert_eq!(tags_of(&house, &ids[0]).await, 100);
    assert_eq!(tags_of(&house, &ids[1]).await, 1);
}

#[tokio::test]
async fn an_organization_with_ten_thousand_tags_gets_no_other() {
    let house = House::new().await;
    let one = id(&house
        .customer(json!({"first_name": "Ida", "tags": ["first"]}))
        .await);
    sqlx::query(
        "INSERT INTO tags (organization_id, id, name)
         SELECT organization_id, gen_random_uuid(), 'n' || n FROM tags, generate_series(1, 9998) AS n",
    )
    .execute(house.app.test_database().owner())
    .await
    .unwrap();
    let path = format!("/customers/{one}");
    house.patch(&path, json!({"tags": ["last"]})).await.expect(200);
    let bulk = json!({"action": "tag", "query": {}, "tags": ["n1", "new"]});
    let admin = house.app.key(regulars_kernel::Role::Admin).await;
    let defined = house
        .app
        .post("/api/v1/tags")
        .bearer(&admin)
        .json(json!({"name": "new"}))
        .await;
    let refused = [
        defined,
        house.post("/customers/bulk", bulk).await,
        house.patch(&path, json!({"tags": ["new"]})).await,
        house
            .post(&format!("{path}/tags"), json!({"tags": ["new", "N2"]}))
            .await,
        house
            .post("/customers", json!({"first_name": "Ida", "tags": ["new"]}))
            .await,
    ];
    for answer in refused {
        assert_eq!(answer.expect(409).json["errors"][0]["code"], "too_many");
    }
    house
        .post(&format!("{path}/tags"), json!({"tags": ["LAST", "n1"]}))
        .await
        .expect(200);
    assert_eq!(tags_of(&house, &one).await, 2);
}
