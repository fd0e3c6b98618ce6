//! What a member began to write: few rows of each member, which the unique key of the table finds.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, UserId},
};
use serde_json::Value;

/// So many drafts are kept of one member; the oldest go.
const KEPT: i64 = 50;

/// A draft, if there is one.
pub(crate) async fn get(
    tx: &mut Tx,
    user: UserId,
    about: &str,
    customer: Option<CustomerId>,
) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(
        "SELECT body FROM drafts WHERE user_id = $1 AND about = $2 AND customer_id IS NOT DISTINCT FROM $3",
        user.0,
        about,
        customer.map(|id| id.0)
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A draft and the lock on it; one that was not there is there from now on, as null.
pub(crate) async fn open(
    tx: &mut Tx,
    user: UserId,
    about: &str,
    customer: Option<CustomerId>,
) -> Result<Value> {
    let organization = tx.organization_id();
    Ok(sqlx::query_scalar!(
        "INSERT INTO drafts (organization_id, user_id, about, customer_id, body) VALUES ($1, $2, $3, $4, 'null')
         ON CONFLICT (organization_id, user_id, about, customer_id) DO UPDATE SET updated_at = drafts.updated_at RETURNING body",
        organization.0,
        user.0,
        about,
        customer.map(|id| id.0)
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Keeps a draft in the place of the one before.
pub(crate) async fn keep(
    tx: &mut Tx,
    user: UserId,
    about: &str,
    customer: Option<CustomerId>,
    body: &Value,
) -> Result<()> {
    let organization = tx.organization_id();
    sqlx::query!(
        "INSERT INTO drafts (organization_id, user_id, about, customer_id, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id, user_id, about, customer_id) DO UPDATE SET body = excluded.body, updated_at = now()",
        organization.0,
        user.0,
        about,
        customer.map(|id| id.0),
        body
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM drafts d USING (SELECT about, customer_id FROM drafts WHERE user_id = $1 ORDER BY updated_at DESC OFFSET $2) old
         WHERE d.user_id = $1 AND d.about = old.about AND d.customer_id IS NOT DISTINCT FROM old.customer_id",
        user.0,
        KEPT
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a draft out. Of two who do, one gets it.
pub(crate) async fn take(
    tx: &mut Tx,
    user: UserId,
    about: &str,
    customer: Option<CustomerId>,
) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(
        "DELETE FROM drafts WHERE user_id = $1 AND about = $2 AND customer_id IS NOT DISTINCT FROM $3 RETURNING body",
        user.0,
        about,
        customer.map(|id| id.0)
    )
    .fetch_optional(tx.conn())
    .await?)
}
