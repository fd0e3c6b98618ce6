//! The initial load: everybody is marked as changed, some at a time, and the mirror writes them as it writes changes.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use regulars_events::followers;
use regulars_jobs::{Context, Failure, Handler, NewJob, enqueue};
use regulars_kernel::Result;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{FOLLOWER, mirror::QUEUE, store};

/// The job.
pub const KIND: &str = "firestore.load";
/// How long a job waits for room before another goes on later.
const PATIENCE: u32 = 300;

/// Marks everybody.
#[derive(Clone, Copy, Debug)]
pub struct LoadJob {
    /// Customers that are marked in one transaction.
    pub step: i64,
    /// Changes that may wait before no more are added: the queue has a bound, and who changes something meanwhile is not kept
    /// waiting for long.
    pub most_waiting: i64,
}

impl Default for LoadJob {
    fn default() -> Self {
        Self {
            step: 5_000,
            most_waiting: 20_000,
        }
    }
}

/// A job that loads.
pub fn job(log: Uuid) -> NewJob {
    NewJob::new(KIND, json!({"log": log})).key("load").queue(QUEUE)
}

#[derive(serde::Deserialize)]
struct Input {
    log: Uuid,
}

#[async_trait]
impl Handler for LoadJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: Context) -> Result<Value, Failure> {
        let Input { log } = job.input()?;
        settle(&job).await?;
        let mut waits = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let Some((after, done, total, is_over)) = store::load_place(&mut tx).await? else {
                return Ok(json!({"ended": true}));
            };
            if is_over {
                return Ok(json!({"customers": done}));
            }
            let waiting = followers::waiting(&mut tx, FOLLOWER, self.most_waiting).await?;
            if waiting.changes >= self.most_waiting {
                if waits >= PATIENCE {
                    // Firestore is away, or slow: the place is kept, and no worker is.
                    let later = tx.now() + TimeDelta::seconds(15);
                    let id = enqueue(&mut tx, self::job(log).run_at(later)).await?;
                    tx.commit().await?;
                    return Ok(json!({"customers": done, "next_job_id": id}));
                }
                tx.rollback().await?;
                waits += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            waits = 0;
            let total = match total {
                Some(total) => total,
                None => store::count_living(&mut tx).await?,
            };
            let some = store::living(&mut tx, after.unwrap_or_default(), Uuid::max(), self.step).await?;
            let done = done + some.len() as i64;
            let is_over = (some.len() as i64) < self.step;
            followers::mark(&mut tx, FOLLOWER, some.iter().copied()).await?;
            store::load_to(
                &mut tx,
                some.last().map(|id| id.0),
                done,
                Some(total.max(done)),
                is_over,
            )
            .await?;
            if is_over {
                store::log_end(&mut tx, log, Some(&json!({"customers": done})), None).await?;
            }
            tx.commit().await?;
            job.progress(done.unsigned_abs(), Some(total.max(done).unsigned_abs()));
        }
    }
}

/// Transactions that began before the mirror was set up may not mark what they change; what they did can be seen once they
/// are over.
async fn settle(job: &Context) -> Result<(), Failure> {
    let mut tx = job.database.begin(job.scope).await?;
    let horizon = followers::horizon(&mut tx).await?;
    tx.commit().await?;
    for _ in 0..600 {
        job.check()?;
        let mut tx = job.database.begin_read(job.scope).await?;
        let is_past = followers::is_past(&mut tx, horizon).await?;
        tx.rollback().await?;
        if is_past {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Something has been under way for half a minute. What it changed is found by comparing.
    tracing::warn!("firestore.load begins although an older transaction is still under way");
    Ok(())
}
