//! The figures of customers. One text reckons them, for whoever changes orders and for whoever verifies.

use regulars_customers::model::ToldMetrics;
use regulars_database::Tx;
use regulars_kernel::{Currency, Result, ids::CustomerId};
use sqlx::types::Json;
use uuid::Uuid;

/// The figures of some customers in the currency $2, which has $3 digits, from their orders: of these orders, of these
/// customers. Orders of which the worth in that currency is not known count, their money does not; the average is over those
/// whose money does, half to even.
macro_rules! figures {
    ($orders:literal, $customers:literal) => {
        concat!("(WITH theirs AS (
           SELECT o.id, o.source, o.customer_id, o.counts, o.items, o.status, o.placed_at, o.cancelled_at,
             CASE WHEN o.currency = $2 THEN o.total WHEN o.base_currency = $2 THEN o.total_base END AS total,
             CASE WHEN o.currency = $2 THEN o.refunded_total WHEN o.base_currency = $2 THEN o.refunded_base END AS refunded,
             CASE WHEN o.currency = $2 THEN 1 WHEN o.base_currency = $2 THEN o.exchange_rate END AS rate
           FROM orders o
           WHERE ", $orders, " AND o.is_known AND o.deleted_at IS NULL AND NOT o.is_test
         ), sums AS (
           SELECT customer_id,
             count(*) FILTER (WHERE counts) AS orders,
             count(*) FILTER (WHERE cancelled_at IS NOT NULL) AS cancelled_orders,
             count(*) FILTER (WHERE counts AND status IN ('returned', 'refunded')) AS returned_orders,
             count(*) FILTER (WHERE counts AND total IS NULL) AS unconverted_orders,
             sum(items) FILTER (WHERE counts) AS items,
             sum(total) FILTER (WHERE counts) AS total_spent,
             sum(refunded) FILTER (WHERE counts AND total IS NOT NULL) AS refunded,
             min(placed_at) FILTER (WHERE counts) AS first_order_at,
             max(placed_at) FILTER (WHERE counts) AS last_order_at
           FROM theirs GROUP BY customer_id
         ), bought AS (
           SELECT t.customer_id, coalesce(l.category, p.category) AS category, coalesce(l.brand, p.brand) AS brand,
             l.current_quantity AS quantity, l.total * t.rate AS spent
           FROM theirs t JOIN order_lines l ON l.order_id = t.id
           LEFT JOIN products p ON (l.category IS NULL OR l.brand IS NULL) AND p.source = t.source
             AND p.external_id = l.product_external_id
           WHERE t.counts AND l.current_quantity > 0
         ), categories AS (
           SELECT DISTINCT ON (customer_id) customer_id, category FROM bought WHERE category IS NOT NULL
           GROUP BY customer_id, category
           ORDER BY customer_id, sum(quantity) DESC, sum(spent) DESC NULLS LAST, category COLLATE \"C\"
         ), brands AS (
           SELECT DISTINCT ON (customer_id) customer_id, brand FROM bought WHERE brand IS NOT NULL
           GROUP BY customer_id, brand
           ORDER BY customer_id, sum(quantity) DESC, sum(spent) DESC NULLS LAST, brand COLLATE \"C\"
         ), summed AS (
           SELECT who.id AS customer_id, coalesce(orders, 0)::integer AS orders,
             coalesce(cancelled_orders, 0)::integer AS cancelled_orders, coalesce(returned_orders, 0)::integer AS returned_orders,
             coalesce(unconverted_orders, 0)::integer AS unconverted_orders, coalesce(items, 0)::bigint AS items,
             round(coalesce(total_spent, 0), $3) AS total_spent, round(coalesce(refunded, 0), $3) AS refunded,
             first_order_at, last_order_at, category AS favourite_category, brand AS favourite_brand,
             round(coalesce(total_spent, 0), $3) * 10::numeric ^ $3 AS units,
             (coalesce(orders, 0) - coalesce(unconverted_orders, 0))::numeric AS converted
           FROM ", $customers, " AS who (id)
           LEFT JOIN sums ON sums.customer_id = who.id
           LEFT JOIN categories ON categories.customer_id = who.id
           LEFT JOIN brands ON brands.customer_id = who.id
         )
         SELECT customer_id, $2 AS currency, orders, cancelled_orders, returned_orders, unconverted_orders, items, total_spent,
           refunded, total_spent - refunded AS net_revenue,
           CASE WHEN converted = 0 THEN round(0::numeric, $3) ELSE round((div(units, converted) + CASE
             WHEN 2 * mod(units, converted) > converted THEN 1
             WHEN 2 * mod(units, converted) = converted THEN mod(div(units, converted), 2)
             ELSE 0 END) / 10::numeric ^ $3, $3) END AS average_order_value,
           first_order_at, last_order_at, favourite_category, favourite_brand
         FROM summed)")
    };
}

macro_rules! columns {
    ($table:literal) => {
        concat!(
            $table,
            ".currency, ",
            $table,
            ".orders, ",
            $table,
            ".cancelled_orders, ",
            $table,
            ".returned_orders, ",
            $table,
            ".unconverted_orders, ",
            $table,
            ".items, ",
            $table,
            ".total_spent, ",
            $table,
            ".refunded, ",
            $table,
            ".net_revenue, ",
            $table,
            ".average_order_value, ",
            $table,
            ".first_order_at, ",
            $table,
            ".last_order_at, ",
            $table,
            ".favourite_category, ",
            $table,
            ".favourite_brand"
        )
    };
}

