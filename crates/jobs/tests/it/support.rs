//! What the tests share: quick workers, handlers made of closures, waiting.

use std::time::Duration;

use async_trait::async_trait;
use regulars_database::Scope;
use regulars_jobs::{
    Backoff, Context, Failure, Handler, Job, JobState, NewJob, Registry, Worker, WorkerOptions, enqueue, get,
};
use regulars_kernel::ids::JobId;
use regulars_testkit::TestDatabase;
use serde_json::Value;

/// A handler made of a closure.
pub struct Does<F>(pub &'static str, pub F);

#[async_trait]
impl<F, R> Handler for Does<F>
where
    F: Fn(Context) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Value, Failure>> + Send + 'static,
{
    fn kind(&self) -> &'static str {
        self.0
    }
    async fn run(&self, job: Context) -> Result<Value, Failure> {
        (self.1)(job).await
    }
}

/// A worker in a hurry.
pub fn quick() -> WorkerOptions {
    WorkerOptions {
        concurrency: 4,
        per_organization: Some(4),
        lease: Duration::from_millis(900),
        heartbeat: Duration::from_millis(100),
        poll: Duration::from_millis(50),
        patience: Duration::from_millis(300),
        backoff: Backoff {
            base: Duration::from_millis(5),
            cap: Duration::from_millis(20),
        },
        ..WorkerOptions::default()
    }
}

pub fn start(database: &TestDatabase, handler: impl Handler) -> Worker {
    Worker::with_options(
        database.database().clone(),
        Registry::new().with(handler),
        quick(),
    )
}

pub async fn add(database: &TestDatabase, scope: Scope, job: NewJob) -> JobId {
    let mut tx = database.begin(scope).await;
    let id = enqueue(&mut tx, job).await.expect("a job can be queued");
    tx.commit().await.expect("it can be committed");
    id
}

pub async fn look(database: &TestDatabase, scope: Scope, id: JobId) -> Job {
    let mut tx = database.begin(scope).await;
    get(&mut tx, id).await.expect("the job is there")
}

/// Waits until the job is as wanted.
pub async fn until(database: &TestDatabase, scope: Scope, id: JobId, wanted: impl Fn(&Job) -> bool) -> Job {
    for _ in 0..400 {
        let job = look(database, scope, id).await;
        if wanted(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not come to it: {:?}", look(database, scope, id).await);
}

pub async fn until_state(database: &TestDatabase, scope: Scope, id: JobId, state: JobState) -> Job {
    until(database, scope, id, |job| job.state == state).await
}
