//! `customers.last_active_at`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

/// Puts it forward by an hour or more.
pub async fn seen(tx: &mut Tx, who: &[(CustomerId, DateTime<Utc>)]) -> Result<()> {
    let (ids, times): (Vec<CustomerId>, Vec<DateTime<Utc>>) = who.iter().copied().unzip();
    sqlx::query(
        "UPDATE customers c SET last_active_at = n.at
         FROM (SELECT c.organization_id, c.id, n.at FROM unnest($1::uuid[], $2::timestamptz[]) n (id, at)
               JOIN customers c ON c.id = n.id AND c.deleted_at IS NULL
                 AND (c.last_active_at IS NULL OR c.last_active_at + interval '1 hour' <= n.at)
               FOR NO KEY UPDATE OF c SKIP LOCKED) n
         WHERE c.organization_id = n.organization_id AND c.id = n.id",
    )
    .bind(ids)
    .bind(times)
    .execute(tx.conn())
    .await?;
    Ok(())
}
