//! Who orders: customers are looked up by id, by their ids elsewhere and by address, many at a time. Their rows are written
//! by their own room.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

/// Which of these are living customers.
pub async fn living(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<CustomerId>> {
    Ok(
        sqlx::query_scalar("SELECT id FROM customers WHERE id = ANY($1) AND deleted_at IS NULL")
            .bind(ids)
            .fetch_all(tx.conn())
            .await?,
    )
}

/// Who has these ids elsewhere, the deleted too: an order of theirs comes back with them.
pub async fn by_keys(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<(String, String, CustomerId)>> {
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.iter().copied().unzip();
    Ok(sqlx::query_as(
        "SELECT k.source, k.external_id, s.customer_id FROM unnest($1::text[], $2::text[]) k (source, external_id)
         CROSS JOIN LATERAL (SELECT customer_id FROM customer_sources WHERE source = k.source AND external_id = k.external_id LIMIT 1) s",
    )
    .bind(sources)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
}

/// The living customers with these addresses, given in lower case.
pub async fn by_emails(tx: &mut Tx, emails: &[String]) -> Result<Vec<(String, CustomerId)>> {
    Ok(sqlx::query_as(
        "SELECT k.email, c.id FROM unnest($1::text[]) k (email)
         CROSS JOIN LATERAL (SELECT id FROM customers WHERE email_lowercase = k.email AND deleted_at IS NULL LIMIT 1) c",
    )
    .bind(emails)
    .fetch_all(tx.conn())
    .await?)
}
