//! Rows of `connection_pulls` and `connection_api_keys`.

use regulars_database::Tx;
use regulars_kernel::{
    Result, Secret,
    ids::{ConnectionId, JobId, PullId},
};
use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::model::{PageRead, Pull, PullPlace, PullState};

/// Gives a connection its API key in place of the former one; none takes it away.
pub async fn set_api_key(tx: &mut Tx, id: ConnectionId, key: Option<&Secret<String>>) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query!("DELETE FROM connection_api_keys WHERE connection_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    if let Some(key) = key {
        sqlx::query!(
            "INSERT INTO connection_api_keys (organization_id, connection_id, api_key, created_at) VALUES ($1, $2, $3, $4)",
            organization_id.0,
            id.0,
            key.expose(),
            now,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The last pull of a connection.
pub async fn last(tx: &mut Tx, id: ConnectionId) -> Result<Option<Pull>> {
    let pull = sqlx::query_as!(
        Pull,
        r#"SELECT p.id AS "id: PullId", p.connection_id AS "connection_id: ConnectionId", p.job_id AS "job_id: JobId", p.since, p.newest,
                  p.pages, p.seen, p.created, p.failed, coalesce(p.error, j.error) AS error, p.started_at, p.finished_at,
                  CASE WHEN p.finished_at IS NOT NULL THEN 'done' WHEN j.state IN ('queued', 'running', 'cancelled') THEN j.state
                       ELSE 'failed' END AS "state!: PullState"
           FROM connection_pulls p LEFT JOIN jobs j ON j.organization_id = p.organization_id AND j.id = p.job_id
           WHERE p.connection_id = $1 ORDER BY p.id DESC LIMIT 1"#,
        id.0
    );
    Ok(pull.fetch_optional(tx.conn()).await?)
}

/// Begins a pull. From when on it reads is one second before the newest change that the last one read which came to its
/// end: several things may have changed in one second, of which not all were there then.
pub async fn begin(tx: &mut Tx, pull: PullId, id: ConnectionId, job: JobId, everything: bool) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query!(
        "INSERT INTO connection_pulls (organization_id, id, connection_id, job_id, since, newest, started_at)
         SELECT $1, $2, $3, $4, last.newest - interval '1 second', last.newest, $5
         FROM (SELECT 1) one LEFT JOIN (SELECT newest FROM connection_pulls
           WHERE connection_id = $3 AND finished_at IS NOT NULL AND NOT $6 ORDER BY id DESC LIMIT 1) last ON true",
        organization_id.0,
        pull.0,
        id.0,
        job.0,
        now,
        everything,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a pull to another job, to go on where it stands; from the beginning if everything is wanted.
pub async fn hand_to(tx: &mut Tx, pull: PullId, job: JobId, everything: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE connection_pulls SET job_id = $2, error = NULL, since = CASE WHEN NOT $3 THEN since END,
                next_page = CASE WHEN NOT $3 THEN next_page END, newest = CASE WHEN NOT $3 THEN newest END WHERE id = $1",
        pull.0,
        job.0,
        everything,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where a pull is to go on, kept from others until the transaction ends if it is about to be moved; none if it is over, or the
/// connection is switched off, gone or without a key.
pub async fn place(tx: &mut Tx, pull: PullId, lock: bool) -> Result<Option<PullPlace>> {
    if lock {
        sqlx::query!(
            "SELECT 1 AS one FROM connection_pulls WHERE id = $1 FOR UPDATE",
            pull.0
        )
        .fetch_optional(tx.conn())
        .await?;
    }
    let row = sqlx::query!(
        r#"SELECT p.connection_id AS "connection_id: ConnectionId", p.since, p.next_page, p.newest, p.seen, k.api_key,
                  c.settings AS "settings: Json<Map<String, Value>>"
           FROM connection_pulls p
           JOIN connections c ON c.organization_id = p.organization_id AND c.id = p.connection_id
           JOIN connection_api_keys k ON k.organization_id = p.organization_id AND k.connection_id = p.connection_id
           WHERE p.id = $1 AND p.finished_at IS NULL AND c.deleted_at IS NULL AND c.disabled_at IS NULL"#,
        pull.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| PullPlace {
        connection_id: row.connection_id,
        api_key: Secret::new(row.api_key),
        settings: row.settings.0,
        since: row.since,
        next_page: row.next_page,
        newest: row.newest,
        seen: row.seen,
    }))
}

/// Writes down that a page was read; the last one ends the pull.
pub async fn turn(tx: &mut Tx, pull: PullId, read: &PageRead) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE connection_pulls SET next_page = $2, newest = greatest(newest, $3), pages = pages + 1, seen = seen + $4,
                created = created + $5, failed = failed + $6, error = NULL,
                finished_at = CASE WHEN $2::text IS NULL THEN $7::timestamptz END WHERE id = $1",
        pull.0,
        read.next_page,
        read.newest,
        read.seen,
        read.created,
        read.failed,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a pull begin anew behind the newest change that it read: the provider does not know the page any more.
pub async fn begin_anew(tx: &mut Tx, pull: PullId) -> Result<()> {
    sqlx::query!(
        "UPDATE connection_pulls SET next_page = NULL, since = coalesce(newest - interval '1 second', since) WHERE id = $1",
        pull.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down why a pull could not go on.
pub async fn fail(tx: &mut Tx, pull: PullId, why: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE connection_pulls SET error = $2 WHERE id = $1 AND finished_at IS NULL",
        pull.0,
        why
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
