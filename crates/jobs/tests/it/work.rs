//! Working: claims, retries, crashes, cancellations, stops, fairness.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use regulars_jobs::{
    Backoff, Context, Failure, JobState, NewJob, Registry, Worker, WorkerOptions, cancel, enqueue,
    release_dead_leases, retry,
};
use regulars_kernel::{Error, ids::JobId};
use regulars_testkit::TestDatabase;
use serde_json::json;

use crate::support::{Does, add, quick, start, until, until_state};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_do_five_hundred_jobs_once_each() {
    let database = TestDatabase::new().await;
    let scopes = [
        database.organization("acme").await,
        database.organization("other").await,
    ];
    let mut ids = Vec::new();
    for scope in scopes {
        let mut tx = database.begin(scope).await;
        for n in 0..250 {
            ids.push(
                enqueue(&mut tx, NewJob::new("test.run", json!({ "n": n })))
                    .await
                    .unwrap(),
            );
        }
        tx.commit().await.unwrap();
    }
    let runs: Arc<Mutex<HashMap<JobId, u32>>> = Arc::default();
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let runs = runs.clone();
            start(
                &database,
                Does("test.run", move |job: Context| {
                    let runs = runs.clone();
                    async move {
                        *runs.lock().unwrap().entry(job.id).or_default() += 1;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                        Ok(json!({}))
                    }
                }),
            )
        })
        .collect();
    let began = Instant::now();
    loop {
        let done: i64 =
            sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'done' AND kind = 'test.run'")
                .fetch_one(database.owner())
                .await
                .unwrap();
        if done == 500 {
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{done} of 500 done");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("500 jobs in {:?}", began.elapsed());
    for worker in workers {
        worker.stop(Duration::from_secs(5)).await;
    }
    let runs = runs.lock().unwrap();
    assert_eq!(runs.len(), 500);
    assert!(ids.iter().all(|id| runs.get(id) == Some(&1)));
}

#[tokio::test]
async fn a_failing_job_is_tried_again_until_it_is_dead_and_a_replay_gives_it_all_attempts() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let mend: Arc<AtomicUsize> = Arc::default();
    let seen = mend.clone();
    let worker = start(
        &database,
        Does("test.run", move |job: Context| {
            let mended = seen.load(Ordering::SeqCst) == 1;
            async move {
                match (mended, job.attempt) {
                    (true, attempt) => Ok(json!({ "attempt": attempt })),
                    (false, 2) => panic!("out of order"),
                    (false, _) => Err(Failure::Retry(Error::internal("the provider is down"))),
                }
            }
        }),
    );
    let id = add(
        &database,
        scope,
        NewJob::new("test.run", json!({})).max_attempts(2),
    )
    .await;
    let job = until_state(&database, scope, id, JobState::Dead).await;
    assert_eq!(
        (job.attempts, job.error.as_deref()),
        (2, Some("the handler panicked: out of order"))
    );
    assert!(job.finished_at.is_some());

    mend.store(1, Ordering::SeqCst);
    let mut tx = database.begin(scope).await;
    retry(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    let job = until_state(&database, scope, id, JobState::Done).await;
    assert_eq!(
        (job.attempts, job.result, job.error),
        (1, Some(json!({ "attempt": 1 })), None)
    );
    worker.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_hopeless_job_is_dead_at_once_and_a_retried_one_gives_way_to_its_newer_twin() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let gate = Arc::new(tokio::sync::Notify::new());
    let opened = gate.clone();
    let worker = start(
        &database,
        Does("test.run", move |job: Context| {
            let gate = opened.clone();
            async move {
                if job.payload["wait"] == true {
                    gate.notified().await;
                    return Err(Failure::Retry(Error::internal("again")));
                }
                job.input::<u64>()?;
                Ok(json!({}))
            }
        }),
    );
    let hopeless = add(&database, scope, NewJob::new("test.run", "no number")).await;
    let job = until_state(&database, scope, hopeless, JobState::Dead).await;
    assert_eq!(job.attempts, 1);

    let older = add(
        &database,
        scope,
        NewJob::new("test.run", json!({ "wait": true })).key("same"),
    )
    .await;
    until_state(&database, scope, older, JobState::Running).await;
    let later = regulars_kernel::clock::now() + chrono::TimeDelta::hours(1);
    let newer = add(
        &database,
        scope,
        NewJob::new("test.run", 1).key("same").run_at(later),
    )
    .await;
    assert_ne!(older, newer);
    gate.notify_one();
    until_state(&database, scope, older, JobState::Cancelled).await;
    worker.stop(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn the_jobs_of_a_dead_worker_are_taken_back_and_the_attempt_counts() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let hang = || Does("test.run", |_job: Context| async { std::future::pending().await });
    let dying = start(&database, hang());
    let poison = add(
        &database,
        scope,
        NewJob::new("test.run", json!({})).max_attempts(1),
    )
    .await;
    let id = add(&database, scope, NewJob::new("test.run", json!({}))).await;
    until_state(&database, scope, id, JobState::Running).await;
    until_state(&database, scope, poison, JobState::Running).await;
    drop(dying);

    let _worker = start(
        &database,
        Does("test.run", |job: Context| async move { Ok(json!(job.attempt)) }),
    );
    let job = until_state(&database, scope, id, JobState::Done).await;
    assert_eq!((job.attempts, job.result), (2, Some(json!(2))));
    let job = until_state(&database, scope, poison, JobState::Dead).await;
    assert_eq!(job.error.as_deref(), Some("the worker stopped answering"));
}

#[tokio::test]
async fn who_owns_the_database_gives_back_the_jobs_of_a_killed_server_without_a_wait() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let long = || WorkerOptions {
        lease: Duration::from_mins(10),
        backoff: Backoff {
            base: Duration::from_hours(1),
            cap: Duration::from_hours(1),
        },
        ..quick()
    };
    let hang = || Does("test.run", |_job: Context| async { std::future::pending().await });
    let id = add(
        &database,
        scope,
        NewJob::new("test.run", json!({})).max_attempts(3),
    )
    .await;
    // Killed again and again, it never waits; at last it is dead.
    for attempt in 1..=3 {
        let registry = Registry::new().with(hang());
        let dying = Worker::with_options(database.database().clone(), registry, long());
        until(&database, scope, id, |job| {
            job.state == JobState::Running && job.attempts == attempt
        })
        .await;
        drop(dying);
        release_dead_leases(database.owner()).await.unwrap();
    }
    let job = until_state(&database, scope, id, JobState::Dead).await;
    assert_eq!(job.attempts, 3);
}

#[tokio::test]
async fn a_job_that_runs_longer_than_its_lease_keeps_it_and_shows_its_progress() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let runs: Arc<AtomicUsize> = Arc::default();
    let counted = runs.clone();
    let work = move || {
        let counted = counted.clone();
        Does("test.run", move |job: Context| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                for n in 0..25 {
                    job.progress(n, Some(25));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                job.progress(25, Some(25));
                Ok(json!({}))
            }
        })
    };
    let (_worker, _rival) = (start(&database, work()), start(&database, work()));
    let id = add(&database, scope, NewJob::new("test.run", json!({}))).await;
    let job = until(&database, scope, id, |job| job.progress.done > 2).await;
    assert_eq!((job.state, job.progress.total), (JobState::Running, Some(25)));
    let job = until_state(&database, scope, id, JobState::Done).await;
    assert_eq!((job.progress.done, job.attempts), (25, 1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_running_job_hears_of_its_cancellation_here_at_once_and_elsewhere_within_a_second() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let heed = Does("test.heed", |job: Context| async move {
        while !job.cancelled() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Failure::Cancelled)
    });
    let ignore = Does("test.ignore", |_job: Context| async {
        std::future::pending().await
    });
    let registry = Registry::new().with(heed).with(ignore);
    let _worker = Worker::with_options(database.database().clone(), registry, quick());

    let here = add(&database, scope, NewJob::new("test.heed", json!({}))).await;
    until_state(&database, scope, here, JobState::Running).await;
    let mut tx = database.begin(scope).await;
    assert!(cancel(&mut tx, here).await.unwrap().cancel_requested);
    tx.commit().await.unwrap();
    let job = until_state(&database, scope, here, JobState::Cancelled).await;
    assert!(job.finished_at.is_some());

    // As another server would: without the short cut inside the process.
    for kind in ["test.heed", "test.ignore"] {
        let id = add(&database, scope, NewJob::new(kind, json!({}))).await;
        until_state(&database, scope, id, JobState::Running).await;
        let asked = Instant::now();
        sqlx::query("UPDATE jobs SET cancel_requested_at = now() WHERE id = $1")
            .bind(id)
            .execute(database.owner())
            .await
            .unwrap();
        until_state(&database, scope, id, JobState::Cancelled).await;
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{kind}: {:?}",
            asked.elapsed()
        );
    }
}

