//! How many customers there are, of what kind, and how that moves.
//!
//! Counted by index alone: about a quarter of a second at a million customers, so a large organization's numbers are kept
//! in process for half a minute. They say when they were counted.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Result, TimeZone, ids::OrganizationId};
use serde::Serialize;
use sqlx::Row;

use super::filters::start_of_day;
use crate::model::{Choice, Status, Type};

/// Organizations of at least this size are not counted anew each time.
pub(super) const LARGE: i64 = 20_000;

static KNOWN: LazyLock<Cache<OrganizationId, Arc<Stats>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(1_000)
        .time_to_live(Duration::from_secs(30))
        .build()
});

/// Numbers over all living customers.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CustomerStats)]
pub struct Stats {
    /// All.
    #[schema(example = 1234)]
    pub total: i64,
    /// With the status active.
    #[schema(example = 902)]
    pub active: i64,
    /// With the status vip.
    #[schema(example = 41)]
    pub vip: i64,
    /// Made since the month began in the organization's time zone.
    #[schema(example = 36)]
    pub new_this_month: i64,
    /// Made in the same stretch of the previous month.
    #[schema(example = 32)]
    pub new_previous_month: i64,
    /// By how many percent `new_this_month` exceeds `new_previous_month`; null where there were none.
    #[schema(example = 12.5)]
    pub growth: Option<f64>,
    /// Of each status, in its fixed order.
    pub by_status: Vec<Share>,
    /// Of each type, in its fixed order.
    pub by_type: Vec<Share>,
    /// When this was counted; up to 30 seconds ago for large organizations.
    pub as_of: DateTime<Utc>,
}

/// How many have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = CustomerShare)]
pub struct Share {
    /// The value.
    #[schema(example = "vip")]
    pub value: &'static str,
    /// How many.
    #[schema(example = 41)]
    pub count: i64,
}

/// The numbers, at most half a minute old.
pub async fn stats(tx: &mut Tx, zone: TimeZone) -> Result<Arc<Stats>> {
    let id = tx.organization_id();
    if let Some(known) = KNOWN.get(&id) {
        return Ok(known);
    }
    let stats = Arc::new(count(tx, zone).await?);
    if stats.total >= LARGE {
        KNOWN.insert(id, stats.clone());
    }
    Ok(stats)
}

impl Stats {
    /// How many have this status.
    pub fn of(&self, status: Status) -> i64 {
        of(&self.by_status, status)
    }
}

fn of(by_status: &[Share], status: Status) -> i64 {
    let share = by_status.iter().find(|share| share.value == status.as_str());
    share.map_or(0, |share| share.count)
}

/// How many have each status, counted now.
pub async fn by_status(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let shares = shares::<Status>(tx, BY_STATUS).await?;
    Ok(shares
        .into_iter()
        .map(|share| (share.value.to_owned(), share.count))
        .collect())
}

const BY_STATUS: &str =
    "SELECT c.status, count(*) FROM customers c WHERE c.deleted_at IS NULL GROUP BY c.status";

async fn count(tx: &mut Tx, zone: TimeZone) -> Result<Stats> {
    let now = tx.now();
    let (previous, previous_end, this) = months(now, zone);
    let by_status = shares::<Status>(tx, BY_STATUS).await?;
    let by_type = shares::<Type>(
        tx,
        "SELECT c.type, count(*) FROM customers c WHERE c.deleted_at IS NULL GROUP BY c.type",
    )
    .await?;
    let new = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM customers c WHERE c.deleted_at IS NULL AND c.created_at >= $1) AS "this!",
                (SELECT count(*) FROM customers c WHERE c.deleted_at IS NULL AND c.created_at >= $2 AND c.created_at < $3) AS "previous!""#,
        this,
        previous,
        previous_end
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Stats {
        total: by_status.iter().map(|share| share.count).sum(),
        active: of(&by_status, Status::Active),
        vip: of(&by_status, Status::Vip),
        new_this_month: new.this,
        new_previous_month: new.previous,
        growth: growth(new.this, new.previous),
        by_status,
        by_type,
        as_of: now,
    })
}

async fn shares<T: Choice>(tx: &mut Tx, sql: &'static str) -> Result<Vec<Share>> {
    let rows = sqlx::query(sql).fetch_all(tx.conn()).await?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in &rows {
        counts.push((row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?));
    }
    let count = |value: &str| {
        counts
            .iter()
            .find(|known| known.0 == value)
            .map_or(0, |known| known.1)
    };
    Ok(T::ALL
        .iter()
        .map(|value| Share {
            value: value.as_str(),
            count: count(value.as_str()),
        })
        .collect())
}

/// In percent, to one decimal.
fn growth(this: i64, previous: i64) -> Option<f64> {
    (previous > 0).then(|| ((this - previous) as f64 / previous as f64 * 1000.0).round() / 10.0)
}

/// When the previous month began, the moment in it that is as late as now (its end, if it is shorter), when this one began.
fn months(now: DateTime<Utc>, zone: TimeZone) -> (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>) {
    let local = now.with_timezone(&zone.0);
    let first = NaiveDate::from_ymd_opt(local.year(), local.month(), 1).unwrap_or_else(|| local.date_naive());
    let before = first.checked_sub_months(Months::new(1)).unwrap_or(first);
    let this = start_of_day(first, zone).unwrap_or(now);
    let previous = start_of_day(before, zone).unwrap_or(this);
    (previous, (previous + (now - this)).min(this), this)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_where_the_organization_is() {
        let zone = TimeZone::parse("Europe/Berlin").unwrap();
        let (previous, end, this) = months("2026-03-31T22:30:00Z".parse().unwrap(), zone);
        assert_eq!(this.to_rfc3339(), "2026-03-31T22:00:00+00:00");
        assert_eq!(previous.to_rfc3339(), "2026-02-28T23:00:00+00:00");
        assert_eq!(end.to_rfc3339(), "2026-02-28T23:30:00+00:00");
        let (_, end, this) = months("2026-03-31T12:00:00Z".parse().unwrap(), zone);
        assert_eq!(end, this);
    }

    #[test]
    fn growth_is_in_percent_and_needs_something_to_grow_from() {
        assert_eq!(growth(9, 8), Some(12.5));
        assert_eq!(growth(0, 3), Some(-100.0));
        assert_eq!(growth(5, 0), None);
    }
}
