//! How many customers of each status there were, day by day.

use chrono::NaiveDate;
use regulars_database::Tx;
use regulars_kernel::Result;

/// Notes the counts of a day; what was noted of it before gives way.
pub async fn note(tx: &mut Tx, day: NaiveDate, counts: &[(String, i64)]) -> Result<()> {
    let (statuses, customers): (Vec<String>, Vec<i64>) = counts.iter().cloned().unzip();
    let organization_id = tx.organization_id().0;
    sqlx::query!(
        "INSERT INTO customer_days (organization_id, day, status, customers)
         SELECT $1, $2, counted.status, counted.customers FROM unnest($3::text[], $4::bigint[]) AS counted (status, customers)
         ON CONFLICT (organization_id, day, status) DO UPDATE SET customers = excluded.customers",
        organization_id,
        day,
        &statuses,
        &customers
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The counts of the last noted day of these, and which it is.
pub async fn last_between(
    tx: &mut Tx,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Option<(NaiveDate, Vec<(String, i64)>)>> {
    let rows = sqlx::query!(
        "SELECT day, status, customers FROM customer_days
         WHERE day = (SELECT max(day) FROM customer_days WHERE day BETWEEN $1 AND $2)",
        first,
        last
    )
    .fetch_all(tx.conn())
    .await?;
    let day = rows.first().map(|row| row.day);
    Ok(day.map(|day| {
        (
            day,
            rows.into_iter().map(|row| (row.status, row.customers)).collect(),
        )
    }))
}
