//! What hangs on many customers, with one statement each: addresses, tags, sources, consents, words of names.
//!
//! What it never does: decide; see `model::import`. It writes no events.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Country, Phone, Result, ids::CustomerId, symspell};
use uuid::Uuid;

use super::words::REMEMBERED_FOR;
use crate::model::import::{ConsentChange, CurrentAddress};

/// Writes default addresses: new ones and changed ones.
pub async fn write_addresses(tx: &mut Tx, addresses: &[(CustomerId, &CurrentAddress)]) -> Result<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = addresses.iter().map(|(_, address)| address.id.0).collect();
    let customers: Vec<Uuid> = addresses.iter().map(|(id, _)| id.0).collect();
    let column = |get: fn(&CurrentAddress) -> &Option<String>| -> Vec<Option<&str>> {
        addresses
            .iter()
            .map(|(_, address)| get(address).as_deref())
            .collect()
    };
    let countries: Vec<Option<&str>> = addresses
        .iter()
        .map(|(_, address)| address.country.as_ref().map(Country::as_str))
        .collect();
    let phones: Vec<Option<&str>> = addresses
        .iter()
        .map(|(_, address)| address.phone.as_ref().map(Phone::as_str))
        .collect();
    let latitudes: Vec<Option<f64>> = addresses.iter().map(|(_, address)| address.latitude).collect();
    let longitudes: Vec<Option<f64>> = addresses.iter().map(|(_, address)| address.longitude).collect();
    sqlx::query!(
        "INSERT INTO addresses (organization_id, id, customer_id, is_default, name, company, line1, line2, city, province,
           postal_code, country, phone, latitude, longitude, created_at, updated_at)
         SELECT $1, n.id, n.customer_id, true, n.name, n.company, n.line1, n.line2, n.city, n.province, n.postal_code, n.country,
           n.phone, n.latitude, n.longitude, $2, $2
         FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
           $11::text[], $12::text[], $13::text[], $14::float8[], $15::float8[])
           AS n (id, customer_id, name, company, line1, line2, city, province, postal_code, country, phone, latitude, longitude)
         ON CONFLICT (organization_id, id) DO UPDATE SET name = EXCLUDED.name, company = EXCLUDED.company, line1 = EXCLUDED.line1,
           line2 = EXCLUDED.line2, city = EXCLUDED.city, province = EXCLUDED.province, postal_code = EXCLUDED.postal_code,
           country = EXCLUDED.country, phone = EXCLUDED.phone, latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude",
        tx.organization_id().0,
        tx.now(),
        &ids,
        &customers,
        &column(|address| &address.name) as &[Option<&str>],
        &column(|address| &address.company) as &[Option<&str>],
        &column(|address| &address.line1) as &[Option<&str>],
        &column(|address| &address.line2) as &[Option<&str>],
        &column(|address| &address.city) as &[Option<&str>],
        &column(|address| &address.province) as &[Option<&str>],
        &column(|address| &address.postal_code) as &[Option<&str>],
        &countries as &[Option<&str>],
        &phones as &[Option<&str>],
        &latitudes as &[Option<f64>],
        &longitudes as &[Option<f64>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tags customers; the tags are defined.
pub async fn add_tags(tx: &mut Tx, tags: &[(CustomerId, &str)]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let customers: Vec<Uuid> = tags.iter().map(|(id, _)| id.0).collect();
    let wanted: Vec<&str> = tags.iter().map(|(_, name)| *name).collect();
    sqlx::query!(
        "INSERT INTO customer_tags (organization_id, customer_id, tag_id, created_at)
         SELECT $1, n.customer_id, t.id, $2 FROM unnest($3::uuid[], $4::text[]) AS n (customer_id, name)
         JOIN tags t ON t.organization_id = $1 AND t.name_lowercase = lower(n.name)
         ON CONFLICT DO NOTHING",
        tx.organization_id().0,
        now,
        &customers,
        &wanted as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Links external ids. Answers those that another customer has meanwhile.
pub async fn link_sources(
    tx: &mut Tx,
    links: &[(CustomerId, &(String, String))],
) -> Result<HashSet<CustomerId>> {
    if links.is_empty() {
        return Ok(HashSet::new());
    }
    let customers: Vec<Uuid> = links.iter().map(|(id, _)| id.0).collect();
    let sources: Vec<&str> = links.iter().map(|(_, source)| source.0.as_str()).collect();
    let external: Vec<&str> = links.iter().map(|(_, source)| source.1.as_str()).collect();
    let linked = sqlx::query!(
        r#"INSERT INTO customer_sources (organization_id, source, external_id, customer_id, synced_at, created_at)
           SELECT $1, n.source, n.external_id, n.customer_id, $2, $2
           FROM unnest($3::uuid[], $4::text[], $5::text[]) AS n (customer_id, source, external_id)
           ON CONFLICT DO NOTHING
           RETURNING source, external_id"#,
        tx.organization_id().0,
        tx.now(),
        &customers,
        &sources as &[&str],
        &external as &[&str],
    )
    .fetch_all(tx.conn())
    .await?;
    if linked.len() == links.len() {
        return Ok(HashSet::new());
    }
    let linked: HashSet<(String, String)> = linked
        .into_iter()
        .map(|row| (row.source, row.external_id))
        .collect();
    Ok(links
        .iter()
        .filter(|(_, source)| !linked.contains(*source))
        .map(|(id, _)| *id)
        .collect())
}

/// Takes back links that were just made.
pub(crate) async fn unlink(tx: &mut Tx, links: &[(CustomerId, &(String, String))]) -> Result<()> {
    let customers: Vec<Uuid> = links.iter().map(|(id, _)| id.0).collect();
    let sources: Vec<&str> = links.iter().map(|(_, source)| source.0.as_str()).collect();
    let external: Vec<&str> = links.iter().map(|(_, source)| source.1.as_str()).collect();
    sqlx::query!(
        "DELETE FROM customer_sources s USING unnest($1::uuid[], $2::text[], $3::text[]) AS n (customer_id, source, external_id)
         WHERE s.source = n.source AND s.external_id = n.external_id AND s.customer_id = n.customer_id
           AND s.created_at = $4",
        &customers,
        &sources as &[&str],
        &external as &[&str],
        tx.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the state of channels.
pub async fn write_consents(tx: &mut Tx, changes: &[(CustomerId, &ConsentChange)]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let customers: Vec<Uuid> = changes.iter().map(|(id, _)| id.0).collect();
    let channels: Vec<&str> = changes.iter().map(|(_, change)| change.channel).collect();
    let states: Vec<&str> = changes.iter().map(|(_, change)| change.to).collect();
    let times: Vec<DateTime<Utc>> = changes
        .iter()
        .map(|(_, change)| change.at.unwrap_or(now))
        .collect();
    sqlx::query!(
        "INSERT INTO customer_consents (organization_id, customer_id, channel, state, source, changed_at)
         SELECT $1, n.customer_id, n.channel, n.state, 'import', n.changed_at
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) AS n (customer_id, channel, state, changed_at)
         ON CONFLICT (organization_id, customer_id, channel) DO UPDATE
           SET state = EXCLUDED.state, source = EXCLUDED.source, changed_at = EXCLUDED.changed_at
           WHERE customer_consents.state <> 'unsubscribed'",
        tx.organization_id().0,
        &customers,
        &channels as &[&str],
        &states as &[&str],
        &times,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Words of names that are known to stand in `name_tokens`, so that they are not sent again and again. Bounded, and
/// forgotten in time for who mends after a sweep.
#[derive(Debug)]
pub struct KnownWords(Mutex<Remembered>);

#[derive(Debug)]
struct Remembered {
    words: HashSet<String>,
    since: Instant,
}

/// Words remembered before the memory is emptied.
const REMEMBERED: usize = 200_000;

impl Default for KnownWords {
    fn default() -> Self {
        Self(Mutex::new(Remembered {
            words: HashSet::new(),
            since: Instant::now(),
        }))
    }
}

impl KnownWords {
    /// Remembers what a committed transaction has written.
    pub fn remember(&self, words: Vec<String>) {
        let mut known = self.lock();
        if known.words.len() + words.len() > REMEMBERED {
            known.words.clear();
        }
        known.words.extend(words);
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since.elapsed() > REMEMBERED_FOR {
            known.words.clear();
            known.since = Instant::now();
        }
        known
    }

    fn without(&self, words: impl IntoIterator<Item = String>) -> HashSet<String> {
        let known = self.lock();
        words
            .into_iter()
            .filter(|word| !known.words.contains(word))
            .collect()
    }
}

/// Files words under their forms with a letter less. Answers those that were new to `known`.
pub async fn write_words(
    tx: &mut Tx,
    words: impl IntoIterator<Item = String>,
    known: &KnownWords,
) -> Result<Vec<String>> {
    let fresh = known.without(words);
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let mut fresh: Vec<String> = fresh.into_iter().collect();
    // In one order, so that two imports that meet the same new words wait for each other instead of for ever.
    fresh.sort_unstable();
    let mut deletions = Vec::with_capacity(fresh.len() * 8);
    let mut tokens = Vec::with_capacity(fresh.len() * 8);
    for word in &fresh {
        for deletion in symspell::deletes(word) {
            deletions.push(deletion);
            tokens.push(word.as_str());
        }
    }
    sqlx::query!(
        "INSERT INTO name_tokens (organization_id, deletion, token)
         SELECT $1, n.deletion, n.token FROM unnest($2::text[], $3::text[]) AS n (deletion, token)
         ON CONFLICT DO NOTHING",
        tx.organization_id().0,
        &deletions,
        &tokens as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(fresh)
}

/// Defines attributes of kind text, name and label, unless they exist.
pub async fn define_texts(tx: &mut Tx, attributes: &[(String, String)]) -> Result<()> {
    let ids: Vec<Uuid> = attributes
        .iter()
        .map(|_| regulars_kernel::ids::AttributeId::new().0)
        .collect();
    let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    let labels: Vec<&str> = attributes.iter().map(|(_, label)| label.as_str()).collect();
    sqlx::query!(
        "INSERT INTO attribute_definitions (organization_id, id, name, label, kind, position, created_at, updated_at)
         SELECT $1, n.id, n.name, n.label, 'text',
                (SELECT coalesce(max(position), 0) FROM attribute_definitions) + n.at, $2, $2
         FROM unnest($3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY AS n (id, name, label, at)
         ON CONFLICT DO NOTHING",
        tx.organization_id().0,
        tx.now(),
        &ids,
        &names as &[&str],
        &labels as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// After an import of so many: merges what waits in the pending lists of the search indexes, and lets the planner see it.
pub async fn settle(tx: &mut Tx, changed: i64) -> Result<()> {
    sqlx::query!("SELECT FROM customers_clean_search_index()")
        .execute(tx.conn())
        .await?;
    sqlx::query!("SELECT FROM customers_refresh_statistics($1)", changed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Keeps codes up to this number from being given to new customers.
pub async fn reserve_codes(tx: &mut Tx, through: i64) -> Result<()> {
    sqlx::query!("SELECT FROM reserve_customer_codes($1)", through)
        .execute(tx.conn())
        .await?;
    Ok(())
}
