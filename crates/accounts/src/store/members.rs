//! Rows of `memberships`, with the users they stand for, and beside them those of `invitations`: whom the organization
//! counts as its own. All through a `Tx`, so only this organization's.
//!
//! A membership that ended is none any more; its row stays until nothing of the organization refers to it.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Error, PageRequest, Result, Role, ids::UserId};

use crate::model::Member;

struct Row {
    id: UserId,
    version: i32,
    email: String,
    email_lowercase: String,
    name: String,
    role: Role,
    has_password: bool,
    disabled: bool,
    locked_until: Option<DateTime<Utc>>,
    last_signed_in_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    pending: bool,
}

impl From<Row> for Member {
    fn from(row: Row) -> Self {
        Self {
            state: Self::state_of(row.disabled, row.has_password, row.locked_until),
            id: row.id,
            version: row.version,
            email: row.email,
            email_lowercase: row.email_lowercase,
            name: row.name,
            role: row.role,
            last_signed_in_at: row.last_signed_in_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            has_password: row.has_password,
            disabled: row.disabled,
            pending: row.pending,
        }
    }
}

/// A page of members by e-mail, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Vec<Member>> {
    let after = page.cursor().map(|cursor| cursor.value::<String>(0)).transpose();
    let after = after.map_err(|why| Error::malformed("?cursor", "cursor_invalid", why.to_string()))?;
    // Of somebody invited who belongs elsewhere nothing is shown but what was typed here.
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: UserId", version AS "version!", email AS "email!", email_lowercase AS "email_lowercase!", name AS "name!",
                  role AS "role!: Role", has_password AS "has_password!", disabled AS "disabled!", locked_until, last_signed_in_at,
                  created_at AS "created_at!", updated_at AS "updated_at!", pending AS "pending!"
           FROM (
             SELECT u.id, m.version + u.version - 1 AS version, u.email, u.email_lowercase, u.name, m.role,
                    u.password_hash IS NOT NULL AS has_password, u.disabled_at IS NOT NULL AS disabled, u.locked_until,
                    u.last_signed_in_at, m.created_at, greatest(m.updated_at, u.updated_at) AS updated_at, false AS pending
             FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.ended_at IS NULL
             UNION ALL
             SELECT i.id, i.version, i.email, i.email_lowercase, i.name, i.role, false, false, NULL, NULL,
                    i.created_at, i.updated_at, true
             FROM invitations i
           ) everybody
           WHERE $1::text IS NULL OR email_lowercase > $1
           ORDER BY email_lowercase LIMIT $2 OFFSET $3"#,
        after,
        i64::from(page.limit) + 1,
        page.offset()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Member::from).collect())
}

pub async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM memberships WHERE ended_at IS NULL) + (SELECT count(*) FROM invitations) AS "count!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A member, or somebody invited who has not said yes yet.
pub async fn get(tx: &mut Tx, id: UserId) -> Result<Member> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT u.id AS "id!: UserId", m.version + u.version - 1 AS "version!", u.email AS "email!", u.email_lowercase AS "email_lowercase!",
                  u.name AS "name!", m.role AS "role!: Role", u.password_hash IS NOT NULL AS "has_password!",
                  u.disabled_at IS NOT NULL AS "disabled!", u.locked_until, u.last_signed_in_at, m.created_at AS "created_at!",
                  greatest(m.updated_at, u.updated_at) AS "updated_at!", false AS "pending!"
           FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_id = $1 AND m.ended_at IS NULL
           UNION ALL
           SELECT id, version, email, email_lowercase, name, role, false, false, NULL, NULL, created_at, updated_at, true
           FROM invitations WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Member::from).ok_or(Error::NotFound("user"))
}

/// Makes somebody a member; who was one and was taken out, again.
pub async fn insert(tx: &mut Tx, id: UserId, role: Role) -> Result<()> {
    let (organization, now) = (tx.organization_id(), tx.now());
    let done = sqlx::query!(
        "INSERT INTO memberships (organization_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (organization_id, user_id) DO UPDATE SET role = EXCLUDED.role, ended_at = NULL, created_at = $4
         WHERE memberships.ended_at IS NOT NULL",
        organization.0,
        id.0,
        role.name(),
        now
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::conflict(
            "/email",
            "already_member",
            "this person is a member already",
        ));
    }
    Ok(())
}

pub async fn set_role(tx: &mut Tx, id: UserId, role: Role) -> Result<()> {
    sqlx::query!(
        "UPDATE memberships SET role = $2 WHERE user_id = $1",
        id.0,
        role.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a membership. The row stays for what refers to it; see [`delete_ended`].
pub async fn end(tx: &mut Tx, id: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE memberships SET ended_at = $2 WHERE user_id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a membership has ended and its row is still there. Holds back whoever would begin it again.
pub async fn has_ended(tx: &mut Tx, id: UserId) -> Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"SELECT ended_at IS NOT NULL AS "ended!" FROM memberships WHERE user_id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(ended.unwrap_or_default())
}

/// Drops the row of a membership that ended.
pub async fn delete_ended(tx: &mut Tx, id: UserId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM memberships WHERE user_id = $1 AND ended_at IS NOT NULL",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many owners could still sign in, or be let in by a link, if that one were not there.
pub async fn other_owners(tx: &mut Tx, without: UserId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.role = 'owner' AND m.user_id <> $1 AND m.ended_at IS NULL AND u.disabled_at IS NULL"#,
        without.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count)
}

/// Whether the user belongs to any other organization: then no single one may act on their account.
pub async fn belongs_elsewhere(tx: &mut Tx, id: UserId) -> Result<bool> {
    let organization = tx.organization_id();
    let elsewhere = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM user_memberships($1) m WHERE m.organization_id <> $2) AS "elsewhere!""#,
        id.0,
        organization.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(elsewhere)
}
