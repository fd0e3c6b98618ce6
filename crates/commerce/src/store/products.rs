//! Products and their variants.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, Result,
    ids::{CustomerId, ProductId},
};
use serde::Serialize;
use sqlx::{FromRow as _, Row, types::Json};
use uuid::Uuid;

use crate::model::{Product, Variant};

macro_rules! product_columns {
    () => {
        "p.id, p.version, p.source, p.external_id, p.source_version, p.source_sequence, p.title, p.sort_title, p.handle, \
         p.brand, p.category, p.status, p.tags, p.image_url, p.deleted_at, p.created_at, p.updated_at"
    };
}

macro_rules! names {
    () => {
        "source, external_id, source_version, source_sequence, title, sort_title, handle, brand, category, status, tags, \
         image_url, deleted_at"
    };
}

macro_rules! written {
    () => {
        "x.source, x.external_id, x.source_version, x.source_sequence, x.title, x.sort_title, x.handle, x.brand, x.category, \
         x.status, x.tags, x.image_url, x.deleted_at"
    };
}

/// Reads those that there are of these keys, and keeps others from changing them; in the order of the keys.
pub async fn lock(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<Product>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let (sources, ids): (Vec<&str>, Vec<&str>) = keys.into_iter().unzip();
    let rows = sqlx::query(concat!(
        "SELECT ",
        product_columns!(),
        " FROM unnest($1::text[], $2::text[]) k (source, external_id)
         CROSS JOIN LATERAL (
           SELECT * FROM products WHERE source = k.source AND external_id = k.external_id FOR NO KEY UPDATE
         ) p"
    ))
    .bind(sources)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    complete(tx, &rows).await
}

/// Reads a product; deleted ones too.
pub async fn get(tx: &mut Tx, id: ProductId) -> Result<Option<Product>> {
    let sql = concat!("SELECT ", product_columns!(), " FROM products p WHERE p.id = $1");
    let rows = sqlx::query(sql).bind(id).fetch_all(tx.conn()).await?;
    Ok(complete(tx, &rows).await?.pop())
}

/// A part of the list by title, one more than wanted to see whether it goes on; those whose title begins so, if given.
pub async fn list(
    tx: &mut Tx,
    prefix: &str,
    cursor: Option<&Cursor>,
    skip: i64,
    most: i64,
) -> Result<Vec<Product>> {
    let broken = |why: regulars_kernel::paging::CursorError| {
        Error::malformed("?cursor", "cursor_invalid", why.to_string())
    };
    let (after, after_id) = match cursor {
        Some(cursor) => (cursor.value::<String>(0).map_err(broken)?, cursor.id),
        None => (String::new(), Uuid::nil()),
    };
    let sql = concat!(
        "SELECT ",
        product_columns!(),
        " FROM products p WHERE p.deleted_at IS NULL AND p.sort_title >= $1 AND p.sort_title < $1 || chr(1114111)
           AND (p.sort_title, p.id) > ($2, $3) ORDER BY p.sort_title, p.id OFFSET $4 LIMIT $5"
    );
    let rows = sqlx::query(sql)
        .bind(prefix)
        .bind(after)
        .bind(after_id)
        .bind(skip)
        .bind(most)
        .fetch_all(tx.conn())
        .await?;
    complete(tx, &rows).await
}

/// How many titles begin so; counted up to a limit.
pub async fn count(tx: &mut Tx, prefix: &str, most: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM products p
           WHERE p.deleted_at IS NULL AND p.sort_title >= $1 AND p.sort_title < $1 || chr(1114111) LIMIT $2) found",
    )
    .bind(prefix)
    .bind(most)
    .fetch_one(tx.conn())
    .await?)
}

/// Brand and category of those that are known of these; of deleted ones, too: what was bought stays what it was.
pub async fn kinds(
    tx: &mut Tx,
    source: &str,
    ids: &[&str],
) -> Result<Vec<(String, Option<String>, Option<String>)>> {
    Ok(sqlx::query_as(
        "SELECT external_id, brand, category FROM products
         WHERE source = $1 AND external_id = ANY($2)",
    )
    .bind(source)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
}

/// Of the orders after one, in the order of their ids, those with lines of this product that say no brand or category
/// themselves; with whose they are.
pub async fn ordered_in(
    tx: &mut Tx,
    source: &str,
    external_id: &str,
    after: Uuid,
    most: i64,
) -> Result<Vec<(Uuid, Option<CustomerId>)>> {
    Ok(sqlx::query_as(
        "SELECT l.order_id, o.customer_id FROM order_lines l JOIN orders o ON o.id = l.order_id
         WHERE l.product_external_id = $2 AND l.order_id > $3 AND (l.brand IS NULL OR l.category IS NULL) AND o.source = $1
         ORDER BY l.order_id LIMIT $4",
    )
    .bind(source)
    .bind(external_id)
    .bind(after)
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

async fn complete(tx: &mut Tx, rows: &[sqlx::postgres::PgRow]) -> Result<Vec<Product>> {
    let mut products: Vec<Product> = rows.iter().map(Product::from_row).collect::<sqlx::Result<_>>()?;
    if products.is_empty() {
        return Ok(products);
    }
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.0).collect();
    let rows = sqlx::query(
        "SELECT product_id, external_id, position, sku, barcode, title, price, compare_at_price, currency, stock, inventory_item_id
         FROM product_variants WHERE product_id = ANY($1) ORDER BY product_id, position",
    )
    .bind(ids)
    .fetch_all(tx.conn())
    .await?;
    let mut variants: HashMap<Uuid, Vec<Variant>> = HashMap::new();
    for row in rows {
        variants
            .entry(row.try_get("product_id")?)
            .or_default()
            .push(Variant::from_row(&row)?);
    }
    for product in &mut products {
        product.variants = variants.remove(&product.id.0).unwrap_or_default();
        product.normalize();
    }
    Ok(products)
}

/// Inserts products. Answers how many: one whose key somebody else has taken meanwhile is left out.
pub async fn insert(tx: &mut Tx, products: &[&Product]) -> Result<usize> {
    let sql = concat!(
        "INSERT INTO products (organization_id, id, created_at, updated_at, ",
        names!(),
        ") SELECT $1, x.id, x.created_at, x.created_at, ",
        written!(),
        " FROM jsonb_populate_recordset(NULL::products, $2) x ON CONFLICT (organization_id, source, external_id) DO NOTHING"
    );
    let mut products = products.to_vec();
    products.sort_unstable_by_key(|product| (&product.source, &product.external_id));
    let done = sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(products))
        .execute(tx.conn())
        .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or_default())
}

