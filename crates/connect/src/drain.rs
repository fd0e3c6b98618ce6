//! The job that processes the inbox: one message after the other, each in a transaction of its own that also marks it.
//!
//! Several run at once, on one server or many; each takes what no other has locked. The commits need not be durable at
//! once: what a crash of PostgreSQL takes back is the change and the mark together, and the message is processed again.

use std::{panic::AssertUnwindSafe, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::FutureExt;
use regulars_jobs::{Context, Failure as JobFailure, Handler, NewJob, enqueue};
use regulars_kernel::{Error, Result};
use serde_json::{Value, json};

use crate::{
    model::{Due, MAX_ATTEMPTS},
    provider::{Applied, Failure, Providers},
    store::events,
};

/// How many may wait at a time.
pub const LANES: usize = 4;
const KIND: &str = "webhook.drain";

/// The job that processes what is there.
pub fn job(turn: usize) -> NewJob {
    NewJob::new(KIND, json!({}))
        .key(format!("now {turn}"))
        .queue("webhooks")
}

/// Processes the inbox of an organization.
pub struct Drain {
    /// Who understands what.
    pub providers: Providers,
}

#[async_trait]
impl Handler for Drain {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: Context) -> Result<Value, JobFailure> {
        let (mut processed, mut failed) = (0u64, 0u64);
        let mut after = None;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let due = match events::claim(&mut tx, after).await? {
                Some(due) => due,
                // Behind what was looked at last nothing waits; what came back meanwhile stands before it.
                None if after.is_some() => {
                    after = None;
                    continue;
                }
                None => {
                    // What is to be tried again later brings its own job.
                    if let Some(at) = events::next_due(&mut tx).await? {
                        enqueue(
                            &mut tx,
                            NewJob::new(KIND, json!({}))
                                .key("later")
                                .queue("webhooks")
                                .run_at(at),
                        )
                        .await?;
                    }
                    tx.commit().await?;
                    break;
                }
            };
            after = Some((due.run_at, due.id));
            let outcome = match self.providers.get(due.provider) {
                Some(sides) => {
                    let applied =
                        AssertUnwindSafe(sides.processor.apply(&mut tx, &due.received)).catch_unwind();
                    applied
                        .await
                        .unwrap_or_else(|_| Err(Failure::Fatal("the server broke off on it".into())))
                }
                None => Err(Failure::Fatal(
                    "no part of this server understands this provider".into(),
                )),
            };
            let ended = match outcome {
                Ok(applied) => match events::finish(&mut tx, due.id, &applied).await {
                    Ok(()) => tx.commit().await.map(|()| applied).map_err(Failure::Retry),
                    Err(error) => Err(Failure::Retry(error)),
                },
                Err(failure) => {
                    tx.rollback().await?;
                    Err(failure)
                }
            };
            processed += 1;
            match ended {
                Ok(applied) => count(
                    &due,
                    if matches!(applied, Applied::Done(_)) {
                        "done"
                    } else {
                        "ignored"
                    },
                ),
                Err(failure) => {
                    failed += 1;
                    note(&job, &due, failure).await?;
                }
            }
            job.progress(processed, None);
        }
        Ok(json!({"processed": processed, "failed": failed}))
    }
}

/// Writes down that an attempt failed, and when the next one is.
async fn note(job: &Context, due: &Due, failure: Failure) -> Result<()> {
    let (message, is_fatal) = match failure {
        Failure::Fatal(message) => (message, true),
        // The words of an internal error belong into the log alone: they may quote what they could not digest.
        Failure::Retry(Error::Internal(error)) => {
            tracing::warn!(webhook.id = %due.id, webhook.topic = due.received.topic, error = %regulars_web::without_personal_data(error.as_ref()), "webhook.attempt failed");
            ("the server failed on it; its log says how".to_owned(), false)
        }
        Failure::Retry(error) => (error.to_string(), false),
    };
    let is_dead = is_fatal || due.attempts + 1 >= MAX_ATTEMPTS;
    count(due, if is_dead { "dead" } else { "retried" });
    let mut tx = job.database.begin(job.scope).await?;
    let next = tx.now() + wait(due.attempts);
    events::fail(&mut tx, due, &message, (!is_dead).then_some(next)).await?;
    tx.commit().await
}

/// 1 s, 2 s, 4 s … an hour: two messages that were in each other's way are through in a moment; ten attempts take a quarter
/// of an hour.
fn wait(attempts: i32) -> TimeDelta {
    let seconds = 1u64 << attempts.clamp(0, 20);
    TimeDelta::from_std(Duration::from_secs(seconds.min(3600))).unwrap_or(TimeDelta::hours(1))
}

fn count(due: &Due, outcome: &'static str) {
    metrics::counter!("regulars_webhooks_processed_total", "provider" => due.provider.name(), "outcome" => outcome).increment(1);
}
