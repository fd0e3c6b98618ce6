//! Carts: read by their key and kept from others, written many at a time, listed.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, PageRequest, Result, Sort,
    ids::{CartId, CustomerId, OrderId},
    paging::{CursorError, Page},
};
use serde_json::json;
use sqlx::{FromRow as _, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    model::{ABANDONED_AFTER, Cart, CartRow, CartState},
    paging::{self, COUNTED},
};

macro_rules! names {
    () => {
        "source, external_id, customer_id, is_known, content_version, content_sequence, buyer_version, buyer_sequence, \
         customer_version, customer_sequence, currency, total, lines, items, email, recovery_url, started_at, \
         checkout_started_at, completed_at, order_external_id, last_active_at, stage, told, deleted_at"
    };
}

macro_rules! written {
    () => {
        "x.source, x.external_id, x.customer_id, x.is_known, x.content_version, x.content_sequence, x.buyer_version, \
         x.buyer_sequence, x.customer_version, x.customer_sequence, x.currency, x.total, x.lines, x.items, x.email, \
         x.recovery_url, x.started_at, x.checkout_started_at, x.completed_at, x.order_external_id, x.last_active_at, x.stage, \
         x.told, x.deleted_at"
    };
}

/// The columns of a cart from `carts c`.
const COLUMNS: &str = "c.id, c.version, c.source, c.external_id, c.customer_id, c.is_known, c.content_version, c.content_sequence, \
     c.buyer_version, c.buyer_sequence, c.customer_version, c.customer_sequence, c.currency, c.total, c.lines, c.items, c.email, \
     c.recovery_url, c.started_at, c.checkout_started_at, c.completed_at, c.order_external_id, c.last_active_at, c.stage, c.told, \
     c.deleted_at, c.created_at, c.updated_at";

/// Which carts are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the parameters")]
pub struct CartFilter {
    pub customer: Option<CustomerId>,
    pub state: Vec<CartState>,
    pub source: Vec<String>,
    pub active_from: Option<DateTime<Utc>>,
    pub active_to: Option<DateTime<Utc>>,
}

/// What a list can be ordered by.
pub const SORTS: [&str; 1] = ["last_active_at"];

impl CartFilter {
    fn push(&self, sql: &mut QueryBuilder<Postgres>, now: DateTime<Utc>) {
        sql.push(" FROM carts c WHERE c.is_known AND c.deleted_at IS NULL");
        if let Some(customer) = self.customer {
            sql.push(" AND c.customer_id = ").push_bind(customer);
        }
        if !self.source.is_empty() {
            sql.push(" AND c.source = ANY(")
                .push_bind(self.source.clone())
                .push(")");
        }
        if let Some(from) = self.active_from {
            sql.push(" AND c.last_active_at >= ").push_bind(from);
        }
        if let Some(to) = self.active_to {
            sql.push(" AND c.last_active_at < ").push_bind(to);
        }
        for (index, state) in self.state.iter().enumerate() {
            sql.push(if index == 0 { " AND (" } else { " OR " });
            state_is(*state, sql, now - ABANDONED_AFTER);
        }
        if !self.state.is_empty() {
            sql.push(")");
        }
    }
}

/// What `Cart::state` says, of rows. `left` is the last moment at which one that is abandoned was changed.
fn state_is(state: CartState, sql: &mut QueryBuilder<Postgres>, left: DateTime<Utc>) {
    let (stages, compared) = match state {
        CartState::Open => ("c.stage = 'cart'", Some(" > ")),
        CartState::Checkout => ("c.stage = 'checkout'", Some(" > ")),
        CartState::Abandoned => ("c.stage IN ('cart', 'checkout')", Some(" <= ")),
        CartState::Empty => ("c.stage = 'empty'", None),
        CartState::Converted => ("c.stage = 'converted'", None),
    };
    sql.push("(").push(stages);
    if let Some(compared) = compared {
        sql.push(" AND c.last_active_at").push(compared).push_bind(left);
    }
    sql.push(")");
}

/// A page of carts.
pub async fn list(tx: &mut Tx, filter: &CartFilter, sort: Sort, page: &PageRequest) -> Result<Page<CartRow>> {
    let now = tx.now();
    let (after, down) = if sort.descending {
        (" < (", " DESC")
    } else {
        (" > (", "")
    };
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS);
    filter.push(&mut sql, now);
    if let Some(cursor) = page.cursor() {
        let broken = |why: CursorError| Error::malformed("?cursor", "cursor_invalid", why.to_string());
        sql.push(" AND (c.last_active_at, c.id)")
            .push(after)
            .push_bind(cursor.value::<DateTime<Utc>>(0).map_err(broken)?)
            .push(", ")
            .push_bind(cursor.id)
            .push(")");
    }
    sql.push(" ORDER BY c.last_active_at")
        .push(down)
        .push(", c.id")
        .push(down)
        .push(" OFFSET ")
        .push_bind(page.offset())
        .push(" LIMIT ")
        .push_bind(paging::most(page));
    let mut carts: Vec<Cart> = sql.build_query_as().fetch_all(tx.conn()).await?;

    let mut count = QueryBuilder::new("SELECT count(*) FROM (SELECT ");
    filter.push(&mut count, now);
    if filter.customer.is_none() {
        // By an index of the list: reading the table would pass by the carts of other organizations, too.
        count.push(" ORDER BY c.last_active_at");
    }
    count.push(" LIMIT ").push_bind(COUNTED + 1).push(") found");
    let counted: i64 = count.build_query_scalar().fetch_one(tx.conn()).await?;
    let next = paging::cut(&mut carts, page, |last| {
        Cursor::new(&[sort], vec![json!(last.last_active_at)], last.id.0)
    });
    Ok(Page::new(
        carts.iter().map(|cart| cart.row(now)).collect(),
        next,
        paging::total(counted),
    ))
}

