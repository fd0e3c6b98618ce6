//! The job that processes the inbox. Each message has a transaction of its own, which also marks it, so that it holds the
//! locks of its own things alone; neighbours that their provider can process together share one.
//!
//! Several run at once, on one server or many; each takes what no other has locked. The commits need not be durable at
//! once: what a crash of PostgreSQL takes back is the change and the mark together, and the message is processed again.

use std::{panic::AssertUnwindSafe, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::FutureExt;
use regulars_database::Tx;
use regulars_jobs::{Context, Failure as JobFailure, Handler, NewJob, enqueue};
use regulars_kernel::{Error, Result};
use serde_json::{Value, json};

use crate::{
    model::{Due, MAX_ATTEMPTS},
    provider::{Applied, Failure, Providers, Received},
    store::events,
};

/// How many may wait at a time.
pub const LANES: usize = 4;
/// Messages that are processed together at most: what came first is seen when all are through, and whoever wants to change
/// the same customers waits as long.
const TOGETHER: i64 = 32;
/// Messages that are claimed where the last ones could not be processed together: enough to see that the next ones can.
const APART: i64 = 2;
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
        let (mut after, mut most) = (None, TOGETHER);
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let mut dues = events::claim(&mut tx, after, most).await?;
            let run = self.run_of(&dues);
            let Some(last) = dues.get(run - 1) else {
                // Behind what was looked at last nothing waits; what came back meanwhile stands before it.
                if after.take().is_some() {
                    continue;
                }
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
            };
            after = Some((last.run_at, last.id));
            most = if run > 1 { TOGETHER } else { APART };
            let mut ended: Vec<(&Due, Result<Applied, Failure>)> = Vec::with_capacity(run);
            if run == 1 {
                let due = &mut dues[0];
                let outcome = self.process(&job, tx, due).await?;
                ended.push((due, outcome));
            } else if let Some(applied) = self.process_together(tx, &dues[..run]).await {
                ended.extend(dues.iter().zip(applied.into_iter().map(Ok)));
            } else {
                for due in &mut dues[..run] {
                    job.check()?;
                    let mut tx = job.database.begin(job.scope).await?;
                    // Waits, where a claim would pass by: an error is told before the locks are gone.
                    if events::lock(&mut tx, due).await? {
                        let outcome = self.process(&job, tx, due).await?;
                        ended.push((due, outcome));
                    } else {
                        give_back(tx).await;
                    }
                }
            }
            for (due, ended) in &ended {
                processed += 1;
                failed += u64::from(ended.is_err());
                count(due, outcome(due, ended));
            }
            job.progress(processed, None);
        }
        Ok(json!({"processed": processed, "failed": failed}))
    }
}

impl Drain {
    /// How many from the first on can be processed together.
    fn run_of(&self, dues: &[Due]) -> usize {
        let together = |due: &Due| {
            let sides = self.providers.get(due.provider).filter(|_| !due.is_large)?;
            Some((due.provider, sides.processor.together(&due.received.topic)?))
        };
        let first = dues.first().and_then(together);
        dues.iter()
            .take_while(|due| first.is_some() && together(due) == first)
            .count()
            .max(1)
    }

    /// Processes several in the transaction that locked them, and ends it; none if they have to be gone through one by one.
    async fn process_together(&self, mut tx: Tx, dues: &[Due]) -> Option<Vec<Applied>> {
        let Some(applied) = self.apply_together(&mut tx, dues).await else {
            give_back(tx).await;
            return None;
        };
        tx.commit().await.ok()?;
        Some(applied)
    }

    async fn apply_together(&self, tx: &mut Tx, dues: &[Due]) -> Option<Vec<Applied>> {
        let sides = self.providers.get(dues.first()?.provider)?;
        let messages: Vec<&Received> = dues.iter().map(|due| &due.received).collect();
        let applied = AssertUnwindSafe(sides.processor.apply_together(tx, &messages)).catch_unwind();
        let applied = applied.await.ok()?.ok()??;
        let marks: Vec<_> = dues.iter().map(|due| due.id).zip(&applied).collect();
        events::finish(tx, &marks).await.ok()?;
        Some(applied)
    }

    /// Processes one in the transaction that locked it, and ends it; notes that it failed.
    async fn process(&self, job: &Context, mut tx: Tx, due: &mut Due) -> Result<Result<Applied, Failure>> {
        let ended = match self.apply(&mut tx, due).await {
            Ok(applied) => tx.commit().await.map(|()| applied).map_err(Failure::Retry),
            Err(failure) => {
                give_back(tx).await;
                Err(failure)
            }
        };
        if let Err(failure) = &ended {
            let mut tx = job.database.begin(job.scope).await?;
            note(&mut tx, due, failure).await?;
            tx.commit().await?;
        }
        Ok(ended)
    }

    async fn apply(&self, tx: &mut Tx, due: &mut Due) -> Result<Applied, Failure> {
        let Some(sides) = self.providers.get(due.provider) else {
            let message = "no part of this server understands this provider";
            return Err(Failure::Fatal(message.into()));
        };
        if due.is_large {
            due.received.body = events::body(tx, due.id).await?.into();
        }
        let applied = AssertUnwindSafe(sides.processor.apply(tx, &due.received)).catch_unwind();
        let broken = |_| Err(Failure::Fatal("the server broke off on it".into()));
        let applied = applied.await.unwrap_or_else(broken)?;
        events::finish(tx, &[(due.id, &applied)]).await?;
        Ok(applied)
    }
}

/// Undoes a transaction at once. One that is only dropped keeps its locks until somebody uses its connection: whoever looks for
/// what is due would pass by the messages that it had claimed, and nobody would come back to them.
async fn give_back(tx: Tx) {
    // If that fails, the connection is gone, and its locks with it.
    let _ = tx.rollback().await;
}

/// Whether a failed attempt is the last.
fn is_dead(due: &Due, failure: &Failure) -> bool {
    matches!(failure, Failure::Fatal(_)) || due.attempts + 1 >= MAX_ATTEMPTS
}

/// Writes down that an attempt failed, and when the next one is.
async fn note(tx: &mut Tx, due: &Due, failure: &Failure) -> Result<()> {
    let message = match failure {
        Failure::Fatal(message) => message.clone(),
        // The words of an internal error belong into the log alone: they may quote what they could not digest.
        Failure::Retry(Error::Internal(error)) => {
            tracing::warn!(webhook.id = %due.id, webhook.topic = due.received.topic, error = %regulars_web::without_personal_data(error.as_ref()), "webhook.attempt failed");
            "the server failed on it; its log says how".to_owned()
        }
        Failure::Retry(error) => error.to_string(),
    };
    let next = tx.now() + wait(due.attempts);
    events::fail(tx, due, &message, (!is_dead(due, failure)).then_some(next)).await
}

fn outcome(due: &Due, ended: &Result<Applied, Failure>) -> &'static str {
    match ended {
        Ok(Applied::Done(_)) => "done",
        Ok(Applied::Ignored(_)) => "ignored",
        Err(failure) if is_dead(due, failure) => "dead",
        Err(_) => "retried",
    }
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
