//! Connections kept from one transaction to the next.
//!
//! The pool takes a connection back on a task of its own, with a round trip that proves it alive. Between transactions that
//! ended as they should nothing has to be proved, so these are passed on directly, the last used first: its caches are warm.
//! All others go back to the pool.
//!
//! What it never does: keep a connection whose transaction was broken off, or so many that others get none.

use std::{
    fmt,
    future::Future as _,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Waker},
    time::{Duration, Instant},
};

use regulars_kernel::Result;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use sqlx_core::connection::Connection as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::coop::unconstrained,
};

/// So many connections of the pool are left to whoever does not open a transaction here: one of them listens all the time.
const OTHERS: u32 = 4;
/// How long one waits for a connection, and with it a transaction for its turn.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// A connection used a moment ago is taken to be alive.
pub(crate) const ALIVE: Duration = Duration::from_secs(1);
/// Whoever does not answer by then is not.
const ANSWERS: Duration = Duration::from_secs(2);
/// Whoever is kept for so long without use goes back to the pool, which closes it when it sees fit.
const IDLE: Duration = Duration::from_mins(1);
/// After so many transactions a connection goes back to the pool, which knows its age.
const USES: u32 = 10_000;

/// The connections that are kept.
#[derive(Clone)]
pub(crate) struct Kept {
    pool: PgPool,
    /// One for each connection that transactions may have; none where the pool is too small for that.
    turns: Option<Arc<Semaphore>>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: PoolConnection<Postgres>,
    since: Instant,
    uses: u32,
}

/// A connection for one transaction.
pub(crate) struct Taken {
    pub connection: PoolConnection<Postgres>,
    uses: u32,
    // After the connection, so that nobody gets the turn before the connection is back.
    turn: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl Kept {
    pub fn new(pool: PgPool) -> Self {
        let most = pool.options().get_max_connections();
        Self {
            pool,
            turns: (most > OTHERS).then(|| Arc::new(Semaphore::new((most - OTHERS) as usize))),
            idle: Arc::default(),
        }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How many are kept at this moment.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// One of those kept, or one of the pool.
    pub async fn take(&self) -> Result<Taken> {
        // Who waits for the pool would not see those that come back here. With a turn for each there is always one.
        let turn = match &self.turns {
            None => None,
            Some(turns) => Some(
                tokio::time::timeout(PATIENCE, Arc::clone(turns).acquire_owned())
                    .await
                    .map_err(|_| sqlx::Error::PoolTimedOut)?
                    .map_err(|_| sqlx::Error::PoolClosed)?,
            ),
        };
        loop {
            let last = self.lock().pop();
            let Some(mut last) = last else { break };
            let is_alive = last.since.elapsed() < ALIVE
                || matches!(
                    tokio::time::timeout(ANSWERS, last.connection.ping()).await,
                    Ok(Ok(()))
                );
            if is_alive {
                return Ok(Taken {
                    connection: last.connection,
                    uses: last.uses + 1,
                    turn,
                });
            }
            last.connection.close_on_drop();
            // The others were used before it: asked in turn, each would take as long not to answer.
            for mut other in std::mem::take(&mut *self.lock()) {
                other.connection.close_on_drop();
            }
        }
        Ok(Taken {
            connection: self.pool.acquire().await?,
            uses: 1,
            turn,
        })
    }

    /// Takes back a connection whose transaction has ended, or whose end is the next that it has to send.
    pub fn give_back(&self, taken: Taken) {
        // In an order that drops the connection before the turn.
        let Taken {
            turn,
            uses,
            mut connection,
        } = taken;
        // Without turns nothing is kept.
        let Some(turns) = self.turns.as_ref().filter(|_| uses < USES) else {
            return;
        };
        // What is left to send goes out now; its answer is read by whoever takes the connection next.
        // Out of the task's budget, or a task that has used it up would send nothing and never be woken.
        let flushed = pin!(unconstrained(connection.flush())).poll(&mut Context::from_waker(Waker::noop()));
        if matches!(flushed, std::task::Poll::Ready(Err(_))) {
            connection.close_on_drop();
            return;
        }
        let mut idle = self.lock();
        // Asked with the lock: whoever closes does so before they empty this, and waits for all that are not in the pool.
        if turns.is_closed() {
            drop(idle);
            return;
        }
        idle.push(Idle {
            connection,
            since: Instant::now(),
            uses,
        });
        let stale = idle.first().is_some_and(|first| first.since.elapsed() > IDLE);
        let stale = stale.then(|| idle.remove(0));
        drop(idle);
        drop(turn);
        drop(stale);
    }

    /// Gives all of them up, before the pool is closed.
    pub fn close(&self) {
        if let Some(turns) = &self.turns {
            turns.close();
        }
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
