//! Looking at jobs and deciding about them, inside one organization: what the interface offers. SQL only.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Cursor, Error, Page, PageRequest, Result, Sort, Total, ids::JobId};
use serde_json::{Value, json};
use sqlx::{FromRow, Postgres, QueryBuilder};

use crate::{Job, JobFilter, JobState, Progress, QueueSummary, signal};

/// The order of a list of jobs: latest first. Ids sort by time, so they carry it.
pub const LIST_ORDER: &[Sort] = &[Sort::descending("id")];

/// The most jobs that are counted exactly, and the most that one call retries or discards.
const MANY: i64 = 10_000;

/// A row as it is read.
#[derive(FromRow)]
struct Row {
    id: JobId,
    queue: String,
    kind: String,
    state: JobState,
    priority: i16,
    progress_done: i64,
    progress_total: Option<i64>,
    attempts: i32,
    max_attempts: i32,
    result: Option<Value>,
    error: Option<String>,
    cancel_requested_at: Option<DateTime<Utc>>,
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, queue, kind, state, priority, progress_done, progress_total, attempts, max_attempts, result, \
     error, cancel_requested_at, run_at, created_at, started_at, finished_at";

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            queue: row.queue,
            kind: row.kind,
            state: row.state,
            priority: row.priority,
            progress: Progress {
                done: row.progress_done,
                total: row.progress_total,
            },
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            result: row.result,
            error: row.error,
            cancel_requested: row.state == JobState::Running && row.cancel_requested_at.is_some(),
            run_at: row.run_at,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// One job.
pub async fn get(tx: &mut Tx, id: JobId) -> Result<Job> {
    find(tx, id, false).await
}

/// One job, kept from changing until the transaction ends if it is about to be decided on.
async fn find(tx: &mut Tx, id: JobId, lock: bool) -> Result<Job> {
    let mut query = QueryBuilder::<Postgres>::new("SELECT ");
    query.push(COLUMNS).push(" FROM jobs WHERE id = ").push_bind(id.0);
    if lock {
        query.push(" FOR UPDATE");
    }
    let row: Option<Row> = query.build_query_as().fetch_optional(tx.conn()).await?;
    row.map(Job::from).ok_or(Error::NotFound("job"))
}

/// Jobs, latest first.
pub async fn list(tx: &mut Tx, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
    let mut query = QueryBuilder::<Postgres>::new("SELECT ");
    query.push(COLUMNS).push(" FROM jobs WHERE true");
    narrow(&mut query, filter);
    if let Some(cursor) = page.cursor() {
        query.push(" AND id < ").push_bind(cursor.id);
    }
    query
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(i64::from(page.limit) + 1)
        .push(" OFFSET ")
        .push_bind(page.offset());
    let mut rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;

    let mut count = QueryBuilder::<Postgres>::new("SELECT count(*) FROM (SELECT FROM jobs WHERE true");
    narrow(&mut count, filter);
    count.push(" LIMIT ").push_bind(MANY + 1).push(") found");
    let counted: i64 = count.build_query_scalar().fetch_one(tx.conn()).await?;
    let total = if counted > MANY {
        Total::about(MANY)
    } else {
        Total::exact(counted)
    };

    let more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| Cursor::new(LIST_ORDER, vec![json!(last.id)], last.id.0));
    Ok(Page::new(rows.into_iter().map(Job::from).collect(), next, total))
}

fn narrow(query: &mut QueryBuilder<Postgres>, filter: &JobFilter) {
    if let Some(queue) = &filter.queue {
        query.push(" AND queue = ").push_bind(queue.clone());
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.name());
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind.clone());
    }
}

