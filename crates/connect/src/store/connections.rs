//! Rows of `connections` and `connection_secrets`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Error, PageRequest, Result, Secret, ids::ConnectionId};
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    address::Address,
    model::{ApiKeyInfo, Connection, Provider, SecretInfo, ValidConnection},
    provider::Known,
};

struct Row {
    id: ConnectionId,
    version: i32,
    provider: Provider,
    name: String,
    settings: Json<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    secrets: Json<Vec<SecretInfo>>,
    api_key: Option<Json<ApiKeyInfo>>,
    last_event_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    retrying: i64,
    waiting: i64,
    dead: i64,
    last_error: Option<String>,
}

impl Row {
    fn read(self, tx: &Tx) -> Connection {
        let address = Address {
            organization_id: tx.organization_id(),
            connection_id: self.id,
        };
        Connection {
            id: self.id,
            version: self.version,
            provider: self.provider,
            name: self.name,
            settings: self.settings.0,
            webhook_path: format!("/webhooks/{}/{}", self.provider.name(), address.write()),
            secrets: self.secrets.0,
            api_key: self.api_key.map(|key| key.0),
            last_event_at: self.last_event_at,
            disabled_at: self.disabled_at,
            waiting: self.waiting,
            retrying: self.retrying,
            dead: self.dead,
            last_error: self.last_error,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A page of connections, newest first, and one more than the limit if there are more; one alone if it is named.
pub async fn list(tx: &mut Tx, only: Option<ConnectionId>, page: &PageRequest) -> Result<Vec<Connection>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.id AS "id: ConnectionId", c.version, c.provider AS "provider: Provider", c.name,
                  c.settings AS "settings: Json<Map<String, Value>>", c.created_at, c.updated_at, c.disabled_at,
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'created_at', s.created_at, 'expires_at', s.expires_at,
                            'hint', CASE WHEN length(s.secret) >= 16 THEN right(s.secret, 4) END) ORDER BY s.id DESC), '[]')
                   FROM connection_secrets s
                   WHERE s.connection_id = c.id AND (s.expires_at IS NULL OR s.expires_at > $4)) AS "secrets!: Json<Vec<SecretInfo>>",
                  (SELECT jsonb_build_object('created_at', k.created_at, 'hint', CASE WHEN length(k.api_key) >= 16 THEN right(k.api_key, 4) END)
                   FROM connection_api_keys k WHERE k.organization_id = c.organization_id AND k.connection_id = c.id) AS "api_key: Json<ApiKeyInfo>",
                  (SELECT e.received_at FROM webhook_events e WHERE e.organization_id = c.organization_id AND e.connection_id = c.id
                   ORDER BY e.id DESC LIMIT 1) AS "last_event_at",
                  (SELECT count(*) FROM (SELECT FROM webhook_events e WHERE e.organization_id = c.organization_id AND e.state = 'queued'
                   AND e.connection_id = c.id LIMIT 1000) few) AS "waiting!",
                  (SELECT count(*) FROM (SELECT FROM webhook_events e WHERE e.organization_id = c.organization_id AND e.state = 'queued' AND e.attempts > 0
                   AND e.connection_id = c.id LIMIT 1000) few) AS "retrying!",
                  (SELECT count(*) FROM (SELECT FROM webhook_events e WHERE e.organization_id = c.organization_id AND e.state = 'dead'
                   AND e.connection_id = c.id LIMIT 1000) few) AS "dead!",
                  (SELECT e.error FROM webhook_events e WHERE e.organization_id = c.organization_id AND e.state = 'dead'
                   AND e.connection_id = c.id ORDER BY e.id DESC LIMIT 1) AS "last_error"
           FROM connections c
           WHERE c.deleted_at IS NULL AND ($1::uuid IS NULL OR c.id = $1) AND ($2::uuid IS NULL OR c.id < $2)
           ORDER BY c.id DESC LIMIT $3 OFFSET $5"#,
        only.map(|id| id.0),
        page.cursor().map(|cursor| cursor.id),
        i64::from(page.limit) + 1,
        tx.now(),
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row.read(tx)).collect())
}

