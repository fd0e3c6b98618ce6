//! The dictionary of names' words, by which misspelt names are found.
//!
//! What it never does: sweep words that nobody has any more. Whoever does that must call [`forget`] in each process, or
//! wait for [`REMEMBERED_FOR`].

use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
    time::Duration,
};

use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::Result;

use super::batch_parts::{KnownWords, write_words};

/// How long a word is taken for written.
pub const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// Hashes of words that committed transactions of this process have written, with their organization. A name's words are
/// mostly known ones, so most customers are created without touching the dictionary.
static WRITTEN: LazyLock<Cache<u64, ()>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(100_000)
        .time_to_live(REMEMBERED_FOR)
        .build()
});
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Writes the words that are not known to be there.
pub async fn add(tx: &mut Tx, words: impl IntoIterator<Item = String>) -> Result<()> {
    let organization_id = tx.organization_id();
    let fresh: Vec<(u64, String)> = words
        .into_iter()
        .map(|word| (HASHER.hash_one((organization_id, &word)), word))
        .filter(|(hash, _)| !WRITTEN.contains_key(hash))
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let (hashes, words): (Vec<_>, Vec<_>) = fresh.into_iter().unzip();
    write_words(tx, words, &KnownWords::default()).await?;
    // Only what is committed is there for others.
    tx.after_commit(move || hashes.into_iter().for_each(|hash| WRITTEN.insert(hash, ())));
    Ok(())
}

/// Takes nothing for written any more.
pub fn forget() {
    WRITTEN.invalidate_all();
}
