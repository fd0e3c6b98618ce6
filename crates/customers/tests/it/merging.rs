//! A tag that very many customers have is merged into another by a job.

use std::time::Duration;

use regulars_customers::job_handlers;
use regulars_jobs::{Job, JobState, Registry, Worker};
use regulars_kernel::ids::{JobId, TagId};
use regulars_testkit::TestResponse;
use serde_json::json;

use crate::{
    harness::{BASE, House},
    letting_go::{number, tag, tag_of_everybody, until_none},
};

async fn merge(house: &House, id: TagId, into: TagId) -> TestResponse {
    house
        .post(&format!("/tags/{id}/merge"), json!({"into": into}))
        .await
}

/// Runs jobs until this one is over.
async fn run(house: &House, queued: &TestResponse) -> Job {
    let id: JobId = queued.json["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(queued.header("location"), format!("{BASE}/jobs/{id}"));
    let worker = Worker::start(house.app.database().clone(), job_handlers(Registry::new()), 2);
    for _ in 0..1_000 {
        let mut tx = house.app.tx("acme").await;
        let job = regulars_jobs::get(&mut tx, id).await.unwrap();
        drop(tx);
        if job.finished_at.is_some() {
            worker.stop(Duration::from_secs(5)).await;
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job does not end");
}

async fn having(house: &House, id: TagId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM customer_tags WHERE tag_id = $1")
        .bind(id)
        .fetch_one(house.app.test_database().owner())
        .await
        .unwrap()
}

/// Removes a tag past the rules, as it may be gone when a merge that failed is tried again.
async fn remove(house: &House, id: TagId) {
    sqlx::query("DELETE FROM tags WHERE id = $1")
        .bind(id)
        .execute(house.app.test_database().owner())
        .await
        .unwrap();
}

const MERGED: &str = "SELECT count(*) FROM events WHERE kind = 'tag.merged'";

#[tokio::test]
async fn everybody_is_given_the_other_tag_and_the_first_is_gone() {
    let house = House::new().await;
    let from = tag_of_everybody(&house, 12_000).await;
    let (into, third) = (tag(&house, "all").await, tag(&house, "third").await);
    // Some have both already.
    sqlx::query(
        "INSERT INTO customer_tags (organization_id, customer_id, tag_id)
         SELECT organization_id, customer_id, $1 FROM customer_tags LIMIT 6000",
    )
    .bind(into)
    .execute(house.app.test_database().owner())
    .await
    .unwrap();
    let queued = merge(&house, from, into).await.expect(202);
    let again = merge(&house, from, into).await.expect(202);
    assert_eq!(again.json["id"], queued.json["id"], "one job for one merge");
    for (id, into) in [(from, third), (into, from), (third, into), (third, from)] {
        let busy = merge(&house, id, into).await.expect(409);
        assert_eq!(busy.json["errors"][0]["code"], "tag_busy");
    }
    house.get(&format!("/tags/{from}")).await.expect(200);
    let job = run(&house, &queued).await;
    assert_eq!(job.result, Some(json!({"customers": 12_000})));
    assert_eq!(having(&house, into).await, 12_000);
    house.get(&format!("/tags/{from}")).await.expect(404);
    assert_eq!(number(&house, MERGED).await, 1);
    merge(&house, third, into).await.expect(200);
    assert_eq!(number(&house, MERGED).await, 2);
}

#[tokio::test]
async fn nobody_loses_both_when_one_of_them_is_untagged_at_that_moment() {
    let house = House::new().await;
    let from = tag_of_everybody(&house, 6_000).await;
    let into = tag(&house, "all").await;
    let queued = merge(&house, from, into).await.expect(202);
    let mut untagging = house.app.test_database().owner().begin().await.unwrap();
    sqlx::query("DELETE FROM customer_tags WHERE customer_id = (SELECT min(customer_id::text)::uuid FROM customer_tags)")
        .execute(&mut *untagging)
        .await
        .unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let untag = async {
        while number(&house, waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        untagging.commit().await.unwrap();
    };
    let (job, ()) = tokio::join!(run(&house, &queued), untag);
    assert_eq!(job.result, Some(json!({"customers": 5_999})));
    assert_eq!(having(&house, into).await, 5_999);
}

#[tokio::test]
async fn neither_of_two_tags_is_deleted_while_one_is_merged_into_the_other() {
    let house = House::new().await;
    let from = tag_of_everybody(&house, 6_000).await;
    let into = tag(&house, "all").await;
    let queued = merge(&house, from, into).await.expect(202);
    for id in [from, into] {
        let busy = house.delete(&format!("/tags/{id}")).await.expect(409);
        assert_eq!(busy.json["errors"][0]["code"], "tag_busy");
    }
    run(&house, &queued).await;
    assert_eq!(having(&house, into).await, 6_000);
    house.delete(&format!("/tags/{into}")).await.expect(202);
}

#[tokio::test]
async fn if_the_other_tag_goes_meanwhile_the_rest_keep_what_they_have() {
    let house = House::new().await;
    let from = tag_of_everybody(&house, 6_000).await;
    let into = tag(&house, "all").await;
    let queued = merge(&house, from, into).await.expect(202);
    remove(&house, into).await;
    let job = run(&house, &queued).await;
    assert_eq!(job.state, JobState::Dead);
    assert_eq!(having(&house, from).await, 6_000);
    assert_eq!(number(&house, MERGED).await, 0);
}

#[tokio::test]
async fn if_the_tag_is_deleted_meanwhile_there_is_nothing_left_to_merge() {
    let house = House::new().await;
    let from = tag_of_everybody(&house, 6_000).await;
    let into = tag(&house, "all").await;
    let queued = merge(&house, from, into).await.expect(202);
    remove(&house, from).await;
    let job = run(&house, &queued).await;
    assert_eq!(job.result, Some(json!({"customers": 0})));
    assert_eq!(number(&house, MERGED).await, 0);
    until_none(&house, "SELECT count(*) FROM jobs WHERE state <> 'done'").await;
}
