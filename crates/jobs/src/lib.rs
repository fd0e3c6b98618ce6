//! Work that must happen later: queued in the transaction that makes it necessary, leased, retried, cancelled,
//! replayed. A queue of our own on PostgreSQL with `FOR UPDATE SKIP LOCKED`.
//!
//! What it never does: queue outside a [`regulars_database::Tx`], know what a job is about, or speak HTTP.
//!
//! ```text
//! queued ──claim──▶ running ──▶ done
//!   ▲  │               │ ├────▶ dead ──discard──▶ cancelled
//!   │  └──cancel──┐    │ └────▶ cancelled          │
//!   │             ▼    │                           │
//!   └── back-off ◀─────┘     dead, cancelled ──retry──▶ queued
//! ```
//!
//! Promises:
//! - A job runs at least once and, while leases are kept, never twice at a time. Handlers are idempotent.
//! - A worker that dies loses its lease; the sweep gives the job back and the attempt counts, so that a job that
//!   kills its worker ends dead instead of going round for ever. A server that has the database for itself gives back
//!   at its start what an earlier process of it left, without that wait ([`release_dead_leases`]).
//! - Organizations take turns: a claim serves those with the fewest running jobs first, and a quarter of a worker's
//!   slots is never given to one organization alone. Priorities order the jobs of one organization.
//! - No queue is without a cap.
//!
//! Why not `graphile_worker`: its back-off is fixed (e^attempt seconds), finished rows vanish where the interface has
//! to show them, running work cannot be cancelled, recovery of a dead worker's jobs is off by default and consumes no
//! attempt, and its tables know neither organizations nor row-level security. The interface of this crate hides the
//! queue, so that it could be changed.
//!
//! Across the wall between organizations go only the `job_*` functions of the migration: claim, heartbeat, sweep,
//! forget and count, owned by `regulars_definer`.

mod enqueue;
mod handler;
mod housekeeping;
mod model;
mod run;
mod schedule;
mod signal;
mod store;
mod wall;
mod worker;

pub use enqueue::enqueue;
pub use handler::{Context, Handler, Registry};
pub use model::{
    Backoff, DEFAULT_PRIORITY, DEFAULT_QUEUE, Failure, Job, JobFilter, JobState, MAX_ATTEMPTS, NewJob,
    Progress, QUEUE_CAP, QueueSummary,
};
pub use schedule::{Schedule, system_scope};
pub use signal::wake_workers;
pub use store::{LIST_ORDER, cancel, discard, discard_dead, get, list, queues, retry, retry_dead};
pub use worker::{Worker, WorkerOptions, release_dead_leases};
