//! What a job is, what may become of it, and how long to wait before another attempt. Knows no SQL.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng;
use regulars_kernel::{Error, ids::JobId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The queue of jobs that name none.
pub const DEFAULT_QUEUE: &str = "default";
/// How many jobs of one organization may wait in one queue unless the job says otherwise.
pub const QUEUE_CAP: u32 = 100_000;
/// Attempts before a job is dead, unless it says otherwise.
pub const MAX_ATTEMPTS: i32 = 10;
/// The priority of jobs that name none; smaller runs first.
pub const DEFAULT_PRIORITY: i16 = 100;

/// Work to be queued with [`crate::enqueue`].
#[derive(Clone, Debug)]
pub struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) payload: Result<Value, String>,
    pub(crate) key: Option<String>,
    pub(crate) queue: &'static str,
    pub(crate) priority: i16,
    pub(crate) run_at: Option<DateTime<Utc>>,
    pub(crate) max_attempts: i32,
    pub(crate) cap: u32,
}

impl NewJob {
    /// Work of this kind with this input. Put ids into the input, not personal data.
    pub fn new(kind: &'static str, payload: impl Serialize) -> Self {
        Self {
            kind,
            payload: serde_json::to_value(payload).map_err(|why| why.to_string()),
            key: None,
            queue: DEFAULT_QUEUE,
            priority: DEFAULT_PRIORITY,
            run_at: None,
            max_attempts: MAX_ATTEMPTS,
            cap: QUEUE_CAP,
        }
    }

    /// While a job of the same kind and key waits, another is not added: the waiting one takes the newer input, the
    /// earlier time and the more urgent priority. A job that already runs does not count, since it may have read its
    /// data before this change.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The queue it waits in.
    #[must_use]
    pub fn queue(mut self, queue: &'static str) -> Self {
        self.queue = queue;
        self
    }

    /// Within one organization, smaller runs first. At least 0; the default is 100.
    #[must_use]
    pub fn priority(mut self, priority: i16) -> Self {
        self.priority = priority.max(0);
        self
    }

    /// Not before this time.
    #[must_use]
    pub fn run_at(mut self, time: DateTime<Utc>) -> Self {
        self.run_at = Some(time);
        self
    }

    /// How often it may be tried before it is dead. At least 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: i32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// How many jobs of the organization may wait in the queue before this one is refused.
    #[must_use]
    pub fn cap(mut self, cap: u32) -> Self {
        self.cap = cap;
        self
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time and a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Finished well.
    Done,
    /// Failed for good; a person may retry or discard it.
    Dead,
    /// Stopped by a person, discarded, or replaced by a newer job with the same key.
    Cancelled,
}

impl JobState {
    /// The name used in JSON and the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Progress {
    /// Units done.
    #[schema(example = 250)]
    pub done: i64,
    /// Units in all, when known.
    #[schema(example = 1000)]
    pub total: Option<i64>,
}

/// A job as the interface shows it. Its input is not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The queue it waits or waited in.
    #[schema(example = "default")]
    pub queue: String,
    /// What it does.
    #[schema(example = "import.run")]
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// Smaller runs first.
    #[schema(example = 0)]
    pub priority: i16,
    /// How far it is.
    pub progress: Progress,
    /// Attempts begun.
    #[schema(example = 1)]
    pub attempts: i32,
    /// Attempts before it is dead.
    #[schema(example = 5)]
    pub max_attempts: i32,
    /// What it came to, once done.
    #[schema(value_type = Option<BTreeMap<String, Value>>, example = json!({"rows": 1000}))]
    pub result: Option<Value>,
    /// Why the last attempt failed.
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// Whether it runs and was asked to stop.
    pub cancel_requested: bool,
    /// Not before this time.
    pub run_at: DateTime<Utc>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When the last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One queue of an organization in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueSummary {
    /// Its name.
    #[schema(example = "default")]
    pub name: String,
    /// Waiting.
    #[schema(example = 3)]
    pub queued: i64,
    /// Running now.
    #[schema(example = 1)]
    pub running: i64,
    /// Finished well and not yet forgotten.
    #[schema(example = 128)]
    pub done: i64,
    /// Failed for good.
    #[schema(example = 0)]
    pub dead: i64,
    /// Cancelled or discarded and not yet forgotten.
    #[schema(example = 0)]
    pub cancelled: i64,
    /// When the oldest waiting job was queued.
    pub oldest_queued_at: Option<DateTime<Utc>>,
}

/// Which jobs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this queue.
    pub queue: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
}

