//! The jobs of this room: one change to many customers, letting go of what hangs on who is gone, sweeping words,
//! counting days.
//!
//! What it never does: run twice what was done: each batch notes how far it came.

use async_trait::async_trait;
use regulars_jobs::{Context, Failure, Handler, Registry};
use serde_json::Value;

use crate::{
    days, letting_go,
    ops::bulk_job::{self, Step},
    sweep,
};

/// The queue they wait in.
pub const QUEUE: &str = "customers";
/// How often each is tried. A server that is killed costs an attempt.
pub const ATTEMPTS: i32 = 20;
/// How many of an organization may wait.
pub const CAP: u32 = 100;
/// Changes many customers.
pub const BULK: &str = "customers.bulk";

/// Adds the handlers and the schedules of this room.
pub fn job_handlers(registry: Registry) -> Registry {
    days::add(sweep::add(letting_go::add(registry))).with(BulkJob)
}

struct BulkJob;

#[async_trait]
impl Handler for BulkJob {
    fn kind(&self) -> &'static str {
        BULK
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let step = bulk_job::step(&mut tx, job.id).await?;
            tx.commit().await?;
            match step {
                Step::On { done, total } => job.progress(done, total),
                Step::Over(result) => return Ok(result),
            }
        }
    }
}
