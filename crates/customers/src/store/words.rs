//! The dictionary of names' words, by which misspelt names are found.
//!
//! What it never does: decide when to sweep; see `ops::words`.

use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
    time::Duration,
};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId, symspell};

use super::{
    batch_parts::{KnownWords, write_words},
    search,
};

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

/// Words of the dictionary after one, in order.
pub async fn page(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT token FROM name_tokens WHERE deletion > $1 AND token = deletion ORDER BY deletion LIMIT $2",
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Takes words out of the dictionary.
pub async fn remove(tx: &mut Tx, words: &[String]) -> Result<()> {
    let (deletions, tokens): (Vec<String>, Vec<&str>) = words
        .iter()
        .flat_map(|word| {
            symspell::deletes(word)
                .into_iter()
                .map(move |deletion| (deletion, word.as_str()))
        })
        .unzip();
    sqlx::query!(
        "DELETE FROM name_tokens t USING unnest($1::text[], $2::text[]) AS gone (deletion, token)
         WHERE t.deletion = gone.deletion AND t.token = gone.token",
        &deletions,
        &tokens as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The last of some customers in the order of their changes, and the words of all of them.
pub struct Changed {
    /// When the last was changed, and who it is.
    pub last: (DateTime<Utc>, CustomerId),
    /// The words of their names.
    pub words: Vec<String>,
}

/// Living customers that were changed after a moment and a customer, in that order; none at the end.
pub async fn changed(tx: &mut Tx, after: (DateTime<Utc>, CustomerId), limit: i64) -> Result<Option<Changed>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CustomerId", updated_at, first_name, last_name, company_name, legal_name FROM customers
           WHERE deleted_at IS NULL AND (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT $3"#,
        after.0,
        after.1.0,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let Some(last) = rows.last().map(|row| (row.updated_at, row.id)) else {
        return Ok(None);
    };
    let names = rows.iter().flat_map(|row| {
        let names = [
            &row.first_name,
            &row.last_name,
            &row.company_name,
            &row.legal_name,
        ];
        names.into_iter().flatten().map(String::as_str)
    });
    Ok(Some(Changed {
        last,
        words: search::words_of(names).into_iter().collect(),
    }))
}

/// Writes words whatever is known of them.
pub async fn write(tx: &mut Tx, words: Vec<String>) -> Result<()> {
    write_words(tx, words, &KnownWords::default()).await.map(drop)
}
