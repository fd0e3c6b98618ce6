//! The statements of a worker: those that cross the wall between organizations, by the migration's `job_*` functions,
//! and those that end an attempt, inside the job's own organization. An end is fenced by worker and attempt: a worker
//! that lost its lease changes nothing any more.

use std::time::Duration;

use chrono::TimeDelta;
use regulars_database::{Database, Tx};
use regulars_kernel::{
    Actor, Result, Scope, clock,
    ids::{JobId, KeyId, OrganizationId, UserId},
};
use serde_json::Value;
use sqlx::{PgPool, postgres::types::PgInterval};
use uuid::Uuid;

use crate::{Backoff, JobState};

/// A job that a worker was given.
pub(crate) struct Claimed {
    pub id: JobId,
    pub scope: Scope,
    pub queue: String,
    pub kind: String,
    pub payload: Value,
    pub attempt: i32,
}

pub(crate) async fn claim(
    database: &Database,
    worker: &str,
    queues: Option<&[String]>,
    max: usize,
    lease: Duration,
    per_organization: usize,
    after: OrganizationId,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        r#"SELECT organization_id AS "organization_id!: OrganizationId", id AS "id!: JobId", queue AS "queue!",
                  kind AS "kind!", payload AS "payload!", attempts AS "attempts!", actor_kind AS "actor_kind!", actor_id
           FROM job_claim($1, $2, $3, $4, $5, $6)"#,
        worker,
        queues,
        i32::try_from(max).unwrap_or(i32::MAX / 4),
        interval(lease),
        i32::try_from(per_organization).unwrap_or(i32::MAX),
        after.0,
    )
    .fetch_all(database.outside_organizations())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            scope: Scope {
                organization_id: row.organization_id,
                actor: actor(&row.actor_kind, row.actor_id),
            },
            queue: row.queue,
            kind: row.kind,
            payload: row.payload,
            attempt: row.attempts,
        })
        .collect())
}

fn actor(kind: &str, id: Option<Uuid>) -> Actor {
    match (kind, id) {
        ("user", Some(id)) => Actor::User(UserId(id)),
        ("key", Some(id)) => Actor::Key(KeyId(id)),
        _ => Actor::System,
    }
}

/// What a heartbeat says about one running job.
pub(crate) struct Beat {
    pub id: JobId,
    pub progress: Option<(i64, Option<i64>)>,
}

/// A job that the worker still holds.
pub(crate) struct Held {
    pub id: JobId,
    pub attempt: i32,
    pub cancel_requested: bool,
}

pub(crate) async fn heartbeat(
    database: &Database,
    worker: &str,
    beats: &[Beat],
    lease: Duration,
) -> Result<Vec<Held>> {
    let ids: Vec<Uuid> = beats.iter().map(|beat| beat.id.0).collect();
    let done: Vec<Option<i64>> = beats
        .iter()
        .map(|beat| beat.progress.map(|(done, _)| done))
        .collect();
    let total: Vec<Option<i64>> = beats
        .iter()
        .map(|beat| beat.progress.and_then(|(_, total)| total))
        .collect();
    Ok(sqlx::query_as!(
        Held,
        r#"SELECT job_id AS "id!: JobId", attempt AS "attempt!", cancel_requested AS "cancel_requested!"
           FROM job_heartbeat($1, $2, $3, $4, $5)"#,
        worker,
        &ids,
        &done as &[Option<i64>],
        &total as &[Option<i64>],
        interval(lease),
    )
    .fetch_all(database.outside_organizations())
    .await?)
}

/// Takes the jobs whose lease ran out. Answers their ids, kinds and new states.
pub(crate) async fn sweep(database: &Database, backoff: Backoff) -> Result<Vec<(JobId, String, JobState)>> {
    let rows = sqlx::query!(
        r#"SELECT job_id AS "id!: JobId", job_kind AS "kind!", new_state AS "state!: JobState" FROM job_sweep($1, $2)"#,
        interval(backoff.base),
        interval(backoff.cap),
    )
    .fetch_all(database.outside_organizations())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.kind, row.state))
        .collect())
}