/// The organization's queues in numbers, by name.
pub async fn queues(tx: &mut Tx) -> Result<Vec<QueueSummary>> {
    Ok(sqlx::query_as!(
        QueueSummary,
        r#"SELECT numbers.queue AS "name!", queued AS "queued!", running AS "running!", done AS "done!", dead AS "dead!",
                  cancelled AS "cancelled!", oldest.created_at AS "oldest_queued_at?"
           FROM (
             SELECT queue, count(*) FILTER (WHERE state = 'queued') AS queued,
                    count(*) FILTER (WHERE state = 'running') AS running,
                    count(*) FILTER (WHERE state = 'done') AS done,
                    count(*) FILTER (WHERE state = 'dead') AS dead,
                    count(*) FILTER (WHERE state = 'cancelled') AS cancelled
             FROM jobs GROUP BY queue
           ) numbers
           LEFT JOIN LATERAL (
             SELECT j.created_at FROM jobs j WHERE j.queue = numbers.queue AND j.state = 'queued' ORDER BY j.id LIMIT 1
           ) oldest ON true
           ORDER BY numbers.queue"#
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Stops a job: a waiting one at once, a running one as soon as its handler hears of it (within a second). One that is
/// over stays as it is, which is a conflict.
pub async fn cancel(tx: &mut Tx, id: JobId) -> Result<Job> {
    let job = find(tx, id, true).await?;
    match job.state {
        JobState::Queued => {
            sqlx::query!(
                "UPDATE jobs SET state = 'cancelled', finished_at = $2 WHERE id = $1",
                id.0,
                tx.now()
            )
            .execute(tx.conn())
            .await?;
        }
        JobState::Running => {
            sqlx::query!(
                "UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, $2) WHERE id = $1",
                id.0,
                tx.now()
            )
            .execute(tx.conn())
            .await?;
            tx.after_commit(move || signal::cancel_here(id, job.attempts));
        }
        JobState::Done | JobState::Dead | JobState::Cancelled => {
            return Err(Error::conflict(
                "",
                "job_over",
                format!("the job is {} and cannot be cancelled", job.state.name()),
            ));
        }
    }
    get(tx, id).await
}

/// Queues a dead or cancelled job again, with all its attempts.
pub async fn retry(tx: &mut Tx, id: JobId) -> Result<Job> {
    let job = find(tx, id, true).await?;
    if !matches!(job.state, JobState::Dead | JobState::Cancelled) {
        return Err(Error::conflict(
            "",
            "job_not_over",
            format!(
                "the job is {}; only dead and cancelled jobs are retried",
                job.state.name()
            ),
        ));
    }
    let queued = sqlx::query!(
        "UPDATE jobs SET state = 'queued', attempts = 0, run_at = $2, finished_at = NULL, cancel_requested_at = NULL
         WHERE id = $1 AND NOT EXISTS (
           SELECT FROM jobs twin WHERE twin.organization_id = jobs.organization_id AND twin.kind = jobs.kind
             AND twin.key = jobs.key AND twin.state = 'queued')",
        id.0,
        tx.now()
    )
    .execute(tx.conn())
    .await?;
    if queued.rows_affected() == 0 {
        return Err(Error::conflict(
            "",
            "job_already_queued",
            "a newer job with the same key waits already",
        ));
    }
    tx.after_commit(signal::wake_workers);
    get(tx, id).await
}

/// Gives a dead job up: it counts as cancelled and can still be retried until it is forgotten.
pub async fn discard(tx: &mut Tx, id: JobId) -> Result<Job> {
    let job = find(tx, id, true).await?;
    if job.state != JobState::Dead {
        return Err(Error::conflict(
            "",
            "job_not_dead",
            format!("the job is {}; only dead jobs are discarded", job.state.name()),
        ));
    }
    sqlx::query!("UPDATE jobs SET state = 'cancelled' WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    get(tx, id).await
}

/// Queues the dead jobs of a queue again, oldest first and at most 10,000; of those with the same key, one. Answers
/// how many.
pub async fn retry_dead(tx: &mut Tx, queue: &str) -> Result<u64> {
    let queued = sqlx::query!(
        "UPDATE jobs SET state = 'queued', attempts = 0, run_at = $2, finished_at = NULL, cancel_requested_at = NULL
         WHERE (organization_id, id) IN (
           SELECT organization_id, id FROM (
             SELECT d.organization_id, d.id, d.key, row_number() OVER (PARTITION BY d.kind, d.key ORDER BY d.id DESC) AS nth
             FROM jobs d WHERE d.queue = $1 AND d.state = 'dead' AND NOT EXISTS (
               SELECT FROM jobs twin WHERE twin.organization_id = d.organization_id AND twin.kind = d.kind
                 AND twin.key = d.key AND twin.state = 'queued')
           ) dead WHERE dead.key IS NULL OR dead.nth = 1 ORDER BY dead.id LIMIT $3)
         AND state = 'dead'",
        queue,
        tx.now(),
        MANY,
    )
    .execute(tx.conn())
    .await?;
    tx.after_commit(signal::wake_workers);
    Ok(queued.rows_affected())
}

/// Gives the dead jobs of a queue up, oldest first and at most 10,000. Answers how many.
pub async fn discard_dead(tx: &mut Tx, queue: &str) -> Result<u64> {
    let discarded = sqlx::query!(
        "UPDATE jobs SET state = 'cancelled'
         WHERE (organization_id, id) IN (
           SELECT organization_id, id FROM jobs WHERE queue = $1 AND state = 'dead' ORDER BY id LIMIT $2)
         AND state = 'dead'",
        queue,
        MANY,
    )
    .execute(tx.conn())
    .await?;
    Ok(discarded.rows_affected())
}
