//! What customers brought so far, added up over all of them.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Currency, Result};
use rust_decimal::Decimal;

/// Customers with an order, and what they brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sums {
    /// How many have an order of which the worth is known.
    pub customers: i64,
    /// How many of those had their first one before a moment.
    pub customers_before: i64,
    /// What their orders were worth, less what was paid back.
    pub net_revenue: Decimal,
}

/// All of them, the deleted too. One pass over the figures, which are one row a customer: nothing is joined and no order
/// is read. An index would hardly help, since most of the time goes into adding up.
pub async fn all(tx: &mut Tx, base: Currency, before: DateTime<Utc>) -> Result<Sums> {
    Ok(sqlx::query_as(
        "SELECT count(*) AS customers, count(*) FILTER (WHERE first_order_at < $2) AS customers_before,
           coalesce(sum(net_revenue), 0) AS net_revenue
         FROM customer_metrics WHERE orders > unconverted_orders AND currency = $1",
    )
    .bind(base)
    .bind(before)
    .fetch_one(tx.conn())
    .await?)
}

/// Those of them who are deleted.
pub async fn deleted(tx: &mut Tx, base: Currency, before: DateTime<Utc>) -> Result<Sums> {
    Ok(sqlx::query_as(
        "SELECT count(*) AS customers, count(*) FILTER (WHERE m.first_order_at < $2) AS customers_before,
           coalesce(sum(m.net_revenue), 0) AS net_revenue
         FROM customers c JOIN customer_metrics m ON m.organization_id = c.organization_id AND m.customer_id = c.id
         WHERE c.deleted_at IS NOT NULL AND m.orders > m.unconverted_orders AND m.currency = $1",
    )
    .bind(base)
    .bind(before)
    .fetch_one(tx.conn())
    .await?)
}

/// What the orders since a moment add to it.
pub async fn since(tx: &mut Tx, base: Currency, from: DateTime<Utc>) -> Result<Decimal> {
    Ok(sqlx::query_scalar(
        "SELECT coalesce(sum(CASE WHEN o.currency = $1 THEN o.total - o.refunded_total
             WHEN o.base_currency = $1 THEN o.total_base - o.refunded_base END), 0)
         FROM orders o JOIN customers c ON c.organization_id = o.organization_id AND c.id = o.customer_id
         WHERE o.is_known AND o.deleted_at IS NULL AND o.placed_at >= $2 AND o.counts AND c.deleted_at IS NULL",
    )
    .bind(base)
    .bind(from)
    .fetch_one(tx.conn())
    .await?)
}
