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
    groups,
    keyset::{self, Key},
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
/// So many rows of an order are looked at first for an expression, of which the planner knows little.
const FIRST_LOOK: i64 = 2_000;
/// Where the planner expects that to cost no more than this, some 5 ms.
const CHEAP: f64 = 5_000.0;
/// So many rows of an order are looked at before it is given up for looking up: about 5 ms from an index alone.
const MOST_WALKED: i64 = 20_000;

/// A stretch of an order.
#[derive(Clone, Debug)]
pub(super) struct Stretch<'a> {
    pub sorts: &'a [Sort],
    /// Rows, with the one that tells whether more follow.
    pub wanted: i64,
    pub offset: i64,
    pub after: Option<(Vec<Key>, Uuid)>,
    /// Whether it is one of very many lists, each of which must not cost more than it must.
    pub is_one_of_many: bool,
}

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

/// How many are meant by a question as a set: whom an export or bulk work takes, see [`Selection::resolve`].
pub async fn total(tx: &mut Tx, query: &Query) -> Result<Total> {
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
    let found = search::best(tx, &words, &selection, skip + limit + 1, query.exact_count).await?;
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
        // No name is near, so the search means whoever has the words as typed.
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
    let limit = query.page.limit as usize;
    let stretch = Stretch {
        sorts: &query.sort,
        wanted: i64::from(query.page.limit) + 1,
        offset: query.page.offset(),
        after: after(query)?,
        is_one_of_many: false,
    };
    let Rows { rows, found } = rows(tx, &stretch, &selection).await?;
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
    } else if let Some(found) = found {
        Total::exact(found)
    } else {
        totals::total(tx, &selection, query.exact_count).await?
    };
    Ok(Page::new(customers, next, total))
}

/// The rows of a stretch.
pub(super) struct Rows {
    pub rows: Vec<PgRow>,
    /// How many match in all, where all of them were looked up to be sorted.
    found: Option<i64>,
}

impl From<Vec<PgRow>> for Rows {
    fn from(rows: Vec<PgRow>) -> Self {
        Self { rows, found: None }
    }
}

fn after(query: &Query) -> Result<Option<(Vec<Key>, Uuid)>> {
    let Some(cursor) = query.page.cursor() else {
        return Ok(None);
    };
    // Checked when the question was read.
    let keys = keyset::keys(&query.sort, cursor)
        .map_err(|why| regulars_kernel::Error::malformed("?cursor", "cursor_invalid", why.to_string()))?;
    Ok(Some((keys, cursor.id)))
}

/// How the rows of a stretch are come by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Along the index of the order.
    Walk,
    /// As before, the ids first: of many who do not match nothing but the index is read.
    WalkIds,
    /// Everybody who matches is looked up, counted and sorted.
    LookUp,
    /// Everybody in a range of this time, from its index alone, sorted.
    Range(&'static str),
}

/// The rows of a stretch, in its order.
pub(super) async fn rows(tx: &mut Tx, stretch: &Stretch<'_>, selection: &Selection) -> Result<Rows> {
    let filters = selection.filters();
    // Text and attributes that are left here are common: the rest decides.
    let rest;
    let planned = if selection.looks_inside() {
        rest = selection.without_looking_inside();
        &rest
    } else {
        selection
    };
    let is_grouped = groups::is_grouped(stretch.sorts);
    let crossed = crossed(stretch, selection);
    if selection.has_expression()
        && !stretch.is_one_of_many
        && !(selection.looks_inside() || selection.is_list() || is_grouped)
        && is_one_walk(stretch, selection)
        && let Some(found) = among(tx, stretch, selection, FIRST_LOOK, CHEAP).await?
    {
        return Ok(found.into());
    }
    let mut way = if filters.count() == 0 {
        Way::Walk
    } else {
        Way::WalkIds
    };
    if selection.is_list() || filters.deleted == Deleted::Only {
        way = Way::LookUp;
    } else if planned.filters_left() > usize::from(!is_grouped && crossed.is_none()) {
        let lookup = totals::plan(tx, planned).await?;
        // Value by value each list is walked where that is quicker, which one look-up for all of them cannot be.
        if lookup.rows <= if is_grouped { SORTED / 8 } else { SORTED } {
            if let Some(found) = walk(tx, stretch, selection, &lookup).await? {
                return Ok(found.into());
            }
            way = Way::LookUp;
        } else if let Some(time) = crossed {
            if let Some(found) = first_of_all(tx, stretch, selection).await? {
                return Ok(found.into());
            }
            let few = (lookup.rows as f64) < Profile::of(tx).await?.size() / 3.0;
            way = if few { Way::Range(time) } else { Way::WalkIds };
        }
    }
    if is_grouped && way != Way::LookUp {
        return Ok(groups::rows(tx, stretch, selection).await?.into());
    }
    let mut sql = statement(stretch, selection, way);
    // Plain lists are prepared once; with filters the values decide the plan, so each is planned for its own.
    let plain = filters.count() == 0 && !selection.is_list() && !selection.looks_inside();
    let rows = sql.build().persistent(plain).fetch_all(tx.conn()).await?;
    let found = match rows.first() {
        Some(row) if way == Way::LookUp => Some(row.try_get("found")?),
        _ => None,
    };
    Ok(Rows { rows, found })
}