/// Keeps others from reckoning the figures of these customers until the transaction ends, in the order of their ids. What is
/// reckoned afterwards sees every order that was committed before. Answers who had more orders than `most`.
pub async fn lock(tx: &mut Tx, ids: &[CustomerId], most: i32) -> Result<Vec<CustomerId>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let organization_id = tx.organization_id();
    Ok(sqlx::query_scalar(
        "WITH locked AS (
           INSERT INTO customer_metrics AS m (organization_id, customer_id, currency)
           SELECT $1, who.id, o.currency FROM unnest($2) AS who (id), organizations o WHERE o.id = $1
           ON CONFLICT (organization_id, customer_id) DO UPDATE SET orders = m.orders WHERE false
         )
         SELECT customer_id FROM customer_metrics
         WHERE customer_id = ANY($2) AND orders + cancelled_orders > $3 ORDER BY customer_id",
    )
    .bind(organization_id)
    .bind(ids)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Keeps what another system says that a customer bought there, unless it said something later.
pub async fn tell(
    tx: &mut Tx,
    id: CustomerId,
    base: Currency,
    source: &str,
    told: &ToldMetrics,
) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query(
        "INSERT INTO customer_metrics AS m (organization_id, customer_id, currency, told)
         VALUES ($1, $2, $3, jsonb_build_object($4::text, $5::jsonb))
         ON CONFLICT (organization_id, customer_id) DO UPDATE SET told = m.told || excluded.told
           WHERE ((m.told #>> ARRAY[$4, 'said_at'])::timestamptz <= $6) IS NOT FALSE",
    )
    .bind(organization_id)
    .bind(id)
    .bind(base)
    .bind(source)
    .bind(Json(told))
    .bind(told.said_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reckons the figures of these customers, whose rows are locked.
pub async fn reckon(tx: &mut Tx, ids: &[CustomerId], base: Currency) -> Result<()> {
    let sql = concat!(
        "UPDATE customer_metrics m SET (currency, orders, cancelled_orders, returned_orders, unconverted_orders, items, \
         total_spent, refunded, net_revenue, average_order_value, first_order_at, last_order_at, favourite_category, \
         favourite_brand) = ROW(",
        columns!("f"),
        "), reckoned_at = now() FROM ",
        figures!("o.customer_id = ANY($1)", "unnest($1)"),
        " f WHERE m.customer_id = f.customer_id AND (",
        columns!("m"),
        ") IS DISTINCT FROM (",
        columns!("f"),
        ")"
    );
    sqlx::query(sql)
        .bind(ids)
        .bind(base)
        .bind(digits(base))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Where a walk over all who have orders or figures, the deleted too, goes on after so many of them; none at the end. Most of a
/// shop's customers never ordered.
pub async fn step(tx: &mut Tx, after: Uuid, most: i64) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM (
           (SELECT customer_id AS id FROM customer_metrics WHERE customer_id > $1 ORDER BY customer_id LIMIT $2)
           UNION
           (SELECT DISTINCT customer_id FROM orders WHERE customer_id > $1 ORDER BY customer_id LIMIT $2)
           ORDER BY id LIMIT $2
         ) theirs ORDER BY id DESC LIMIT 1",
    )
    .bind(after)
    .bind(most)
    .fetch_optional(tx.conn())
    .await?)
}

/// How many customers with orders or figures there are behind an id and up to another, and those whose figures are not what
/// their orders say.
pub async fn wrong(tx: &mut Tx, after: Uuid, until: Uuid, base: Currency) -> Result<(i64, Vec<CustomerId>)> {
    let sql = concat!(
        "SELECT count(*), coalesce(array_agg(f.customer_id ORDER BY f.customer_id) FILTER (WHERE
           CASE WHEN m.customer_id IS NULL THEN f.orders + f.cancelled_orders > 0 ELSE (",
        columns!("m"),
        ") IS DISTINCT FROM (",
        columns!("f"),
        ") END), '{}') FROM ",
        figures!(
            "o.customer_id > $1 AND o.customer_id <= $4",
            "(SELECT customer_id FROM theirs UNION SELECT customer_id FROM customer_metrics WHERE customer_id > $1 AND customer_id <= $4)"
        ),
        " f LEFT JOIN customer_metrics m ON m.customer_id = f.customer_id AND m.customer_id > $1 AND m.customer_id <= $4"
    );
    Ok(sqlx::query_as(sql)
        .bind(after)
        .bind(base)
        .bind(digits(base))
        .bind(until)
        .fetch_one(tx.conn())
        .await?)
}

/// The organization's currency.
pub async fn base_currency(tx: &mut Tx) -> Result<Currency> {
    let id = tx.organization_id();
    Ok(
        sqlx::query_scalar("SELECT currency FROM organizations WHERE id = $1")
            .bind(id)
            .fetch_one(tx.conn())
            .await?,
    )
}

fn digits(base: Currency) -> i32 {
    i32::try_from(base.digits()).unwrap_or(2)
}