/// The sources that carts came from, by name: the index is jumped through from one to the next.
pub async fn sources(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "WITH RECURSIVE known AS (
           (SELECT source FROM carts ORDER BY source LIMIT 1)
           UNION ALL
           SELECT (SELECT c.source FROM carts c WHERE c.source > k.source ORDER BY c.source LIMIT 1) FROM known k WHERE k.source IS NOT NULL
         ) SELECT source FROM known WHERE source IS NOT NULL LIMIT 100",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Reads those that there are of these keys, and keeps others from changing them; in the order of the keys.
pub async fn lock(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<Cart>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM unnest(")
        .push_bind(sources)
        .push("::text[], ")
        .push_bind(ids)
        .push(
            "::text[]) k (source, external_id) CROSS JOIN LATERAL (
               SELECT * FROM carts WHERE source = k.source AND external_id = k.external_id FOR NO KEY UPDATE
             ) c",
        );
    let carts: Vec<Cart> = sql.build_query_as().fetch_all(tx.conn()).await?;
    Ok(carts.into_iter().map(normalized).collect())
}

/// Reads a cart; deleted ones too.
pub async fn get(tx: &mut Tx, id: CartId) -> Result<Option<Cart>> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM carts c WHERE c.id = ")
        .push_bind(id);
    let row = sql.build().fetch_optional(tx.conn()).await?;
    Ok(row.as_ref().map(Cart::from_row).transpose()?.map(normalized))
}

fn normalized(mut cart: Cart) -> Cart {
    cart.normalize();
    cart
}

/// The order that a cart became, if it is known and not deleted.
pub async fn order_of(tx: &mut Tx, cart: &Cart) -> Result<Option<OrderId>> {
    let Some(order) = &cart.order_external_id else {
        return Ok(None);
    };
    Ok(sqlx::query_scalar(
        "SELECT id FROM orders WHERE source = $1 AND external_id = $2 AND is_known AND deleted_at IS NULL",
    )
    .bind(&cart.source)
    .bind(order)
    .fetch_optional(tx.conn())
    .await?)
}

/// The cart of which an order came, if it is known.
pub async fn of_order(tx: &mut Tx, source: &str, order_external_id: &str) -> Result<Option<CartId>> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM carts WHERE source = $1 AND order_external_id = $2 AND is_known AND deleted_at IS NULL
         ORDER BY id LIMIT 1",
    )
    .bind(source)
    .bind(order_external_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Gives somebody all carts of another; answers how many. The rows are locked in the order of their ids.
pub async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    let done = sqlx::query(
        "WITH theirs AS (SELECT id FROM carts WHERE customer_id = $1 ORDER BY id FOR NO KEY UPDATE)
         UPDATE carts c SET customer_id = $2 FROM theirs WHERE c.id = theirs.id",
    )
    .bind(from)
    .bind(to)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Inserts carts. Answers how many: one whose key somebody else has taken meanwhile is left out.
pub async fn insert(tx: &mut Tx, carts: &[&Cart]) -> Result<usize> {
    let sql = concat!(
        "INSERT INTO carts (organization_id, id, created_at, updated_at, ",
        names!(),
        ") SELECT $1, x.id, x.created_at, x.created_at, ",
        written!(),
        " FROM jsonb_populate_recordset(NULL::carts, $2) x ON CONFLICT (organization_id, source, external_id) DO NOTHING"
    );
    // In the order of their keys, as they are locked.
    let mut carts = carts.to_vec();
    carts.sort_unstable_by_key(|cart| (&cart.source, &cart.external_id));
    let done = sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(carts))
        .execute(tx.conn())
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or_default())
}

/// Writes locked carts. Answers their new versions.
pub async fn update(tx: &mut Tx, carts: &[&Cart]) -> Result<Vec<(Uuid, i32, DateTime<Utc>)>> {
    let sql = concat!(
        "UPDATE carts c SET (",
        names!(),
        ") = ROW(",
        written!(),
        ") FROM jsonb_populate_recordset(NULL::carts, $1) x WHERE c.id = x.id RETURNING c.id, c.version, c.updated_at"
    );
    Ok(sqlx::query_as(sql).bind(Json(carts)).fetch_all(tx.conn()).await?)
}
