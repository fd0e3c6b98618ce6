//! Short cuts inside one process: waking workers and stopping a running job without waiting for the next look at the
//! database. Everything here is a hint; lost, it only costs a second.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use regulars_kernel::ids::JobId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

static WAKE: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::channel(0).0);
static RUNNING: LazyLock<Mutex<HashMap<(JobId, i32), CancellationToken>>> = LazyLock::new(Mutex::default);

/// Tells the workers of this process that there is something to do.
pub fn wake_workers() {
    WAKE.send_modify(|count| *count = count.wrapping_add(1));
}

pub(crate) fn wakes() -> watch::Receiver<u64> {
    WAKE.subscribe()
}

/// Makes the token of an attempt reachable by job id until it is dropped.
pub(crate) struct Reachable(JobId, i32);

impl Reachable {
    pub(crate) fn new(id: JobId, attempt: i32, token: CancellationToken) -> Self {
        lock().insert((id, attempt), token);
        Self(id, attempt)
    }
}

impl Drop for Reachable {
    fn drop(&mut self) {
        lock().remove(&(self.0, self.1));
    }
}

pub(crate) fn cancel_here(id: JobId, attempt: i32) {
    if let Some(token) = lock().get(&(id, attempt)) {
        token.cancel();
    }
}

fn lock() -> std::sync::MutexGuard<'static, HashMap<(JobId, i32), CancellationToken>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
