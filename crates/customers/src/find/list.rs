//! A page of customers: the ids first, in their order, the rows joined after.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    paging::{Cursor, Page, PageRequest, Sort, Start, Total},
};
use sqlx::{FromRow, Postgres, QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    filters::Deleted,
    keyset::{self, Key, Part},
    query::{MAX_OFFSET, MAX_Q, Query, RELEVANCE},
    sample::Profile,
    search,
    selection::Selection,
    total::{self as totals, Plan},
    words::Words,
};
use crate::{
    model::{Customer, WithParts},
    store::{parts, row::customer_columns},
};

/// A customer in a list, with the parts that were asked for.
pub type CustomerListItem = WithParts;

/// Up to so many expected rows are looked up and sorted; more are walked in order until there are enough. At a million
/// customers both ways take about 10 ms at this number.
const SORTED: i64 = 8_000;
/// So many rows of an order are looked at before it is given up for looking up.
const MOST_WALKED: f64 = 20_000.0;

/// The page that a question asks for.
pub async fn list(tx: &mut Tx, query: &Query) -> Result<Page<CustomerListItem>> {
    let page = if query.by_relevance() {
        best(tx, query).await?
    } else {
        sorted(tx, query).await?
    };
    let mut page = page.map(WithParts::from);
    if !query.include.is_empty() && !page.data.is_empty() {
        let ids: Vec<_> = page.data.iter().map(|item| item.customer.id).collect();
        let mut parts: HashMap<_, _> = parts::many(tx, &ids, &query.include)
            .await?
            .into_iter()
            .map(|item| (item.customer.id, item))
            .collect();
        for item in &mut page.data {
            if let Some(with_parts) = parts.remove(&item.customer.id) {
                *item = with_parts;
            }
        }
    }
    Ok(page)
}

/// The few best matches of a search among the living, for the palette.
pub async fn quick(tx: &mut Tx, q: &str, limit: u32) -> Result<Vec<Customer>> {
    let q: String = q.trim().chars().filter(|c| *c != '\0').take(MAX_Q).collect();
    if q.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query {
        q: Some(q),
        sort: vec![Sort::descending(RELEVANCE)],
        page: PageRequest {
            limit,
            start: Start::First,
        },
        ..Query::default()
    };
    Ok(best(tx, &query).await?.data)
}

/// How many there are.
pub async fn total(tx: &mut Tx, query: &Query) -> Result<Total> {
    if query.by_relevance() && !query.exact_count {
        let selection = Selection::of_filters(tx, &query.filters).await?;
        let words = Words::parse(
            query.q.as_deref().unwrap_or_default(),
            query.phone_country.as_ref(),
        );
        let hits = search::best(tx, &words, &selection, 1).await?;
        return Ok(hits.total);
    }
    let selection = Selection::resolve(tx, query).await?;
    totals::total(tx, &selection, query.exact_count).await
}

async fn best(tx: &mut Tx, query: &Query) -> Result<Page<Customer>> {
    let selection = Selection::of_filters(tx, &query.filters).await?;
    let words = Words::parse(
        query.q.as_deref().unwrap_or_default(),
        query.phone_country.as_ref(),
    );
    let limit = query.page.limit as usize;
    // A ranking has no keys: its cursor counts.
    let skip = match query.page.cursor() {
        Some(cursor) => cursor.value::<u32>(0).unwrap_or(0) as usize,
        None => query.page.offset() as usize,
    }
    .min(MAX_OFFSET as usize);
    let found = search::best(tx, &words, &selection, skip + limit + 1).await?;
    let ids: Vec<Uuid> = found
        .hits
        .iter()
        .skip(skip)
        .take(limit)
        .map(|hit| hit.id)
        .collect();
    let mut sql = QueryBuilder::new(concat!("SELECT ", customer_columns!(), " FROM unnest("));
    sql.push_bind(ids.clone());
    sql.push("::uuid[]) WITH ORDINALITY AS p (id, place) JOIN customers c ON c.id = p.id ORDER BY p.place");
    let customers: Vec<Customer> = if ids.is_empty() {
        Vec::new()
    } else {
        sql.build_query_as().fetch_all(tx.conn()).await?
    };
    let next = ids
        .last()
        .filter(|_| found.hits.len() > skip + limit)
        .map(|id| Cursor::new(&[Sort::descending(RELEVANCE)], vec![(skip + limit).into()], *id));
    let total = if query.exact_count && !found.total.exact {
        let selection = Selection::resolve(tx, query).await?;
        totals::total(tx, &selection, true).await?
    } else {
        found.total
    };
    Ok(Page::new(customers, next, total))
}

