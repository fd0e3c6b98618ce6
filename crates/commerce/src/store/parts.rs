//! What hangs on orders: lines, payments, fulfilments, refunds. Read and written for many orders at a time.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::Result;
use serde::Serialize;
use sqlx::{FromRow, Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::model::{Fulfillment, Line, Order, Payment, Refund};

const LINES: &str = "SELECT order_id, position, external_id, product_external_id, variant_external_id, sku, title, variant_title, \
     brand, category, quantity, current_quantity, price, discount, tax, total, gift_card, requires_shipping \
     FROM order_lines WHERE order_id = ANY($1) ORDER BY order_id, position";
const PAYMENTS: &str = "SELECT order_id, external_id, source_version, source_sequence, kind, state, amount, currency, gateway, \
     method, failure_code, failure_reason, processed_at, told_by, reference, is_test \
     FROM order_payments WHERE order_id = ANY($1) ORDER BY order_id, external_id COLLATE \"C\"";
const FULFILLMENTS: &str = "SELECT order_id, external_id, source_version, source_sequence, state, tracking_company, \
     tracking_numbers, tracking_urls, shipped_at, delivered_at, lines \
     FROM order_fulfillments WHERE order_id = ANY($1) ORDER BY order_id, external_id COLLATE \"C\"";
const REFUNDS: &str = "SELECT order_id, external_id, source_version, source_sequence, amount, reason, restock, payments, refunded_at, lines \
     FROM order_refunds WHERE order_id = ANY($1) ORDER BY order_id, external_id COLLATE \"C\"";

/// A part, and the order on which it hangs.
#[derive(Serialize)]
struct Of<'a, T> {
    order_id: Uuid,
    #[serde(flatten)]
    part: &'a T,
}

/// Brings orders their parts.
pub async fn complete(tx: &mut Tx, mut orders: Vec<Order>) -> Result<Vec<Order>> {
    if orders.is_empty() {
        return Ok(orders);
    }
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let mut lines: HashMap<Uuid, Vec<Line>> = read(tx, LINES, &ids).await?;
    let mut payments: HashMap<Uuid, Vec<Payment>> = read(tx, PAYMENTS, &ids).await?;
    let mut fulfillments: HashMap<Uuid, Vec<Fulfillment>> = read(tx, FULFILLMENTS, &ids).await?;
    let mut refunds: HashMap<Uuid, Vec<Refund>> = read(tx, REFUNDS, &ids).await?;
    for order in &mut orders {
        order.lines = lines.remove(&order.id.0).unwrap_or_default();
        order.payments = payments.remove(&order.id.0).unwrap_or_default();
        order.fulfillments = fulfillments.remove(&order.id.0).unwrap_or_default();
        order.refunds = refunds.remove(&order.id.0).unwrap_or_default();
        order.normalize();
    }
    Ok(orders)
}

async fn read<T>(tx: &mut Tx, sql: &'static str, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<T>>>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    let mut all: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in sqlx::query(sql).bind(ids).fetch_all(tx.conn()).await? {
        all.entry(row.try_get("order_id")?)
            .or_default()
            .push(T::from_row(&row)?);
    }
    Ok(all)
}

/// Replaces the lines of orders that had some already.
pub async fn replace_lines(tx: &mut Tx, orders: &[&Order]) -> Result<()> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM order_lines WHERE order_id = ANY($1)")
        .bind(ids)
        .execute(tx.conn())
        .await?;
    insert_lines(tx, orders).await
}

/// Writes the lines of orders that have none yet.
pub async fn insert_lines(tx: &mut Tx, orders: &[&Order]) -> Result<()> {
    let lines: Vec<_> = orders
        .iter()
        .flat_map(|order| {
            order.lines.iter().map(|part| Of {
                order_id: order.id.0,
                part,
            })
        })
        .collect();
    let sql = "INSERT INTO order_lines (organization_id, order_id, position, external_id, product_external_id, \
           variant_external_id, sku, title, variant_title, brand, category, quantity, current_quantity, price, discount, tax, \
           total, gift_card, requires_shipping) \
         SELECT $1, x.order_id, x.position, x.external_id, x.product_external_id, x.variant_external_id, x.sku, x.title, \
           x.variant_title, x.brand, x.category, x.quantity, x.current_quantity, x.price, x.discount, x.tax, x.total, \
           x.gift_card, x.requires_shipping FROM jsonb_populate_recordset(NULL::order_lines, $2) x";
    write(tx, sql, &lines).await
}

