//! What was said of a provider's thing, and when: the memory by which messages may come in any order.
//!
//! A thing has facets that the provider tells of at different times (a profile, a consent, one tag). Of each facet the
//! newest word holds, whichever comes first; words of the same time are told apart by a text that each message has for
//! itself, so that every order of arrival ends in the same state. A deletion is for ever: providers do not use an id twice.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::store;

/// When something was said. Later is newer; of the same time, the greater text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said(pub DateTime<Utc>, pub String);

pub(crate) type Facets = BTreeMap<String, Said>;

/// A thing of a provider, locked until the transaction ends.
#[derive(Debug)]
pub struct Entity {
    source: &'static str,
    kind: &'static str,
    external_id: String,
    facets: Facets,
    /// What the provider's part keeps of it.
    pub data: Map<String, Value>,
    deleted_at: Option<DateTime<Utc>>,
}

impl Entity {
    pub(crate) fn new(
        source: &'static str,
        kind: &'static str,
        external_id: &str,
        facets: Facets,
        data: Map<String, Value>,
        deleted_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            source,
            kind,
            external_id: external_id.to_owned(),
            facets,
            data,
            deleted_at,
        }
    }

    /// A thing of which nothing was said yet.
    pub fn unknown(source: &'static str, kind: &'static str, external_id: &str) -> Self {
        Self::new(source, kind, external_id, Facets::new(), Map::new(), None)
    }

    /// The thing of this id, which others wait for from here on.
    pub async fn lock(
        tx: &mut Tx,
        source: &'static str,
        kind: &'static str,
        external_id: &str,
    ) -> Result<Self> {
        store::entities::lock(tx, source, kind, external_id).await
    }

    /// Keeps others from changing things of these ids, in the order in which they are given.
    pub async fn lock_all(
        tx: &mut Tx,
        source: &'static str,
        kind: &'static str,
        external_ids: &[String],
    ) -> Result<()> {
        store::entities::lock_all(tx, source, kind, external_ids).await
    }

    /// The system.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Its id in the other system.
    pub fn external_id(&self) -> &str {
        &self.external_id
    }

    /// Whether it was deleted there.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Notes that it was deleted there.
    pub fn delete(&mut self, at: DateTime<Utc>) {
        self.deleted_at.get_or_insert(at);
    }

    /// Whether nothing newer was said of a facet; notes that this was. The same word again is news too, so that a message
    /// that is played again has its effect.
    pub fn is_news(&mut self, facet: &str, said: &Said) -> bool {
        let is_news = self.facets.get(facet).is_none_or(|known| said >= known);
        if is_news {
            self.facets.insert(facet.to_owned(), said.clone());
        }
        is_news
    }

    /// The newest word on a facet.
    pub fn last(&self, facet: &str) -> Option<&Said> {
        self.facets.get(facet)
    }

    /// Forgets the words on facets whose names begin so and that are older than a word on all of them together.
    pub fn forget_before(&mut self, prefix: &str, said: &Said) {
        self.facets
            .retain(|facet, known| !facet.starts_with(prefix) || (*known).gt(said));
    }

    /// Writes down what is known of it now.
    pub async fn save(&self, tx: &mut Tx) -> Result<()> {
        let key = (self.source, self.kind, self.external_id.as_str());
        store::entities::save(tx, key, &self.facets, &self.data, self.deleted_at).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_holds_whatever_comes_first() {
        let at =
            |second: i64, text: &str| Said(DateTime::from_timestamp(second, 0).unwrap(), text.to_owned());
        let words = [at(1, "b"), at(2, "a"), at(2, "c")];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut thing = Entity::unknown("shopify", "customer", "1");
            let mut holds = None;
            for index in order {
                if thing.is_news("profile", &words[index]) {
                    holds = Some(index);
                }
            }
            assert_eq!(holds, Some(2), "{order:?}");
            assert!(thing.is_news("profile", &words[2]), "the same word again");
            assert!(thing.is_news("another", &words[0]));
        }
    }
}