#[tokio::test]
async fn a_job_stops_when_its_sign_of_life_hangs_as_when_it_fails() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let stopped = Arc::new(AtomicUsize::new(0));
    let seen = stopped.clone();
    let work = Does("test.run", move |job: Context| {
        let seen = seen.clone();
        async move {
            while !job.cancelled() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            seen.fetch_add(1, Ordering::SeqCst);
            Err(Failure::Cancelled)
        }
    });
    let _worker = start(&database, work);
    let id = add(&database, scope, NewJob::new("test.run", json!({}))).await;
    until_state(&database, scope, id, JobState::Running).await;
    // Whoever holds the row keeps the heartbeat waiting without an error.
    let mut held = database.owner().begin().await.unwrap();
    sqlx::query("SELECT FROM jobs WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *held)
        .await
        .unwrap();
    let began = Instant::now();
    while stopped.load(Ordering::SeqCst) == 0 {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "it goes on without a lease"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_stopping_worker_lets_jobs_finish_and_gives_the_others_back_untried() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let short = Does("test.short", |_job: Context| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(json!({}))
    });
    let long = Does("test.long", |_job: Context| async {
        std::future::pending().await
    });
    let registry = Registry::new().with(short).with(long);
    let worker = Worker::with_options(database.database().clone(), registry, quick());
    let short = add(&database, scope, NewJob::new("test.short", json!({}))).await;
    let long = add(&database, scope, NewJob::new("test.long", json!({}))).await;
    until_state(&database, scope, long, JobState::Running).await;
    until_state(&database, scope, short, JobState::Running).await;
    worker.stop(Duration::from_secs(1)).await;
    until_state(&database, scope, short, JobState::Done).await;
    let job = until_state(&database, scope, long, JobState::Queued).await;
    assert_eq!(job.attempts, 0);
}

#[tokio::test]
async fn organizations_take_turns_and_none_takes_all_slots_of_a_worker() {
    let database = TestDatabase::new().await;
    let (big, small) = (
        database.organization("big").await,
        database.organization("small").await,
    );
    let mut tx = database.begin(big).await;
    for _ in 0..50 {
        enqueue(&mut tx, NewJob::new("test.run", json!({})).priority(1))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let first = add(&database, small, NewJob::new("test.run", json!({}))).await;
    let options = WorkerOptions {
        concurrency: 4,
        per_organization: None,
        ..quick()
    };
    let hang = Does("test.run", |_job: Context| async { std::future::pending().await });
    let _worker = Worker::with_options(database.database().clone(), Registry::new().with(hang), options);
    until_state(&database, small, first, JobState::Running).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let running: i64 =
        sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = 'running' AND organization_id = $1")
            .bind(big.organization_id)
            .fetch_one(database.owner())
            .await
            .unwrap();
    assert_eq!(running, 3, "three quarters of four");
}