/// Writes locked products. Answers their new versions.
pub async fn update(
    tx: &mut Tx,
    products: &[&Product],
) -> Result<Vec<(Uuid, i32, chrono::DateTime<chrono::Utc>)>> {
    let sql = concat!(
        "UPDATE products p SET (",
        names!(),
        ") = ROW(",
        written!(),
        ") FROM jsonb_populate_recordset(NULL::products, $1) x WHERE p.id = x.id RETURNING p.id, p.version, p.updated_at"
    );
    Ok(sqlx::query_as(sql)
        .bind(Json(products))
        .fetch_all(tx.conn())
        .await?)
}

#[derive(Serialize)]
struct Of<'a> {
    product_id: Uuid,
    #[serde(flatten)]
    variant: &'a Variant,
}

/// Replaces the variants of products.
pub async fn replace_variants(tx: &mut Tx, products: &[&Product]) -> Result<()> {
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.0).collect();
    sqlx::query("DELETE FROM product_variants WHERE product_id = ANY($1)")
        .bind(ids)
        .execute(tx.conn())
        .await?;
    let variants: Vec<Of<'_>> = products
        .iter()
        .flat_map(|product| {
            product.variants.iter().map(|variant| Of {
                product_id: product.id.0,
                variant,
            })
        })
        .collect();
    let variants = serde_json::to_value(variants)?;
    sqlx::query(
        "INSERT INTO product_variants (organization_id, product_id, external_id, position, sku, barcode, title, price,
           compare_at_price, currency, stock, inventory_item_id)
         SELECT $1, x.product_id, x.external_id, x.position, x.sku, x.barcode, x.title, x.price, x.compare_at_price, x.currency,
           x.stock, x.inventory_item_id FROM jsonb_populate_recordset(NULL::product_variants, $2) x",
    )
    .bind(tx.organization_id())
    .bind(Json(variants))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Which of these ids of a source are known products, and which.
pub async fn ids(tx: &mut Tx, source: &str, external_ids: &[&str]) -> Result<Vec<(String, ProductId)>> {
    if external_ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "SELECT external_id, id FROM products WHERE source = $1 AND external_id = ANY($2) AND deleted_at IS NULL",
    )
    .bind(source)
    .bind(external_ids)
    .fetch_all(tx.conn())
    .await?)
}

/// A product that its shop has told of.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ByHandle {
    /// Its id here.
    pub id: ProductId,
    /// Its name in addresses.
    pub handle: String,
}

/// Products with these handles that have an id of their shop's own; deleted ones, too, which no file brings back.
pub async fn by_handles(tx: &mut Tx, source: &str, handles: &[&str]) -> Result<Vec<ByHandle>> {
    Ok(sqlx::query_as(
        "SELECT DISTINCT ON (handle) id, handle FROM products
         WHERE source = $1 AND handle = ANY($2) AND external_id NOT LIKE 'handle:%'
         ORDER BY handle, id",
    )
    .bind(source)
    .bind(handles)
    .fetch_all(tx.conn())
    .await?)
}

/// Gives a product another id. If another one has it, that is the product, and this one is deleted.
pub async fn rename(tx: &mut Tx, source: &str, from: &str, to: &str) -> Result<()> {
    sqlx::query(
        "UPDATE products p SET external_id = $3 WHERE source = $1 AND external_id = $2
           AND NOT EXISTS (SELECT FROM products o WHERE o.organization_id = p.organization_id AND o.source = $1 AND o.external_id = $3)",
    )
    .bind(source)
    .bind(from)
    .bind(to)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "UPDATE products SET deleted_at = $3 WHERE source = $1 AND external_id = $2 AND deleted_at IS NULL",
    )
    .bind(source)
    .bind(from)
    .bind(tx.now())
    .execute(tx.conn())
    .await?;
    Ok(())
}
