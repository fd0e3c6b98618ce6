//! The numbers of the dashboard: how many there are, against thirty days ago, and how many came month by month.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Result, TimeZone, ids::OrganizationId};
use serde::Serialize;

use super::{
    filters::start_of_day,
    stats::{LARGE, Stats, stats},
};
use crate::{
    model::{Choice as _, Status},
    store,
};

/// How long ago counts are compared with, in days.
const AGO: u64 = 30;
/// By how many days more that may be, where none was noted on the very day.
const OLDER: u64 = 7;
/// Months that are counted.
pub const MOST_MONTHS: u32 = 36;

static KNOWN: LazyLock<Cache<OrganizationId, Arc<Growth>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(1_000)
        .time_to_live(Duration::from_secs(30))
        .build()
});

/// A count, and what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AnalyticsCount)]
pub struct Count {
    /// Now.
    #[schema(example = 1234)]
    pub value: i64,
    /// Before; null where that was not counted.
    #[schema(example = 1198)]
    pub previous: Option<i64>,
}

/// A share in percent, and what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = AnalyticsRate)]
pub struct Rate {
    /// Now; null where there is nobody.
    #[schema(example = 3.2)]
    pub value: Option<f64>,
    /// Before; null where that was not counted.
    #[schema(example = 3.4)]
    pub previous: Option<f64>,
}

/// The numbers of an organization's customers, with what they were.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = AnalyticsOverview)]
pub struct Overview {
    /// All living customers.
    pub total: Count,
    /// With the status active.
    pub active: Count,
    /// With the status vip.
    pub vip: Count,
    /// The share with the status churned, in percent.
    pub churn_rate: Rate,
    /// Made since the month began; before: in the same stretch of the previous month.
    pub new_this_month: Count,
    /// By how many percent `new_this_month` exceeds the previous one; null where there were none.
    #[schema(example = 12.5)]
    pub growth: Option<f64>,
    /// The day at whose end the other numbers were what they say they were; null until a day thirty days ago was counted.
    pub compared_with: Option<NaiveDate>,
    /// When this was counted; up to 30 seconds ago for large organizations.
    pub as_of: DateTime<Utc>,
}

/// A month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AnalyticsMonth)]
pub struct Month {
    /// Its first day, in the organization's time zone.
    pub month: NaiveDate,
    /// Customers made in it, as far as they live.
    #[schema(example = 36)]
    pub new: i64,
    /// All who were there at its end, as far as they live.
    #[schema(example = 1234)]
    pub total: i64,
}

/// How an organization grew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AnalyticsGrowth)]
pub struct Growth {
    /// The months, the current one last.
    pub months: Vec<Month>,
    /// When this was counted; up to 30 seconds ago for large organizations.
    pub as_of: DateTime<Utc>,
}

/// The overview, with the stats that it was made of.
pub async fn overview(tx: &mut Tx, zone: TimeZone) -> Result<(Overview, Arc<Stats>)> {
    let stats = stats(tx, zone).await?;
    let today = tx.now().with_timezone(&zone.0).date_naive();
    let ago = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let before = store::days::last_between(tx, ago(AGO + OLDER), ago(AGO)).await?;
    let was = |status: Status| {
        let (_, counts) = before.as_ref()?;
        let noted = counts.iter().find(|(name, _)| name == status.as_str());
        Some(noted.map_or(0, |(_, customers)| *customers))
    };
    let had = before
        .as_ref()
        .map(|(_, counts)| counts.iter().map(|(_, customers)| customers).sum());
    let churned = stats.of(Status::Churned);
    let overview = Overview {
        total: Count {
            value: stats.total,
            previous: had,
        },
        active: Count {
            value: stats.active,
            previous: was(Status::Active),
        },
        vip: Count {
            value: stats.vip,
            previous: was(Status::Vip),
        },
        churn_rate: Rate {
            value: share(churned, stats.total),
            previous: had
                .zip(was(Status::Churned))
                .and_then(|(had, churned)| share(churned, had)),
        },
        new_this_month: Count {
            value: stats.new_this_month,
            previous: Some(stats.new_previous_month),
        },
        growth: stats.growth,
        compared_with: before.map(|(day, _)| day),
        as_of: stats.as_of,
    };
    Ok((overview, stats))
}

/// In percent, to one decimal.
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1000.0).round() / 10.0)
}

/// The last [`MOST_MONTHS`] months, the current one last.
pub async fn growth(tx: &mut Tx, zone: TimeZone) -> Result<Arc<Growth>> {
    let id = tx.organization_id();
    if let Some(known) = KNOWN.get(&id) {
        return Ok(known);
    }
    let now = tx.now();
    let firsts = months(now.with_timezone(&zone.0).date_naive());
    let begins: Vec<DateTime<Utc>> = firsts
        .iter()
        .map(|first| start_of_day(*first, zone).unwrap_or(now))
        .collect();
    // Bucket 0 is before the first of them.
    let rows = sqlx::query!(
        r#"SELECT width_bucket(c.created_at, $1::timestamptz[]) AS "bucket!", count(*) AS "customers!"
           FROM customers c WHERE c.deleted_at IS NULL GROUP BY 1"#,
        &begins
    )
    .fetch_all(tx.conn())
    .await?;
    let of = |bucket: usize| {
        let row = rows.iter().find(|row| usize::try_from(row.bucket) == Ok(bucket));
        row.map_or(0, |row| row.customers)
    };
    let mut total = of(0);
    let each = firsts.into_iter().zip(1..).map(|(month, bucket)| {
        let new = of(bucket);
        total += new;
        Month { month, new, total }
    });
    let growth = Arc::new(Growth {
        months: each.collect(),
        as_of: now,
    });
    if total >= LARGE {
        KNOWN.insert(id, growth.clone());
    }
    Ok(growth)
}

/// The first days of the months up to that of `today`.
fn months(today: NaiveDate) -> Vec<NaiveDate> {
    let this = today.with_day(1).unwrap_or(today);
    (0..MOST_MONTHS)
        .rev()
        .filter_map(|ago| this.checked_sub_months(Months::new(ago)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_with_the_current_one() {
        let all = months("2026-03-31".parse().unwrap());
        assert_eq!(all.len(), MOST_MONTHS as usize);
        assert_eq!(all.last(), Some(&"2026-03-01".parse().unwrap()));
        assert_eq!(all.first(), Some(&"2023-04-01".parse().unwrap()));
    }

    #[test]
    fn shares_are_in_percent_and_need_somebody() {
        assert_eq!(share(1, 3), Some(33.3));
        assert_eq!(share(0, 0), None);
    }
}
