//! Rows of `users` and `user_tokens`.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Email, Error, Result, Role, Secret,
    ids::{OrganizationId, UserId},
};
use sqlx::PgConnection;

use crate::model::LinkPurpose;

/// What signing in needs to know of a user.
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub password_hash: Option<Secret<String>>,
    pub disabled: bool,
}

pub async fn insert(conn: &mut PgConnection, id: UserId, email: &Email, name: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO users (id, email, name) VALUES ($1, $2, $3)",
        id.0,
        email.as_str(),
        name
    )
    .execute(conn)
    .await
    .map_err(
        |error| match error.as_database_error().and_then(|error| error.constraint()) {
            Some("users_email_lowercase_key") => Error::conflict(
                "/email",
                "user_exists",
                "somebody was given this address at this very moment; try again",
            ),
            _ => error.into(),
        },
    )?;
    Ok(())
}

pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<UserRow>> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: UserId", email, password_hash, disabled_at FROM users WHERE email_lowercase = lower($1)"#,
        email
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| UserRow {
        id: row.id,
        email: row.email,
        password_hash: row.password_hash.map(Secret::new),
        disabled: row.disabled_at.is_some(),
    }))
}

pub async fn by_id(conn: &mut PgConnection, id: UserId) -> Result<Option<UserRow>> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: UserId", email, password_hash, disabled_at FROM users WHERE id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| UserRow {
        id: row.id,
        email: row.email,
        password_hash: row.password_hash.map(Secret::new),
        disabled: row.disabled_at.is_some(),
    }))
}

/// As [`lock`], of somebody whose password was judged: answers whether it is still the same.
pub async fn lock_judged(conn: &mut PgConnection, judged: &UserRow) -> Result<bool> {
    let stored = sqlx::query_scalar!(
        "SELECT password_hash FROM users WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE",
        judged.id.0
    )
    .fetch_optional(conn)
    .await?;
    let same = |stored: Option<String>| {
        stored.as_deref() == judged.password_hash.as_ref().map(|hash| hash.expose().as_str())
    };
    Ok(stored.is_some_and(same))
}

/// Holds back others who act on the account until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: UserId) -> Result<()> {
    sqlx::query!("SELECT 1 AS one FROM users WHERE id = $1 FOR NO KEY UPDATE", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// Whether anybody can sign in, or has a link to choose a password by.
pub async fn any(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM users u WHERE u.password_hash IS NOT NULL OR EXISTS (
             SELECT 1 FROM user_tokens t WHERE t.user_id = u.id AND t.used_at IS NULL AND t.expires_at > now())) AS "any!""#
    )
    .fetch_one(conn)
    .await?)
}

/// Lets one first-owner set-up happen at a time.
pub async fn lock_first_owner(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(7212001) AS locked")
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// The organizations somebody belongs to, across the wall; the one of their latest session first.
pub async fn memberships(conn: &mut PgConnection, id: UserId) -> Result<Vec<(OrganizationId, Role, String)>> {
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: OrganizationId", m.role AS "role!: Role", o.name
           FROM user_memberships($1) m JOIN organizations o ON o.id = m.organization_id
           ORDER BY (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = $1 AND s.organization_id = o.id)
                    DESC NULLS LAST, o.created_at, o.id"#,
        id.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.role, row.name)).collect())
}

/// Counts an attempt to sign in before it is judged, so that many at once cannot outrun the count. Gives the count, or
/// none while the user must wait. `delays` are the seconds to wait after the 1st, 2nd, … wrong password.
pub async fn reserve_attempt(
    conn: &mut PgConnection,
    id: UserId,
    now: DateTime<Utc>,
    delays: &[f64],
) -> Result<Option<i32>> {
    let count = sqlx::query_scalar!(
        r#"UPDATE users SET
             failed_attempts = failed_attempts + 1,
             locked_until = $2::timestamptz + make_interval(secs => ($3::float8[])[least(failed_attempts + 1, cardinality($3::float8[]))])
           WHERE id = $1 AND (locked_until IS NULL OR locked_until <= $2)
           RETURNING failed_attempts"#,
        id.0,
        now,
        delays
    )
    .fetch_optional(conn)
    .await?;
    Ok(count)
}

pub async fn locked_until(conn: &mut PgConnection, id: UserId) -> Result<Option<DateTime<Utc>>> {
    Ok(
        sqlx::query_scalar!("SELECT locked_until FROM users WHERE id = $1", id.0)
            .fetch_optional(conn)
            .await?
            .flatten(),
    )
}

pub async fn signed_in(conn: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET failed_attempts = 0, locked_until = NULL, last_signed_in_at = $2 WHERE id = $1",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_password(conn: &mut PgConnection, id: UserId, hash: &Secret<String>) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET password_hash = $2, failed_attempts = 0, locked_until = NULL WHERE id = $1",
        id.0,
        hash.expose()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes an account over that was left behind: no old password opens it, and it is not disabled any more.
pub async fn start_over(conn: &mut PgConnection, id: UserId, name: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET password_hash = NULL, disabled_at = NULL, failed_attempts = 0, locked_until = NULL, name = $2,
           last_signed_in_at = NULL WHERE id = $1",
        id.0,
        name
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_name(conn: &mut PgConnection, id: UserId, name: &str) -> Result<()> {
    sqlx::query!("UPDATE users SET name = $2 WHERE id = $1", id.0, name)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn set_disabled(conn: &mut PgConnection, id: UserId, at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!("UPDATE users SET disabled_at = $2 WHERE id = $1", id.0, at)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn insert_token(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    user: Option<UserId>,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO user_tokens (token_hash, user_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &hash[..],
        user.map(|user| user.0),
        purpose.name(),
        now,
        now + purpose.lifetime()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose password a link sets, if it still works.
pub async fn token_owner(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        r#"SELECT t.user_id AS "user_id!: UserId" FROM user_tokens t JOIN users u ON u.id = t.user_id
           WHERE t.token_hash = $1 AND t.purpose <> 'first_owner' AND t.used_at IS NULL AND t.expires_at > $2
             AND u.disabled_at IS NULL"#,
        &hash[..],
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(owner)
}

/// Whether a first-owner link still works.
pub async fn first_owner_token_works(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<bool> {
    let works = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM user_tokens WHERE token_hash = $1 AND purpose = 'first_owner'
             AND used_at IS NULL AND expires_at > $2) AND NOT EXISTS (
             SELECT 1 FROM users u WHERE u.password_hash IS NOT NULL OR EXISTS (
               SELECT 1 FROM user_tokens t WHERE t.user_id = u.id AND t.used_at IS NULL AND t.expires_at > $2)) AS "works!""#,
        &hash[..],
        now
    )
    .fetch_one(conn)
    .await?;
    Ok(works)
}

/// Uses a link up; false if somebody else was first or its time is over.
pub async fn use_token(conn: &mut PgConnection, hash: &[u8; 32], now: DateTime<Utc>) -> Result<bool> {
    let used = sqlx::query!(
        "UPDATE user_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
        &hash[..],
        now
    )
    .execute(conn)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Ends all unused links of a user.
pub async fn drop_tokens(conn: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM user_tokens WHERE user_id = $1 AND used_at IS NULL",
        user.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends all unused first-owner links.
pub async fn drop_first_owner_tokens(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("DELETE FROM user_tokens WHERE purpose = 'first_owner' AND used_at IS NULL")
        .execute(conn)
        .await?;
    Ok(())
}