/// How many there are.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM connections WHERE deleted_at IS NULL"#);
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Keeps a connection from others until the transaction ends. Answers its version.
pub async fn lock(tx: &mut Tx, id: ConnectionId) -> Result<i32> {
    sqlx::query_scalar!(
        "SELECT version FROM connections WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound("connection"))
}

pub async fn insert(tx: &mut Tx, id: ConnectionId, new: &ValidConnection) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query!(
        "INSERT INTO connections (organization_id, id, provider, name, settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        organization_id.0,
        id.0,
        new.provider.name(),
        new.name,
        Json(&new.settings) as Json<&Map<String, Value>>,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, id: ConnectionId, name: &str, settings: &Map<String, Value>) -> Result<()> {
    sqlx::query!(
        "UPDATE connections SET name = $2, settings = $3 WHERE id = $1",
        id.0,
        name,
        Json(settings) as Json<&Map<String, Value>>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Refuses what is sent to a connection, or takes it again.
pub async fn set_disabled(tx: &mut Tx, id: ConnectionId, disabled: bool) -> Result<()> {
    let since = disabled.then(|| tx.now());
    sqlx::query!(
        "UPDATE connections SET disabled_at = $2 WHERE id = $1",
        id.0,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a secret that another has taken the place of; answers whether there was such a one.
pub async fn end_secret(tx: &mut Tx, id: ConnectionId, secret: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM connection_secrets WHERE connection_id = $1 AND id = $2 AND expires_at IS NOT NULL",
        id.0,
        secret,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The name of a connection, an ended one included.
pub async fn name(tx: &mut Tx, id: ConnectionId) -> Result<String> {
    sqlx::query_scalar!("SELECT name FROM connections WHERE id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound("connection"))
}

/// The names of connections, ended ones included, for what came through them: the newest, so many at most.
pub async fn names(tx: &mut Tx, most: i64) -> Result<Vec<(ConnectionId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: ConnectionId", name FROM connections ORDER BY id DESC LIMIT $1"#,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Ends a connection. What came through it stays readable; its secrets do not.
pub async fn delete(tx: &mut Tx, id: ConnectionId) -> Result<()> {
    let now = tx.now();
    sqlx::query!("UPDATE connections SET deleted_at = $2 WHERE id = $1", id.0, now)
        .execute(tx.conn())
        .await?;
    sqlx::query!("DELETE FROM connection_secrets WHERE connection_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Adds a secret; those before it end at that time, unless they end before, and those that ended go.
pub async fn add_secret(
    tx: &mut Tx,
    id: ConnectionId,
    secret: &Secret<String>,
    former_until: DateTime<Utc>,
) -> Result<()> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    sqlx::query!(
        "UPDATE connection_secrets SET expires_at = $2 WHERE connection_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
        id.0,
        former_until,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM connection_secrets WHERE connection_id = $1 AND expires_at <= $2",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO connection_secrets (organization_id, connection_id, id, secret, created_at) VALUES ($1, $2, $3, $4, $5)",
        organization_id.0,
        id.0,
        Uuid::now_v7(),
        secret.expose(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the inbox knows of a connection, each secret with the time at which it ends to hold; none if there is no such connection.
pub async fn known(tx: &mut Tx, id: ConnectionId) -> Result<Option<(Known, Vec<Option<DateTime<Utc>>>)>> {
    let rows = sqlx::query!(
        r#"SELECT c.provider AS "provider: Provider", c.settings AS "settings: Json<Map<String, Value>>", c.disabled_at IS NOT NULL AS "is_disabled!", s.secret, s.expires_at
           FROM connections c JOIN connection_secrets s ON s.organization_id = c.organization_id AND s.connection_id = c.id
           WHERE c.id = $1 AND c.deleted_at IS NULL ORDER BY s.id DESC"#,
        id.0
    )
    .fetch_all(tx.conn())
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut known = Known {
        provider: first.provider,
        settings: first.settings.0.clone(),
        is_disabled: first.is_disabled,
        secrets: Vec::new(),
    };
    let mut ends = Vec::new();
    for row in rows {
        known.secrets.push(Secret::new(row.secret));
        ends.push(row.expires_at);
    }
    Ok(Some((known, ends)))
}
