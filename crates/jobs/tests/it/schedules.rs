//! Schedules, housekeeping, and what the serving role may do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use regulars_jobs::{Context, JobState, NewJob, Registry, Schedule, Worker, system_scope};
use regulars_testkit::TestDatabase;
use serde_json::json;

use crate::support::{Does, add, look, quick};

#[tokio::test]
async fn two_servers_queue_each_slot_once() {
    let database = TestDatabase::new().await;
    let runs: Arc<AtomicUsize> = Arc::default();
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let runs = runs.clone();
            let tick = Does("test.tick", move |_job: Context| {
                runs.fetch_add(1, Ordering::SeqCst);
                async { Ok(json!({})) }
            });
            let every = Schedule::every(
                "test.second",
                Duration::from_secs(1),
                NewJob::new("test.tick", json!({})),
            );
            Worker::with_options(
                database.database().clone(),
                Registry::new().with(tick).schedule(every),
                quick(),
            )
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    for worker in workers {
        worker.stop(Duration::from_secs(1)).await;
    }
    let queued: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE kind = 'test.tick'")
        .fetch_one(database.owner())
        .await
        .unwrap();
    assert!(
        (2..=3).contains(&queued),
        "{queued} slots in three and a half seconds"
    );
    assert_eq!(runs.load(Ordering::SeqCst), usize::try_from(queued).unwrap());
}

#[tokio::test]
async fn what_was_over_long_ago_is_forgotten_and_dead_jobs_wait_longer() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let mut ids = Vec::new();
    for (state, days) in [("done", 8), ("dead", 8), ("dead", 61), ("done", 6)] {
        let id = add(&database, scope, NewJob::new("test.run", json!({}))).await;
        sqlx::query(
            "UPDATE jobs SET state = $2, finished_at = now() - make_interval(days => $3) WHERE id = $1",
        )
        .bind(id)
        .bind(state)
        .bind(days)
        .execute(database.owner())
        .await
        .unwrap();
        ids.push(id);
    }
    let job = add(&database, system_scope(), NewJob::new("jobs.forget", json!({}))).await;
    let _worker = Worker::with_options(database.database().clone(), Registry::new(), quick());
    let job = crate::support::until_state(&database, system_scope(), job, JobState::Done).await;
    assert_eq!(job.result, Some(json!({ "forgotten": 2 })));
    assert_eq!(look(&database, scope, ids[1]).await.state, JobState::Dead);
    assert_eq!(look(&database, scope, ids[3]).await.state, JobState::Done);
}
