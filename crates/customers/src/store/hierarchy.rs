//! Who belongs to whom.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Currency, Result, ids::CustomerId};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::parts::amount;
use crate::model::{CreditLimits, CustomerRef, Kind, RolledUp, RolledUpMetrics, Status};

/// Further than this nobody looks, so that a chain that is too long cannot run away.
pub const DEPTH_LIMIT: i32 = 50;
/// So many are added up; what lies below a customer may be more.
const MOST_ADDED_UP: i64 = 10_000;
/// So many children are counted for a row of the tree; whoever has so many has at least so many.
pub const MANY_CHILDREN: i64 = 100;

/// Lets one transaction of the organization at a time change the hierarchy. Without it two changes, each fine by
/// itself, could close a circle together.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    let key = format!("hierarchy {}", tx.organization_id());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What stands above a customer, itself first. Ends at the depth limit.
pub async fn ancestors(tx: &mut Tx, id: CustomerId) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE up (id, parent_id, depth) AS (
             SELECT id, parent_id, 1 FROM customers WHERE id = $1
             UNION ALL
             SELECT c.id, c.parent_id, up.depth + 1 FROM up JOIN customers c ON c.id = up.parent_id WHERE up.depth <= $2
           )
           SELECT id AS "id!: CustomerId" FROM up ORDER BY depth"#,
        id.0,
        DEPTH_LIMIT
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many levels lie below a customer, the deleted among them: they may be restored.
pub async fn levels(tx: &mut Tx, id: CustomerId) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE down (id, depth) AS (
             SELECT id, 1 FROM customers WHERE parent_id = $1
             UNION ALL
             SELECT c.id, down.depth + 1 FROM down JOIN customers c ON c.parent_id = down.id WHERE down.depth <= $2
           )
           SELECT coalesce(max(depth), 0) AS "levels!" FROM down"#,
        id.0,
        DEPTH_LIMIT
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Figures of orders as they are read: sums as text, since JSON numbers are no decimals.
#[derive(Debug, Deserialize)]
struct Bought {
    orders: i64,
    unconverted_orders: i64,
    total_spent: String,
    refunded: String,
    net_revenue: String,
    currency: Currency,
    last_order_at: Option<DateTime<Utc>>,
}

impl From<Bought> for RolledUpMetrics {
    fn from(read: Bought) -> Self {
        let amount = |text| amount(Some(text), read.currency);
        Self {
            orders: read.orders,
            unconverted_orders: read.unconverted_orders,
            total_spent: amount(read.total_spent),
            refunded: amount(read.refunded),
            net_revenue: amount(read.net_revenue),
            last_order_at: read.last_order_at,
        }
    }
}

/// What lies below a customer, and it with what lies below, added up; deleted ones are not counted, what is below them is.
/// Each level is looked up in the index of children, which holds all that is added up; the walk ends when enough were
/// seen, so that the largest group costs what 10,000 do. The page asks for it when it stands already.
pub async fn rolled_up(tx: &mut Tx, id: CustomerId) -> Result<RolledUp> {
    let row = sqlx::query!(
        r#"WITH RECURSIVE down (id, depth, deleted, kind, status, last_active_at, credit_limit, currency) AS (
             SELECT id, 0, deleted_at IS NOT NULL, kind, status, last_active_at, credit_limit, credit_limit_currency
             FROM customers WHERE id = $1
             UNION ALL
             SELECT c.id, down.depth + 1, c.deleted, c.kind, c.status, c.last_active_at, c.credit_limit, c.currency
             FROM down CROSS JOIN LATERAL (
               SELECT k.id, k.deleted_at IS NOT NULL AS deleted, k.kind, k.status, k.last_active_at, k.credit_limit,
                      k.credit_limit_currency AS currency
               FROM customers k WHERE k.parent_id = down.id OFFSET 0
             ) c
             WHERE down.depth <= $2
           ),
           seen AS MATERIALIZED (SELECT * FROM down LIMIT $3::bigint + 1),
           living AS (SELECT * FROM seen WHERE NOT deleted),
           limits AS (
             SELECT coalesce(currency, (SELECT coalesce(o.credit_limit_currency, o.currency) FROM organizations o
                                        WHERE o.id = current_organization())) AS currency,
                    sum(credit_limit) AS amount, count(*) AS customers
             FROM living WHERE credit_limit IS NOT NULL GROUP BY 1
           ),
           base AS (SELECT o.currency FROM organizations o WHERE o.id = current_organization()),
           bought AS (
             SELECT coalesce(sum(orders), 0)::bigint AS orders, coalesce(sum(unconverted_orders), 0)::bigint AS unconverted_orders,
                    coalesce(sum(total_spent), 0)::text AS total_spent, coalesce(sum(refunded), 0)::text AS refunded,
                    coalesce(sum(net_revenue), 0)::text AS net_revenue, (SELECT currency FROM base) AS currency, max(last_order_at) AS last_order_at
             FROM living CROSS JOIN LATERAL (
               SELECT m.* FROM customer_metrics m WHERE m.customer_id = living.id AND m.currency = (SELECT currency FROM base) OFFSET 0
             ) m
           )
           SELECT (SELECT count(*) FROM living WHERE depth = 1) AS "children!",
                  (SELECT count(*) FROM living WHERE depth > 0) AS "descendants!",
                  (SELECT coalesce(max(depth), 0) FROM living) AS "levels!",
                  (SELECT count(*) <= $3::bigint FROM seen) AS "exact!",
                  (SELECT max(last_active_at) FROM living) AS last_active_at,
                  (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM (SELECT status, count(*) AS n FROM living GROUP BY 1) s)
                    AS "by_status!: Json<BTreeMap<String, i64>>",
                  (SELECT coalesce(jsonb_object_agg(kind, n), '{}') FROM (SELECT kind, count(*) AS n FROM living GROUP BY 1) k)
                    AS "by_kind!: Json<BTreeMap<String, i64>>",
                  (SELECT coalesce(jsonb_agg(jsonb_build_object('customers', customers, 'amount', amount::text, 'currency', currency)
                     ORDER BY currency), '[]') FROM limits) AS "credit_limits!: Json<Vec<CreditLimits>>",
                  (SELECT to_jsonb(bought) FROM bought) AS "metrics!: Json<Bought>""#,
        id.0,
        DEPTH_LIMIT,
        MOST_ADDED_UP
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(RolledUp {
        children: row.children,
        descendants: row.descendants,
        levels: row.levels,
        exact: row.exact,
        by_status: row.by_status.0,
        by_kind: row.by_kind.0,
        last_active_at: row.last_active_at,
        credit_limits: row.credit_limits.0,
        metrics: row.metrics.0.into(),
    })
}

