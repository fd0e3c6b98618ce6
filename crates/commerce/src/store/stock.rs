//! Stock: each row is written by one statement that leaves it alone where something newer is known.

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::Result;
use sqlx::types::Json;

use crate::model::{Item, Level, Location, StockLevel};

/// What `model::version::replaces` says, of a row `t` and what is told: who names no version says what is so now; of two
/// that claim the same version, what sorts last wins.
macro_rules! newer {
    ($table:literal, $content:literal, $old:literal) => {
        concat!(
            " WHERE ",
            $table,
            ".source_version IS NULL OR EXCLUDED.source_version IS NULL OR (EXCLUDED.source_version, \
             coalesce(EXCLUDED.source_sequence, '') COLLATE \"C\", ",
            $content,
            ") > (",
            $table,
            ".source_version, coalesce(",
            $table,
            ".source_sequence, '') COLLATE \"C\", ",
            $old,
            ")"
        )
    };
}

/// Writes levels, each of them once, in the order of their keys.
pub async fn put_levels(tx: &mut Tx, levels: &[Level]) -> Result<()> {
    let sql = concat!(
        "INSERT INTO stock_levels (organization_id, source, inventory_item_id, location_external_id, source_version,
           source_sequence, available, is_stocked)
         SELECT $1, x.source, x.inventory_item_id, x.location_external_id, x.source_version, x.source_sequence, x.available,
           x.is_stocked FROM jsonb_populate_recordset(NULL::stock_levels, $2) x
         ON CONFLICT (organization_id, source, inventory_item_id, location_external_id) DO UPDATE SET
           source_version = coalesce(EXCLUDED.source_version, stock_levels.source_version),
           source_sequence = CASE WHEN EXCLUDED.source_version IS NULL THEN stock_levels.source_sequence ELSE EXCLUDED.source_sequence END,
           available = EXCLUDED.available, is_stocked = EXCLUDED.is_stocked",
        newer!(
            "stock_levels",
            "EXCLUDED.is_stocked, coalesce(EXCLUDED.available, -2147483648)",
            "stock_levels.is_stocked, coalesce(stock_levels.available, -2147483648)"
        )
    );
    sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(levels))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes locations, each of them once, in the order of their keys. A deleted one stays so.
