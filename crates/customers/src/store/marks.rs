//! What a member looked at last and keeps at hand: a few rows of each, so that their primary key answers everything.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, UserId},
};

use super::row::customer_columns;
use crate::model::Customer;

/// So many visits are remembered.
const VISITS: i64 = 20;

/// Remembers a visit, and forgets those that are too many.
pub(crate) async fn see(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<()> {
    let organization = tx.organization_id();
    // The last visits are no loss: nobody waits for the disk.
    sqlx::query("SET LOCAL synchronous_commit = off")
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "INSERT INTO customer_marks (organization_id, user_id, customer_id, seen_at) VALUES ($1, $2, $3, now())
         ON CONFLICT (organization_id, user_id, customer_id) DO UPDATE SET seen_at = excluded.seen_at",
        organization.0,
        user.0,
        customer.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "WITH old AS (SELECT customer_id FROM customer_marks WHERE user_id = $1 AND seen_at IS NOT NULL
                      ORDER BY seen_at DESC, customer_id OFFSET $2),
              gone AS (DELETE FROM customer_marks m USING old WHERE m.user_id = $1 AND m.customer_id = old.customer_id AND m.favourite_at IS NULL)
         UPDATE customer_marks m SET seen_at = NULL FROM old
         WHERE m.user_id = $1 AND m.customer_id = old.customer_id AND m.favourite_at IS NOT NULL",
        user.0,
        VISITS
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a customer at hand.
pub(crate) async fn keep(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<()> {
    let organization = tx.organization_id();
    sqlx::query!(
        "INSERT INTO customer_marks (organization_id, user_id, customer_id, favourite_at) VALUES ($1, $2, $3, now())
         ON CONFLICT (organization_id, user_id, customer_id) DO UPDATE SET favourite_at = coalesce(customer_marks.favourite_at, now())",
        organization.0,
        user.0,
        customer.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a customer at hand no more.
pub(crate) async fn let_go(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<()> {
    sqlx::query!(
        "WITH visited AS (UPDATE customer_marks SET favourite_at = NULL WHERE user_id = $1 AND customer_id = $2 AND seen_at IS NOT NULL)
         DELETE FROM customer_marks WHERE user_id = $1 AND customer_id = $2 AND seen_at IS NULL",
        user.0,
        customer.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many are kept at hand.
pub(crate) async fn kept(tx: &mut Tx, user: UserId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM customer_marks WHERE user_id = $1 AND favourite_at IS NOT NULL"#,
        user.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Whether a customer is kept at hand.
pub(crate) async fn is_kept(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM customer_marks WHERE user_id = $1 AND customer_id = $2 AND favourite_at IS NOT NULL) AS "found!""#,
        user.0,
        customer.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// The living of those that are kept at hand, by name.
pub(crate) async fn favourites(tx: &mut Tx, user: UserId, most: i64) -> Result<Vec<Customer>> {
    let sql = concat!(
        "SELECT ",
        customer_columns!(),
        " FROM customer_marks m JOIN customers c ON c.organization_id = m.organization_id AND c.id = m.customer_id",
        " WHERE m.user_id = $1 AND m.favourite_at IS NOT NULL AND c.deleted_at IS NULL ORDER BY c.sort_name, c.id LIMIT $2"
    );
    Ok(sqlx::query_as(sql)
        .bind(user.0)
        .bind(most)
        .fetch_all(tx.conn())
        .await?)
}

/// The same, what to call them alone.
pub(crate) async fn favourite_names(
    tx: &mut Tx,
    user: UserId,
    most: i64,
) -> Result<Vec<(CustomerId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: CustomerId", coalesce(c.full_name, c.email, c.phone, c.code) AS "name!"
           FROM customer_marks m JOIN customers c ON c.organization_id = m.organization_id AND c.id = m.customer_id
           WHERE m.user_id = $1 AND m.favourite_at IS NOT NULL AND c.deleted_at IS NULL ORDER BY c.sort_name, c.id LIMIT $2"#,
        user.0,
        most
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The living of those that were visited, the last one first.
pub(crate) async fn recent(tx: &mut Tx, user: UserId, most: i64) -> Result<Vec<Customer>> {
    let sql = concat!(
        "SELECT ",
        customer_columns!(),
        " FROM customer_marks m JOIN customers c ON c.organization_id = m.organization_id AND c.id = m.customer_id",
        " WHERE m.user_id = $1 AND m.seen_at IS NOT NULL AND c.deleted_at IS NULL ORDER BY m.seen_at DESC, c.id LIMIT $2"
    );
    Ok(sqlx::query_as(sql)
        .bind(user.0)
        .bind(most)
        .fetch_all(tx.conn())
        .await?)
}