/// Takes the jobs of every worker there was, however long their leases: for a process that knows that nobody else works.
/// Their attempts count, so that a job that kills its server ends dead all the same; they do not wait. Answers how many.
pub(crate) async fn release_all(owner: &PgPool) -> Result<u64> {
    let mut tx = owner.begin().await?;
    let lost = sqlx::query!("UPDATE jobs SET lease_until = '-infinity' WHERE state = 'running'")
        .execute(&mut *tx)
        .await?
        .rows_affected();
    let at_once = interval(Duration::ZERO);
    while sqlx::query_scalar!(r#"SELECT count(*) AS "swept!" FROM job_sweep($1, $1)"#, at_once)
        .fetch_one(&mut *tx)
        .await?
        > 0
    {}
    tx.commit().await?;
    Ok(lost)
}

/// Forgets finished and dead jobs older than this, at most so many. Answers how many.
pub(crate) async fn forget(database: &Database, finished: Duration, dead: Duration, max: i32) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT job_forget($1, $2, $3) AS "forgotten!""#,
        interval(finished),
        interval(dead),
        max
    )
    .fetch_one(database.outside_organizations())
    .await?)
}

/// One queue over all organizations: name, queued, running, dead.
pub(crate) async fn counts(database: &Database) -> Result<Vec<(String, i64, i64, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT queue_name AS "queue!", queued AS "queued!", running AS "running!", dead AS "dead!" FROM job_counts()"#
    )
    .fetch_all(database.outside_organizations())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.queue, row.queued, row.running, row.dead))
        .collect())
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Well.
    Done(Value),
    /// Not well: again after the wait if attempts are left and it is not hopeless.
    Failed {
        error: String,
        hopeless: bool,
        wait: Duration,
    },
    /// Stopped on request.
    Cancelled,
    /// Given back untried, as after a restart of the server: the attempt does not count.
    Released { wait: Duration },
}

/// Writes the end of an attempt. Answers the new state, or none if the attempt was no longer the worker's.
pub(crate) async fn settle(
    database: &Database,
    scope: Scope,
    worker: &str,
    id: JobId,
    attempt: i32,
    progress: Option<(i64, Option<i64>)>,
    end: &End,
) -> Result<Option<JobState>> {
    let mut tx = database.begin(scope).await?;
    let state = settle_in(&mut tx, worker, id, attempt, progress, end).await?;
    tx.commit().await?;
    Ok(state)
}

async fn settle_in(
    tx: &mut Tx,
    worker: &str,
    id: JobId,
    attempt: i32,
    progress: Option<(i64, Option<i64>)>,
    end: &End,
) -> Result<Option<JobState>> {
    // What the worker wants; a request to stop and a newer job with the same key have their say below.
    let (wanted, result, error, wait, counts) = match end {
        End::Done(result) => ("done", Some(result), None, Duration::ZERO, true),
        End::Failed {
            error,
            hopeless: true,
            ..
        } => ("dead", None, Some(error), Duration::ZERO, true),
        End::Failed { error, wait, .. } => ("failed", None, Some(error), *wait, true),
        End::Cancelled => ("cancelled", None, None, Duration::ZERO, true),
        End::Released { wait } => ("queued", None, None, *wait, false),
    };
    let now = clock::now();
    let run_at = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
    Ok(sqlx::query_scalar!(
        r#"UPDATE jobs j
           SET state = next.state, worker = NULL, lease_until = NULL, result = $5,
               error = CASE WHEN next.state = 'done' THEN NULL ELSE coalesce($6, j.error) END,
               finished_at = CASE WHEN next.state = 'queued' THEN NULL ELSE $7::timestamptz END,
               run_at = CASE WHEN next.state = 'queued' THEN $8 ELSE j.run_at END,
               attempts = j.attempts - CASE WHEN $9 THEN 0 ELSE 1 END,
               progress_done = coalesce($10, j.progress_done),
               progress_total = CASE WHEN $10::bigint IS NULL THEN j.progress_total ELSE $11 END
           FROM (
             SELECT f.id, CASE
                 WHEN $4 = 'done' THEN 'done'
                 WHEN f.cancel_requested_at IS NOT NULL THEN 'cancelled'
                 WHEN $4 IN ('dead', 'cancelled') THEN $4
                 WHEN $4 = 'failed' AND f.attempts >= f.max_attempts THEN 'dead'
                 WHEN f.key IS NOT NULL AND EXISTS (
                   SELECT FROM jobs twin WHERE twin.organization_id = f.organization_id AND twin.kind = f.kind
                     AND twin.key = f.key AND twin.state = 'queued') THEN 'cancelled'
                 ELSE 'queued' END AS state
             FROM jobs f WHERE f.id = $1 AND f.state = 'running' AND f.worker = $2 AND f.attempts = $3 FOR UPDATE
           ) next
           WHERE j.id = next.id AND j.id = $1
           RETURNING j.state AS "state: JobState""#,
        id.0,
        worker,
        attempt,
        wanted,
        result,
        error,
        now,
        run_at,
        counts,
        progress.map(|(done, _)| done),
        progress.and_then(|(_, total)| total),
    )
    .fetch_optional(tx.conn())
    .await?)
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
