//! Queueing: in the transaction of the change that makes the work necessary, and up to a cap.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regulars_database::Tx;
use regulars_kernel::{
    Error, Result,
    ids::{JobId, OrganizationId},
};

use crate::{NewJob, signal};

/// Queues a job within the transaction: it exists if and when that commits. Answers its id, or that of the waiting
/// job with the same key. Fails with [`Error::Unavailable`] when too many of the organization's jobs wait in the queue.
pub async fn enqueue(tx: &mut Tx, job: NewJob) -> Result<JobId> {
    let payload = job
        .payload
        .map_err(|why| Error::internal(format!("the input of {}: {why}", job.kind)))?;
    check_cap(tx, job.queue, job.cap).await?;
    let run_at = job.run_at.unwrap_or_else(|| tx.now());
    let (organization_id, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    let id = sqlx::query_scalar!(
        r#"INSERT INTO jobs (organization_id, id, queue, kind, key, payload, priority, run_at, max_attempts,
                             actor_kind, actor_id, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           ON CONFLICT (organization_id, kind, key) WHERE key IS NOT NULL AND state = 'queued'
           DO UPDATE SET payload = EXCLUDED.payload, run_at = LEAST(jobs.run_at, EXCLUDED.run_at),
                         priority = LEAST(jobs.priority, EXCLUDED.priority)
           RETURNING id AS "id: JobId""#,
        organization_id.0,
        JobId::new().0,
        job.queue,
        job.kind,
        job.key,
        payload,
        job.priority,
        run_at,
        job.max_attempts,
        actor.kind(),
        actor.id(),
        now,
    )
    .fetch_one(tx.conn())
    .await?;
    if run_at <= now {
        tx.after_commit(signal::wake_workers);
    }
    Ok(id)
}

/// What was last counted in a queue, so that a burst of enqueues does not count each time.
struct Level {
    counted: u32,
    since: u32,
    at: Instant,
}

/// How long a count is trusted: the time for which servers may overshoot a cap together.
const TRUSTED: Duration = Duration::from_secs(5);
/// Queues remembered before the memory is emptied.
const MEMORY: usize = 10_000;

static LEVELS: LazyLock<Mutex<HashMap<(OrganizationId, &'static str), Level>>> =
    LazyLock::new(Mutex::default);

async fn check_cap(tx: &mut Tx, queue: &'static str, cap: u32) -> Result<()> {
    let place = (tx.organization_id(), queue);
    if let Some(level) = LEVELS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_mut(&place)
    {
        level.since += 1;
        let believed = u64::from(level.counted) + u64::from(level.since);
        if level.at.elapsed() < TRUSTED && believed * 10 < u64::from(cap) * 9 {
            return Ok(());
        }
    }
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
             SELECT FROM jobs WHERE queue = $1 AND state = 'queued' LIMIT $2
           ) waiting"#,
        queue,
        i64::from(cap),
    )
    .fetch_one(tx.conn())
    .await?;
    let counted = u32::try_from(counted).unwrap_or(u32::MAX);
    let mut levels = LEVELS.lock().unwrap_or_else(PoisonError::into_inner);
    if levels.len() >= MEMORY {
        levels.clear();
    }
    levels.insert(
        place,
        Level {
            counted,
            since: 1,
            at: Instant::now(),
        },
    );
    if counted >= cap {
        return Err(Error::Unavailable(
            format!("{counted} jobs wait in the queue “{queue}”; try again when some of them are done")
                .into(),
        ));
    }
    Ok(())
}