async fn sorted(tx: &mut Tx, query: &Query) -> Result<Page<Customer>> {
    let mut selection = Selection::resolve(tx, query).await?;
    if selection.looks_inside() {
        let profile = Profile::of(tx).await?;
        selection.narrow(tx, &profile).await?;
    }
    if selection.is_empty() {
        return Ok(Page::new(Vec::new(), None, Total::exact(0)));
    }
    let rows = rows(tx, query, &selection).await?;
    let limit = query.page.limit as usize;
    let more = rows.len() > limit;
    let mut customers = Vec::with_capacity(limit);
    let mut last_name = String::new();
    for row in rows.iter().take(limit) {
        customers.push(Customer::from_row(row)?);
        last_name = row.try_get("sort_name")?;
    }
    let next = customers
        .last()
        .filter(|_| more)
        .map(|last| keyset::cursor(&query.sort, last, &last_name));
    let whole = !more && query.page.cursor().is_none() && (query.page.offset() == 0 || !customers.is_empty());
    let total = if whole {
        // The end was seen, so the number is known.
        Total::exact(query.page.offset() + customers.len() as i64)
    } else if let Some(found) = rows.first().and_then(|row| row.try_get("found").ok()) {
        // All of them were looked up to be sorted.
        Total::exact(found)
    } else {
        totals::total(tx, &selection, query.exact_count).await?
    };
    Ok(Page::new(customers, next, total))
}

async fn rows(tx: &mut Tx, query: &Query, selection: &Selection) -> Result<Vec<PgRow>> {
    let after = match query.page.cursor() {
        Some(cursor) => match keyset::keys(&query.sort, cursor) {
            Ok(keys) => Some((keys, cursor.id)),
            // Checked when the question was read.
            Err(why) => {
                return Err(regulars_kernel::Error::malformed(
                    "?cursor",
                    "cursor_invalid",
                    why.to_string(),
                ));
            }
        },
        None => None,
    };
    let filters = selection.filters();
    // Text and attributes that are left here are common: the rest decides.
    let rest;
    let planned = if selection.looks_inside() {
        rest = selection.without_looking_inside();
        &rest
    } else {
        selection
    };
    let mut in_memory = selection.is_list() || filters.deleted == Deleted::Only;
    if !in_memory && planned.filters_left() > 1 {
        let lookup = totals::plan(tx, planned).await?;
        if lookup.rows <= SORTED {
            if let Some(found) = walk(tx, query, selection, &lookup, after.as_ref()).await? {
                return Ok(found);
            }
            in_memory = true;
        }
    }
    let mut sql = statement(query, selection, in_memory, after.as_ref());
    // Plain lists are prepared once; with filters the values decide the plan, so each is planned for its own.
    let plain = filters.count() == 0 && !selection.is_list() && !selection.looks_inside();
    Ok(sql.build().persistent(plain).fetch_all(tx.conn()).await?)
}

/// The page by walking the order, where that is expected to fill it sooner than looking up everybody who matches. Tags and
/// sources may lie elsewhere than the planner thinks, so only so many rows are looked at: `None` if that was not enough.
async fn walk(
    tx: &mut Tx,
    query: &Query,
    selection: &Selection,
    lookup: &Plan,
    after: Option<&(Vec<Key>, Uuid)>,
) -> Result<Option<Vec<PgRow>>> {
    let wanted = i64::from(query.page.limit) + 1;
    if lookup.rows < wanted || selection.looks_inside() || !is_one_walk(query, selection) {
        return Ok(None);
    }
    let share = lookup.rows as f64 / lookup.customers.max(lookup.rows) as f64;
    let most = ((4 * wanted) as f64 / share).min(MOST_WALKED) as i64;
    let push = |sql: &mut QueryBuilder<Postgres>| {
        sql.push(" FROM (SELECT * FROM customers c WHERE ");
        selection.of_columns().push(sql);
        keyset::push_place(sql, &query.sort, Part::All, after);
        keyset::push_order(sql, &query.sort, Part::All);
        sql.push(format!(" LIMIT {most}) c WHERE "));
        selection.push(sql);
        keyset::push_order(sql, &query.sort, Part::All);
        sql.push(format!(" LIMIT {wanted}"));
    };
    let mut sql = QueryBuilder::new("EXPLAIN (FORMAT JSON) SELECT c.id");
    push(&mut sql);
    if totals::explained(tx, sql).await?.cost >= lookup.cost {
        return Ok(None);
    }
    let mut sql = QueryBuilder::new(concat!("SELECT ", customer_columns!(), ", c.sort_name"));
    push(&mut sql);
    let rows = sql.build().persistent(false).fetch_all(tx.conn()).await?;
    Ok(Some(rows).filter(|rows| rows.len() as i64 == wanted))
}