/// How many living customers stand directly below each of these, counted up to [`MANY_CHILDREN`]; who has none is left
/// out. One statement for all of them.
pub async fn numbers_of_children(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id!", n.children AS "children!"
           FROM unnest($1::uuid[]) AS p (id) CROSS JOIN LATERAL (
             SELECT count(*) AS children
             FROM (SELECT FROM customers c WHERE c.parent_id = p.id AND c.deleted_at IS NULL LIMIT $2) few
           ) n
           WHERE n.children > 0"#,
        ids,
        MANY_CHILDREN
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.children)).collect())
}

/// The path from the top to a customer: those above it, the topmost first, without itself.
pub async fn path(tx: &mut Tx, id: CustomerId) -> Result<Vec<CustomerRef>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up (id, parent_id, depth) AS (
             SELECT id, parent_id, 1 FROM customers WHERE id = $1
             UNION ALL
             SELECT c.id, c.parent_id, up.depth + 1 FROM up JOIN customers c ON c.id = up.parent_id WHERE up.depth <= $2
           )
           SELECT c.id AS "id: CustomerId", c.code, c.kind AS "kind: Kind", c.full_name, c.email, c.status AS "status: Status"
           FROM up JOIN customers c ON c.id = up.id
           WHERE up.depth > 1 AND c.deleted_at IS NULL ORDER BY up.depth DESC"#,
        id.0,
        DEPTH_LIMIT
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| CustomerRef {
        id: row.id,
        code: row.code,
        kind: row.kind,
        full_name: row.full_name,
        email: row.email,
        status: row.status,
    });
    Ok(found.collect())
}

/// Living customers directly below one, by name, each with the name it is sorted by: those `after` a name and id, or
/// after so many others.
pub async fn children(
    tx: &mut Tx,
    id: CustomerId,
    after: Option<(&str, Uuid)>,
    limit: i64,
    offset: i64,
) -> Result<Vec<(CustomerRef, String)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CustomerId", code, kind AS "kind: Kind", full_name, email, status AS "status: Status", sort_name
           FROM customers
           WHERE parent_id = $1 AND deleted_at IS NULL AND ($3::uuid IS NULL OR (sort_name, id) > ($2::text COLLATE "C", $3))
           ORDER BY sort_name, id LIMIT $4 OFFSET $5"#,
        id.0,
        after.map(|(name, _)| name),
        after.map(|(_, id)| id),
        limit,
        offset
    )
    .fetch_all(tx.conn())
    .await?;
    let found = rows.into_iter().map(|row| {
        let customer = CustomerRef {
            id: row.id,
            code: row.code,
            kind: row.kind,
            full_name: row.full_name,
            email: row.email,
            status: row.status,
        };
        (customer, row.sort_name)
    });
    Ok(found.collect())
}
