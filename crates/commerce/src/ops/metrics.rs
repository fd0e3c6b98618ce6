//! The figures of customers: kept with every change of an order, and verified from the beginning.

use std::collections::BTreeSet;

use regulars_customers::{
    model::{Included, Metrics, ToldMetrics},
    store::parts::Key,
};
use regulars_database::{Database, Tx};
use regulars_events::followers;
use regulars_jobs::enqueue;
use regulars_kernel::{Currency, Error, Faults, Result, Scope, ids::CustomerId};
use uuid::Uuid;

use crate::{jobs, model::ToldMetricsInput, store::metrics as store};

/// Orders of one customer that are reckoned with each change of one of them. A till on which everybody is the same guest
/// would look at all of its orders with every sale: whoever has more is reckoned by a job, which a burst of sales shares.
const MOST_AT_ONCE: i32 = 1_000;

/// Reckons the figures of these customers anew, after their orders were written in this transaction. The organization's currency
/// is looked up once their rows are locked: one that changed meanwhile has reckoned them before, or waits to.
pub async fn reckon(tx: &mut Tx, customers: impl IntoIterator<Item = CustomerId>) -> Result<()> {
    let mut ids = distinct(customers);
    if ids.is_empty() {
        return Ok(());
    }
    let many = store::lock(tx, &ids, MOST_AT_ONCE).await?;
    let base = store::base_currency(tx).await?;
    for id in &many {
        enqueue(tx, jobs::reckon(*id)).await?;
    }
    ids.retain(|id| !many.contains(id));
    store::reckon(tx, &ids, base).await?;
    followers::changed(tx, ids).await
}

/// As [`reckon`], however many orders they have.
pub async fn reckon_all(tx: &mut Tx, customers: impl IntoIterator<Item = CustomerId>) -> Result<()> {
    let ids = distinct(customers);
    store::lock(tx, &ids, i32::MAX).await?;
    let base = store::base_currency(tx).await?;
    store::reckon(tx, &ids, base).await?;
    followers::changed(tx, ids).await
}

fn distinct(customers: impl IntoIterator<Item = CustomerId>) -> Vec<CustomerId> {
    let distinct: BTreeSet<_> = customers.into_iter().collect();
    distinct.into_iter().collect()
}

/// Takes over what another system says that a customer bought there; the figures here stay those of the orders here.
pub async fn tell(
    tx: &mut Tx,
    id: CustomerId,
    base: Currency,
    source: &str,
    told: &ToldMetrics,
) -> Result<()> {
    store::tell(tx, id, base, source, told).await?;
    followers::changed(tx, [id]).await
}

/// Systems that may tell of one customer; each of them stands in the customer's row.
const MOST_SOURCES: usize = 20;

/// The same from outside; answers all figures of the customer.
pub async fn tell_outside(
    tx: &mut Tx,
    id: CustomerId,
    base: Currency,
    input: &ToldMetricsInput,
) -> Result<Metrics> {
    let mut faults = Faults::new();
    let (source, told) = input.check(base, tx.now(), &mut faults);
    faults.check()?;
    regulars_customers::ops::require_living(tx, id).await?;
    tell(tx, id, base, &source, &told).await?;
    let read = regulars_customers::ops::customers::get(tx, Key::Id(id), &Included::default(), false).await?;
    let metrics = read
        .metrics
        .ok_or_else(|| Error::internal("a customer has figures once some were told"))?;
    if metrics.told.len() > MOST_SOURCES {
        let message = format!("at most {MOST_SOURCES} systems tell of one customer");
        return Err(Error::conflict("/source", "too_many", message));
    }
    Ok(metrics)
}

/// What a verification found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many customers with orders or figures were looked at.
    pub checked: u64,
    /// Of how many the figures were not what their orders say.
    pub differed: u64,
}

/// Customers of one statement that compares, and of one transaction that mends.
const COMPARED: i64 = 50_000;
const MENDED: usize = 1_000;

/// Reckons everybody's figures from their orders, compares, and mends what differs if that is wanted. `step` is told how many
/// were checked.
pub async fn verify(
    database: &Database,
    scope: Scope,
    repair: bool,
    mut step: impl FnMut(Verified),
) -> Result<Verified> {
    let mut found = Verified::default();
    let mut after = Uuid::nil();
    loop {
        let mut tx = database.begin_read(scope).await?;
        let base = store::base_currency(&mut tx).await?;
        let Some(until) = store::step(&mut tx, after, COMPARED).await? else {
            return Ok(found);
        };
        let (checked, wrong) = store::wrong(&mut tx, after, until, base).await?;
        tx.rollback().await?;
        after = until;
        found.checked += u64::try_from(checked).unwrap_or(0);
        found.differed += wrong.len() as u64;
        if repair {
            for some in wrong.chunks(MENDED) {
                let mut tx = database.begin(scope).await?;
                reckon_all(&mut tx, some.iter().copied()).await?;
                tx.commit().await?;
            }
        }
        step(found);
    }
}