/// Whether the page is a stretch of one index.
fn is_one_walk(query: &Query, selection: &Selection) -> bool {
    query.page.offset() == 0
        && selection.filters().deleted != Deleted::With
        && keyset::parts(&query.sort) == [Part::All]
}

/// `SELECT columns FROM (the ids of the page) JOIN customers`.
pub(super) fn statement(
    query: &Query,
    selection: &Selection,
    in_memory: bool,
    after: Option<&(Vec<Key>, Uuid)>,
) -> QueryBuilder<Postgres> {
    let sorts = &query.sort;
    // Literals, so that a prepared plan knows that they are small.
    let (limit, offset) = (i64::from(query.page.limit) + 1, query.page.offset());
    let columns = keyset::columns(sorts);
    let mut sql = QueryBuilder::new(concat!("SELECT ", customer_columns!(), ", c.sort_name"));
    if !in_memory && !selection.looks_inside() && is_one_walk(query, selection) {
        // The rows as they are walked; the sub-selects run for the rows of the page only.
        sql.push(" FROM customers c WHERE ");
        selection.push(&mut sql);
        keyset::push_place(&mut sql, sorts, Part::All, after);
        keyset::push_order(&mut sql, sorts, Part::All);
        sql.push(format!(" LIMIT {limit}"));
        return sql;
    }
    sql.push(if in_memory { ", p.found FROM (" } else { " FROM (" });
    if in_memory {
        sql.push(format!(
            "WITH c AS MATERIALIZED (SELECT c.id{columns} FROM customers c WHERE "
        ));
        selection.push(&mut sql);
        sql.push(") SELECT c.id, (SELECT count(*) FROM c) AS found FROM c WHERE true");
        keyset::push_place(&mut sql, sorts, Part::InMemory, after);
        keyset::push_order(&mut sql, sorts, Part::InMemory);
    } else {
        // The index of a sort holds the living; with the deleted it is walked beside the index of those.
        let halves: &[&str] = match selection.filters().deleted {
            Deleted::With => &[" AND c.deleted_at IS NULL", " AND c.deleted_at IS NOT NULL"],
            Deleted::Without | Deleted::Only => &[""],
        };
        let parts = keyset::parts(sorts);
        let single = halves.len() * parts.len() == 1;
        if !single {
            sql.push("SELECT c.id FROM (");
        }
        let mut first = true;
        for half in halves {
            for part in parts {
                if !single {
                    sql.push(if first { "(" } else { " UNION ALL (" });
                }
                first = false;
                let inside = selection.looks_inside();
                if inside {
                    // The planner would look at everybody and sort: it takes LIKE and @> for rare. OFFSET 0 keeps the
                    // condition out of the walk.
                    sql.push(format!("SELECT c.id{columns} FROM ("));
                    sql.push(format!(
                        "SELECT c.id, c.search_text, c.attributes{columns} FROM customers c WHERE "
                    ));
                    selection.without_looking_inside().push(&mut sql);
                } else {
                    sql.push(format!("SELECT c.id{columns} FROM customers c WHERE "));
                    selection.push(&mut sql);
                }
                sql.push(*half);
                keyset::push_place(&mut sql, sorts, *part, after);
                keyset::push_order(&mut sql, sorts, *part);
                if inside {
                    sql.push(" OFFSET 0) c WHERE true");
                    selection.push_inside(&mut sql);
                    keyset::push_order(&mut sql, sorts, *part);
                }
                if !single {
                    sql.push(format!(" LIMIT {})", limit + offset));
                }
            }
        }
        if !single {
            sql.push(") c");
            keyset::push_order(&mut sql, sorts, Part::InMemory);
        }
    }
    sql.push(format!(
        " LIMIT {limit} OFFSET {offset}) AS p JOIN customers c ON c.id = p.id"
    ));
    keyset::push_order(&mut sql, sorts, Part::InMemory);
    sql
}
