//! Payments that a payment provider tells of: which order they belong to, and those whose order is not known yet.
//!
//! A payment provider's crate keeps what it was told of a payment and tells the order by [`super::orders::upsert`]. When an
//! order becomes known for which one waits, a job of the kind [`ATTACH`] is queued, which that crate handles.

use chrono::TimeDelta;
use regulars_database::Tx;
use regulars_jobs::{NewJob, enqueue};
use regulars_kernel::Result;
use serde_json::json;

use crate::{model::Order, store::waiting};

/// The kind of the job that takes waiting payments to their orders.
pub const ATTACH: &str = "payments.attach";
/// How long a payment waits for its order.
const PATIENCE: TimeDelta = TimeDelta::days(180);
/// How long an order's transaction may last that cannot be seen by a payment that looks for the order.
const UNSEEN: TimeDelta = TimeDelta::seconds(30);
/// Payments that are looked at at a time.
const AT_ONCE: i64 = 200;

/// An order's source, and its id there.
pub type OrderKey = (String, String);

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// No order that is known.
    Nothing,
    /// This one.
    Order(OrderKey),
    /// More than one.
    Several,
}

/// The order that all of these references together name, by its id or its number.
pub async fn find_order(tx: &mut Tx, source: Option<&str>, references: &[String]) -> Result<Named> {
    let mut named = Named::Nothing;
    for reference in references {
        for key in waiting::orders(tx, source, reference, &number_key(reference)).await? {
            named = match named {
                Named::Nothing => Named::Order(key),
                Named::Order(known) if known == key => Named::Order(known),
                Named::Order(_) | Named::Several => Named::Several,
            };
        }
    }
    Ok(named)
}

/// Notes that a payment waits for an order that one of these references names.
pub async fn wait(tx: &mut Tx, told_by: &str, payment_id: &str, references: &[String]) -> Result<()> {
    let references: Vec<(String, String)> = references
        .iter()
        .map(|reference| (number_key(reference), reference.clone()))
        .collect();
    waiting::put(tx, told_by, payment_id, &references).await?;
    // The order may be in the making: neither of the two transactions sees the other.
    let again = NewJob::new(ATTACH, json!({}))
        .key("later")
        .run_at(tx.now() + UNSEEN);
    enqueue(tx, again).await?;
    Ok(())
}

/// Forgets that a payment waits.
pub async fn forget(tx: &mut Tx, told_by: &str, payment_id: &str) -> Result<()> {
    waiting::forget(tx, told_by, payment_id).await
}

/// The waiting payments whose order is known by now, some at a time from behind the last one: who tells of each, and its id.
pub async fn found(tx: &mut Tx, after: &(String, String)) -> Result<Vec<(String, String)>> {
    waiting::found(tx, after, AT_ONCE).await
}

/// Forgets those whose order did not come.
pub async fn give_up(tx: &mut Tx) -> Result<u64> {
    let time = tx.now() - PATIENCE;
    waiting::forget_before(tx, time).await
}

/// Sees to it that payments that wait for these orders are taken to them.
pub(super) async fn take_up(tx: &mut Tx, orders: &[&Order]) -> Result<()> {
    let mut keys: Vec<String> = orders
        .iter()
        .filter(|order| order.is_known && order.deleted_at.is_none())
        .flat_map(|order| [Some(&order.external_id), order.core.number.as_ref()])
        .flatten()
        .map(|reference| number_key(reference))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() && waiting::is_any(tx, &keys).await? {
        enqueue(tx, NewJob::new(ATTACH, json!({})).key("now")).await?;
    }
    Ok(())
}

/// As `orders.number_key` has it.
fn number_key(reference: &str) -> String {
    reference.trim_start_matches('#').to_lowercase()
}
