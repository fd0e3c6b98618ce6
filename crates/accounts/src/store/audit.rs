//! Rows of `audit_entries`: added and read, never changed (the serving role cannot).

use regulars_database::Tx;
use regulars_kernel::{Result, ids::new_uuid};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::{
    audit::Entry,
    model::{AuditEntry, AuditFilter},
};

pub async fn insert(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let (organization, actor, now) = (tx.organization_id(), tx.actor(), tx.now());
    let request_id = tx.request_id().map(str::to_owned);
    sqlx::query!(
        "INSERT INTO audit_entries (organization_id, id, actor_kind, actor_id, action, target_kind, target_id, data, ip, request_id, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        organization.0,
        new_uuid(),
        actor.kind(),
        actor.id(),
        entry.action,
        entry.target.map(|(kind, _)| kind),
        entry.target.map(|(_, id)| id),
        entry.data,
        entry.ip,
        request_id,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    action: String,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    target_kind: Option<String>,
    target_id: Option<Uuid>,
    target_name: Option<String>,
    data: serde_json::Value,
    ip: Option<String>,
    request_id: Option<String>,
    occurred_at: chrono::DateTime<chrono::Utc>,
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &AuditFilter) {
    query.push(" WHERE true");
    if !filter.actions.is_empty() {
        query
            .push(" AND (a.action = ANY(")
            .push_bind(filter.actions.clone());
        query
            .push(") OR split_part(a.action, '.', 1) = ANY(")
            .push_bind(filter.actions.clone())
            .push("))");
    }
    if let Some(actor) = filter.actor {
        query.push(" AND a.actor_id = ").push_bind(actor);
    }
    if let Some(target) = filter.target {
        query.push(" AND a.target_id = ").push_bind(target);
    }
    // Ids carry their time, so the primary key finds the range.
    if let Some(from) = filter.from {
        query.push(" AND a.occurred_at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" AND a.occurred_at < ").push_bind(to);
    }
}

/// A page of entries, newest first, and one more than the limit if there are more.
pub async fn list(tx: &mut Tx, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::new(
        "SELECT a.*, coalesce(nullif(u.name, ''), u.email, k.name) AS actor_name,
                coalesce(nullif(tu.name, ''), tu.email, tk.name) AS target_name
         FROM (SELECT * FROM audit_entries a",
    );
    conditions(&mut query, filter);
    if let Some(cursor) = filter.page.cursor() {
        query.push(" AND a.id < ").push_bind(cursor.id);
    }
    query
        .push(" ORDER BY a.id DESC LIMIT ")
        .push_bind(i64::from(filter.page.limit) + 1);
    query.push(" OFFSET ").push_bind(filter.page.offset());
    query.push(
        ") a
         LEFT JOIN users u ON a.actor_kind = 'user' AND u.id = a.actor_id
         LEFT JOIN api_keys k ON a.actor_kind = 'key' AND k.organization_id = a.organization_id AND k.id = a.actor_id
         LEFT JOIN users tu ON a.target_kind = 'user' AND tu.id = a.target_id
         LEFT JOIN api_keys tk ON a.target_kind = 'key' AND tk.organization_id = a.organization_id AND tk.id = a.target_id
         ORDER BY a.id DESC",
    );
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    let entries = rows.into_iter().map(|row| AuditEntry {
        id: row.id,
        action: row.action,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        target_kind: row.target_kind,
        target_id: row.target_id,
        target_name: row.target_name,
        data: row.data,
        ip: row.ip,
        request_id: row.request_id,
        occurred_at: row.occurred_at,
    });
    Ok(entries.collect())
}

/// How many entries match, counted up to `most`.
pub async fn count(tx: &mut Tx, filter: &AuditFilter, most: i64) -> Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM audit_entries a");
    conditions(&mut query, filter);
    query.push(" LIMIT ").push_bind(most).push(") few");
    Ok(query.build_query_scalar().fetch_one(tx.conn()).await?)
}
