//! Orders that begin with a field of few values, such as `status,full_name`: each value in turn is a list of its own, so
//! that each is answered by the index that fits it. One statement would sort the 800,000 active ones by name.
//!
//! So are those who were ever active and those who never were.
//!
//! What it never does: look at a value once the page is full.

use regulars_database::Tx;
use regulars_kernel::{Result, paging::Sort};
use sqlx::postgres::PgRow;

use super::{
    countries,
    filters::Deleted,
    keyset::ACTIVE,
    list::{self, Stretch},
    selection::Selection,
    total,
};
use crate::model::{Choice, Status, Type};

/// Whether an order is walked value by value.
pub(super) fn is_grouped(sorts: &[Sort]) -> bool {
    sorts
        .first()
        .is_some_and(|sort| ["status", "type", "country", "last_active_at"].contains(&sort.field))
}

/// The rows of a stretch of such an order.
pub(super) async fn rows(tx: &mut Tx, stretch: &Stretch<'_>, selection: &Selection) -> Result<Vec<PgRow>> {
    let Some((sort, rest)) = stretch.sorts.split_first() else {
        return Ok(Vec::new());
    };
    let mut of_active = stretch.sorts.to_vec();
    of_active[0].field = ACTIVE;
    let mut values = values(tx, sort.field, selection.filters().deleted).await?;
    if sort.descending {
        values.reverse();
    }
    // On from the value of the cursor, whose own keys hold for it alone.
    let mut after = None;
    if let Some((keys, id)) = &stretch.after {
        let at = keys.first().and_then(|key| key.group().map(str::to_owned));
        let from = place(sort.field, at.as_deref());
        values.retain(|value| {
            let here = place(sort.field, value.as_deref());
            if sort.descending {
                here <= from
            } else {
                here >= from
            }
        });
        after = Some((at, (keys.clone(), *id)));
    }
    let mut rows = Vec::new();
    let mut skipped = stretch.offset;
    for value in values {
        let Some(group) = selection.with(sort.field, value.as_deref()) else {
            continue;
        };
        if skipped > 0 {
            let count = total::count(tx, &group, Some(skipped + 1)).await?;
            if count <= skipped {
                skipped -= count;
                continue;
            }
        }
        // In all groups but that of the active one value is everybody's.
        let is_active = sort.field == "last_active_at" && value.is_some();
        let mut within_it = after.take_if(|(at, _)| *at == value).map(|(_, place)| place);
        if let Some((keys, _)) = &mut within_it
            && !is_active
        {
            keys.remove(0);
        }
        let within = Stretch {
            sorts: if is_active { &of_active } else { rest },
            wanted: stretch.wanted - rows.len() as i64,
            offset: skipped,
            after: within_it,
            is_one_of_many: stretch.is_one_of_many || sort.field == "country",
        };
        skipped = 0;
        rows.extend(Box::pin(list::rows(tx, &within, &group)).await?.rows);
        if rows.len() as i64 >= stretch.wanted {
            break;
        }
    }
    Ok(rows)
}

/// The values that there are, none first, in their order.
async fn values(tx: &mut Tx, field: &str, deleted: Deleted) -> Result<Vec<Option<String>>> {
    fn all<T: Choice>() -> Vec<Option<String>> {
        T::ALL
            .iter()
            .map(|choice| Some(choice.as_str().to_owned()))
            .collect()
    }
    let mut values = match field {
        "status" => all::<Status>(),
        "type" => all::<Type>(),
        "last_active_at" => vec![None, Some(ACTIVE.to_owned())],
        _ => lived_in(tx, deleted).await?,
    };
    values.sort_unstable_by(|one, other| place(field, one.as_deref()).cmp(&place(field, other.as_deref())));
    values.dedup();
    Ok(values)
}

/// Where a value stands among the others of its field.
fn place<'a>(field: &str, value: Option<&'a str>) -> (i32, Option<&'a str>) {
    let rank = if field == "country" {
        value.map_or(0, countries::rank)
    } else {
        0
    };
    (rank, value)
}

/// The countries in which somebody lives, each found by a jump along the index, and none.
async fn lived_in(tx: &mut Tx, deleted: Deleted) -> Result<Vec<Option<String>>> {
    let mut values = vec![None];
    let mut last = Some(String::new());
    while last.is_some() {
        last = sqlx::query_scalar!(
            r#"SELECT country AS "country!" FROM customers WHERE deleted_at IS NULL AND country > $1 ORDER BY country LIMIT 1"#,
            last
        )
        .fetch_optional(tx.conn())
        .await?;
        values.extend(last.clone().map(Some));
    }
    if deleted == Deleted::With {
        let gone = sqlx::query_scalar!("SELECT DISTINCT country FROM customers WHERE deleted_at IS NOT NULL")
            .fetch_all(tx.conn())
            .await?;
        values.extend(gone);
    }
    Ok(values)
}
