//! The order's own row: read by its key and kept from others, written many at a time.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, OrderId},
};
use sqlx::{FromRow as _, types::Json};
use uuid::Uuid;

use super::parts;
use crate::model::Order;

/// What is written of an order, as a literal for `concat!`.
macro_rules! written {
    ($table:literal) => {
        concat!(
            $table,
            ".source, ",
            $table,
            ".external_id, ",
            $table,
            ".customer_id, ",
            $table,
            ".is_known, ",
            $table,
            ".source_version, ",
            $table,
            ".source_sequence, ",
            $table,
            ".number, ",
            $table,
            ".email, ",
            $table,
            ".phone, ",
            $table,
            ".note, ",
            $table,
            ".tags, ",
            $table,
            ".channel, ",
            $table,
            ".is_test, ",
            $table,
            ".currency, ",
            $table,
            ".exchange_rate, ",
            $table,
            ".subtotal, ",
            $table,
            ".discount_total, ",
            $table,
            ".shipping_total, ",
            $table,
            ".tax_total, ",
            $table,
            ".total, ",
            $table,
            ".discounts, ",
            $table,
            ".taxes, ",
            $table,
            ".shipping_lines, ",
            $table,
            ".billing_address, ",
            $table,
            ".shipping_address, ",
            $table,
            ".placed_at, ",
            $table,
            ".cancelled_at, ",
            $table,
            ".cancel_reason, ",
            $table,
            ".closed_at, ",
            $table,
            ".stated_status, ",
            $table,
            ".stated_payment_status, ",
            $table,
            ".stated_fulfillment_status, ",
            $table,
            ".stated_changes, ",
            $table,
            ".status, ",
            $table,
            ".payment_status, ",
            $table,
            ".fulfillment_status, ",
            $table,
            ".counts, ",
            $table,
            ".items, ",
            $table,
            ".refunded_total, ",
            $table,
            ".base_currency, ",
            $table,
            ".total_base, ",
            $table,
            ".refunded_base, ",
            $table,
            ".told, ",
            $table,
            ".deleted_at"
        )
    };
}

/// The same names without a table, for `INSERT` and `UPDATE`.
macro_rules! names {
    () => {
        "source, external_id, customer_id, is_known, source_version, source_sequence, number, email, phone, note, tags, \
         channel, is_test, currency, exchange_rate, subtotal, discount_total, shipping_total, tax_total, total, discounts, \
         taxes, shipping_lines, billing_address, shipping_address, placed_at, cancelled_at, cancel_reason, closed_at, \
         stated_status, stated_payment_status, stated_fulfillment_status, stated_changes, status, payment_status, \
         fulfillment_status, counts, items, refunded_total, base_currency, total_base, refunded_base, told, deleted_at"
    };
}

/// The columns of an order from `orders o`, as a literal for `concat!`.
macro_rules! order_columns {
    () => {
        "o.id, o.version, o.source, o.external_id, o.customer_id, o.is_known, o.source_version, o.source_sequence, o.number, \
         o.email, o.phone, o.note, o.tags, o.channel, o.is_test, o.currency, o.exchange_rate, o.subtotal, o.discount_total, \
         o.shipping_total, o.tax_total, o.total, o.discounts, o.taxes, o.shipping_lines, o.billing_address, \
         o.shipping_address, o.placed_at, o.cancelled_at, o.cancel_reason, o.closed_at, o.stated_status, \
         o.stated_payment_status, o.stated_fulfillment_status, o.stated_changes, o.status, o.payment_status, \
         o.fulfillment_status, o.counts, o.items, o.refunded_total, o.base_currency, o.total_base, o.refunded_base, o.told, \
         o.deleted_at, o.created_at, o.updated_at"
    };
}
pub(super) use order_columns;

