//! The dictionary of names' words, swept: the names of people who were deleted must not stay in it.
//!
//! A sweep may take a word that somebody is being given at that very moment: a customer whose transaction is not
//! committed yet, or one created by a process that remembers the word as written (see `store::words`). Therefore what
//! was changed meanwhile is looked through again once nobody can remember it any more; until then only a misspelt search
//! misses such a customer.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use chrono::{DateTime, TimeDelta, Utc};
use regulars_database::{Database, Tx};
use regulars_jobs::{NewJob, enqueue};
use regulars_kernel::{Result, Scope, clock, ids::CustomerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::words;

/// Words looked at in one transaction.
const WORDS: i64 = 2_000;
/// Customers looked at in one transaction.
const CUSTOMERS: i64 = 2_000;
/// Longer than any transaction that creates customers.
const LONGEST_TRANSACTION: TimeDelta = TimeDelta::minutes(10);

/// The job that mends the dictionary of its organization.
pub const MEND: &str = "customers.mend_words";

/// What it works on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Mending {
    /// When the sweep began.
    pub began: DateTime<Utc>,
}

/// Has the dictionary mended, once nobody remembers a word that this transaction or an earlier one has removed.
async fn queue_mend(tx: &mut Tx, began: DateTime<Utc>) -> Result<()> {
    let forgotten = TimeDelta::from_std(words::REMEMBERED_FOR).unwrap_or(TimeDelta::hours(1));
    let at = tx.now() + forgotten + TimeDelta::minutes(5);
    enqueue(tx, NewJob::new(MEND, Mending { began }).run_at(at)).await?;
    Ok(())
}

/// Takes the words out of the dictionary that no living customer of the organization has. Answers how many.
///
/// It goes through the names once and keeps a hash of each word, eight bytes for each of some hundred thousand; asking an
/// index for each word of the dictionary takes 1.5 ms a word at a million customers. A word with the hash of another stays.
pub async fn sweep(
    database: &Database,
    scope: Scope,
    go_on: &(dyn Fn() -> Result<()> + Sync),
) -> Result<u64> {
    let began = clock::now();
    let hasher = RandomState::new();
    let mut used = HashSet::new();
    let mut after = (DateTime::UNIX_EPOCH, CustomerId(Uuid::nil()));
    loop {
        go_on()?;
        let mut tx = database.begin_read(scope).await?;
        let Some(changed) = words::changed(&mut tx, after, CUSTOMERS).await? else {
            break;
        };
        tx.commit().await?;
        after = changed.last;
        used.extend(changed.words.iter().map(|word| hasher.hash_one(word)));
    }
    let mut after = String::new();
    let mut swept = 0;
    loop {
        go_on()?;
        let mut tx = database.begin(scope).await?;
        let mut page = words::page(&mut tx, &after, WORDS).await?;
        let Some(last) = page.last() else {
            // Again: the first may have been long ago.
            if swept > 0 {
                queue_mend(&mut tx, began).await?;
                tx.commit().await?;
            }
            return Ok(swept);
        };
        after.clone_from(last);
        page.retain(|word| !used.contains(&hasher.hash_one(word)));
        if !page.is_empty() {
            words::remove(&mut tx, &page).await?;
            if swept == 0 {
                queue_mend(&mut tx, began).await?;
            }
            swept += page.len() as u64;
        }
        tx.commit().await?;
        words::forget();
    }
}

/// Writes the words of every customer again that was changed since shortly before a sweep began.
pub async fn mend(
    database: &Database,
    scope: Scope,
    began: DateTime<Utc>,
    go_on: &(dyn Fn() -> Result<()> + Sync),
) -> Result<()> {
    let mut after = (began - LONGEST_TRANSACTION, CustomerId(Uuid::nil()));
    loop {
        go_on()?;
        let mut tx = database.begin(scope).await?;
        let Some(changed) = words::changed(&mut tx, after, CUSTOMERS).await? else {
            return Ok(());
        };
        after = changed.last;
        words::write(&mut tx, changed.words).await?;
        tx.commit().await?;
    }
}
