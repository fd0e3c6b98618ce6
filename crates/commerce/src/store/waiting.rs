//! Payments that wait for their order, and the orders that a reference names.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::Result;

/// The keys of the orders that have this id or number, of one source or of any; at most two, since two are none.
pub async fn orders(
    tx: &mut Tx,
    source: Option<&str>,
    reference: &str,
    number_key: &str,
) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(
        "SELECT source, external_id FROM orders
         WHERE is_known AND deleted_at IS NULL AND external_id = $2 AND ($1::text IS NULL OR source = $1)
         UNION SELECT source, external_id FROM orders
         WHERE is_known AND deleted_at IS NULL AND number_key = $3 AND ($1::text IS NULL OR source = $1)
         LIMIT 2",
    )
    .bind(source)
    .bind(reference)
    .bind(number_key)
    .fetch_all(tx.conn())
    .await?)
}

/// Notes that a payment waits for an order with one of these references; each is given with its key.
pub async fn put(
    tx: &mut Tx,
    told_by: &str,
    payment_id: &str,
    references: &[(String, String)],
) -> Result<()> {
    let (keys, references): (Vec<&str>, Vec<&str>) = references
        .iter()
        .map(|(key, reference)| (key.as_str(), reference.as_str()))
        .unzip();
    sqlx::query(
        "INSERT INTO waiting_payments (organization_id, told_by, payment_id, reference_key, reference)
         SELECT $1, $2, $3, x.key, x.reference FROM unnest($4::text[], $5::text[]) x (key, reference)
         ON CONFLICT DO NOTHING",
    )
    .bind(tx.organization_id())
    .bind(told_by)
    .bind(payment_id)
    .bind(keys)
    .bind(references)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets that a payment waits.
pub async fn forget(tx: &mut Tx, told_by: &str, payment_id: &str) -> Result<()> {
    sqlx::query("DELETE FROM waiting_payments WHERE told_by = $1 AND payment_id = $2")
        .bind(told_by)
        .bind(payment_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets what has waited since before this time.
pub async fn forget_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("DELETE FROM waiting_payments WHERE created_at < $1")
        .bind(time)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// Whether any payment waits for one of these references.
pub async fn is_any(tx: &mut Tx, keys: &[String]) -> Result<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM waiting_payments WHERE reference_key = ANY($1))")
            .bind(keys)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// The payments whose order is known by now, from behind the one that was looked at last.
pub async fn found(tx: &mut Tx, after: &(String, String), limit: i64) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query_as(
        "SELECT DISTINCT w.told_by, w.payment_id FROM waiting_payments w
         WHERE (w.told_by, w.payment_id) > ($1, $2) AND (
           EXISTS (SELECT FROM orders o WHERE o.is_known AND o.deleted_at IS NULL AND o.external_id = w.reference)
           OR EXISTS (SELECT FROM orders o WHERE o.is_known AND o.deleted_at IS NULL AND o.number_key = w.reference_key))
         ORDER BY w.told_by, w.payment_id LIMIT $3",
    )
    .bind(&after.0)
    .bind(&after.1)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}
