//! Which members notes mention. What is read is found by the member: their unread ones by an index of their own.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, NoteId, UserId},
};
use uuid::Uuid;

/// The most members that can be told apart by name.
const MOST: i64 = 500;

/// A note that mentions somebody.
#[derive(Clone)]
pub struct Mention {
    /// Which note.
    pub note_id: NoteId,
    /// About whom it is.
    pub customer_id: CustomerId,
    /// What they are called.
    pub customer: String,
    /// What it says.
    pub body: String,
    /// Who mentioned them: `user`, `key` or `system`.
    pub actor_kind: String,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
    /// Since when.
    pub mentioned_at: DateTime<Utc>,
    /// When they saw it.
    pub read_at: Option<DateTime<Utc>>,
}

/// Members with name and address.
pub(crate) async fn members(tx: &mut Tx) -> Result<Vec<(UserId, String, String)>> {
    let rows = sqlx::query!(
        r#"SELECT u.id AS "id: UserId", u.name AS "name!", u.email AS "email!"
           FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.ended_at IS NULL AND u.disabled_at IS NULL ORDER BY 2, 1 LIMIT $1"#,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.name, row.email))
        .collect())
}

/// Makes these the members that a note mentions; who was mentioned already stays as they are.
pub(crate) async fn set(
    tx: &mut Tx,
    note: NoteId,
    users: &[Uuid],
    actor: (&str, Option<Uuid>),
) -> Result<()> {
    let organization = tx.organization_id();
    sqlx::query!(
        "WITH gone AS (DELETE FROM note_mentions WHERE note_id = $2 AND user_id <> ALL($3))
         INSERT INTO note_mentions (organization_id, note_id, user_id, actor_kind, actor_id)
         SELECT $1, $2, m.user_id, $4, $5 FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.user_id = ANY($3) AND m.ended_at IS NULL AND u.disabled_at IS NULL AND m.user_id IS DISTINCT FROM $5
         ON CONFLICT (organization_id, note_id, user_id) DO NOTHING",
        organization.0,
        note.0,
        users,
        actor.0,
        actor.1
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What mentions a member, the latest first: those before one of that time and note.
pub(crate) async fn list(
    tx: &mut Tx,
    user: UserId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Mention>> {
    Ok(sqlx::query_as!(
        Mention,
        r#"SELECT m.note_id AS "note_id: NoteId", n.customer_id AS "customer_id: CustomerId",
                  coalesce(c.full_name, c.email, c.code) AS "customer!", n.body, m.actor_kind, m.actor_id, m.mentioned_at, m.read_at
           FROM note_mentions m
           JOIN notes n ON n.organization_id = m.organization_id AND n.id = m.note_id
           JOIN customers c ON c.organization_id = n.organization_id AND c.id = n.customer_id
           WHERE m.user_id = $1 AND c.deleted_at IS NULL
             AND ($2::timestamptz IS NULL OR (m.mentioned_at, m.note_id) < ($2, $3::uuid))
           ORDER BY m.mentioned_at DESC, m.note_id DESC LIMIT $4"#,
        user.0,
        before.map(|(at, _)| at),
        before.map(|(_, id)| id),
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many of them a member has not seen, counted up to so many.
pub(crate) async fn unread(tx: &mut Tx, user: UserId, most: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
             SELECT FROM note_mentions m
             JOIN notes n ON n.organization_id = m.organization_id AND n.id = m.note_id
             JOIN customers c ON c.organization_id = n.organization_id AND c.id = n.customer_id
             WHERE m.user_id = $1 AND m.read_at IS NULL AND c.deleted_at IS NULL LIMIT $2) AS found"#,
        user.0,
        most
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Which of a customer's notes mention a member who has not seen it.
pub(crate) async fn unread_of(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<Vec<Uuid>> {
    let notes = sqlx::query_scalar!(
        "SELECT m.note_id FROM note_mentions m JOIN notes n ON n.organization_id = m.organization_id AND n.id = m.note_id
         WHERE m.user_id = $1 AND m.read_at IS NULL AND n.customer_id = $2",
        user.0,
        customer.0
    );
    Ok(notes.fetch_all(tx.conn()).await?)
}

/// A member saw these.
pub(crate) async fn see(tx: &mut Tx, user: UserId, notes: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "UPDATE note_mentions SET read_at = now() WHERE user_id = $1 AND note_id = ANY($2) AND read_at IS NULL",
        user.0,
        notes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
