//! Members and tags that go, and what hung on them.

use std::time::Duration;

use regulars_accounts::{model::Power, ops as accounts};
use regulars_customers::job_handlers;
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{
    Role, Scope,
    ids::{TagId, UserId},
};
use serde_json::json;

use crate::harness::{BASE, House};

/// Adds customers without the ceremony of the API.
pub async fn customers(house: &House, count: i32, owner: Option<UserId>) -> Scope {
    let scope = house.app.organization("acme").await;
    sqlx::query(
        "INSERT INTO customers (organization_id, id, code, first_name, sort_name, search_text, owner_id)
         SELECT $1, gen_random_uuid(), 'X-' || n, 'A' || n, 'a' || n, ' a' || n || ' ', $3 FROM generate_series(1, $2) AS n",
    )
    .bind(scope.organization_id)
    .bind(count)
    .bind(owner.map(|id| id.0))
    .execute(house.app.test_database().owner())
    .await
    .unwrap();
    scope
}

pub async fn number(house: &House, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement)
        .fetch_one(house.app.test_database().owner())
        .await
        .unwrap()
}

fn worker(house: &House) -> Worker {
    Worker::start(house.app.database().clone(), job_handlers(Registry::new()), 2)
}

/// Waits until a count is nought.
pub async fn until_none(house: &House, statement: &'static str) {
    for _ in 0..200 {
        if number(house, statement).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still {}: {statement}", number(house, statement).await);
}

async fn agent(house: &House) -> UserId {
    let scope = house.app.organization("acme").await;
    let made = accounts::create_user(
        house.app.database(),
        scope.organization_id,
        "agent@example.com",
        Role::Agent,
    );
    made.await.unwrap().member.id
}

async fn remove(house: &House, id: UserId) {
    let mut tx = house.app.tx("acme").await;
    accounts::remove_member(&mut tx, &Power::OPERATOR, id, |_| Ok(()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_looked_after_many_is_out_at_once_and_their_customers_are_let_go_in_batches() {
    let house = House::new().await;
    let id = agent(&house).await;
    customers(&house, 2_500, Some(id)).await;
    remove(&house, id).await;
    let admin = house.app.key(Role::Admin).await;
    let one = json!({"first_name": "New", "owner_id": id});
    assert_eq!(
        house.post("/customers", one).await.expect(422).json["errors"][0]["code"],
        "owner_unknown",
        "nobody is given to who has left"
    );
    drop(admin);
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM customers WHERE owner_id IS NOT NULL"
        )
        .await,
        2_500,
        "the request did not wait for that"
    );
    let worker = worker(&house);
    until_none(
        &house,
        "SELECT count(*) FROM memberships WHERE ended_at IS NOT NULL",
    )
    .await;
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM customers WHERE owner_id IS NOT NULL"
        )
        .await,
        0
    );
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM events WHERE kind = 'customer.updated' AND data #> '{changes,owner_id,to}' = 'null'"
        )
        .await,
        2_500
    );
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn who_comes_back_before_it_is_done_keeps_their_customers() {
    let house = House::new().await;
    let id = agent(&house).await;
    customers(&house, 10, Some(id)).await;
    remove(&house, id).await;
    assert_eq!(agent(&house).await, id, "invited again");
    let worker = worker(&house);
    until_none(
        &house,
        "SELECT count(*) FROM jobs WHERE state <> 'done' AND kind = 'member.removed'",
    )
    .await;
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM customers WHERE owner_id IS NOT NULL"
        )
        .await,
        10
    );
    assert_eq!(
        number(&house, "SELECT count(*) FROM memberships WHERE ended_at IS NULL").await,
        1
    );
    worker.stop(Duration::from_secs(5)).await;
}

pub async fn tag(house: &House, name: &str) -> TagId {
    let made = house.post("/tags", json!({"name": name})).await.expect(201);
    made.json["id"].as_str().unwrap().parse().unwrap()
}

/// So many customers who all have the tag that is answered.
pub async fn tag_of_everybody(house: &House, count: i32) -> TagId {
    let scope = customers(house, count, None).await;
    let id = tag(house, "everybody").await;
    give_everybody(house, scope, id).await;
    id
}

async fn give_everybody(house: &House, scope: Scope, id: TagId) {
    sqlx::query(
        "INSERT INTO customer_tags (organization_id, customer_id, tag_id)
         SELECT organization_id, id, $2 FROM customers WHERE organization_id = $1",
    )
    .bind(scope.organization_id)
    .bind(id)
    .execute(house.app.test_database().owner())
    .await
    .unwrap();
}

#[tokio::test]
async fn a_tag_that_very_many_have_is_removed_by_a_job() {
    let house = House::new().await;
    let id = tag_of_everybody(&house, 12_000).await;
    let path = format!("/tags/{id}");
    let later = house.delete(&path).await.expect(202);
    assert_eq!(
        later.header("location"),
        format!("{BASE}/jobs/{}", later.json["id"].as_str().unwrap())
    );
    house.get(&path).await.expect(200);
    let again = house.delete(&path).await.expect(202);
    assert_eq!(again.json["id"], later.json["id"], "one job for one tag");
    let worker = worker(&house);
    until_none(&house, "SELECT count(*) FROM tags").await;
    assert_eq!(number(&house, "SELECT count(*) FROM customer_tags").await, 0);
    assert_eq!(
        number(
            &house,
            "SELECT count(*) FROM events WHERE kind = 'tag.deleted' AND data ->> 'customers' = '12000'"
        )
        .await,
        1
    );
    worker.stop(Duration::from_secs(5)).await;
}
