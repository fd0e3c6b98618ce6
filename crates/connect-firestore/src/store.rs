//! Rows of the mirror's own tables. Leases and waits are reckoned by the database's clock, which all servers share.

use std::time::Duration;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Result, Secret,
    ids::{CustomerId, JobId},
};
use serde_json::Value;
use sqlx::postgres::types::PgInterval;
use uuid::Uuid;

use crate::{
    FOLLOWER,
    model::{CustomerState, LogEntry, LogKind, Mirror, Progress, Settings, Standing},
};

/// How long a worker has the mirror for itself without a word of it.
const LEASE: Duration = Duration::from_mins(1);
/// Entries of the log that are kept.
const KEPT: i64 = 200;

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}

/// The settings, kept from being changed by others until the transaction ends if that is wanted.
pub async fn mirror(tx: &mut Tx, lock: bool) -> Result<Option<Mirror>> {
    let sql = if lock {
        "SELECT m.*, NULL::timestamptz AS credentials_at FROM firestore_mirrors m FOR UPDATE"
    } else {
        "SELECT m.*, (SELECT c.created_at FROM firestore_credentials c) AS credentials_at FROM firestore_mirrors m"
    };
    Ok(sqlx::query_as(sql).fetch_optional(tx.conn()).await?)
}

/// The service account's key.
pub async fn credentials(tx: &mut Tx) -> Result<Option<Secret<String>>> {
    let text: Option<String> = sqlx::query_scalar("SELECT credentials FROM firestore_credentials")
        .fetch_optional(tx.conn())
        .await?;
    Ok(text.map(Secret::new))
}

