//! Lists of orders: filtered, ordered, a page at a time.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, PageRequest, Result, Sort,
    ids::CustomerId,
    paging::{CursorError, Page},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::json;
use sqlx::{Postgres, QueryBuilder};

use super::orders::order_columns;
use crate::{
    model::{Order, OrderRow},
    paging::{self, COUNTED},
};

/// Which orders are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the parameters")]
pub struct Filter {
    pub customer: Option<CustomerId>,
    pub status: Vec<String>,
    pub payment_status: Vec<String>,
    pub source: Vec<String>,
    pub placed_from: Option<DateTime<Utc>>,
    pub placed_to: Option<DateTime<Utc>>,
    pub total_min: Option<Decimal>,
    pub total_max: Option<Decimal>,
    /// The beginning of a number, an address, or an id of a source.
    pub q: Option<String>,
}

/// What a list can be ordered by.
pub const SORTS: [&str; 2] = ["placed_at", "total"];

/// The most orders that a search finds of each kind.
const FOUND: i64 = 500;

/// The key of an amount, as kept by the database.
fn key(amount: Decimal) -> i64 {
    (amount * Decimal::from(10_000)).to_i64().unwrap_or(i64::MAX)
}

fn sort_key(order: &Order) -> i64 {
    key(order.derived.total_base.unwrap_or(order.core.total))
}

impl Filter {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" FROM orders o WHERE o.is_known AND o.deleted_at IS NULL");
        if let Some(customer) = self.customer {
            sql.push(" AND o.customer_id = ").push_bind(customer);
        }
        for (column, values) in [
            ("o.status", &self.status),
            ("o.payment_status", &self.payment_status),
            ("o.source", &self.source),
        ] {
            match values.as_slice() {
                [] => {}
                [one] => {
                    sql.push(" AND ").push(column).push(" = ").push_bind(one.clone());
                }
                several => {
                    sql.push(" AND ")
                        .push(column)
                        .push(" = ANY(")
                        .push_bind(several.to_vec())
                        .push(")");
                }
            }
        }
        if let Some(from) = self.placed_from {
            sql.push(" AND o.placed_at >= ").push_bind(from);
        }
        if let Some(to) = self.placed_to {
            sql.push(" AND o.placed_at < ").push_bind(to);
        }
        if let Some(min) = self.total_min {
            sql.push(" AND o.total_key >= ").push_bind(key(min));
        }
        if let Some(max) = self.total_max {
            sql.push(" AND o.total_key <= ").push_bind(key(max));
        }
        if let Some(q) = &self.q {
            let folded = q.to_lowercase();
            let number = folded.trim_start_matches('#').to_owned();
            // Each kind by its index, and as ids: the order of the list would be walked to its end for what nobody has.
            sql.push(" AND o.id = ANY(ARRAY(SELECT * FROM (SELECT id FROM orders WHERE is_known AND deleted_at IS NULL AND number_key >= ")
                .push_bind(number.clone())
                .push(" AND number_key < ")
                .push_bind(format!("{number}\u{10ffff}"))
                .push(" ORDER BY number_key LIMIT ")
                .push_bind(FOUND)
                .push(") numbers UNION ALL SELECT * FROM (SELECT id FROM orders WHERE is_known AND deleted_at IS NULL AND email_lowercase = ")
                .push_bind(folded)
                .push(" LIMIT ")
                .push_bind(FOUND)
                .push(") emails))");
        }
    }
}

/// A page of orders.
pub async fn list(tx: &mut Tx, filter: &Filter, sort: Sort, page: &PageRequest) -> Result<Page<OrderRow>> {
    let by_total = sort.field == "total";
    let column = if by_total { "o.total_key" } else { "o.placed_at" };
    let (after, down) = if sort.descending {
        (" < (", " DESC")
    } else {
        (" > (", "")
    };
    let mut sql = QueryBuilder::new(concat!("SELECT ", order_columns!()));
    filter.push(&mut sql);
    if let Some(cursor) = page.cursor() {
        let broken = |why: CursorError| Error::malformed("?cursor", "cursor_invalid", why.to_string());
        sql.push(" AND (").push(column).push(", o.id)").push(after);
        if by_total {
            sql.push_bind(cursor.value::<i64>(0).map_err(broken)?);
        } else {
            sql.push_bind(cursor.value::<DateTime<Utc>>(0).map_err(broken)?);
        }
        sql.push(", ").push_bind(cursor.id).push(")");
    }
    sql.push(" ORDER BY ")
        .push(column)
        .push(down)
        .push(", o.id")
        .push(down);
    sql.push(" OFFSET ").push_bind(page.offset());
    sql.push(" LIMIT ").push_bind(paging::most(page));
    let mut orders: Vec<Order> = sql.build_query_as().fetch_all(tx.conn()).await?;

    let mut count = QueryBuilder::new("SELECT count(*) FROM (SELECT ");
    filter.push(&mut count);
    if *filter == Filter::default() {
        // By the index of the list: reading the table would pass by the orders of other organizations, too.
        count.push(" ORDER BY o.placed_at");
    }
    count.push(" LIMIT ").push_bind(COUNTED + 1).push(") found");
    let counted: i64 = count.build_query_scalar().fetch_one(tx.conn()).await?;
    let next = paging::cut(&mut orders, page, |last| {
        let value = if by_total {
            json!(sort_key(last))
        } else {
            json!(last.core.placed_at)
        };
        Cursor::new(&[sort], vec![value], last.id.0)
    });
    Ok(Page::new(
        orders.iter().map(Order::row).collect(),
        next,
        paging::total(counted),
    ))
}

/// The sources that orders came from, by name: the index is jumped through from one to the next.
pub async fn sources(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "WITH RECURSIVE known AS (
           (SELECT source FROM orders ORDER BY source LIMIT 1)
           UNION ALL
           SELECT (SELECT o.source FROM orders o WHERE o.source > k.source ORDER BY o.source LIMIT 1) FROM known k WHERE k.source IS NOT NULL
         ) SELECT source FROM known WHERE source IS NOT NULL LIMIT 100",
    )
    .fetch_all(tx.conn())
    .await?)
}
