//! The ledger of store credit, and what each customer has of it.

use regulars_database::Tx;
use regulars_kernel::{
    Currency, Cursor, Result,
    ids::{CustomerId, StoreCreditEntryId},
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::{CreditBalance, CreditEntry};

macro_rules! columns {
    () => {
        "e.id, e.customer_id, e.kind, e.amount, e.currency, e.balance, e.note, e.source, e.external_id, e.order_external_id, \
         e.occurred_at, e.created_at"
    };
}

fn normalized(mut entry: CreditEntry) -> CreditEntry {
    entry.normalize();
    entry
}

/// What somebody has, by currency.
pub async fn balances(tx: &mut Tx, customer: CustomerId) -> Result<Vec<CreditBalance>> {
    Ok(sqlx::query_as(
        "SELECT currency, balance FROM store_credit_balances WHERE customer_id = $1 ORDER BY currency",
    )
    .bind(customer)
    .fetch_all(tx.conn())
    .await?)
}

/// What somebody has in a currency, kept from others until the transaction ends; nothing, if there was none yet.
pub async fn lock(tx: &mut Tx, customer: CustomerId, currency: Currency) -> Result<Decimal> {
    sqlx::query(
        "INSERT INTO store_credit_balances (organization_id, customer_id, currency, balance) VALUES ($1, $2, $3, 0)
         ON CONFLICT DO NOTHING",
    )
    .bind(tx.organization_id())
    .bind(customer)
    .bind(currency)
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar(
        "SELECT balance FROM store_credit_balances WHERE customer_id = $1 AND currency = $2 FOR UPDATE",
    )
    .bind(customer)
    .bind(currency)
    .fetch_one(tx.conn())
    .await?)
}

/// The entry that another system knows by this id.
pub async fn by_key(tx: &mut Tx, source: &str, external_id: &str) -> Result<Option<CreditEntry>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM store_credit_entries e WHERE e.source = $1 AND e.external_id = $2"
    );
    let entry = sqlx::query_as(sql)
        .bind(source)
        .bind(external_id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(entry.map(normalized))
}

/// A line of somebody's ledger.
pub async fn get(tx: &mut Tx, customer: CustomerId, id: StoreCreditEntryId) -> Result<Option<CreditEntry>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM store_credit_entries e WHERE e.id = $1 AND e.customer_id = $2"
    );
    let entry = sqlx::query_as(sql)
        .bind(id)
        .bind(customer)
        .fetch_optional(tx.conn())
        .await?;
    Ok(entry.map(normalized))
}

/// Writes an entry, and what there is after it.
pub async fn add(tx: &mut Tx, entry: &CreditEntry) -> Result<()> {
    let actor = tx.actor();
    sqlx::query(
        "INSERT INTO store_credit_entries (organization_id, id, customer_id, kind, amount, currency, balance, note, source,
           external_id, order_external_id, occurred_at, actor_kind, actor_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(tx.organization_id())
    .bind(entry.id)
    .bind(entry.customer_id)
    .bind(entry.kind)
    .bind(entry.amount)
    .bind(entry.currency)
    .bind(entry.balance)
    .bind(&entry.note)
    .bind(&entry.source)
    .bind(&entry.external_id)
    .bind(&entry.order_external_id)
    .bind(entry.occurred_at)
    .bind(actor.kind())
    .bind(actor.id())
    .bind(entry.created_at)
    .execute(tx.conn())
    .await?;
    sqlx::query("UPDATE store_credit_balances SET balance = $3 WHERE customer_id = $1 AND currency = $2")
        .bind(entry.customer_id)
        .bind(entry.currency)
        .bind(entry.balance)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A part of somebody's ledger, the latest first: one more than wanted to see whether it goes on.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    cursor: Option<&Cursor>,
    skip: i64,
    most: i64,
) -> Result<Vec<CreditEntry>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM store_credit_entries e WHERE e.customer_id = $1 AND e.id < $2 ORDER BY e.id DESC OFFSET $3 LIMIT $4"
    );
    let entries: Vec<CreditEntry> = sqlx::query_as(sql)
        .bind(customer)
        .bind(cursor.map_or(Uuid::max(), |cursor| cursor.id))
        .bind(skip)
        .bind(most)
        .fetch_all(tx.conn())
        .await?;
    Ok(entries.into_iter().map(normalized).collect())
}

/// How many entries somebody has; counted up to a limit.
pub async fn count(tx: &mut Tx, customer: CustomerId, most: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM store_credit_entries e WHERE e.customer_id = $1 LIMIT $2) found",
    )
    .bind(customer)
    .bind(most)
    .fetch_one(tx.conn())
    .await?)
}