/// Writes payments, each with its order.
pub async fn write_payments(tx: &mut Tx, parts: &[(&Order, &Payment)]) -> Result<()> {
    let sql = "INSERT INTO order_payments (organization_id, order_id, external_id, source_version, source_sequence, kind, state, \
           amount, currency, gateway, method, failure_code, failure_reason, processed_at, told_by, reference, is_test) \
         SELECT $1, x.order_id, x.external_id, x.source_version, x.source_sequence, x.kind, x.state, x.amount, x.currency, \
           x.gateway, x.method, x.failure_code, x.failure_reason, x.processed_at, x.told_by, x.reference, x.is_test \
         FROM jsonb_populate_recordset(NULL::order_payments, $2) x \
         ON CONFLICT (organization_id, order_id, external_id) DO UPDATE SET (source_version, source_sequence, kind, state, \
           amount, currency, gateway, method, failure_code, failure_reason, processed_at, told_by, reference, is_test) = \
           ROW(excluded.source_version, \
           excluded.source_sequence, excluded.kind, excluded.state, excluded.amount, excluded.currency, excluded.gateway, \
           excluded.method, excluded.failure_code, excluded.failure_reason, excluded.processed_at, excluded.told_by, \
           excluded.reference, excluded.is_test)";
    write(tx, sql, &of(parts)).await
}

/// Writes fulfilments, each with its order.
pub async fn write_fulfillments(tx: &mut Tx, parts: &[(&Order, &Fulfillment)]) -> Result<()> {
    let sql = "INSERT INTO order_fulfillments (organization_id, order_id, external_id, source_version, source_sequence, state, \
           tracking_company, tracking_numbers, tracking_urls, shipped_at, delivered_at, lines) \
         SELECT $1, x.order_id, x.external_id, x.source_version, x.source_sequence, x.state, x.tracking_company, \
           x.tracking_numbers, x.tracking_urls, x.shipped_at, x.delivered_at, x.lines \
         FROM jsonb_populate_recordset(NULL::order_fulfillments, $2) x \
         ON CONFLICT (organization_id, order_id, external_id) DO UPDATE SET (source_version, source_sequence, state, \
           tracking_company, tracking_numbers, tracking_urls, shipped_at, delivered_at, lines) = ROW(excluded.source_version, \
           excluded.source_sequence, excluded.state, excluded.tracking_company, excluded.tracking_numbers, \
           excluded.tracking_urls, excluded.shipped_at, excluded.delivered_at, excluded.lines)";
    write(tx, sql, &of(parts)).await
}

/// Writes refunds, each with its order.
pub async fn write_refunds(tx: &mut Tx, parts: &[(&Order, &Refund)]) -> Result<()> {
    let sql = "INSERT INTO order_refunds (organization_id, order_id, external_id, source_version, source_sequence, amount, \
           reason, restock, refunded_at, payments, lines) \
         SELECT $1, x.order_id, x.external_id, x.source_version, x.source_sequence, x.amount, x.reason, x.restock, \
           x.refunded_at, x.payments, x.lines FROM jsonb_populate_recordset(NULL::order_refunds, $2) x \
         ON CONFLICT (organization_id, order_id, external_id) DO UPDATE SET (source_version, source_sequence, amount, reason, \
           restock, refunded_at, payments, lines) = ROW(excluded.source_version, excluded.source_sequence, excluded.amount, \
           excluded.reason, excluded.restock, excluded.refunded_at, excluded.payments, excluded.lines)";
    write(tx, sql, &of(parts)).await
}

/// Takes away everything that hangs on an order.
pub async fn clear(tx: &mut Tx, id: regulars_kernel::ids::OrderId) -> Result<()> {
    for sql in [
        "DELETE FROM order_lines WHERE order_id = $1",
        "DELETE FROM order_payments WHERE order_id = $1",
        "DELETE FROM order_fulfillments WHERE order_id = $1",
        "DELETE FROM order_refunds WHERE order_id = $1",
    ] {
        sqlx::query(sql).bind(id).execute(tx.conn()).await?;
    }
    Ok(())
}

fn of<'a, T>(parts: &[(&Order, &'a T)]) -> Vec<Of<'a, T>> {
    parts
        .iter()
        .map(|(order, part)| Of {
            order_id: order.id.0,
            part: *part,
        })
        .collect()
}

async fn write<T: Serialize>(tx: &mut Tx, sql: &'static str, parts: &[Of<'_, T>]) -> Result<()> {
    if !parts.is_empty() {
        let organization_id = tx.organization_id();
        let body = serde_json::to_value(parts)?;
        sqlx::query(sql)
            .bind(organization_id)
            .bind(Json(body))
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
