//! The queue's own scheduled work: forgetting jobs that were over long ago.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{Context, Failure, Handler, NewJob, Schedule, wall};

/// How long done and cancelled jobs are shown.
const KEEP_FINISHED: Duration = Duration::from_hours(7 * 24);
/// How long dead jobs wait for a person.
const KEEP_DEAD: Duration = Duration::from_hours(60 * 24);
/// Rows deleted by one statement.
const BATCH: i32 = 5_000;

pub(crate) struct Forget;

impl Forget {
    const KIND: &str = "jobs.forget";

    pub(crate) fn schedule() -> Schedule {
        Schedule::every(
            Self::KIND,
            Duration::from_hours(1),
            NewJob::new(Self::KIND, json!({})),
        )
    }
}

#[async_trait]
impl Handler for Forget {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let mut forgotten = 0;
        loop {
            job.check()?;
            let batch = wall::forget(&job.database, KEEP_FINISHED, KEEP_DEAD, BATCH).await?;
            forgotten += batch;
            if batch < i64::from(BATCH) {
                return Ok(json!({ "forgotten": forgotten }));
            }
        }
    }
}
