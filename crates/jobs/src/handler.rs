//! What rooms write: handlers, and the registry in which the server collects them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use regulars_database::Database;
use regulars_kernel::{Error, Scope, ids::JobId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{Failure, Schedule};

/// Does the jobs of one kind. It runs at least once for each job, so it must be idempotent: after a crash it starts
/// again with the same input and finds what the earlier attempt committed.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind, `noun.verb`, as given to [`crate::NewJob::new`].
    fn kind(&self) -> &'static str;

    /// One attempt. The answer is kept as the job's `result`.
    async fn run(&self, job: Context) -> Result<Value, Failure>;
}

/// What a handler is given. The worker keeps the lease alive while it runs.
#[derive(Clone)]
pub struct Context {
    /// The job.
    pub id: JobId,
    /// Whose data, and on whose behalf it was queued.
    pub scope: Scope,
    /// The input.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// Where to open transactions.
    pub database: Database,
    pub(crate) token: CancellationToken,
    pub(crate) progress: Arc<ProgressCell>,
}

impl Context {
    /// The input as a type. A wrong one is fatal: it will not become right.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.payload).map_err(|why| {
            Failure::Fatal(Error::internal(format!(
                "the input of the job is not understood: {why}"
            )))
        })
    }

    /// Says how far it is. Cheap: the worker writes the latest figures with its heartbeat.
    pub fn progress(&self, done: u64, total: Option<u64>) {
        self.progress.set(done, total);
    }

    /// Whether to stop: somebody cancelled the job, the server stops, or the lease was lost. Return
    /// [`Failure::Cancelled`] then; what that means is for the worker to know.
    pub fn cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Fails with [`Failure::Cancelled`] when it is time to stop: for use between batches.
    pub fn check(&self) -> Result<(), Failure> {
        if self.cancelled() {
            Err(Failure::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// The latest progress, written by the handler and read by the heartbeat.
#[derive(Debug, Default)]
pub(crate) struct ProgressCell {
    done: AtomicI64,
    /// −1 when unknown.
    total: AtomicI64,
    changed: AtomicBool,
}

impl ProgressCell {
    fn set(&self, done: u64, total: Option<u64>) {
        self.done
            .store(i64::try_from(done).unwrap_or(i64::MAX), Ordering::Relaxed);
        let total = total.map_or(-1, |total| i64::try_from(total).unwrap_or(i64::MAX));
        self.total.store(total, Ordering::Relaxed);
        self.changed.store(true, Ordering::Release);
    }

    /// The figures if they changed since the last call.
    pub(crate) fn take(&self) -> Option<(i64, Option<i64>)> {
        if !self.changed.swap(false, Ordering::Acquire) {
            return None;
        }
        let total = self.total.load(Ordering::Relaxed);
        Some((self.done.load(Ordering::Relaxed), (total >= 0).then_some(total)))
    }
}

/// The handlers and schedules of all rooms.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: BTreeMap<&'static str, Arc<dyn Handler>>,
    pub(crate) schedules: Vec<Schedule>,
}

impl Registry {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the handler of a kind. A kind has one handler: a second one replaces the first.
    #[must_use]
    pub fn with(mut self, handler: impl Handler) -> Self {
        self.handlers.insert(handler.kind(), Arc::new(handler));
        self
    }

    /// Adds something to queue again and again.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// The kinds that have a handler.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }

    pub(crate) fn handler(&self, kind: &str) -> Option<Arc<dyn Handler>> {
        self.handlers.get(kind).cloned()
    }
}
