//! Exports: rows of `exports`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, Page, PageRequest, Result, Total,
    ids::{ExportId, JobId, OrganizationId},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::model::{Export, ExportFormat, ExportState};

/// Adds an export that waits for its job.
pub async fn insert(
    tx: &mut Tx,
    id: ExportId,
    format: ExportFormat,
    query: &Map<String, Value>,
    job_id: JobId,
) -> Result<()> {
    let (organization_id, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    sqlx::query!(
        "INSERT INTO exports (organization_id, id, format, query, job_id, actor_kind, actor_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        organization_id.0,
        id.0,
        format.as_str(),
        Value::Object(query.clone()),
        job_id.0,
        actor.kind(),
        actor.id(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Exports as people see them. One that waits for a job which is over waits for nothing: who cancelled or discarded the job,
/// or killed the server that worked on it too often, told the job alone. Queued again, the job takes the export along.
macro_rules! exports {
    ($which:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            Export,
            r#"SELECT e.id AS "id: ExportId", e.format AS "format: ExportFormat", e.query, e.rows, e.bytes,
                      e.job_id AS "job_id: JobId", e.created_at, e.finished_at, e.expires_at,
                      CASE WHEN NOT left_alone THEN e.state WHEN j.state = 'cancelled' THEN 'cancelled' ELSE 'failed' END
                        AS "state!: ExportState",
                      CASE WHEN left_alone AND j.state IS DISTINCT FROM 'cancelled'
                        THEN 'the job that was to write it was given up; the log says more' ELSE e.error END AS error
               FROM exports e
               LEFT JOIN jobs j ON j.organization_id = e.organization_id AND j.id = e.job_id
               CROSS JOIN LATERAL (SELECT e.state IN ('queued', 'running')
                 AND j.state IS DISTINCT FROM 'queued' AND j.state IS DISTINCT FROM 'running' AS left_alone) s"# + $which,
            $($value),+
        )
    };
}

/// One export, not to be changed by others until the transaction ends if it is locked.
pub async fn get(tx: &mut Tx, id: ExportId, lock: bool) -> Result<Export> {
    if lock {
        sqlx::query!("SELECT FROM exports WHERE id = $1 FOR UPDATE", id.0)
            .fetch_optional(tx.conn())
            .await?;
    }
    exports!(" WHERE e.id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound("export"))
}

/// Exports, latest first.
pub async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Page<Export>> {
    let before = page.cursor().map_or(Uuid::max(), |cursor| cursor.id);
    let mut rows = exports!(
        " WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2 OFFSET $3",
        before,
        i64::from(page.limit) + 1,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM exports"#)
        .fetch_one(tx.conn())
        .await?;
    let has_more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|last| Cursor::new(&[], Vec::new(), last.id.0));
    Ok(Page::new(rows, next, Total::exact(total)))
}

/// Notes that it is being written. Answers whether it is still wanted.
pub async fn start(tx: &mut Tx, id: ExportId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE exports SET state = 'running', error = NULL WHERE id = $1 AND state IN ('queued', 'running', 'failed')",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the file is ready. Answers whether it is still wanted.
pub async fn finish(
    tx: &mut Tx,
    id: ExportId,
    rows: i64,
    bytes: i64,
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE exports SET state = 'done', rows = $2, bytes = $3, finished_at = $4, expires_at = $5
         WHERE id = $1 AND state = 'running'",
        id.0,
        rows,
        bytes,
        tx.now(),
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives it up.
pub async fn give_up(tx: &mut Tx, id: ExportId, state: ExportState, error: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE exports SET state = $2, error = $3, finished_at = $4::timestamptz, expires_at = $4::timestamptz + interval '7 days'
         WHERE id = $1 AND state IN ('queued', 'running')",
        id.0,
        state.as_str(),
        error,
        tx.now(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes it.
pub async fn delete(tx: &mut Tx, id: ExportId) -> Result<()> {
    sqlx::query!("DELETE FROM exports WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What nobody will ask for again, over all organizations: organization, id, and `export` or `import`.
pub async fn expired(
    tx: &mut Tx,
    imports_before: DateTime<Utc>,
    at_most: i32,
) -> Result<Vec<(OrganizationId, Uuid, String)>> {
    let rows = sqlx::query!(
        r#"SELECT organization_id AS "organization_id!: OrganizationId", id AS "id!", what AS "what!"
           FROM exchange_expired($1, $2)"#,
        imports_before,
        at_most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.organization_id, row.id, row.what))
        .collect())
}

/// The organization's settings that questions are read with.
pub async fn context(tx: &mut Tx) -> Result<regulars_customers::find::Context> {
    use regulars_kernel::{Locale, TimeZone};
    let row = sqlx::query!(
        r#"SELECT time_zone AS "time_zone: TimeZone", locale AS "locale: Locale" FROM organizations WHERE id = $1"#,
        tx.organization_id().0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(regulars_customers::find::Context {
        time_zone: row.time_zone,
        country: row.locale.country(),
    })
}
