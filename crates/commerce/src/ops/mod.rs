//! Use cases: check, change, event. Each is one function in one transaction that the caller commits.
//!
//! What it never does: HTTP, or SQL of its own; that is `store`.

mod batch;
mod people;

pub mod carts;
pub mod credit;
pub mod metrics;
pub mod orders;
pub mod owners;
pub mod payments;
pub mod products;
pub mod stock;
pub mod value;
pub mod wishlists;

use std::collections::HashMap;

use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};

/// What became of what was told.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It is new.
    Created(T),
    /// It was known and is different now.
    Updated(T),
    /// It was known, or older than what is.
    Unchanged(T),
    /// It was refused, and nothing was changed.
    Refused(Error),
}

impl<T> Outcome<T> {
    /// What it is about, unless it was refused.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Created(value) | Self::Updated(value) | Self::Unchanged(value) => Some(value),
            Self::Refused(_) => None,
        }
    }
}

/// Most orders, carts or products that are told at once.
pub const MOST: usize = 1_000;

/// Gives a customer everything of another who turned out to be the same; answers how many orders. Both are kept from others
/// first, so that nobody gives something to the one that is about to be deleted.
pub async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    regulars_customers::store::customers::lock_many(tx, &[from, to]).await?;
    let orders = owners::hand_over(tx, from, to).await?;
    carts::hand_over(tx, from, to).await?;
    wishlists::hand_over(tx, from, to).await?;
    credit::hand_over(tx, from, to).await?;
    Ok(orders)
}

/// Two things that are known by the same key are one, and what comes later counts.
type ByKey<T> = HashMap<(String, String), T>;