/// Why an attempt did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// May succeed later: tried again after a back-off until the attempts are used up.
    Retry(Error),
    /// Will never succeed: dead at once.
    Fatal(Error),
    /// Stopped because [`crate::Context::cancelled`] said so.
    Cancelled,
}

/// `?` retries what may pass (our faults, clashes, overload) and gives up on what will not (bad input, missing rows).
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        match error {
            Error::Internal(_)
            | Error::Unavailable(_)
            | Error::TooMany { .. }
            | Error::Conflict(_)
            | Error::Stale { .. } => Self::Retry(error),
            _ => Self::Fatal(error),
        }
    }
}

/// How long to wait before another attempt: exponential back-off with full jitter,
/// `wait = random between 0 and min(cap, base · 2^(attempt − 1))`
/// (Marc Brooker, “Exponential Backoff And Jitter”, AWS Architecture Blog, 2015).
/// Full jitter, because jobs that failed together (a provider was down) must not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first attempt.
    pub base: Duration,
    /// The longest wait ever.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(2),
            cap: Duration::from_hours(1),
        }
    }
}

impl Backoff {
    /// The longest wait after this attempt, counted from 1.
    pub fn ceiling(&self, attempt: i32) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(30);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }

    /// A wait after this attempt, counted from 1.
    pub fn wait(&self, attempt: i32) -> Duration {
        rand::rng().random_range(Duration::ZERO..=self.ceiling(attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_until_the_cap_and_the_wait_stays_below_it() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(10),
        };
        let ceilings: Vec<_> = (1..=6)
            .map(|attempt| backoff.ceiling(attempt).as_secs())
            .collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.ceiling(i32::MAX), backoff.cap);
        assert_eq!(backoff.ceiling(-3), backoff.base);
        assert!((0..1000).all(|_| backoff.wait(3) <= Duration::from_secs(4)));
    }

    #[test]
    fn jobs_that_failed_together_come_back_spread_over_the_whole_of_the_wait() {
        let backoff = Backoff::default();
        for attempt in [1, 4, 9, 30] {
            let ceiling = backoff.ceiling(attempt);
            let mut quarters = [0_u32; 4];
            let mut waits = std::collections::HashSet::new();
            for _ in 0..4_000 {
                let wait = backoff.wait(attempt);
                assert!(wait <= ceiling, "{wait:?} of {ceiling:?}");
                let quarter = wait.as_secs_f64() / ceiling.as_secs_f64() * 4.0;
                quarters[(quarter as usize).min(3)] += 1;
                waits.insert(wait);
            }
            // A thousand each, give or take 27: 200 would be off once in 10^13 runs.
            assert!(
                quarters.iter().all(|count| (800..=1_200).contains(count)),
                "{quarters:?}"
            );
            assert!(waits.len() > 3_900, "only {} different waits", waits.len());
        }
    }

    #[test]
    fn a_question_mark_retries_our_faults_and_gives_up_on_bad_input() {
        assert!(matches!(
            Failure::from(Error::internal("broken")),
            Failure::Retry(_)
        ));
        assert!(matches!(
            Failure::from(Error::NotFound("import")),
            Failure::Fatal(_)
        ));
        assert!(matches!(Failure::from(std::fmt::Error), Failure::Retry(_)));
    }
}
