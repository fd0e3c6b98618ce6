//! Use cases: check, change, event, job. Each is one function in one transaction that the caller commits.
//!
//! What it never does: HTTP, or SQL of its own; that is `store`.

pub mod activity;
pub mod addresses;
pub mod attributes;
pub mod bulk;
pub mod bulk_job;
pub mod consents;
pub mod contacts;
pub mod customers;
pub mod days;
pub mod drafts;
pub mod hierarchy;
pub mod import;
pub mod marks;
pub mod mentions;
pub mod notes;
pub mod owners;
mod pages;
pub mod sources;
pub mod tags;
mod undo;
pub mod words;

use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};

use crate::{model::Customer, store};

/// Refuses a change if the version that is current is not the one that the caller saw.
pub type Guard<'a> = &'a (dyn Fn(i32) -> Result<()> + Sync);

/// For callers that saw no version: the last write wins.
pub const UNGUARDED: Guard<'static> = &|_| Ok(());

/// A living customer, kept from being changed by others until the transaction ends.
pub async fn lock_living(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    store::customers::lock(tx, id)
        .await?
        .filter(|customer| customer.deleted_at.is_none())
        .ok_or(Error::NotFound("customer"))
}

/// Fails with 404 unless this is a living customer.
pub async fn require_living(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    store::customers::get(tx, id)
        .await?
        .filter(|customer| customer.deleted_at.is_none())
        .ok_or(Error::NotFound("customer"))
}

/// Fails if there are already as many as are kept below one customer.
fn check_room(count: i64, most: i64, what: &str) -> Result<()> {
    if count < most {
        return Ok(());
    }
    Err(Error::conflict(
        "",
        "too_many",
        format!("a customer may have {most} {what}"),
    ))
}
