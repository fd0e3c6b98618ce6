//! A visitor who turned out to be a customer takes along what was done before.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use regulars_customers::ops::activity;
use regulars_database::Tx;
use regulars_events::{followers, touch};
use regulars_jobs::{NewJob, enqueue};
use regulars_kernel::{Result, ids::CustomerId};
use serde::{Deserialize, Serialize};

use crate::{model::Kind, store};

/// The job.
pub(crate) const KIND: &str = "activities.join";

/// The kind under which open pages hear of activities.
pub(super) const TOLD: &str = "activity.told";

/// What was told in a transaction that had begun before the visitor was known may be seen only once that is over.
const AGAIN: TimeDelta = TimeDelta::minutes(2);

/// Rows that are given in one transaction.
const SOME: i64 = 1_000;

/// The input of the job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Joined {
    /// Which visitors.
    pub visitors: Vec<String>,
    /// Whether it is the second time.
    pub again: bool,
}

/// Notes whose these visitors are. Those for whom that is news get what they did before by a job, now and once more
/// when nothing can be under way any more.
pub async fn join(tx: &mut Tx, pairs: &BTreeMap<&str, CustomerId>) -> Result<()> {
    let visitors = store::visitors::join(tx, pairs).await?;
    if visitors.is_empty() {
        return Ok(());
    }
    let later = tx.now() + AGAIN;
    let job = |again| {
        let visitors = visitors.clone();
        NewJob::new(KIND, Joined { visitors, again })
    };
    enqueue(tx, job(false)).await?;
    enqueue(tx, job(true).run_at(later)).await?;
    Ok(())
}

/// Gives customers some of what they did while nobody knew them. Says how much it was.
pub async fn take_along(tx: &mut Tx, visitors: &[String]) -> Result<usize> {
    let given = store::visitors::take_along(tx, visitors, SOME).await?;
    let mut last: BTreeMap<CustomerId, Option<DateTime<Utc>>> = BTreeMap::new();
    for one in &given {
        let known = last.entry(one.customer_id).or_default();
        if Kind::ALL
            .iter()
            .any(|kind| kind.is_theirs() && kind.name() == one.kind)
        {
            *known = (*known).max(Some(one.occurred_at));
        }
    }
    let seen: Vec<_> = last.iter().filter_map(|(id, at)| Some((*id, (*at)?))).collect();
    activity::seen(tx, &seen).await?;
    followers::changed(tx, last.keys().copied()).await?;
    for id in last.keys() {
        touch(tx, TOLD, *id);
    }
    Ok(given.len())
}
