//! What bulk jobs do, and how far they came.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_jobs::JobState;
use regulars_kernel::{
    Currency, Locale, Result, TimeZone,
    ids::{CustomerId, JobId},
};
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    find::Context,
    model::{Bulk, Defaults},
};

/// To whom a change is made.
#[derive(Clone, Debug)]
pub enum Whom {
    /// These, in the order of their ids.
    Ids(Vec<CustomerId>),
    /// Whoever a question selects. The patterns are what its search meant when it was asked: asked again, a search whose
    /// matches are deleted would mean whoever a typo may mean.
    Query {
        /// The parameters of the list.
        asked: Map<String, Value>,
        /// See [`crate::find::Selection::pinned`].
        patterns: Value,
    },
}

/// A job's work and how far it came.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The change, without the customers.
    pub work: Bulk,
    /// To whom.
    pub whom: Whom,
    /// Who was made later is not meant.
    pub until_id: CustomerId,
    /// The last one of the last batch.
    pub after_id: Option<CustomerId>,
    /// To how many, once it was counted.
    pub total: Option<i64>,
    /// How many were looked at.
    pub done: i64,
    /// To how many it made a difference.
    pub changed: i64,
    /// Whom it did not fit.
    pub refused: i64,
    /// Whether all of it is done.
    pub finished: bool,
    /// The change that took it back.
    pub undone_by: Option<Uuid>,
}

/// Keeps a job's work.
pub async fn insert(
    tx: &mut Tx,
    job_id: JobId,
    work: &Bulk,
    whom: &Whom,
    until_id: CustomerId,
) -> Result<()> {
    let (ids, asked, patterns) = match whom {
        Whom::Ids(ids) => {
            let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            ids.sort_unstable();
            (Some(ids), None, None)
        }
        Whom::Query { asked, patterns } => (None, Some(Value::from(asked.clone())), Some(patterns)),
    };
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO customer_bulks (organization_id, job_id, work, ids, query, patterns, until_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        organization_id.0,
        job_id.0,
        Json(work) as Json<&Bulk>,
        ids as Option<Vec<Uuid>>,
        asked,
        patterns,
        until_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A job's work, kept from others until the transaction ends.
pub async fn lock(tx: &mut Tx, job_id: JobId) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"SELECT work AS "work: Json<Bulk>", ids AS "ids: Vec<CustomerId>", query AS "query: Json<Map<String, Value>>", patterns,
                  until_id AS "until_id: CustomerId", after_id AS "after_id: CustomerId", total, done, changed, refused,
                  finished_at IS NOT NULL AS "finished!", undone_by
           FROM customer_bulks WHERE job_id = $1 FOR UPDATE"#,
        job_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Kept {
        work: row.work.0,
        whom: match row.query {
            Some(asked) => Whom::Query {
                asked: asked.0,
                patterns: row.patterns.unwrap_or_default(),
            },
            None => Whom::Ids(row.ids.unwrap_or_default()),
        },
        until_id: row.until_id,
        after_id: row.after_id,
        total: row.total,
        done: row.done,
        changed: row.changed,
        refused: row.refused,
        finished: row.finished,
        undone_by: row.undone_by,
    }))
}