/// Writes the key in place of the former one; none takes it away.
pub async fn set_credentials(tx: &mut Tx, credentials: Option<&Secret<String>>) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query("DELETE FROM firestore_credentials")
        .execute(tx.conn())
        .await?;
    if let Some(text) = credentials {
        sqlx::query("INSERT INTO firestore_credentials (organization_id, credentials, created_at) VALUES ($1, $2, $3)")
            .bind(organization_id)
            .bind(text.expose())
            .bind(now)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Writes the settings, for the first time or anew.
pub async fn set(tx: &mut Tx, settings: &Settings) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query(
        "INSERT INTO firestore_mirrors (organization_id, project_id, database_id, collection, writes_per_second)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id) DO UPDATE SET project_id = $2, database_id = $3, collection = $4, writes_per_second = $5",
    )
    .bind(organization_id)
    .bind(&settings.project_id)
    .bind(&settings.database_id)
    .bind(&settings.collection)
    .bind(settings.writes_per_second)
    .execute(tx.conn())
    .await?;
    sqlx::query("INSERT INTO firestore_progress (organization_id) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(organization_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets the mirror rest, or go on.
pub async fn set_paused(tx: &mut Tx, is_paused: bool) -> Result<()> {
    let at = is_paused.then(|| tx.now());
    sqlx::query("UPDATE firestore_mirrors SET paused_at = $1")
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets everything of the mirror but its log, or with it.
pub async fn delete(tx: &mut Tx) -> Result<()> {
    for sql in [
        "DELETE FROM firestore_mirrors",
        "DELETE FROM firestore_credentials",
        "DELETE FROM firestore_progress",
        "DELETE FROM firestore_customers",
        "DELETE FROM firestore_log",
    ] {
        sqlx::query(sql).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Forgets what is known of documents: they are elsewhere from now on.
pub async fn begin_anew(tx: &mut Tx) -> Result<()> {
    sqlx::query("DELETE FROM firestore_customers")
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "UPDATE firestore_progress SET failures = 0, not_before = NULL, error = NULL, failed_at = NULL, mirrored_at = NULL,
           load_after = NULL, load_done = 0, load_total = NULL, loaded_at = NULL",
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far it is.
pub async fn progress(tx: &mut Tx) -> Result<Progress> {
    let progress = sqlx::query_as(
        "SELECT p.failures, p.not_before, p.error, p.failed_at, p.mirrored_at, p.load_job, p.load_done, p.load_total, p.loaded_at,
           coalesce(p.worker_until > now(), false) AS is_working,
           (SELECT count(*) FROM (SELECT FROM firestore_customers WHERE retry_at IS NOT NULL LIMIT 10001) few) AS refused
         FROM firestore_progress p",
    );
    Ok(progress.fetch_optional(tx.conn()).await?.unwrap_or_default())
}

/// Keeps the progress from others: before marks and documents, in this order everywhere.
pub async fn lock_progress(tx: &mut Tx) -> Result<()> {
    sqlx::query("SELECT FROM firestore_progress FOR UPDATE")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Nothing is waited for any more: settings changed, or somebody said so.
pub async fn try_at_once(tx: &mut Tx) -> Result<()> {
    sqlx::query("UPDATE firestore_progress SET not_before = NULL, failures = 0")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes the mirror for a job alone, unless another has it, it rests, or it waits for something.
pub async fn take(tx: &mut Tx, holder: Uuid) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE firestore_progress SET worker_job = $1, worker_until = now() + $2
         WHERE (worker_until IS NULL OR worker_until <= now() OR worker_job = $1) AND coalesce(not_before <= now(), true)
           AND EXISTS (SELECT FROM firestore_mirrors WHERE paused_at IS NULL)",
    )
    .bind(holder)
    .bind(interval(LEASE))
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether somebody works, rests or waits on purpose, so that no job is needed.
pub async fn is_looked_after(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM firestore_mirrors m JOIN firestore_progress p ON p.organization_id = m.organization_id
           WHERE m.paused_at IS NULL AND coalesce(p.not_before <= now(), true) AND coalesce(p.worker_until <= now(), true))",
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Gives the mirror back.
pub async fn give_back(tx: &mut Tx, holder: Uuid) -> Result<()> {
    sqlx::query("UPDATE firestore_progress SET worker_until = NULL WHERE worker_job = $1")
        .bind(holder)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that some was mirrored, and keeps the mirror for a while longer. Answers whether it still has it.
pub async fn went_well(tx: &mut Tx, holder: Uuid) -> Result<bool> {
    let is_ours: Option<bool> = sqlx::query_scalar(
        "UPDATE firestore_progress SET failures = 0, not_before = NULL, error = NULL, failed_at = NULL, mirrored_at = now(),
           worker_until = CASE WHEN worker_job = $1 AND worker_until IS NOT NULL THEN now() + $2 ELSE worker_until END
         RETURNING coalesce(worker_job = $1 AND worker_until IS NOT NULL, false)",
    )
    .bind(holder)
    .bind(interval(LEASE))
    .fetch_optional(tx.conn())
    .await?;
    Ok(is_ours.unwrap_or_default())
}

/// Notes that nothing can be done for a while, and gives the mirror back. Answers until when.
pub async fn went_wrong(tx: &mut Tx, holder: Uuid, why: &str, wait: Duration) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar(
        "UPDATE firestore_progress SET failures = failures + 1, not_before = now() + $3, error = $2,
           failed_at = coalesce(failed_at, now()), worker_until = CASE WHEN worker_job = $1 THEN NULL ELSE worker_until END
         RETURNING not_before",
    )
    .bind(holder)
    .bind(why)
    .bind(interval(wait))
    .fetch_one(tx.conn())
    .await?)
}

/// Notes that these documents were written or taken away.
pub async fn mirrored(tx: &mut Tx, written: &[CustomerId], deleted: &[CustomerId]) -> Result<()> {
    let organization_id = tx.organization_id();
    let mut all: Vec<(Uuid, bool)> = written.iter().map(|id| (id.0, false)).collect();
    all.extend(deleted.iter().map(|id| (id.0, true)));
    // In one order for everybody, so that two workers do not block each other.
    all.sort_unstable();
    let (ids, gone): (Vec<Uuid>, Vec<bool>) = all.into_iter().unzip();
    sqlx::query(
        "INSERT INTO firestore_customers (organization_id, customer_id, mirrored_at, is_deleted)
         SELECT $1, n.id, clock_timestamp(), n.is_deleted FROM unnest($2::uuid[], $3::boolean[]) n (id, is_deleted)
         ON CONFLICT (organization_id, customer_id) DO UPDATE SET mirrored_at = excluded.mirrored_at,
           is_deleted = excluded.is_deleted, attempts = 0, error = NULL, retry_at = NULL",
    )
    .bind(organization_id)
    .bind(ids)
    .bind(gone)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that Firestore refused a document, which is tried again later and later.
pub async fn refused(tx: &mut Tx, refusals: &[(CustomerId, String)]) -> Result<()> {
    let organization_id = tx.organization_id();
    let mut refusals: Vec<(Uuid, &str)> = refusals.iter().map(|(id, why)| (id.0, why.as_str())).collect();
    refusals.sort_unstable();
    let (ids, why): (Vec<Uuid>, Vec<&str>) = refusals.into_iter().unzip();
    sqlx::query(
        "INSERT INTO firestore_customers AS f (organization_id, customer_id, attempts, error, retry_at)
         SELECT $1, n.id, 1, n.why, now() + interval '1 minute' FROM unnest($2::uuid[], $3::text[]) n (id, why)
         ON CONFLICT (organization_id, customer_id) DO UPDATE SET attempts = f.attempts + 1, error = excluded.error,
           retry_at = now() + interval '1 minute' * 2 ^ least(f.attempts, 10)",
    )
    .bind(organization_id)
    .bind(ids)
    .bind(why)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those whose documents were refused and are to be tried again; each is given once.
pub async fn to_try_again(tx: &mut Tx, most: i64) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar(
        "UPDATE firestore_customers f SET retry_at = now() + interval '1 day' FROM (
           SELECT organization_id, customer_id FROM firestore_customers WHERE retry_at <= now()
           ORDER BY customer_id LIMIT $1 FOR UPDATE SKIP LOCKED) n
         WHERE f.organization_id = n.organization_id AND f.customer_id = n.customer_id RETURNING f.customer_id",
    )
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// What is known of a customer's document.
pub async fn customer(tx: &mut Tx, id: CustomerId) -> Result<Option<CustomerState>> {
    Ok(sqlx::query_as(
        "SELECT customer_id, mirrored_at, is_deleted, attempts, error, retry_at FROM firestore_customers WHERE customer_id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// How a customer's document stands, with what keeps the mirror back; none where there is no mirror.
pub async fn standing(tx: &mut Tx, id: CustomerId) -> Result<Option<Standing>> {
    Ok(sqlx::query_as(
        "SELECT m.paused_at IS NOT NULL AS is_paused,
           EXISTS (SELECT FROM firestore_progress p WHERE p.organization_id = m.organization_id AND p.error IS NOT NULL) AS is_failing,
           EXISTS (SELECT FROM customer_changes c WHERE c.organization_id = m.organization_id AND c.follower = $2 AND c.customer_id = $1)
             AS is_waiting,
           f.mirrored_at, coalesce(f.is_deleted, false) AS is_deleted, f.error, f.retry_at
         FROM firestore_mirrors m
         LEFT JOIN firestore_customers f ON f.organization_id = m.organization_id AND f.customer_id = $1",
    )
    .bind(id)
    .bind(FOLLOWER)
    .fetch_optional(tx.conn())
    .await?)
}

/// Of some customers those whose documents were written after a time.
pub async fn mirrored_since(
    tx: &mut Tx,
    ids: &[CustomerId],
    since: DateTime<Utc>,
) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar(
        "SELECT customer_id FROM firestore_customers WHERE customer_id = ANY ($1) AND mirrored_at >= $2",
    )
    .bind(ids)
    .bind(since)
    .fetch_all(tx.conn())
    .await?)
}

/// The database's time.
pub async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(tx.conn())
        .await?)
}

/// Living customers behind an id, in the order of their ids, up to another.
pub async fn living(tx: &mut Tx, after: Uuid, until: Uuid, most: i64) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM customers WHERE id > $1 AND id <= $2 AND deleted_at IS NULL ORDER BY id LIMIT $3",
    )
    .bind(after)
    .bind(until)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// How many living customers there are.
pub async fn count_living(tx: &mut Tx) -> Result<i64> {
    Ok(
        sqlx::query_scalar("SELECT count(*) FROM customers WHERE deleted_at IS NULL")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Gives the initial load to a job.
pub async fn load_by(tx: &mut Tx, job: JobId) -> Result<()> {
    sqlx::query("UPDATE firestore_progress SET load_job = $1, load_after = NULL, load_done = 0, load_total = NULL, loaded_at = NULL")
        .bind(job)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How far the load is: everybody up to this id is marked. Kept from others until the transaction ends.
pub async fn load_place(tx: &mut Tx) -> Result<Option<(Option<Uuid>, i64, Option<i64>, bool)>> {
    Ok(sqlx::query_as(
        "SELECT load_after, load_done, load_total, loaded_at IS NOT NULL FROM firestore_progress FOR UPDATE",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Moves the load on, or ends it.
pub async fn load_to(
    tx: &mut Tx,
    after: Option<Uuid>,
    done: i64,
    total: Option<i64>,
    is_over: bool,
) -> Result<()> {
    sqlx::query(
        "UPDATE firestore_progress SET load_after = coalesce($1, load_after), load_done = $2, load_total = $3,
           loaded_at = CASE WHEN $4 THEN now() END",
    )
    .bind(after)
    .bind(done)
    .bind(total)
    .bind(is_over)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes an entry of the log, and lets the oldest go.
pub async fn log(
    tx: &mut Tx,
    id: Uuid,
    kind: LogKind,
    job: Option<JobId>,
    error: Option<&str>,
) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let over = matches!(kind, LogKind::Trouble | LogKind::Refused).then_some(now);
    sqlx::query(
        "INSERT INTO firestore_log (organization_id, id, kind, job_id, started_at, finished_at, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(organization_id)
    .bind(id)
    .bind(kind)
    .bind(job)
    .bind(now)
    .bind(over)
    .bind(error)
    .execute(tx.conn())
    .await?;
    sqlx::query("DELETE FROM firestore_log WHERE id <= (SELECT id FROM firestore_log ORDER BY id DESC OFFSET $1 LIMIT 1)")
        .bind(KEPT)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends an entry of the log.
pub async fn log_end(tx: &mut Tx, id: Uuid, result: Option<&Value>, error: Option<&str>) -> Result<()> {
    sqlx::query("UPDATE firestore_log SET finished_at = now(), result = $2, error = $3 WHERE id = $1")
        .bind(id)
        .bind(result)
        .bind(error)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The latest entries, of one kind or of all.
pub async fn log_entries(tx: &mut Tx, kinds: &[LogKind], most: i64) -> Result<Vec<LogEntry>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    Ok(sqlx::query_as(
        "SELECT id, kind, job_id, started_at, finished_at, result, error FROM firestore_log
         WHERE kind = ANY ($1) ORDER BY id DESC LIMIT $2",
    )
    .bind(kinds)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Whether a comparison or repair is under way, and by which job.
pub async fn comparing(tx: &mut Tx, kind: LogKind) -> Result<Option<(Uuid, JobId)>> {
    Ok(sqlx::query_as(
        "SELECT l.id, l.job_id FROM firestore_log l JOIN jobs j ON j.organization_id = l.organization_id AND j.id = l.job_id
         WHERE l.kind = $1 AND l.finished_at IS NULL AND j.state IN ('queued', 'running') ORDER BY l.id DESC LIMIT 1",
    )
    .bind(kind)
    .fetch_optional(tx.conn())
    .await?)
}
