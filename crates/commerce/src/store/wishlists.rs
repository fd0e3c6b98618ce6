//! Wishlists: read by their key and kept from others, written many at a time, listed.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, Result,
    ids::{CustomerId, WishlistId},
};
use serde::Serialize;
use sqlx::{FromRow as _, Row as _, types::Json};
use uuid::Uuid;

use crate::model::{Wish, Wishlist};

macro_rules! columns {
    () => {
        "w.id, w.version, w.source, w.external_id, w.source_version, w.source_sequence, w.customer_id, w.name, w.deleted_at, \
         w.created_at, w.updated_at"
    };
}

macro_rules! names {
    () => {
        "source, external_id, source_version, source_sequence, customer_id, name, deleted_at"
    };
}

macro_rules! written {
    () => {
        "x.source, x.external_id, x.source_version, x.source_sequence, x.customer_id, x.name, x.deleted_at"
    };
}

/// Reads those that there are of these keys, and keeps others from changing them; in the order of the keys.
pub async fn lock(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<Wishlist>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let rows = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM unnest($1::text[], $2::text[]) k (source, external_id)
         CROSS JOIN LATERAL (
           SELECT * FROM wishlists WHERE source = k.source AND external_id = k.external_id FOR NO KEY UPDATE
         ) w"
    ))
    .bind(sources)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    complete(tx, rows, i32::MAX).await
}

/// Reads a wishlist; deleted ones too.
pub async fn get(tx: &mut Tx, id: WishlistId) -> Result<Option<Wishlist>> {
    let sql = concat!("SELECT ", columns!(), " FROM wishlists w WHERE w.id = $1");
    let rows = sqlx::query_as(sql).bind(id).fetch_all(tx.conn()).await?;
    Ok(complete(tx, rows, i32::MAX).await?.pop())
}

/// A part of the list, the one that changed last first: one more than wanted to see whether it goes on. Somebody's, if told whose.
pub async fn list(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    cursor: Option<&Cursor>,
    skip: i64,
    most: i64,
) -> Result<Vec<Wishlist>> {
    let broken = |why: regulars_kernel::paging::CursorError| {
        Error::malformed("?cursor", "cursor_invalid", why.to_string())
    };
    // The first page begins behind whatever changes at this moment.
    let (before, before_id) = match cursor {
        Some(cursor) => (cursor.value::<DateTime<Utc>>(0).map_err(broken)?, cursor.id),
        None => (tx.now() + TimeDelta::days(1), Uuid::max()),
    };
    let sql = match customer {
        None => concat!(
            "SELECT ",
            columns!(),
            " FROM wishlists w WHERE w.deleted_at IS NULL AND (w.updated_at, w.id) < ($1, $2)
             ORDER BY w.updated_at DESC, w.id DESC OFFSET $3 LIMIT $4"
        ),
        Some(_) => concat!(
            "SELECT ",
            columns!(),
            " FROM wishlists w WHERE w.deleted_at IS NULL AND w.customer_id = $5
               AND (w.updated_at, w.id) < ($1, $2)
             ORDER BY w.updated_at DESC, w.id DESC OFFSET $3 LIMIT $4"
        ),
    };
    let mut query = sqlx::query_as(sql)
        .bind(before)
        .bind(before_id)
        .bind(skip)
        .bind(most);
    if let Some(customer) = customer {
        query = query.bind(customer);
    }
    let rows = query.fetch_all(tx.conn()).await?;
    complete(tx, rows, LISTED).await
}

/// How many there are; counted up to a limit.
pub async fn count(tx: &mut Tx, customer: Option<CustomerId>, most: i64) -> Result<i64> {
    let sql = match customer {
        // By an index of the list: reading the table would pass by those of other organizations, too.
        None => {
            "SELECT count(*) FROM (
               SELECT FROM wishlists w WHERE w.deleted_at IS NULL ORDER BY w.updated_at DESC LIMIT $1) found"
        }
        Some(_) => {
            "SELECT count(*) FROM (
               SELECT FROM wishlists w WHERE w.deleted_at IS NULL AND w.customer_id = $2 LIMIT $1) found"
        }
    };
    let mut query = sqlx::query_scalar(sql).bind(most);
    if let Some(customer) = customer {
        query = query.bind(customer);
    }
    Ok(query.fetch_one(tx.conn()).await?)
}

/// Things of each wishlist that a list of them shows.
pub const LISTED: i32 = 50;

/// Brings the first things of each.
async fn complete(tx: &mut Tx, mut lists: Vec<Wishlist>, most: i32) -> Result<Vec<Wishlist>> {
    if lists.is_empty() {
        return Ok(lists);
    }
    let ids: Vec<WishlistId> = lists.iter().map(|list| list.id).collect();
    let rows = sqlx::query(
        "SELECT i.wishlist_id, i.product_external_id, i.variant_external_id, i.sku, i.title, i.variant_title, i.price,
           i.currency, i.added_at
         FROM wishlist_items i WHERE i.wishlist_id = ANY($1) AND i.position < $2 ORDER BY i.wishlist_id, i.position",
    )
    .bind(&ids)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    let mut items: HashMap<Uuid, Vec<Wish>> = HashMap::new();
    for row in &rows {
        let mut wish = Wish::from_row(row)?;
        wish.normalize();
        items.entry(row.try_get("wishlist_id")?).or_default().push(wish);
    }
    for list in &mut lists {
        list.items = items.remove(&list.id.0).unwrap_or_default();
    }
    Ok(lists)
}

