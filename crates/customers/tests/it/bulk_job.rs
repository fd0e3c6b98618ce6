//! One change to more customers than fit one transaction.

use std::time::Duration;

use regulars_customers::{
    job_handlers,
    ops::bulk_job::{self, Step},
};
use regulars_jobs::{Job, JobState, Registry, Worker, WorkerOptions};
use regulars_kernel::{Role, ids::JobId};
use regulars_testkit::TestResponse;
use serde_json::{Value, json};

use crate::{
    harness::{House, id, places},
    letting_go::customers,
};

/// The organization of the house.
pub const HOME: &str = "acme";

/// So many customers, of whom every other one is a prospect.
pub async fn crowd(house: &House, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let status = if number % 2 == 0 { "prospect" } else { "active" };
        let body = json!({"first_name": format!("Person {number}"), "email": format!("p{number}@example.com"), "status": status});
        ids.push(id(&house.customer(body).await));
    }
    ids
}

pub fn job_of(queued: &TestResponse) -> JobId {
    let id = queued.json["job_id"].as_str().unwrap();
    assert_eq!(queued.header("location"), format!("/api/v1/jobs/{id}"));
    id.parse().unwrap()
}

pub fn worker(house: &House) -> Worker {
    let options = WorkerOptions {
        poll: Duration::from_millis(20),
        heartbeat: Duration::from_millis(20),
        ..WorkerOptions::default()
    };
    let registry = job_handlers(Registry::new());
    Worker::with_options(house.app.database().clone(), registry, options)
}

