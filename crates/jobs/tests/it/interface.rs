//! Queueing, and what people do with jobs.

use regulars_jobs::{
    JobFilter, JobState, NewJob, cancel, discard, discard_dead, enqueue, get, list, queues, retry, retry_dead,
};
use regulars_kernel::{Cursor, Error, PageRequest, Start, ids::JobId};
use regulars_testkit::TestDatabase;
use serde_json::json;

use crate::support::{add, look};

async fn set_state(database: &TestDatabase, id: JobId, state: &str) {
    sqlx::query("UPDATE jobs SET state = $2, attempts = 3, finished_at = now() WHERE id = $1")
        .bind(id)
        .bind(state)
        .execute(database.owner())
        .await
        .expect("the owner may");
}

#[tokio::test]
async fn a_job_exists_if_and_when_its_transaction_commits() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let mut tx = database.begin(scope).await;
    let id = enqueue(&mut tx, NewJob::new("test.run", json!({})))
        .await
        .unwrap();
    let mut elsewhere = database.begin(scope).await;
    assert!(matches!(
        get(&mut elsewhere, id).await,
        Err(Error::NotFound("job"))
    ));
    tx.rollback().await.unwrap();
    assert!(matches!(
        get(&mut elsewhere, id).await,
        Err(Error::NotFound("job"))
    ));
    let id = add(
        &database,
        scope,
        NewJob::new("test.run", json!({})).queue("slow").max_attempts(3),
    )
    .await;
    let job = get(&mut elsewhere, id).await.unwrap();
    assert_eq!(
        (job.state, job.queue.as_str(), job.max_attempts),
        (JobState::Queued, "slow", 3)
    );
}

#[tokio::test]
async fn a_waiting_job_with_the_same_key_takes_the_newer_input_instead_of_a_second_job() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let other = database.organization("other").await;
    let later = regulars_kernel::clock::now() + chrono::TimeDelta::hours(1);
    let job = |n: i32| NewJob::new("test.run", json!({ "n": n })).key("customer-1");
    let first = add(&database, scope, job(1).run_at(later)).await;
    let second = add(&database, scope, job(2)).await;
    assert_eq!(first, second);
    assert!(look(&database, scope, first).await.run_at < later);
    let input: serde_json::Value = sqlx::query_scalar("SELECT payload FROM jobs WHERE id = $1")
        .bind(first)
        .fetch_one(database.owner())
        .await
        .unwrap();
    assert_eq!(input, json!({ "n": 2 }));
    assert_ne!(add(&database, other, job(1)).await, first);

    set_state(&database, first, "running").await;
    let third = add(&database, scope, job(3)).await;
    assert_ne!(third, first, "one that runs may have read its data already");
}

#[tokio::test]
async fn a_full_queue_refuses_more_and_other_queues_and_organizations_do_not_notice() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let other = database.organization("other").await;
    let job = || NewJob::new("test.run", json!({})).cap(3);
    for _ in 0..3 {
        add(&database, scope, job()).await;
    }
    let mut tx = database.begin(scope).await;
    assert!(matches!(
        enqueue(&mut tx, job()).await,
        Err(Error::Unavailable(_))
    ));
    enqueue(&mut tx, job().queue("another")).await.unwrap();
    tx.commit().await.unwrap();
    add(&database, other, job()).await;
    sqlx::query("UPDATE jobs SET state = 'done'")
        .execute(database.owner())
        .await
        .unwrap();
    add(&database, scope, job()).await;
}

