//! Kinds of records that files bring beside customers, whose import this room knows itself. Each is told of by a room that
//! knows it, and collected by the server.
//!
//! What it never does: know an order or a product.

use std::sync::Arc;

use async_trait::async_trait;
use regulars_database::Tx;
use regulars_kernel::{Currency, Error, Result};
use regulars_tabular::read::{Headers, Record};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    mapping::{Hints, Mapping, Suggestion, suggest},
    model::{ImportKind, Outcome, Reason},
};

/// A kind of records.
pub trait RecordKind: Send + Sync {
    /// Which.
    fn kind(&self) -> ImportKind;

    /// The fields that columns can fill: their names with labels for people, in the order in which a page offers them.
    fn fields(&self) -> Vec<(String, String)>;

    /// Whether these are plainly the columns of such records, so that nobody need say so.
    fn recognises(&self, headers: &Headers) -> bool;

    /// What every column seems to be.
    fn suggest(&self, headers: &Headers, hints: Hints<'_>) -> Suggestion;

    /// Checks a mapping against the columns and reports every fault (422; pointers are into the mapping).
    fn validate(&self, mapping: &Mapping, headers: &Headers) -> Result<()>;

    /// Makes a mapping that passed [`Self::validate`] ready for the rows of its file. `base` is the organization's currency.
    fn reader(&self, mapping: &Mapping, headers: &Headers, base: Currency) -> Arc<dyn Records>;
}

/// The records of one file, by its mapping.
#[async_trait]
pub trait Records: Send + Sync {
    /// Which record a row is of: rows that follow each other with one key are one record. None if the row does not say.
    /// `before` is the key of the row before, with the first row of its record.
    fn key(&self, row: &Record, before: Option<(&str, &Record)>) -> Option<String>;

    /// What people call the record.
    fn name(&self, rows: &[Record]) -> String;

    /// Tells of these records, in their order, or only tries to: then the caller rolls the transaction back, and nothing
    /// needs to be written that the answer does not depend on. What is refused changes nothing.
    async fn tell(&self, tx: &mut Tx, records: &[&[Record]], is_trial: bool) -> Result<Vec<Told>>;
}

/// What became of one record, or would.
#[derive(Debug)]
pub struct Told {
    /// What.
    pub outcome: Outcome,
    /// Its id, if it is known already.
    pub id: Option<Uuid>,
    /// Why, each with the row that is to blame, from 0; none if it is all of them.
    pub reasons: Vec<(Option<usize>, Reason)>,
    /// For updates: field → from and to.
    pub changes: Option<Value>,
}

/// Every kind that files can bring beside customers.
#[derive(Clone, Default)]
pub struct Kinds(Arc<Vec<Box<dyn RecordKind>>>);

impl Kinds {
    /// These, of which the first that recognises the columns of a file is taken to be in it.
    pub fn new(kinds: Vec<Box<dyn RecordKind>>) -> Self {
        Self(Arc::new(kinds))
    }

    /// All that can be chosen, in the order in which a page offers them.
    pub fn all(&self) -> Vec<ImportKind> {
        let is_there =
            |kind: ImportKind| kind == ImportKind::Customers || self.0.iter().any(|one| one.kind() == kind);
        ImportKind::ALL
            .iter()
            .copied()
            .filter(|kind| is_there(*kind))
            .collect()
    }

    /// One of them; none for customers. Fails for a kind that this server does not know.
    pub fn get(&self, kind: ImportKind) -> Result<Option<&dyn RecordKind>> {
        if kind == ImportKind::Customers {
            return Ok(None);
        }
        let found = self.0.iter().find(|one| one.kind() == kind);
        found.map(|one| Some(&**one)).ok_or_else(|| {
            let message = format!("this server imports no {}", kind.as_str());
            Error::invalid("/kind", "kind_unknown", message)
        })
    }

    /// What the columns are plainly of; else customers.
    pub fn recognise(&self, headers: &Headers) -> ImportKind {
        let found = self.0.iter().find(|one| one.recognises(headers));
        found.map_or(ImportKind::Customers, |one| one.kind())
    }

    /// What every column seems to be, if the file brings this kind.
    pub fn suggest(&self, kind: ImportKind, headers: &Headers, hints: Hints<'_>) -> Result<Suggestion> {
        Ok(match self.get(kind)? {
            None => suggest(headers, hints),
            Some(kind) => kind.suggest(headers, hints),
        })
    }

    /// Checks a mapping (422; pointers are into it).
    pub fn validate(&self, kind: ImportKind, mapping: &Mapping, headers: &Headers) -> Result<()> {
        match self.get(kind)? {
            None => mapping.validate(headers),
            Some(kind) => kind.validate(mapping, headers),
        }
    }
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