/// Reads those that there are of these keys, whole, and keeps others from changing them until the transaction ends. In the
/// order of the keys, so that two that ask for the same ones wait instead of blocking each other for ever.
pub async fn lock(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<Order>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let rows = sqlx::query(concat!(
        "SELECT ",
        order_columns!(),
        " FROM unnest($1::text[], $2::text[]) k (source, external_id)
         CROSS JOIN LATERAL (
           SELECT * FROM orders WHERE source = k.source AND external_id = k.external_id FOR NO KEY UPDATE
         ) o"
    ))
    .bind(sources)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let orders = rows.iter().map(Order::from_row).collect::<sqlx::Result<_>>()?;
    parts::complete(tx, orders).await
}

/// Gives somebody all orders of another; answers how many. The rows are locked in the order of their ids.
pub async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    let done = sqlx::query(
        "WITH theirs AS (SELECT id FROM orders WHERE customer_id = $1 ORDER BY id FOR NO KEY UPDATE)
         UPDATE orders o SET customer_id = $2, version = version + 1 FROM theirs WHERE o.id = theirs.id",
    )
    .bind(from)
    .bind(to)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Gives somebody those of these orders that are nobody's; answers how many. The rows are locked in the order of their ids.
pub async fn give(tx: &mut Tx, source: &str, external_ids: &[String], to: CustomerId) -> Result<u64> {
    let done = sqlx::query(
        "WITH nobodys AS (
           SELECT id FROM orders WHERE source = $1 AND external_id = ANY($2) AND customer_id IS NULL AND deleted_at IS NULL
           ORDER BY id FOR NO KEY UPDATE)
         UPDATE orders o SET customer_id = $3, version = version + 1 FROM nobodys WHERE o.id = nobodys.id",
    )
    .bind(source)
    .bind(external_ids)
    .bind(to)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The key of an order.
pub async fn key(tx: &mut Tx, id: OrderId) -> Result<Option<(String, String)>> {
    Ok(
        sqlx::query_as("SELECT source, external_id FROM orders WHERE id = $1")
            .bind(id)
            .fetch_optional(tx.conn())
            .await?,
    )
}

/// Reads an order, whole; deleted ones too.
pub async fn get(tx: &mut Tx, id: OrderId) -> Result<Option<Order>> {
    let sql = concat!("SELECT ", order_columns!(), " FROM orders o WHERE o.id = $1");
    let row = sqlx::query(sql).bind(id).fetch_optional(tx.conn()).await?;
    let orders = row.iter().map(Order::from_row).collect::<sqlx::Result<_>>()?;
    Ok(parts::complete(tx, orders).await?.pop())
}

/// Inserts orders. Answers how many: one whose key somebody else has taken meanwhile is left out.
pub async fn insert(tx: &mut Tx, orders: &[&Order]) -> Result<usize> {
    let sql = concat!(
        "INSERT INTO orders (organization_id, id, created_at, updated_at, ",
        names!(),
        ") SELECT $1, x.id, x.created_at, x.created_at, ",
        written!("x"),
        " FROM jsonb_populate_recordset(NULL::orders, $2) x ON CONFLICT (organization_id, source, external_id) DO NOTHING"
    );
    // In the order of their keys, as they are locked.
    let mut orders = orders.to_vec();
    orders.sort_unstable_by_key(|order| (&order.source, &order.external_id));
    let done = sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(orders))
        .execute(tx.conn())
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or_default())
}

/// Writes locked orders. Answers their new versions.
pub async fn update(
    tx: &mut Tx,
    orders: &[&Order],
) -> Result<Vec<(Uuid, i32, chrono::DateTime<chrono::Utc>)>> {
    let sql = concat!(
        "UPDATE orders o SET (",
        names!(),
        ") = ROW(",
        written!("x"),
        ") FROM jsonb_populate_recordset(NULL::orders, $1) x WHERE o.id = x.id RETURNING o.id, o.version, o.updated_at"
    );
    Ok(sqlx::query_as(sql)
        .bind(Json(orders))
        .fetch_all(tx.conn())
        .await?)
}