pub async fn put_locations(tx: &mut Tx, locations: &[Location]) -> Result<()> {
    let sql = concat!(
        "INSERT INTO stock_locations (organization_id, source, external_id, source_version, source_sequence, name, is_active)
         SELECT $1, x.source, x.external_id, x.source_version, x.source_sequence, x.name, x.is_active
         FROM jsonb_populate_recordset(NULL::stock_locations, $2) x
         ON CONFLICT (organization_id, source, external_id) DO UPDATE SET
           source_version = coalesce(EXCLUDED.source_version, stock_locations.source_version),
           source_sequence = CASE WHEN EXCLUDED.source_version IS NULL THEN stock_locations.source_sequence ELSE EXCLUDED.source_sequence END,
           name = EXCLUDED.name, is_active = EXCLUDED.is_active",
        newer!(
            "stock_locations",
            "EXCLUDED.is_active, coalesce(EXCLUDED.name, '') COLLATE \"C\"",
            "stock_locations.is_active, coalesce(stock_locations.name, '') COLLATE \"C\""
        )
    );
    sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(Json(locations))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes an inventory item. A deleted one stays so.
pub async fn put_item(tx: &mut Tx, item: &Item) -> Result<()> {
    let sql = concat!(
        "INSERT INTO inventory_items (organization_id, source, external_id, source_version, source_sequence, is_tracked)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organization_id, source, external_id) DO UPDATE SET
           source_version = coalesce(EXCLUDED.source_version, inventory_items.source_version),
           source_sequence = CASE WHEN EXCLUDED.source_version IS NULL THEN inventory_items.source_sequence ELSE EXCLUDED.source_sequence END,
           is_tracked = EXCLUDED.is_tracked",
        newer!(
            "inventory_items",
            "EXCLUDED.is_tracked",
            "inventory_items.is_tracked"
        )
    );
    sqlx::query(sql)
        .bind(tx.organization_id())
        .bind(&item.source)
        .bind(&item.external_id)
        .bind(item.source_version)
        .bind(&item.source_sequence)
        .bind(item.is_tracked)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Leaves a mark that an inventory item was deleted, and takes its levels away.
pub async fn delete_item(tx: &mut Tx, source: &str, external_id: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO inventory_items (organization_id, source, external_id, deleted_at) VALUES ($1, $2, $3, now())
         ON CONFLICT (organization_id, source, external_id) DO UPDATE SET deleted_at = coalesce(inventory_items.deleted_at, now())",
    )
    .bind(tx.organization_id())
    .bind(source)
    .bind(external_id)
    .execute(tx.conn())
    .await?;
    sqlx::query("DELETE FROM stock_levels WHERE source = $1 AND inventory_item_id = $2")
        .bind(source)
        .bind(external_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Leaves a mark that a location was deleted. Its levels stay, and are not shown: there is no way to them but one by one.
pub async fn delete_location(tx: &mut Tx, source: &str, external_id: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO stock_locations (organization_id, source, external_id, deleted_at) VALUES ($1, $2, $3, now())
         ON CONFLICT (organization_id, source, external_id) DO UPDATE SET deleted_at = coalesce(stock_locations.deleted_at, now())",
    )
    .bind(tx.organization_id())
    .bind(source)
    .bind(external_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is counted of a level: of an item that is tracked, at a location that there is.
macro_rules! counted_levels {
    () => {
        " FROM stock_levels l
         LEFT JOIN stock_locations p ON p.source = l.source AND p.external_id = l.location_external_id
         LEFT JOIN inventory_items i ON i.source = l.source AND i.external_id = l.inventory_item_id
         WHERE l.source = $1 AND l.inventory_item_id = ANY($2) AND l.is_stocked AND p.deleted_at IS NULL
           AND i.deleted_at IS NULL AND coalesce(i.is_tracked, true)"
    };
}

/// How many there are of inventory items at all locations together, by item; of those that are counted somewhere.
pub async fn counted(tx: &mut Tx, source: &str, items: &[String]) -> Result<HashMap<String, i32>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
        "SELECT l.inventory_item_id, sum(l.available)",
        counted_levels!(),
        " AND l.available IS NOT NULL GROUP BY l.inventory_item_id"
    ))
    .bind(source)
    .bind(items)
    .fetch_all(tx.conn())
    .await?;
    let most = |sum: i64| i32::try_from(sum).unwrap_or(if sum < 0 { i32::MIN } else { i32::MAX });
    Ok(rows.into_iter().map(|(item, sum)| (item, most(sum))).collect())
}

/// Levels of one product that are shown at most.
const MOST_LEVELS: i64 = 10_000;

/// The levels of inventory items where they are kept, by item: those that are counted, at locations that there are.
pub async fn levels(tx: &mut Tx, source: &str, items: &[String]) -> Result<HashMap<String, Vec<StockLevel>>> {
    let rows: Vec<(String, String, Option<String>, Option<i32>)> = sqlx::query_as(concat!(
        "SELECT l.inventory_item_id, l.location_external_id, p.name, l.available",
        counted_levels!(),
        " ORDER BY p.name NULLS LAST, l.location_external_id LIMIT $3"
    ))
    .bind(source)
    .bind(items)
    .bind(MOST_LEVELS)
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<String, Vec<StockLevel>> = HashMap::new();
    for (item, location_external_id, location_name, available) in rows {
        found.entry(item).or_default().push(StockLevel {
            location_external_id,
            location_name,
            available,
        });
    }
    Ok(found)
}
