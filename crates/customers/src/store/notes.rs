//! Notes and what they said before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, NoteId, UserId},
};
use uuid::Uuid;

use crate::model::{Note, NoteVersion};

/// Some of a customer's notes, pinned ones first, then the latest: those `after` one that was pinned then and its id, or
/// after so many others.
pub async fn list(
    tx: &mut Tx,
    customer_id: CustomerId,
    after: Option<(Option<DateTime<Utc>>, Uuid)>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Note>> {
    Ok(sqlx::query_as!(
        Note,
        r#"SELECT id AS "id: NoteId", customer_id AS "customer_id: CustomerId", version, body, pinned_at, actor_kind, actor_id,
                  created_at, updated_at
           FROM notes
           WHERE customer_id = $1 AND ($3::uuid IS NULL OR
                 (coalesce(pinned_at, '-infinity'), id) < (coalesce($2::timestamptz, '-infinity'), $3))
           ORDER BY pinned_at DESC NULLS LAST, id DESC LIMIT $4 OFFSET $5"#,
        customer_id.0,
        after.and_then(|(pinned_at, _)| pinned_at),
        after.map(|(_, id)| id),
        limit,
        offset
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many notes a customer has.
pub async fn count(tx: &mut Tx, customer_id: CustomerId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM notes WHERE customer_id = $1"#,
        customer_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// One note of a customer.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: NoteId) -> Result<Option<Note>> {
    Ok(sqlx::query_as!(
        Note,
        r#"SELECT id AS "id: NoteId", customer_id AS "customer_id: CustomerId", version, body, pinned_at, actor_kind, actor_id,
                  created_at, updated_at
           FROM notes WHERE customer_id = $1 AND id = $2"#,
        customer_id.0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Adds a note.
pub async fn insert(tx: &mut Tx, note: &Note) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO notes (organization_id, id, customer_id, body, pinned_at, actor_kind, actor_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        organization_id.0,
        note.id.0,
        note.customer_id.0,
        note.body,
        note.pinned_at,
        note.actor_kind,
        note.actor_id,
        note.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Since when whoever wrote a note last has been at it.
pub(crate) async fn sitting(tx: &mut Tx, id: NoteId) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!("SELECT sitting_at FROM notes WHERE id = $1", id.0);
    Ok(since.fetch_optional(tx.conn()).await?.flatten())
}

/// Writes a note. Answers its new version and time.
pub async fn update(
    tx: &mut Tx,
    note: &Note,
    sitting_at: Option<DateTime<Utc>>,
) -> Result<(i32, DateTime<Utc>)> {
    let row = sqlx::query!(
        "UPDATE notes SET body = $2, pinned_at = $3, actor_kind = $4, actor_id = $5, sitting_at = $6 WHERE id = $1
         RETURNING version, updated_at",
        note.id.0,
        note.body,
        note.pinned_at,
        note.actor_kind,
        note.actor_id,
        sitting_at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.version, row.updated_at))
}

/// Keeps what a note says now, before it says something else.
pub async fn keep_version(tx: &mut Tx, note: &Note) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO note_versions (organization_id, note_id, version, body, actor_kind, actor_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        organization_id.0,
        note.id.0,
        note.version,
        note.body,
        note.actor_kind,
        note.actor_id,
        note.updated_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a customer has a note of this text by this user that is not older than so many seconds.
pub(crate) async fn said_lately(
    tx: &mut Tx,
    customer_id: CustomerId,
    user: UserId,
    body: &str,
    seconds: f64,
) -> Result<Option<NoteId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: NoteId" FROM notes WHERE customer_id = $1 AND actor_id = $2 AND body = $3
           AND created_at > now() - make_interval(secs => $4) ORDER BY id DESC LIMIT 1"#,
        customer_id.0,
        user.0,
        body,
        seconds
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

/// What notes said at the end of the sittings that began with these versions.
pub async fn said(tx: &mut Tx, began: &[(Uuid, i32)]) -> Result<HashMap<(Uuid, i32), String>> {
    if began.is_empty() {
        return Ok(HashMap::new());
    }
    let (ids, versions): (Vec<Uuid>, Vec<i32>) = began.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT n.id, e.version AS "version!", coalesce(
             (SELECT v.body FROM note_versions v WHERE v.note_id = n.id AND v.version >= e.version ORDER BY v.version LIMIT 1), n.body) AS "body!"
           FROM unnest($1::uuid[], $2::integer[]) AS e (id, version) JOIN notes n ON n.id = e.id"#,
        &ids,
        &versions
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.id, row.version), row.body))
        .collect())
}

/// What a note said before each edit, the latest first: those `before` a version, or after so many others.
pub async fn versions(
    tx: &mut Tx,
    id: NoteId,
    before: Option<i32>,
    limit: i64,
    offset: i64,
) -> Result<Vec<NoteVersion>> {
    Ok(sqlx::query_as!(
        NoteVersion,
        "SELECT version, body, actor_kind, actor_id, created_at FROM note_versions
         WHERE note_id = $1 AND ($2::integer IS NULL OR version < $2)
         ORDER BY version DESC LIMIT $3 OFFSET $4",
        id.0,
        before,
        limit,
        offset
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many versions a note had before the one it has.
pub async fn count_versions(tx: &mut Tx, id: NoteId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM note_versions WHERE note_id = $1"#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Which of these notes said something else before.
pub async fn rewritten(tx: &mut Tx, ids: &[NoteId]) -> Result<HashSet<NoteId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rewritten = sqlx::query_scalar!(
        r#"SELECT DISTINCT note_id AS "id: NoteId" FROM note_versions WHERE note_id = ANY ($1)"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rewritten.into_iter().collect())
}

/// Removes a note and its history.
pub async fn delete(tx: &mut Tx, id: NoteId) -> Result<()> {
    sqlx::query!("DELETE FROM notes WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
