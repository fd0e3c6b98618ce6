//! What an organization's customers look like, from a sample: whether a word or an attribute is rare or common there,
//! which decides by which index it is looked up. The planner cannot know: behind row-level security it may not use
//! statistics for LIKE and @>. Kept in process for a minute; wrong samples cost time, never rows.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use memchr::memmem::Finder;
use moka::sync::Cache;
use regulars_database::Tx;
use regulars_kernel::{Result, ids::OrganizationId};
use serde_json::Value;
use sqlx::Row;

use super::{selection::Selection, total, words};

/// Up to so many customers an organization is small: all of them are looked at within milliseconds.
const SMALL: i64 = 5_000;
/// Rows wanted in a sample.
const ROWS: f64 = 1_500.0;

static PROFILES: LazyLock<Cache<OrganizationId, Arc<Profile>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(256)
        .time_to_live(Duration::from_mins(1))
        .build()
});

/// The size of an organization and a sample of its rows.
#[derive(Debug, Default)]
pub(super) struct Profile {
    size: f64,
    rows: Vec<(String, Value)>,
}

impl Profile {
    /// Of the transaction's organization.
    pub(super) async fn of(tx: &mut Tx) -> Result<Arc<Self>> {
        let id = tx.organization_id();
        if let Some(known) = PROFILES.get(&id) {
            return Ok(known);
        }
        let profile = Arc::new(Self::load(tx).await?);
        PROFILES.insert(id, profile.clone());
        Ok(profile)
    }

    async fn load(tx: &mut Tx) -> Result<Self> {
        let counted = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM (SELECT FROM customers c WHERE c.deleted_at IS NULL LIMIT $1) AS counted"#,
            SMALL + 1
        )
        .fetch_one(tx.conn())
        .await?;
        if counted <= SMALL {
            return Ok(Self {
                size: counted as f64,
                rows: Vec::new(),
            });
        }
        let size = total::estimate(tx, &Selection::default()).await?.max(counted) as f64;
        // At most a hundredth of the table: a middling organization beside large ones gets a smaller sample.
        let rows = sqlx::query(
            "SELECT c.search_text, c.attributes FROM customers c TABLESAMPLE SYSTEM ($1) WHERE c.deleted_at IS NULL LIMIT 4000",
        )
        .bind((ROWS / size * 100.0).clamp(0.001, 1.0) as f32)
        .fetch_all(tx.conn())
        .await?;
        let rows = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<sqlx::Result<_>>()?;
        Ok(Self { size, rows })
    }

    /// About how many customers there are.
    pub(super) fn size(&self) -> f64 {
        self.size
    }

    /// Whether looking at all of them is quick.
    pub(super) fn is_small(&self) -> bool {
        self.size <= SMALL as f64
    }

    /// The share of customers that match every list of patterns and every list of contents.
    pub(super) fn share(&self, patterns: &[Vec<String>], attributes: &[Vec<Value>]) -> f64 {
        if self.rows.is_empty() {
            return 0.0;
        }
        let needles: Vec<Vec<String>> = patterns
            .iter()
            .map(|any| any.iter().map(|pattern| words::needle(pattern)).collect())
            .collect();
        // Built once for all rows: a search asks several times, each of a thousand rows and more.
        let finders: Vec<Vec<Finder<'_>>> = needles
            .iter()
            .map(|any| any.iter().map(|needle| Finder::new(needle.as_bytes())).collect())
            .collect();
        let matching = self.rows.iter().filter(|(text, held)| {
            finders
                .iter()
                .all(|any| any.iter().any(|finder| finder.find(text.as_bytes()).is_some()))
                && attributes
                    .iter()
                    .all(|any| any.iter().any(|wanted| contains(held, wanted)))
        });
        matching.count() as f64 / self.rows.len() as f64
    }

    /// Whether walking the newest finds so many sooner than an index does: the one looks at `most / share` rows, the
    /// other reads all that match, each of them about four times as quickly.
    pub(super) fn prefers_walking(&self, patterns: &[Vec<String>], most: i32) -> bool {
        let share = self.share(patterns, &[]);
        self.is_small() || share * share * self.size >= 4.0 * f64::from(most)
    }
}

/// As PostgreSQL's `@>` for objects of scalars and lists of one.
fn contains(held: &Value, wanted: &Value) -> bool {
    let (Some(held), Some(wanted)) = (held.as_object(), wanted.as_object()) else {
        return false;
    };
    wanted.iter().all(|(name, value)| match (held.get(name), value) {
        (Some(Value::Array(items)), Value::Array(some)) => some.iter().all(|item| items.contains(item)),
        (Some(Value::Number(a)), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Some(a), b) => a == b,
        (None, _) => false,
    })
}
