//! How many rows a list has: counted where that is cheap, else the planner's estimate, and said which.
//!
//! Up to 10,000 are counted where that is cheap. Beyond it the number is an estimate, kept in process for some seconds so that paging through
//! a large list does not ask again; `count=exact` counts, whatever it takes.

use std::{sync::LazyLock, time::Duration};

use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Result, ids::OrganizationId, paging::Total};
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};

use super::{sample::Profile, selection::Selection};

/// So many are counted.
const COUNTED: i64 = 10_000;
/// An estimate up to here is checked by counting: the plan that it makes is one for few rows.
const PLAUSIBLE: i64 = 20_000;
/// Where the estimate turns out to be too low, so many are counted: the planner has not seen yet what was written last.
const BEHIND: i64 = 100_000;
/// Unless the planner expects that to cost more than this, about 10 ms: several common filters that few match together.
const COSTLY: f64 = 3_000.0;

static KNOWN: LazyLock<Cache<(OrganizationId, String), Total>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(Duration::from_secs(15))
        .build()
});

/// The number of rows that a selection has.
pub(super) async fn total(tx: &mut Tx, selection: &Selection, exact: bool) -> Result<Total> {
    if selection.is_empty() {
        return Ok(Total::exact(0));
    }
    if exact || selection.is_list() {
        return Ok(Total::exact(count(tx, selection, None).await?));
    }
    let key = (tx.organization_id(), format!("{selection:?}"));
    if let Some(known) = KNOWN.get(&key) {
        return Ok(known);
    }
    let (estimate, cost) = expected(tx, selection).await?;
    // Counting stops at so many, and costs that part of finding all.
    let cost = cost * (COUNTED as f64 / estimate.max(COUNTED) as f64);
    let total = if estimate > PLAUSIBLE || cost > COSTLY {
        Total::about(estimate)
    } else {
        match count(tx, selection, Some(COUNTED + 1)).await? {
            counted if counted <= COUNTED => Total::exact(counted),
            counted if estimate < counted => {
                let more = count(tx, selection, Some(BEHIND)).await?;
                if more < BEHIND {
                    Total::exact(more)
                } else {
                    Total::about(more)
                }
            }
            counted => Total::about(estimate.max(counted)),
        }
    };
    // A small number is cheap to find again and should be right at once after a change.
    if total.value > COUNTED {
        KNOWN.insert(key, total);
    }
    Ok(total)
}

/// Rows to expect and what finding them would cost: what the planner says of the filters and, of large organizations,
/// the sample of text and attributes, of which the planner knows nothing.
async fn expected(tx: &mut Tx, selection: &Selection) -> Result<(i64, f64)> {
    if selection.looks_inside() {
        let profile = Profile::of(tx).await?;
        let share = profile.share(selection.patterns(), selection.attributes());
        if share > 0.0 {
            let filtered = estimate(tx, &selection.without_looking_inside()).await? as f64;
            // Each of them is read and looked into, which costs about as much as the planner's unit.
            return Ok(((filtered * share) as i64, filtered));
        }
    }
    let plan = plan(tx, selection).await?;
    Ok((plan.rows, plan.cost))
}

/// What the planner expects of looking up everybody whom a selection means.
pub(super) struct Plan {
    /// Rows that match.
    pub(super) rows: i64,
    /// Rows that match as far as the columns of `customers` tell.
    pub(super) customers: i64,
    /// In the planner's own unit.
    pub(super) cost: f64,
}

/// Rows that the planner expects.
pub(super) async fn estimate(tx: &mut Tx, selection: &Selection) -> Result<i64> {
    Ok(plan(tx, selection).await?.rows)
}

/// Of a selection.
pub(super) async fn plan(tx: &mut Tx, selection: &Selection) -> Result<Plan> {
    let mut sql = QueryBuilder::new("EXPLAIN (FORMAT JSON) SELECT c.id FROM customers c WHERE ");
    selection.push(&mut sql);
    explained(tx, sql).await
}

/// Of an EXPLAIN in JSON.
pub(super) async fn explained(tx: &mut Tx, mut sql: QueryBuilder<Postgres>) -> Result<Plan> {
    let plan: Value = sql
        .build_query_scalar()
        .persistent(false)
        .fetch_one(tx.conn())
        .await?;
    let top = plan.pointer("/0/Plan").unwrap_or(&Value::Null);
    let number = |node: &Value, name: &str| node.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    Ok(Plan {
        rows: number(top, "Plan Rows") as i64,
        customers: node_of(top, "customers").map_or(0.0, |node| number(node, "Plan Rows")) as i64,
        cost: number(top, "Total Cost"),
    })
}

/// The node of a plan that reads a table.
fn node_of<'a>(node: &'a Value, table: &str) -> Option<&'a Value> {
    if node.get("Relation Name").and_then(Value::as_str) == Some(table) {
        return Some(node);
    }
    let below = node.get("Plans")?.as_array()?;
    below.iter().find_map(|node| node_of(node, table))
}

/// Counts a selection, up to so many.
pub(super) async fn count(tx: &mut Tx, selection: &Selection, most: Option<i64>) -> Result<i64> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM customers c WHERE ");
    selection.push(&mut sql);
    if let Some(most) = most {
        sql.push(format!(" LIMIT {most}"));
    }
    sql.push(") AS found");
    Ok(sql
        .build_query_scalar()
        .persistent(false)
        .fetch_one(tx.conn())
        .await?)
}
