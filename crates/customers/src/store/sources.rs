//! Under which ids other systems know customers.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

use crate::model::{SourceInput, SourceLink, SyncState};

/// All links of a customer.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<SourceLink>> {
    Ok(sqlx::query_as!(
        SourceLink,
        r#"SELECT version, source, external_id, sync_state AS "sync_state: SyncState", synced_at, created_at
           FROM customer_sources WHERE customer_id = $1 ORDER BY source, external_id"#,
        customer_id.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Who is known by this id.
pub async fn owner(tx: &mut Tx, source: &str, external_id: &str) -> Result<Option<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT customer_id AS "id: CustomerId" FROM customer_sources WHERE source = $1 AND external_id = $2"#,
        source,
        external_id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Links an id; the constraint tells if another customer has it.
pub async fn insert(tx: &mut Tx, customer_id: CustomerId, link: &SourceInput) -> Result<SourceLink> {
    let (organization_id, now) = (tx.organization_id(), tx.now());
    Ok(sqlx::query_as!(
        SourceLink,
        r#"INSERT INTO customer_sources (organization_id, source, external_id, customer_id, synced_at, created_at)
           VALUES ($1, $2, $3, $4, $5, $5)
           RETURNING version, source, external_id, sync_state AS "sync_state: SyncState", synced_at, created_at"#,
        organization_id.0,
        link.source,
        link.external_id,
        customer_id.0,
        now
    )
    .fetch_one(tx.conn())
    .await?)
}

/// One link of a customer, kept from being changed by others until the transaction ends.
pub async fn lock(
    tx: &mut Tx,
    customer_id: CustomerId,
    source: &str,
    external_id: &str,
) -> Result<Option<SourceLink>> {
    Ok(sqlx::query_as!(
        SourceLink,
        r#"SELECT version, source, external_id, sync_state AS "sync_state: SyncState", synced_at, created_at
           FROM customer_sources WHERE customer_id = $1 AND source = $2 AND external_id = $3 FOR UPDATE"#,
        customer_id.0,
        source,
        external_id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes how far both agree, and when they did.
pub async fn set_state(tx: &mut Tx, link: &SourceLink) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "UPDATE customer_sources SET sync_state = $3, synced_at = $4 WHERE source = $1 AND external_id = $2 RETURNING version",
        link.source,
        link.external_id,
        link.sync_state.to_string(),
        link.synced_at
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Unlinks an id; says whether it was there.
pub async fn delete(tx: &mut Tx, customer_id: CustomerId, source: &str, external_id: &str) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM customer_sources WHERE customer_id = $1 AND source = $2 AND external_id = $3",
        customer_id.0,
        source,
        external_id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
