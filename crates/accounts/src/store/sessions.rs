//! Rows of `sessions`.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Currency, Locale, Result, Role, TimeZone,
    ids::{OrganizationId, SessionId, UserId},
};
use sqlx::{PgConnection, PgPool};

use crate::model::SessionInfo;

/// A session to be written.
pub struct NewSession<'a> {
    pub id: SessionId,
    pub token_hash: &'a [u8; 32],
    pub user_id: UserId,
    pub organization_id: OrganizationId,
    pub user_agent: &'a str,
    pub ip: &'a str,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(conn: &mut PgConnection, new: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (id, token_hash, user_id, organization_id, user_agent, ip, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        new.id.0,
        &new.token_hash[..],
        new.user_id.0,
        new.organization_id.0,
        new.user_agent,
        new.ip,
        new.now,
        new.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everything that is known of a session at each request: the session, its user, their role and organization.
pub struct Found {
    pub id: SessionId,
    pub user_id: UserId,
    pub user_name: String,
    pub email: String,
    pub role: Role,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub organization_id: OrganizationId,
    pub slug: String,
    pub organization_name: String,
    pub currency: Currency,
    pub time_zone: TimeZone,
    pub locale: Locale,
}

/// The session of a token, unless revoked, its user disabled, or no longer a member.
pub async fn find(pool: &PgPool, token_hash: &[u8; 32]) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT s.id AS "id: SessionId", u.id AS "user_id: UserId", u.name AS user_name, u.email, m.role AS "role!: Role",
                  s.last_seen_at, s.expires_at, o.id AS "organization_id: OrganizationId", o.slug, o.name AS organization_name,
                  o.currency AS "currency: Currency", o.time_zone AS "time_zone: TimeZone", o.locale AS "locale: Locale"
           FROM sessions s
           JOIN users u ON u.id = s.user_id
           JOIN organizations o ON o.id = s.organization_id
           JOIN LATERAL user_memberships(s.user_id) m ON m.organization_id = s.organization_id
           WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND u.disabled_at IS NULL"#,
        &token_hash[..]
    )
    .fetch_optional(pool)
    .await?;
    Ok(found)
}

/// Notes that a session is in use, at most once a minute.
pub async fn touch(pool: &PgPool, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2::timestamptz - interval '1 minute'",
        id.0,
        now
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A user's open sessions, latest first; at most 200. Only those in one organization if it is given.
pub async fn list(
    conn: &mut PgConnection,
    user: UserId,
    organization: Option<OrganizationId>,
    now: DateTime<Utc>,
    current: Option<SessionId>,
) -> Result<Vec<SessionInfo>> {
    let rows = sqlx::query_as!(
        SessionInfo,
        r#"SELECT id AS "id: SessionId", user_id AS "user_id: UserId", user_agent, ip, created_at, last_seen_at, expires_at,
                  id IS NOT DISTINCT FROM $4::uuid AS "current!"
           FROM sessions
           WHERE user_id = $1 AND ($2::uuid IS NULL OR organization_id = $2) AND revoked_at IS NULL
             AND expires_at > $3 AND last_seen_at > $3::timestamptz - interval '12 hours'
           ORDER BY last_seen_at DESC, id DESC LIMIT 200"#,
        user.0,
        organization.map(|id| id.0),
        now,
        current.map(|id| id.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Whose an open session is, and in which organization.
pub async fn owner(conn: &mut PgConnection, id: SessionId) -> Result<Option<(UserId, OrganizationId)>> {
    let row = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", organization_id AS "organization_id: OrganizationId"
           FROM sessions WHERE id = $1 AND revoked_at IS NULL"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.user_id, row.organization_id)))
}

pub async fn revoke(conn: &mut PgConnection, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes the session of a token, if there is one.
pub async fn revoke_token(conn: &mut PgConnection, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL",
        &token_hash[..],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Revokes a user's sessions, in all organizations or in one; gives how many.
pub async fn revoke_all(
    conn: &mut PgConnection,
    user: UserId,
    organization: Option<OrganizationId>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE sessions SET revoked_at = $3
         WHERE user_id = $1 AND ($2::uuid IS NULL OR organization_id = $2) AND revoked_at IS NULL",
        user.0,
        organization.map(|id| id.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Moves a session to another organization under a new token; its end stays what it was.
pub async fn switch(
    conn: &mut PgConnection,
    id: SessionId,
    organization: OrganizationId,
    token_hash: &[u8; 32],
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE sessions SET organization_id = $2, token_hash = $3 WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        organization.0,
        &token_hash[..]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Drops sessions that ended more than 30 days ago, and used or ended links; gives how many sessions.
pub async fn sweep(pool: &PgPool, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM sessions WHERE expires_at < $1::timestamptz - interval '30 days' OR revoked_at < $1::timestamptz - interval '30 days'",
        now
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM user_tokens WHERE expires_at < $1::timestamptz - interval '30 days'",
        now
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