/// The time whose range narrows a list that other times order. Walked, such a list may begin with everybody who does not
/// match, since times go together: what was created late was changed late. The planner takes them for independent.
fn crossed(stretch: &Stretch<'_>, selection: &Selection) -> Option<&'static str> {
    let times = ["created_at", "updated_at"];
    let sorted: Vec<&str> = stretch.sorts.iter().map(|sort| sort.field).collect();
    (sorted.iter().all(|field| times.contains(field)) && !selection.looks_inside())
        .then(|| selection.times().find(|time| !sorted.contains(time)))
        .flatten()
}

/// The stretch by walking the order, where that is expected to fill it sooner than looking up everybody who matches. Tags
/// and sources may lie elsewhere than the planner thinks, so only so many rows are looked at: `None` if that was not enough.
async fn walk(
    tx: &mut Tx,
    stretch: &Stretch<'_>,
    selection: &Selection,
    lookup: &Plan,
) -> Result<Option<Vec<PgRow>>> {
    let (sorts, wanted) = (stretch.sorts, stretch.wanted);
    if lookup.rows < wanted
        || selection.looks_inside()
        || groups::is_grouped(sorts)
        || !is_one_walk(stretch, selection)
    {
        return Ok(None);
    }
    let share = lookup.rows as f64 / lookup.customers.max(lookup.rows) as f64;
    let most = ((4 * wanted) as f64 / share).min(MOST_WALKED as f64) as i64;
    among(tx, stretch, selection, most, lookup.cost).await
}

/// The stretch out of the first so many rows that the columns leave of the order, if looking at them is expected to cost
/// less than this: `None` if too few of them match.
async fn among(
    tx: &mut Tx,
    stretch: &Stretch<'_>,
    selection: &Selection,
    most: i64,
    below: f64,
) -> Result<Option<Vec<PgRow>>> {
    let (sorts, wanted) = (stretch.sorts, stretch.wanted);
    let push = |sql: &mut QueryBuilder<Postgres>| {
        // All columns: an expression may ask for any, and those that nobody asks for are not read.
        sql.push("SELECT c.id FROM (SELECT c.* FROM customers c WHERE ");
        selection.push_deleted(sql);
        selection.push_columns(sql);
        keyset::push_place(sql, sorts, stretch.after.as_ref());
        keyset::push_order(sql, sorts);
        sql.push(format!(" LIMIT {most}) c WHERE true"));
        selection.push_linked_for(sql, most <= FIRST_LOOK);
        keyset::push_order(sql, sorts);
        sql.push(format!(" LIMIT {wanted}"));
    };
    let mut sql = QueryBuilder::new("EXPLAIN (FORMAT JSON) ");
    push(&mut sql);
    if totals::explained(tx, sql).await?.cost >= below {
        return Ok(None);
    }
    joined(tx, stretch, push).await
}

/// The stretch out of the first rows of the order, whoever they are: `None` if too few of them match.
async fn first_of_all(
    tx: &mut Tx,
    stretch: &Stretch<'_>,
    selection: &Selection,
) -> Result<Option<Vec<PgRow>>> {
    let sorts = stretch.sorts;
    if !is_one_walk(stretch, selection) {
        return Ok(None);
    }
    let push = |sql: &mut QueryBuilder<Postgres>| {
        // All columns: those that nobody asks for are not read, and the index alone serves the others.
        sql.push("SELECT c.id FROM (SELECT c.* FROM customers c WHERE c.deleted_at IS NULL");
        keyset::push_place(sql, sorts, stretch.after.as_ref());
        keyset::push_order(sql, sorts);
        sql.push(format!(" LIMIT {MOST_WALKED}) c WHERE true"));
        selection.push_columns(sql);
        selection.push_linked(sql);
        keyset::push_order(sql, sorts);
        sql.push(format!(" LIMIT {}", stretch.wanted));
    };
    joined(tx, stretch, push).await
}

/// The rows of ids, if there are as many as are wanted.
async fn joined(
    tx: &mut Tx,
    stretch: &Stretch<'_>,
    push_ids: impl Fn(&mut QueryBuilder<Postgres>),
) -> Result<Option<Vec<PgRow>>> {
    let mut sql = QueryBuilder::new(concat!("SELECT ", customer_columns!(), ", c.sort_name FROM ("));
    push_ids(&mut sql);
    sql.push(") p JOIN customers c ON c.id = p.id");
    keyset::push_order(&mut sql, stretch.sorts);
    let rows = sql.build().persistent(false).fetch_all(tx.conn()).await?;
    Ok(Some(rows).filter(|rows| rows.len() as i64 == stretch.wanted))
}

/// Whether the stretch is one of an index.
fn is_one_walk(stretch: &Stretch<'_>, selection: &Selection) -> bool {
    stretch.offset == 0 && selection.filters().deleted != Deleted::With
}

/// `SELECT columns FROM (the ids of the stretch) JOIN customers`.
fn statement(stretch: &Stretch<'_>, selection: &Selection, way: Way) -> QueryBuilder<Postgres> {
    let sorts = stretch.sorts;
    // Literals, so that a prepared plan knows that they are small.
    let (limit, offset) = (stretch.wanted, stretch.offset);
    let after = stretch.after.as_ref();
    let columns = keyset::columns(sorts);
    let mut sql = QueryBuilder::new(concat!("SELECT ", customer_columns!(), ", c.sort_name"));
    if way == Way::Walk && !selection.looks_inside() && is_one_walk(stretch, selection) {
        // The rows as they are walked; the sub-selects run for the rows of the page only.
        sql.push(" FROM customers c WHERE ");
        selection.push(&mut sql);
        keyset::push_place(&mut sql, sorts, after);
        keyset::push_order(&mut sql, sorts);
        sql.push(format!(" LIMIT {limit}"));
        return sql;
    }
    match way {
        Way::LookUp => {
            sql.push(", p.found FROM (WITH ");
            // Where tags or sources leave few of them, the values to sort by are fetched for those few: the ids come from
            // indexes alone.
            if selection.is_linked() && sorts.iter().any(|sort| sort.field != "created_at") {
                sql.push("few AS MATERIALIZED (SELECT c.id FROM customers c WHERE ");
                selection.push(&mut sql);
                sql.push(format!(
                    "), c AS MATERIALIZED (SELECT c.id{columns} FROM few JOIN customers c ON c.id = few.id"
                ));
            } else {
                sql.push(format!(
                    "c AS MATERIALIZED (SELECT c.id{columns} FROM customers c WHERE "
                ));
                selection.push(&mut sql);
            }
            sql.push(") SELECT c.id, (SELECT count(*) FROM c) AS found FROM c WHERE true");
            keyset::push_place(&mut sql, sorts, after);
            keyset::push_order(&mut sql, sorts);
        }
        Way::Range(time) => {
            // In the direction of the order: where the times go together, the first ones found are the ones wanted, and
            // the others are passed by at a glance. OFFSET 0 keeps the planner from walking after all.
            sql.push(format!(
                " FROM (SELECT c.id FROM (SELECT c.id{columns} FROM customers c WHERE "
            ));
            selection.push(&mut sql);
            let down = sorts.first().is_some_and(|sort| sort.descending);
            sql.push(format!(
                " ORDER BY c.{time}{} OFFSET 0) c WHERE true",
                if down { " DESC" } else { "" }
            ));
            keyset::push_place(&mut sql, sorts, after);
            keyset::push_order(&mut sql, sorts);
        }
        Way::Walk | Way::WalkIds => push_walk(&mut sql, stretch, selection, &columns),
    }
    sql.push(format!(
        " LIMIT {limit} OFFSET {offset}) AS p JOIN customers c ON c.id = p.id"
    ));
    keyset::push_order(&mut sql, sorts);
    sql
}

/// Pushes ` FROM (` and the ids of a walk, up to its own `LIMIT`.
fn push_walk(sql: &mut QueryBuilder<Postgres>, stretch: &Stretch<'_>, selection: &Selection, columns: &str) {
    let sorts = stretch.sorts;
    // The index of a sort holds the living; with the deleted it is walked beside the index of those.
    let halves: &[&str] = match selection.filters().deleted {
        Deleted::With => &[" AND c.deleted_at IS NULL", " AND c.deleted_at IS NOT NULL"],
        Deleted::Without | Deleted::Only => &[""],
    };
    let single = halves.len() == 1;
    sql.push(if single {
        " FROM ("
    } else {
        " FROM (SELECT c.id FROM ("
    });
    for (at, half) in halves.iter().enumerate() {
        if !single {
            sql.push(if at == 0 { "(" } else { " UNION ALL (" });
        }
        let inside = selection.looks_inside();
        if inside {
            // The planner would look at everybody and sort: it takes LIKE and @> for rare. OFFSET 0 keeps the
            // condition out of the walk.
            sql.push(format!("SELECT c.id{columns} FROM ("));
            sql.push(format!(
                "SELECT c.id, c.search_text, c.attributes{columns} FROM customers c WHERE "
            ));
            selection.without_looking_inside().push(sql);
        } else {
            sql.push(format!("SELECT c.id{columns} FROM customers c WHERE "));
            selection.push(sql);
        }
        sql.push(*half);
        keyset::push_place(sql, sorts, stretch.after.as_ref());
        keyset::push_order(sql, sorts);
        if inside {
            sql.push(" OFFSET 0) c WHERE true");
            selection.push_inside(sql);
            keyset::push_order(sql, sorts);
        }
        if !single {
            sql.push(format!(" LIMIT {})", stretch.wanted + stretch.offset));
        }
    }
    if !single {
        sql.push(") c");
        keyset::push_order(sql, sorts);
    }
}