/// The job when it is over.
pub async fn over(house: &House, organization: &str, job: JobId) -> Job {
    for _ in 0..1_000 {
        let mut tx = house.app.tx(organization).await;
        let found = regulars_jobs::get(&mut tx, job).await.unwrap();
        drop(tx);
        if found.finished_at.is_some() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job does not end");
}

/// Runs the jobs until this one is over and gives its result.
pub async fn finish(house: &House, organization: &str, job: JobId) -> Value {
    let worker = worker(house);
    let found = over(house, organization, job).await;
    worker.stop(Duration::from_secs(5)).await;
    assert_eq!(found.error, None);
    found.result.unwrap()
}

pub async fn count(house: &House, query: &str) -> i64 {
    let page = house
        .get(&format!("/customers?{query}&limit=1&count=exact"))
        .await;
    page.expect(200).json["page"]["total"]["value"].as_i64().unwrap()
}

#[tokio::test]
async fn more_than_a_hundred_are_changed_by_a_job_with_an_event_for_each() {
    let house = House::new().await;
    let ids = crowd(&house, 230).await;
    let queued = house
        .post(
            "/customers/bulk",
            json!({"action": "tag", "ids": ids, "tags": ["spring"]}),
        )
        .await
        .expect(202);
    assert_eq!(queued.json["customers"], json!({"value": 230, "exact": true}));
    let result = finish(&house, HOME, job_of(&queued)).await;
    assert_eq!(
        result,
        json!({"action": "tag", "tags": ["spring"], "changed": 230, "unchanged": 0, "refused": 0})
    );
    assert_eq!(count(&house, "tag=spring").await, 230);
    for id in ids.iter().step_by(60) {
        let kinds = house.kinds(&format!("/customers/{id}")).await;
        assert_eq!(kinds, ["customer.tagged", "customer.created"]);
    }

    let queued = house
        .post(
            "/customers/bulk",
            json!({"action": "update", "query": {"status": "prospect", "q": "person"}, "changes": {"status": "vip"}}),
        )
        .await
        .expect(202);
    let result = finish(&house, HOME, job_of(&queued)).await;
    assert_eq!(result["changed"], 115);
    assert_eq!(count(&house, "status=vip").await, 115);
}

#[tokio::test]
async fn a_deleted_crowd_comes_back_except_who_would_take_an_address() {
    let house = House::new().await;
    crowd(&house, 12).await;
    let other = id(&house.customer(json!({"last_name": "Persom"})).await);
    // The search loses its matches while it deletes them; whom a typo may mean is not meant.
    let gone = house
        .post(
            "/customers/bulk",
            json!({"action": "delete", "query": {"q": "Person"}}),
        )
        .await
        .expect(202);
    assert_eq!(finish(&house, HOME, job_of(&gone)).await["changed"], 12);
    house.get(&format!("/customers/{other}")).await.expect(200);
    house.customer(json!({"email": "p3@example.com"})).await;
    let back = house
        .post("/customers/bulk", json!({"action": "restore", "query": {}}))
        .await
        .expect(202);
    let result = finish(&house, HOME, job_of(&back)).await;
    assert_eq!((&result["changed"], &result["refused"]), (&json!(11), &json!(1)));
    assert_eq!(count(&house, "deleted=only").await, 1);
}

#[tokio::test]
async fn it_goes_on_behind_the_last_batch_and_leaves_newcomers_alone() {
    let house = House::new().await;
    crowd(&house, 210).await;
    let queued = house
        .post(
            "/customers/bulk",
            json!({"action": "tag", "query": {}, "tags": ["first"]}),
        )
        .await
        .expect(202);
    let job = job_of(&queued);
    house.customer(json!({"first_name": "Newcomer"})).await;
    // A batch that is rolled back did not happen; one that is committed is not done again.
    for commits in [false, true] {
        let mut tx = house.app.tx(HOME).await;
        let step = bulk_job::step(&mut tx, job).await.unwrap();
        assert!(
            matches!(
                step,
                Step::On {
                    done: 200,
                    total: Some(211 | 210)
                }
            ),
            "{step:?}"
        );
        if commits {
            tx.commit().await.unwrap();
        }
    }
    assert_eq!(count(&house, "tag=first").await, 200);
    let result = finish(&house, HOME, job).await;
    assert_eq!(
        result,
        json!({"action": "tag", "tags": ["first"], "changed": 210, "unchanged": 0, "refused": 0})
    );
    // Once more, as after a crash between the end and the note of it.
    let mut tx = house.app.tx(HOME).await;
    let Step::Over(again) = bulk_job::step(&mut tx, job).await.unwrap() else {
        panic!("it is over");
    };
    assert_eq!(again, result);
    assert_eq!(count(&house, "tag=first").await, 210);
}

#[tokio::test]
async fn others_ids_are_unknown_and_a_viewer_is_refused() {
    let house = House::new().await;
    let ids = crowd(&house, 101).await;
    let ask = |key: String, body: Value| {
        let app = &house.app;
        async move { app.post("/api/v1/customers/bulk").bearer(&key).json(body).await }
    };
    let elsewhere = house.app.key_of("elsewhere", Role::Owner).await;
    let refused = ask(elsewhere.clone(), json!({"action": "delete", "ids": ids}))
        .await
        .expect(422);
    assert_eq!(places(&refused).len(), 100, "and not more in one answer");
    let viewer = house.app.key(Role::Viewer).await;
    ask(viewer, json!({"action": "delete", "query": {}}))
        .await
        .expect(403);
    // Everybody of theirs is nobody of ours.
    let queued = ask(elsewhere, json!({"action": "delete", "query": {}}))
        .await
        .expect(202);
    assert_eq!(finish(&house, "elsewhere", job_of(&queued)).await["changed"], 0);
    assert_eq!(count(&house, "deleted=only").await, 0);
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_runs_keeps_what_it_did_and_does_no_more() {
    let house = House::new().await;
    customers(&house, 700, None).await;
    let owner = house.app.test_database().owner();
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM customers ORDER BY id")
        .fetch_all(owner)
        .await
        .unwrap();
    let body = json!({"action": "tag", "ids": ids, "tags": ["spring"]});
    let queued = house.post("/customers/bulk", body).await.expect(202);
    let job = job_of(&queued);
    // Somebody holds one of the second batch, so that the job stands in the middle of its work.
    let mut held = owner.begin().await.unwrap();
    sqlx::query("SELECT FROM customers WHERE id = $1::uuid FOR UPDATE")
        .bind(&ids[250])
        .execute(&mut *held)
        .await
        .unwrap();
    let worker = worker(&house);
    let done = || async {
        sqlx::query_as::<_, (i64, i64, bool)>(
            "SELECT done, changed, finished_at IS NOT NULL FROM customer_bulks",
        )
        .fetch_one(owner)
        .await
        .unwrap()
    };
    while done().await.0 < 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut tx = house.app.tx(HOME).await;
    let asked = regulars_jobs::cancel(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    assert!(asked.state == JobState::Running && asked.cancel_requested);
    held.rollback().await.unwrap();

    // The batch it stood in is done as a whole, and none after it.
    let ended = over(&house, HOME, job).await;
    assert_eq!(ended.state, JobState::Cancelled);
    assert_eq!(
        (ended.progress.done, ended.progress.total, ended.result),
        (400, Some(700), None)
    );
    assert_eq!(done().await, (400, 400, false));
    assert_eq!(count(&house, "tag=spring").await, 400);
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'customer.tagged'")
        .fetch_one(owner)
        .await
        .unwrap();
    assert_eq!(events, 400);

    // Who wants the rest after all lets it go on.
    let mut tx = house.app.tx(HOME).await;
    regulars_jobs::retry(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    let result = over(&house, HOME, job).await.result.unwrap();
    worker.stop(Duration::from_secs(5)).await;
    assert_eq!(
        result,
        json!({"action": "tag", "tags": ["spring"], "changed": 700, "unchanged": 0, "refused": 0})
    );
}
