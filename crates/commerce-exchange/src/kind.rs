//! A kind of records of commerce, by its fields: what is the same of all of them.

use std::sync::Arc;

use regulars_exchange::{
    kind::{RecordKind, Records},
    model::ImportKind,
};
use regulars_kernel::{Currency, Result};
use regulars_mapping::{Hints, Mapping, Suggestion, Vendor};
use regulars_tabular::read::Headers;

use crate::{fields::Schema, sheet::Sheet, suggest};

/// A kind of records.
pub struct Kind {
    /// Which.
    pub of: ImportKind,
    /// What its columns can be.
    pub schema: &'static Schema,
    /// Whose export defines its columns; the generic one where nobody's does.
    pub vendor: Vendor,
    /// Whether these are plainly its columns.
    pub recognises: fn(&Headers) -> bool,
    /// What reads a file of it, by its mapping.
    pub reader: fn(Sheet, Currency) -> Arc<dyn Records>,
}

impl RecordKind for Kind {
    fn kind(&self) -> ImportKind {
        self.of
    }

    fn fields(&self) -> Vec<(String, String)> {
        self.schema.choices()
    }

    fn recognises(&self, headers: &Headers) -> bool {
        (self.recognises)(headers)
    }

    fn suggest(&self, headers: &Headers, hints: Hints<'_>) -> Suggestion {
        suggest::suggest(self.schema, self.vendor, headers, hints)
    }

    fn validate(&self, mapping: &Mapping, headers: &Headers) -> Result<()> {
        suggest::validate(self.schema, mapping, headers)
    }

    fn reader(&self, mapping: &Mapping, headers: &Headers, base: Currency) -> Arc<dyn Records> {
        (self.reader)(Sheet::new(self.schema, mapping, headers), base)
    }
}
