//! Rows of `api_keys`. All through a `Tx`, so only this organization's.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Currency, Error, Locale, PageRequest, Permission, Result, Role, TimeZone,
    ids::{KeyId, UserId},
};

use crate::model::{ApiKey, KeyKind, KeyState, ValidKey};

struct Row {
    id: KeyId,
    version: i32,
    name: String,
    role: Role,
    scopes: Vec<String>,
    hint: String,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    origins: Option<Vec<String>>,
    rate_per_minute: Option<i32>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        let state = Self::state_of(row.expires_at, row.revoked_at);
        let scopes = read_scopes(&row.scopes);
        // A key narrowed to permissions that no longer exist must not widen to its whole role.
        let lost = scopes.is_empty() && !row.scopes.is_empty();
        Self {
            id: row.id,
            version: row.version,
            name: row.name,
            kind: if row.origins.is_some() {
                KeyKind::Publishable
            } else {
                KeyKind::Secret
            },
            origins: row.origins.unwrap_or_default(),
            rate_per_minute: row.rate_per_minute,
            role: row.role,
            scopes,
            hint: row.hint,
            state: if lost && state == KeyState::Active {
                KeyState::Expired
            } else {
                state
            },
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

fn read_scopes(names: &[String]) -> Vec<Permission> {
    names
        .iter()
        .filter_map(|name| crate::model::permission_named(name))
        .collect()
}

fn write_scopes(key: &ValidKey) -> Vec<String> {
    key.power
        .scopes
        .iter()
        .flatten()
        .map(|permission| permission.name().to_owned())
        .collect()
}

pub async fn insert(
    tx: &mut Tx,
    id: KeyId,
    key: &ValidKey,
    secret_hash: &[u8; 32],
    hint: &str,
    by: Option<UserId>,
    identity_secret: Option<&str>,
) -> Result<()> {
    let organization = tx.organization_id();
    sqlx::query!(
        "INSERT INTO api_keys (organization_id, id, name, role, scopes, secret_hash, hint, created_by, expires_at, origins,
           rate_per_minute, identity_secret)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        organization.0,
        id.0,
        key.name,
        key.power.role.name(),
        &write_scopes(key),
        &secret_hash[..],
        hint,
        by.map(|id| id.0),
        key.expires_at,
        key.pages.as_ref().map(|pages| pages.origins.as_slice()),
        key.pages.as_ref().and_then(|pages| pages.rate_per_minute),
        identity_secret
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of keys, newest first, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Vec<ApiKey>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: KeyId", version, name, role AS "role: Role", scopes, hint, created_by AS "created_by: UserId",
                  created_at, updated_at, expires_at, last_used_at, revoked_at, origins, rate_per_minute
           FROM api_keys WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2 OFFSET $3"#,
        page.cursor().map(|cursor| cursor.id),
        i64::from(page.limit) + 1,
        page.offset()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

pub async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM api_keys"#)
            .fetch_one(tx.conn())
            .await?,
    )
}

pub async fn get(tx: &mut Tx, id: KeyId, lock: bool) -> Result<ApiKey> {
    if lock {
        sqlx::query!("SELECT 1 AS one FROM api_keys WHERE id = $1 FOR UPDATE", id.0)
            .fetch_optional(tx.conn())
            .await?;
    }
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: KeyId", version, name, role AS "role: Role", scopes, hint, created_by AS "created_by: UserId",
                  created_at, updated_at, expires_at, last_used_at, revoked_at, origins, rate_per_minute
           FROM api_keys WHERE id = $1"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(ApiKey::from).ok_or(Error::NotFound("key"))
}

pub async fn update(tx: &mut Tx, id: KeyId, key: &ValidKey) -> Result<()> {
    sqlx::query!(
        "UPDATE api_keys SET name = $2, scopes = $3, expires_at = $4, origins = $5, rate_per_minute = $6 WHERE id = $1",
        id.0,
        key.name,
        &write_scopes(key),
        key.expires_at,
        key.pages.as_ref().map(|pages| pages.origins.as_slice()),
        key.pages.as_ref().and_then(|pages| pages.rate_per_minute)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn revoke(tx: &mut Tx, id: KeyId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything that is known of a key at each request.
pub struct Found {
    pub secret_hash: Vec<u8>,
    pub role: Role,
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub slug: String,
    pub organization_name: String,
    pub currency: Currency,
    pub time_zone: TimeZone,
    pub locale: Locale,
}

impl Found {
    /// The permissions it is narrowed to, if it is.
    pub fn scopes(&self) -> Option<Vec<Permission>> {
        (!self.scopes.is_empty()).then(|| read_scopes(&self.scopes))
    }
}

pub async fn find(tx: &mut Tx, id: KeyId) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT k.secret_hash, k.role AS "role: Role", k.scopes, k.expires_at, k.revoked_at, k.last_used_at,
                  o.slug, o.name AS organization_name, o.currency AS "currency: Currency",
                  o.time_zone AS "time_zone: TimeZone", o.locale AS "locale: Locale"
           FROM api_keys k JOIN organizations o ON o.id = k.organization_id WHERE k.id = $1 AND k.origins IS NULL"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found)
}

/// What is known of a key that browsers hold.
#[derive(sqlx::FromRow)]
pub struct Publishable {
    pub secret_hash: Vec<u8>,
    pub origins: Vec<String>,
    pub rate_per_minute: Option<i32>,
    pub identity_secret: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

pub async fn find_publishable(tx: &mut Tx, id: KeyId) -> Result<Option<Publishable>> {
    Ok(sqlx::query_as(
        "SELECT secret_hash, origins, rate_per_minute, coalesce(identity_secret, '') AS identity_secret, expires_at,
                revoked_at, last_used_at
         FROM api_keys WHERE id = $1 AND origins IS NOT NULL",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes that a key is in use, at most once a minute.
pub async fn touch(tx: &mut Tx, id: KeyId) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute')",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
