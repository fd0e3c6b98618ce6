//! One attempt at one job: the handler in a task of its own, and what becomes of it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use regulars_kernel::{Error, Fault};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Context, Failure, JobState,
    handler::ProgressCell,
    signal::Reachable,
    wall::{self, Beat, Claimed, End},
    worker::{Shared, count_end},
};

/// How long a job whose kind this worker does not know waits for a newer server.
const UNKNOWN_KIND_WAIT: Duration = Duration::from_mins(1);
/// Characters of an error that are kept.
const ERROR_LENGTH: usize = 1000;

/// Why an attempt is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stop {
    /// Somebody cancelled the job.
    Request = 1,
    /// The server stops.
    Server = 2,
    /// Somebody else has the job now.
    Lost = 3,
}

pub(crate) struct Run {
    pub job: Claimed,
    token: CancellationToken,
    progress: Arc<ProgressCell>,
    stop: AtomicU8,
    renewed: Mutex<Instant>,
    _reachable: Reachable,
}

impl Run {
    pub(crate) fn new(job: Claimed, shared: &Shared) -> Self {
        let token = CancellationToken::new();
        tracing::debug!(job.id = %job.id, job.kind = %job.kind, worker = %shared.name, "job claimed");
        Self {
            _reachable: Reachable::new(job.id, job.attempt, token.clone()),
            job,
            token,
            progress: Arc::default(),
            stop: AtomicU8::new(0),
            renewed: Mutex::new(Instant::now()),
        }
    }

    /// Tells the handler to stop. The first reason holds.
    pub(crate) fn stop(&self, why: Stop) {
        let _earlier = self
            .stop
            .compare_exchange(0, why as u8, Ordering::AcqRel, Ordering::Acquire);
        self.token.cancel();
    }

    fn stopped_by(&self, why: Stop) -> bool {
        self.stop.load(Ordering::Acquire) == why as u8
    }

    pub(crate) fn beat(&self) -> Beat {
        Beat {
            id: self.job.id,
            progress: self.progress.take(),
        }
    }

    /// The lease is good from this time on.
    pub(crate) fn renewed(&self, at: Instant) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(crate) fn silent_for(&self) -> Duration {
        self.renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// Runs the handler and writes down how it ended.
    pub(crate) async fn perform(&self, shared: &Shared) {
        let job = &self.job;
        let span = tracing::info_span!(
            "jobs.run", job.id = %job.id, job.kind = %job.kind, job.queue = %job.queue, job.attempt = job.attempt,
            organization.id = %job.scope.organization_id
        );
        async {
            let began = Instant::now();
            let end = if let Some(handler) = shared.registry.handler(&job.kind) {
                let context = Context {
                    id: job.id,
                    scope: job.scope,
                    payload: job.payload.clone(),
                    attempt: job.attempt,
                    database: shared.database.clone(),
                    token: self.token.clone(),
                    progress: self.progress.clone(),
                };
                let work = async move { handler.run(context).await };
                let outcome = self.watch(work, shared.options.patience).await;
                self.judge(outcome, shared)
            } else {
                tracing::warn!("no handler here for this kind of job; left for a newer server");
                End::Released {
                    wait: UNKNOWN_KIND_WAIT,
                }
            };
            if self.stopped_by(Stop::Lost) {
                tracing::warn!("the lease was lost; what the attempt came to is not written");
                count_end(&job.kind, None, began.elapsed());
                return;
            }
            let state = self.settle(shared, &end).await;
            count_end(&job.kind, state, began.elapsed());
        }
        .instrument(span)
        .await;
    }

    /// Runs the handler in a task of its own, so that its panic stays there, and drops it if it does not heed.
    async fn watch(
        &self,
        work: impl Future<Output = Result<Value, Failure>> + Send + 'static,
        patience: Duration,
    ) -> Result<Value, Failure> {
        let mut task = tokio::spawn(work.in_current_span());
        // Dropping the worker drops the handler with it.
        let _aborted_on_drop = AbortOnDrop(task.abort_handle());
        let finished = tokio::select! {
            finished = &mut task => finished,
            () = async { self.token.cancelled().await; tokio::time::sleep(patience).await } => {
                task.abort();
                task.await
            }
        };
        match finished {
            Ok(outcome) => outcome,
            Err(failure) if failure.is_panic() => {
                let panic = failure.into_panic();
                let words = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("without words");
                Err(Failure::Retry(Error::internal(format!(
                    "the handler panicked: {words}"
                ))))
            }
            Err(_aborted) => Err(Failure::Cancelled),
        }
    }

    fn judge(&self, outcome: Result<Value, Failure>, shared: &Shared) -> End {
        let failed = |error: Error, hopeless: bool| {
            let text = told(&error);
            if let Error::Internal(error) = &error {
                tracing::warn!(%error, hopeless, "an attempt at a job failed");
            } else {
                // Other errors quote input, which may be personal data.
                tracing::info!(hopeless, "an attempt at a job failed");
            }
            End::Failed {
                error: text,
                hopeless,
                wait: shared.options.backoff.wait(self.job.attempt),
            }
        };
        match outcome {
            Ok(result) => End::Done(result),
            Err(Failure::Cancelled) if self.stopped_by(Stop::Server) => {
                End::Released { wait: Duration::ZERO }
            }
            Err(Failure::Cancelled) => End::Cancelled,
            Err(Failure::Retry(_)) if self.stopped_by(Stop::Server) => End::Released { wait: Duration::ZERO },
            Err(Failure::Retry(error)) => failed(error, false),
            Err(Failure::Fatal(error)) => failed(error, true),
        }
    }

    /// Writes the end, patiently: a database that restarts must not cost the attempt. The lease is kept meanwhile.
    async fn settle(&self, shared: &Shared, end: &End) -> Option<JobState> {
        let job = &self.job;
        let progress = self.progress.take();
        for wait in [100, 500, 2_000, 5_000] {
            match wall::settle(
                &shared.database,
                job.scope,
                &shared.name,
                job.id,
                job.attempt,
                progress,
                end,
            )
            .await
            {
                Ok(state) => return state,
                Err(error) => {
                    tracing::warn!(%error, "the end of a job could not be written; trying again");
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
        }
        None
    }
}

/// What is kept of an error for whoever looks at the job. Sentences about input quote it, and more people see jobs than
/// the data they work on: of those only places and codes are kept.
fn told(error: &Error) -> String {
    let text = match error {
        Error::Malformed(faults) | Error::Invalid(faults) => {
            let faults: Vec<_> = faults.0.iter().map(code).collect();
            faults.join("; ")
        }
        Error::Conflict(fault) => code(fault),
        other => other.to_string(),
    };
    text.chars().filter(|c| *c != '\0').take(ERROR_LENGTH).collect()
}

fn code(fault: &Fault) -> String {
    if fault.pointer.is_empty() {
        fault.code.to_string()
    } else {
        format!("{}: {}", fault.pointer, fault.code)
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::Faults;

    use super::*;

    #[test]
    fn what_is_kept_of_an_error_quotes_no_input() {
        let mut faults = Faults::new();
        faults.add(
            "/email",
            "email_invalid",
            "“ada@example” is not an e-mail address",
        );
        faults.add("", "too_many", "too many of “ada@example”");
        assert_eq!(told(&Error::Invalid(faults)), "/email: email_invalid; too_many");
        let clash = Error::conflict("/code", "already_exists", "“ada@example” is taken");
        assert_eq!(told(&clash), "/code: already_exists");
        assert_eq!(told(&Error::internal("disk\0 full")), "disk full");
    }
}
