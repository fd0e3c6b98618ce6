//! Rows of `activities`.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{CustomerId, KeyId},
};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

/// A row to be stored.
pub struct Row {
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub kind: &'static str,
    pub name: Option<String>,
    pub customer_id: Option<CustomerId>,
    pub visitor_id: Option<String>,
    pub session_id: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
    pub utm: Option<Value>,
    pub product_id: Option<String>,
    pub order_id: Option<String>,
    pub search: Option<String>,
    pub amount: Option<Decimal>,
    pub currency: Option<String>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    pub geo: Option<Value>,
    pub data: Option<Value>,
}

macro_rules! insert {
    () => {
        "INSERT INTO activities (organization_id, received_at, key_id, from_browser, ip, id, occurred_at, kind, name,
           customer_id, visitor_id, session_id, url, title, referrer, utm, product_id, order_id, query, amount, currency,
           user_agent, geo, data)
         SELECT $1, $2, $3, $4, n.ip::inet, n.id, n.occurred_at, n.kind, n.name, n.customer_id, n.visitor_id, n.session_id,
           n.url, n.title, n.referrer, n.utm, n.product_id, n.order_id, n.query, n.amount, n.currency, n.user_agent, n.geo,
           n.data
         FROM unnest($5::uuid[], $6::timestamptz[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[],
           $12::text[], $13::text[], $14::text[], $15::jsonb[], $16::text[], $17::text[], $18::text[], $19::numeric[],
           $20::text[], $21::text[], $22::text[], $23::jsonb[], $24::jsonb[])
           AS n (id, occurred_at, kind, name, customer_id, visitor_id, session_id, url, title, referrer, utm, product_id,
             order_id, query, amount, currency, user_agent, ip, geo, data)"
    };
}

/// Stores them all with one statement. With `may_be_known`, what is there already stays, and what is new is given; without,
/// nothing is given and nothing is looked for.
pub async fn insert(
    tx: &mut Tx,
    rows: Vec<Row>,
    key_id: Option<KeyId>,
    from_browser: bool,
    may_be_known: bool,
) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    let statement = if may_be_known {
        concat!(insert!(), " ON CONFLICT DO NOTHING RETURNING id, occurred_at")
    } else {
        insert!()
    };
    let (organization_id, now) = (tx.organization_id(), tx.now());
    let mut query = sqlx::query_as(statement)
        .bind(organization_id)
        .bind(now)
        .bind(key_id)
        .bind(from_browser);
    macro_rules! bind {
        ($($name:ident),+) => {
            $(let mut $name = Vec::with_capacity(rows.len());)+
            for row in rows {
                $($name.push(row.$name);)+
            }
            $(query = query.bind($name);)+
        };
    }
    bind!(
        id,
        occurred_at,
        kind,
        name,
        customer_id,
        visitor_id,
        session_id,
        url,
        title,
        referrer,
        utm,
        product_id,
        order_id,
        search,
        amount,
        currency,
        user_agent,
        ip,
        geo,
        data
    );
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Which of these ids came lately. Whoever asks is the only one who does until the transaction ends.
pub async fn known_lately(tx: &mut Tx, ids: &[Uuid], since: DateTime<Utc>) -> Result<Vec<Uuid>> {
    sqlx::query(
        "SELECT pg_advisory_xact_lock(hashtextextended(n.id::text, 36)) FROM (SELECT id FROM unnest($1::uuid[]) u (id) ORDER BY id) n",
    )
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(
        sqlx::query_scalar("SELECT id FROM activities WHERE id = ANY($1) AND occurred_at >= $2")
            .bind(ids)
            .bind(since)
            .fetch_all(tx.conn())
            .await?,
    )
}

/// How far the search for what is over has come: behind this id.
pub struct Swept {
    /// How many rows were looked at.
    pub seen: i64,
    /// How many of them left.
    pub gone: i64,
    pub last: Option<Uuid>,
    /// Whose they were.
    pub whose: Vec<CustomerId>,
}

/// Looks at some rows behind an id and removes those whose kind is not kept any more. `kept_since` is of each kind; what no
/// kind is kept for is looked at in the months of that time alone.
pub async fn forget(
    tx: &mut Tx,
    after: Uuid,
    kept_since: &[(&'static str, DateTime<Utc>)],
    most: i64,
) -> Result<Swept> {
    let latest = kept_since
        .iter()
        .map(|(_, since)| *since)
        .max()
        .unwrap_or(DateTime::UNIX_EPOCH);
    let (kinds, since): (Vec<&str>, Vec<DateTime<Utc>>) = kept_since.iter().copied().unzip();
    let (seen, gone, last, whose) = sqlx::query_as(
        "WITH looked AS MATERIALIZED (
           SELECT a.organization_id, a.id, a.occurred_at, a.kind FROM activities a
           WHERE a.id > $1 AND a.occurred_at < $2 ORDER BY a.id LIMIT $5
         ), gone AS (
           DELETE FROM activities a USING looked l, unnest($3::text[], $4::timestamptz[]) k (kind, since)
           WHERE l.kind = k.kind AND l.occurred_at < k.since
             AND a.organization_id = l.organization_id AND a.id = l.id AND a.occurred_at = l.occurred_at
           RETURNING a.customer_id
         )
         SELECT (SELECT count(*) FROM looked), (SELECT count(*) FROM gone), (SELECT id FROM looked ORDER BY id DESC LIMIT 1),
           ARRAY(SELECT DISTINCT customer_id FROM gone WHERE customer_id IS NOT NULL)",
    )
    .bind(after)
    .bind(latest)
    .bind(kinds)
    .bind(since)
    .bind(most)
    .fetch_one(tx.conn())
    .await?;
    Ok(Swept {
        seen,
        gone,
        last,
        whose,
    })
}