/// Notes how far it came.
pub async fn note(tx: &mut Tx, job_id: JobId, kept: &Kept) -> Result<()> {
    sqlx::query!(
        "UPDATE customer_bulks SET after_id = $2, total = $3, done = $4, changed = $5, refused = $6 WHERE job_id = $1",
        job_id.0,
        kept.after_id.map(|id| id.0),
        kept.total,
        kept.done,
        kept.changed,
        kept.refused,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that it is done. What was changed to what is of no use any more and may be personal.
pub async fn finish(tx: &mut Tx, job_id: JobId) -> Result<()> {
    sqlx::query!(
        "UPDATE customer_bulks SET finished_at = $2, work = work - 'changes', ids = CASE WHEN ids IS NOT NULL THEN '{}'::uuid[] END,
                query = CASE WHEN query IS NOT NULL THEN '{}'::jsonb END, patterns = NULL
         WHERE job_id = $1",
        job_id.0,
        tx.now(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The state of a bulk change's job; none if it had no job, or that is forgotten.
pub async fn state(tx: &mut Tx, job_id: JobId) -> Result<Option<JobState>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT j.state AS "state: JobState" FROM customer_bulks b
           JOIN jobs j ON j.organization_id = b.organization_id AND j.id = b.job_id WHERE b.job_id = $1"#,
        job_id.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The next customers that a bulk change touched, by id.
pub async fn touched(
    tx: &mut Tx,
    bulk_id: Uuid,
    after: Option<CustomerId>,
    most: i64,
) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT customer_id AS "id!: CustomerId" FROM events
           WHERE bulk_id = $1 AND customer_id > $2
           ORDER BY 1 LIMIT $3"#,
        bulk_id,
        after.map_or(Uuid::nil(), |id| id.0),
        most
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many customers a bulk change touched.
pub async fn count_touched(tx: &mut Tx, bulk_id: Uuid) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT customer_id) AS "count!" FROM events WHERE bulk_id = $1"#,
        bulk_id
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// What an event says of a customer.
#[derive(Clone, Debug)]
pub struct Told {
    /// Of whom.
    pub customer: CustomerId,
    /// What happened.
    pub kind: String,
    /// Its facts.
    pub data: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a bulk change did to some customers.
pub async fn told(tx: &mut Tx, bulk_id: Uuid, ids: &[CustomerId]) -> Result<Vec<Told>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Told,
        r#"SELECT customer_id AS "customer!: CustomerId", kind, data, occurred_at AS at FROM events
           WHERE bulk_id = $1 AND customer_id = ANY($2) ORDER BY customer_id, id"#,
        bulk_id,
        &ids
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What happened to them since then besides.
pub async fn told_since(
    tx: &mut Tx,
    bulk_id: Uuid,
    ids: &[CustomerId],
    since: DateTime<Utc>,
) -> Result<Vec<Told>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Told,
        r#"SELECT customer_id AS "customer!: CustomerId", kind, data, occurred_at AS at FROM events
           WHERE customer_id = ANY($2) AND occurred_at > $3 AND bulk_id IS DISTINCT FROM $1"#,
        bulk_id,
        &ids,
        since
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Notes what took a change back, if it was a job's.
pub async fn set_undone(tx: &mut Tx, job_id: JobId, by: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE customer_bulks SET undone_by = $2 WHERE job_id = $1",
        job_id.0,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which of these jobs changed somebody and were not undone, nor are the undoing of something themselves.
pub async fn undoable(tx: &mut Tx, ids: &[JobId]) -> Result<HashSet<JobId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        r#"SELECT b.job_id AS "id!: JobId" FROM customer_bulks b
           LEFT JOIN jobs u ON u.organization_id = b.organization_id AND u.id = b.undone_by
           WHERE b.job_id = ANY($1) AND b.changed > 0 AND b.work->>'action' <> 'undo'
             AND (b.undone_by IS NULL OR u.state IN ('cancelled', 'dead'))"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().collect())
}

/// The jobs that are not done yet; and those of whoever asks that ended after this moment and were not undone, but for the
/// hidden ones. What runs is first, then what is newest. An undo is only told of: it ended after `told_after`.
pub async fn going_on(
    tx: &mut Tx,
    ended_after: DateTime<Utc>,
    told_after: DateTime<Utc>,
    hidden: &[Uuid],
) -> Result<Vec<JobId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT b.job_id AS "id!: JobId" FROM customer_bulks b
           JOIN jobs j ON j.organization_id = b.organization_id AND j.id = b.job_id
           LEFT JOIN jobs u ON u.organization_id = b.organization_id AND u.id = b.undone_by
           WHERE (j.state IN ('queued', 'running')
                  OR j.finished_at > CASE WHEN b.work ->> 'action' = 'undo' THEN $2::timestamptz ELSE $1::timestamptz END AND j.actor_id = $4)
             AND (b.undone_by IS NULL OR u.state IN ('cancelled', 'dead')) AND b.job_id <> ALL ($3)
           ORDER BY j.state IN ('queued', 'running') DESC, b.job_id DESC LIMIT 20"#,
        ended_after,
        told_after,
        hidden,
        tx.actor().id(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which of these customers there are; deleted ones only if asked for.
pub async fn known(tx: &mut Tx, ids: &[CustomerId], deleted_too: bool) -> Result<HashSet<CustomerId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let known = sqlx::query_scalar!(
        r#"SELECT id AS "id: CustomerId" FROM customers WHERE id = ANY($1) AND (deleted_at IS NULL OR $2)"#,
        &ids,
        deleted_too
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(known.into_iter().collect())
}

/// The organization's settings that inputs and questions are read with.
pub async fn settings(tx: &mut Tx) -> Result<(Defaults, Context)> {
    let row = sqlx::query!(
        r#"SELECT currency AS "currency: Currency", time_zone AS "time_zone: TimeZone", locale AS "locale: Locale"
           FROM organizations WHERE id = $1"#,
        tx.organization_id().0
    )
    .fetch_one(tx.conn())
    .await?;
    let context = Context {
        time_zone: row.time_zone,
        country: row.locale.country(),
    };
    let today = tx.now().date_naive();
    Ok((Defaults::new(row.currency, &row.locale, today), context))
}