#[tokio::test]
async fn another_organization_can_neither_see_nor_touch_a_job() {
    let database = TestDatabase::new().await;
    let (acme, other) = (
        database.organization("acme").await,
        database.organization("other").await,
    );
    let id = add(&database, acme, NewJob::new("test.run", json!({}))).await;
    let mut tx = database.begin(other).await;
    assert!(matches!(get(&mut tx, id).await, Err(Error::NotFound("job"))));
    assert!(matches!(cancel(&mut tx, id).await, Err(Error::NotFound("job"))));
    assert!(matches!(retry(&mut tx, id).await, Err(Error::NotFound("job"))));
    assert!(matches!(discard(&mut tx, id).await, Err(Error::NotFound("job"))));
    assert!(queues(&mut tx).await.unwrap().is_empty());
    let all = list(&mut tx, &JobFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    assert!(all.data.is_empty());
    assert_eq!(discard_dead(&mut tx, "default").await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(look(&database, acme, id).await.state, JobState::Queued);
}

#[tokio::test]
async fn dead_jobs_are_retried_or_discarded_and_others_are_a_conflict() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let keyed = || NewJob::new("test.run", json!({})).key("same");
    let id = add(&database, scope, keyed()).await;
    let mut tx = database.begin(scope).await;
    assert!(matches!(retry(&mut tx, id).await, Err(Error::Conflict(_))));
    assert!(matches!(discard(&mut tx, id).await, Err(Error::Conflict(_))));
    tx.rollback().await.unwrap();

    set_state(&database, id, "dead").await;
    let newer = add(&database, scope, keyed()).await;
    let mut tx = database.begin(scope).await;
    assert!(
        matches!(retry(&mut tx, id).await, Err(Error::Conflict(_))),
        "a newer one waits"
    );
    assert_eq!(cancel(&mut tx, newer).await.unwrap().state, JobState::Cancelled);
    let again = retry(&mut tx, id).await.unwrap();
    assert_eq!(
        (again.state, again.attempts, again.finished_at),
        (JobState::Queued, 0, None)
    );
    tx.commit().await.unwrap();

    set_state(&database, id, "dead").await;
    let mut tx = database.begin(scope).await;
    assert_eq!(discard(&mut tx, id).await.unwrap().state, JobState::Cancelled);
    assert!(matches!(cancel(&mut tx, id).await, Err(Error::Conflict(_))));
    tx.commit().await.unwrap();

    set_state(&database, id, "dead").await;
    set_state(&database, newer, "dead").await;
    let plain = add(&database, scope, NewJob::new("test.run", json!({}))).await;
    set_state(&database, plain, "dead").await;
    let mut tx = database.begin(scope).await;
    assert_eq!(
        retry_dead(&mut tx, "default").await.unwrap(),
        2,
        "one of those with the same key"
    );
    assert_eq!(discard_dead(&mut tx, "default").await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(look(&database, scope, id).await.state, JobState::Cancelled);
    assert_eq!(look(&database, scope, newer).await.state, JobState::Queued);
}

#[tokio::test]
async fn jobs_are_listed_latest_first_and_queues_counted() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(add(&database, scope, NewJob::new("test.run", json!({})).queue("slow")).await);
    }
    add(&database, scope, NewJob::new("test.other", json!({}))).await;
    set_state(&database, ids[0], "dead").await;
    ids.reverse();

    let mut tx = database.begin(scope).await;
    let filter = JobFilter {
        queue: Some("slow".into()),
        ..JobFilter::default()
    };
    let mut page = PageRequest {
        limit: 2,
        start: Start::First,
    };
    let mut seen = Vec::new();
    loop {
        let found = list(&mut tx, &filter, &page).await.unwrap();
        assert_eq!(found.page.total.value, 5);
        seen.extend(found.data.iter().map(|job| job.id));
        let Some(next) = found.page.next_cursor else { break };
        page.start = Start::After(Cursor::decode(&next, regulars_jobs::LIST_ORDER).unwrap());
    }
    assert_eq!(seen, ids);
    let dead = JobFilter {
        state: Some(JobState::Dead),
        kind: Some("test.run".into()),
        queue: None,
    };
    let found = list(
        &mut tx,
        &dead,
        &PageRequest {
            limit: 10,
            start: Start::Page(1),
        },
    )
    .await
    .unwrap();
    assert_eq!(found.data.len(), 1);

    let queues = queues(&mut tx).await.unwrap();
    let names: Vec<_> = queues
        .iter()
        .map(|queue| (queue.name.as_str(), queue.queued, queue.dead))
        .collect();
    assert_eq!(names, [("default", 1, 0), ("slow", 4, 1)]);
    assert!(queues[1].oldest_queued_at.is_some());
}
