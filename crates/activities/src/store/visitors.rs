//! Rows of `visitors`, and what was done before anybody knew whose it was.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

/// Notes whose these visitors are, in the order of their ids, so that two batches do not wait for each other. Gives those
/// for whom that is news.
pub async fn join(tx: &mut Tx, pairs: &BTreeMap<&str, CustomerId>) -> Result<Vec<String>> {
    let organization_id = tx.organization_id();
    let (visitors, customers): (Vec<&str>, Vec<_>) =
        pairs.iter().map(|(visitor, id)| (*visitor, id.0)).unzip();
    Ok(sqlx::query_scalar(
        "INSERT INTO visitors (organization_id, visitor_id, customer_id)
         SELECT $1, n.visitor_id, n.customer_id FROM unnest($2::text[], $3::uuid[]) n (visitor_id, customer_id)
         ON CONFLICT (organization_id, visitor_id) DO UPDATE SET customer_id = EXCLUDED.customer_id, joined_at = now()
           WHERE visitors.customer_id <> EXCLUDED.customer_id
         RETURNING visitor_id",
    )
    .bind(organization_id)
    .bind(visitors)
    .bind(customers)
    .fetch_all(tx.conn())
    .await?)
}

/// What was given to a customer.
#[derive(sqlx::FromRow)]
pub struct Given {
    pub customer_id: CustomerId,
    pub kind: String,
    pub occurred_at: DateTime<Utc>,
}

/// Gives the customers what they did while nobody knew them, some rows at a time.
pub async fn take_along(tx: &mut Tx, visitors: &[String], most: i64) -> Result<Vec<Given>> {
    Ok(sqlx::query_as(
        "UPDATE activities a SET customer_id = n.customer_id
         FROM (SELECT a.organization_id, a.id, a.occurred_at, v.customer_id
               FROM visitors v JOIN activities a ON a.visitor_id = v.visitor_id AND a.customer_id IS NULL
               WHERE v.visitor_id = ANY($1) LIMIT $2) n
         WHERE a.organization_id = n.organization_id AND a.id = n.id AND a.occurred_at = n.occurred_at
           AND a.customer_id IS NULL
         RETURNING a.customer_id, a.kind, a.occurred_at",
    )
    .bind(visitors)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}
