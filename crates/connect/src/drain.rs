//! The job that processes the inbox: a few messages in one transaction, which also marks them. Neighbours that their
//! provider can process together are; each of the others has a savepoint of its own, so what fails takes back its own alone.
//!
//! Several run at once, on one server or many; each takes what no other has locked. The commits need not be durable at
//! once: what a crash of PostgreSQL takes back is the change and the mark together, and the message is processed again.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use futures::FutureExt;
use regulars_database::Tx;
use regulars_jobs::{Context, Failure as JobFailure, Handler, NewJob, enqueue};
use regulars_kernel::{Error, Result};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::{
    model::{Due, MAX_ATTEMPTS},
    provider::{Applied, Failure, Providers, Received},
    store::events,
};

/// How many may wait at a time.
pub const LANES: usize = 4;
/// Messages of one transaction at most, and how long it goes on: what came first is seen when all are through, and whoever
/// wants to change the same customers waits as long.
const TOGETHER: i64 = 32;
const LONGEST: Duration = Duration::from_millis(250);
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
        // How many are taken one by one, because a transaction of several of them did not come to its end.
        let mut alone = 0;
        loop {
            job.check()?;
            let mut tx = job.database.begin(job.scope).await?;
            let most = if alone > 0 { 1 } else { TOGETHER };
            let mut dues = events::claim(&mut tx, after, most).await?;
            if dues.is_empty() {
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
            }
            let ended = match self.process(&job, tx, &mut dues).await {
                Ok(ended) => ended,
                Err(_) if dues.len() > 1 => {
                    alone = dues.len();
                    continue;
                }
                Err(error) => {
                    let mut tx = job.database.begin(job.scope).await?;
                    let failure = Failure::Retry(error);
                    note(&mut tx, &dues[0], &failure).await?;
                    tx.commit().await?;
                    vec![Err(failure)]
                }
            };
            alone = alone.saturating_sub(1);
            for (due, ended) in dues.iter().zip(&ended) {
                after = Some((due.run_at, due.id));
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
    /// Processes messages in the transaction that locked them, and ends it. Answers what became of them; of the last ones
    /// nothing if it took too long.
    async fn process(
        &self,
        job: &Context,
        mut tx: Tx,
        dues: &mut [Due],
    ) -> Result<Vec<Result<Applied, Failure>>> {
        let begun = Instant::now();
        let mut ended: Vec<Result<Applied, Failure>> = Vec::with_capacity(dues.len());
        tx.conn().execute("SAVEPOINT message").await?;
        // Those that are processed together have a transaction of their own: they lock whom they are about in one order for
        // all, and what came before them in the same transaction would not.
        let run = self.run_of(dues);
        if let Some(applied) = self.apply_together(&mut tx, &dues[..run]).await {
            ended.extend(applied.into_iter().map(Ok));
        } else {
            tx.conn().execute("ROLLBACK TO SAVEPOINT message").await?;
            while ended.len() < dues.len() {
                let rest = &mut dues[ended.len()..];
                let is_enough = begun.elapsed() > LONGEST || job.check().is_err();
                if !ended.is_empty() && (is_enough || ended.len() >= run && self.run_of(rest) > 1) {
                    break;
                }
                let outcome = self.apply(&mut tx, &mut rest[0]).await;
                let end = if outcome.is_ok() {
                    "RELEASE SAVEPOINT message; SAVEPOINT message"
                } else {
                    "ROLLBACK TO SAVEPOINT message"
                };
                tx.conn().execute(end).await?;
                ended.push(outcome);
            }
        }
        let applied: Vec<_> = dues
            .iter()
            .zip(&ended)
            .filter_map(|(due, ended)| Some((due.id, ended.as_ref().ok()?)))
            .collect();
        events::finish(&mut tx, &applied).await?;
        for (due, ended) in dues.iter().zip(&ended) {
            if let Err(failure) = ended {
                note(&mut tx, due, failure).await?;
            }
        }
        tx.commit().await?;
        Ok(ended)
    }

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

    /// Processes several at once; none if they have to be gone through one by one.
    async fn apply_together(&self, tx: &mut Tx, dues: &[Due]) -> Option<Vec<Applied>> {
        let [first, _, ..] = dues else {
            return None;
        };
        let sides = self.providers.get(first.provider)?;
        let messages: Vec<&Received> = dues.iter().map(|due| &due.received).collect();
        let applied = AssertUnwindSafe(sides.processor.apply_together(tx, &messages)).catch_unwind();
        applied.await.ok()?.ok()?
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
        let applied = applied.await;
        if due.is_large {
            due.received.body = Bytes::new();
        }
        applied.unwrap_or_else(|_| Err(Failure::Fatal("the server broke off on it".into())))
    }
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