/// How much somebody wishes for on all lists; counted up to a limit.
pub async fn count_wishes(tx: &mut Tx, customer: CustomerId, most: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM wishlists w JOIN wishlist_items i ON i.organization_id = w.organization_id AND i.wishlist_id = w.id
           WHERE w.customer_id = $1 AND w.deleted_at IS NULL LIMIT $2) found",
    )
    .bind(customer)
    .bind(most)
    .fetch_one(tx.conn())
    .await?)
}

/// Inserts wishlists. Answers how many: one whose key somebody else has taken meanwhile is left out.
pub async fn insert(tx: &mut Tx, lists: &[&Wishlist]) -> Result<usize> {
    let sql = concat!(
        "INSERT INTO wishlists (organization_id, id, created_at, updated_at, ",
        names!(),
        ") SELECT $1, x.id, x.created_at, x.created_at, ",
        written!(),
        " FROM jsonb_populate_recordset(NULL::wishlists, $2) x ON CONFLICT (organization_id, source, external_id) DO NOTHING"
    );
    // In the order of their keys, as they are locked.
    let mut lists = lists.to_vec();
    lists.sort_unstable_by_key(|list| (&list.source, &list.external_id));
    let done = sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(lists))
        .execute(tx.conn())
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or_default())
}

/// Writes locked wishlists. Answers their new versions.
pub async fn update(tx: &mut Tx, lists: &[&Wishlist]) -> Result<Vec<(Uuid, i32, DateTime<Utc>)>> {
    let sql = concat!(
        "UPDATE wishlists w SET (",
        names!(),
        ") = ROW(",
        written!(),
        ") FROM jsonb_populate_recordset(NULL::wishlists, $1) x WHERE w.id = x.id RETURNING w.id, w.version, w.updated_at"
    );
    Ok(sqlx::query_as(sql).bind(Json(lists)).fetch_all(tx.conn()).await?)
}

/// What is on these lists from now on; what was on them before is gone.
pub async fn replace_items(tx: &mut Tx, lists: &[&Wishlist]) -> Result<()> {
    #[derive(Serialize)]
    struct Item<'a> {
        wishlist_id: WishlistId,
        source: &'a str,
        position: usize,
        #[serde(flatten)]
        wish: &'a Wish,
    }
    let ids: Vec<WishlistId> = lists.iter().map(|list| list.id).collect();
    sqlx::query("DELETE FROM wishlist_items WHERE wishlist_id = ANY($1)")
        .bind(&ids)
        .execute(tx.conn())
        .await?;
    let items: Vec<Item<'_>> = lists
        .iter()
        .flat_map(|list| {
            list.items.iter().enumerate().map(|(position, wish)| Item {
                wishlist_id: list.id,
                source: &list.source,
                position,
                wish,
            })
        })
        .collect();
    if items.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO wishlist_items (organization_id, wishlist_id, source, product_external_id, variant_external_id, position,
           sku, title, variant_title, price, currency, added_at)
         SELECT $1, x.wishlist_id, x.source, x.product_external_id, x.variant_external_id, x.position, x.sku, x.title,
           x.variant_title, x.price, x.currency, x.added_at
         FROM jsonb_populate_recordset(NULL::wishlist_items, $2) x",
    )
    .bind(tx.organization_id())
    .bind(Json(items))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives somebody all wishlists of another; answers how many. The rows are locked in the order of their keys.
pub async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    let done = sqlx::query(
        "WITH theirs AS (SELECT id FROM wishlists WHERE customer_id = $1 ORDER BY source, external_id FOR NO KEY UPDATE)
         UPDATE wishlists w SET customer_id = $2 FROM theirs WHERE w.id = theirs.id",
    )
    .bind(from)
    .bind(to)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// The products that these wishes are of, as far as they are known: their ids here by their ids in the source.
pub async fn products(
    tx: &mut Tx,
    keys: &[(&str, &str)],
) -> Result<HashMap<(String, String), regulars_kernel::ids::ProductId>> {
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.iter().copied().unzip();
    let rows: Vec<(String, String, regulars_kernel::ids::ProductId)> = sqlx::query_as(
        "SELECT p.source, p.external_id, p.id FROM unnest($1::text[], $2::text[]) k (source, external_id)
         JOIN products p ON p.source = k.source AND p.external_id = k.external_id WHERE p.deleted_at IS NULL",
    )
    .bind(sources)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(source, external_id, id)| ((source, external_id), id))
        .collect())
}
