//! Stock: how many of an inventory item there are at a location, as told and shown.
//!
//! Levels, items and locations are each known by their own key, so that any of them may be told first; a variant says
//! which item it is.

use chrono::{DateTime, Utc};
use regulars_kernel::{Currency, Faults};
use serde::{Deserialize, Serialize};

use super::{SourceVersion, check::Check};

/// What is told of a level.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"source": "till", "inventory_item_id": "SHOE-38", "location_external_id": "berlin", "location_name": "Berlin", "available": 4}))]
pub struct StockLevelInput {
    /// The shop it is from: lower case letters, digits and `_`.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// What it is of: the `inventory_item_id` of a variant, whether that is known yet or not.
    #[schema(min_length = 1, max_length = 200)]
    pub inventory_item_id: String,
    /// Where it is: an id in the source.
    #[schema(min_length = 1, max_length = 200)]
    pub location_external_id: String,
    /// What people call that; as it is known, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub location_name: Option<String>,
    /// How many can be sold, below zero if more were; null if they are not counted there.
    pub available: Option<i32>,
    /// Whether it is kept there at all; true if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_stocked: Option<bool>,
    /// Its version there: what is older than what is known changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_version: Option<SourceVersion>,
}

/// How many there are at a location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StockLevel)]
pub struct StockLevel {
    /// The location's id in the source.
    #[schema(example = "berlin")]
    pub location_external_id: String,
    /// What people call it.
    #[schema(example = "Berlin")]
    pub location_name: Option<String>,
    /// How many can be sold; null if they are not counted there.
    #[schema(example = 4)]
    pub available: Option<i32>,
}

/// A level, as written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Level {
    pub source: String,
    pub inventory_item_id: String,
    pub location_external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub available: Option<i32>,
    pub is_stocked: bool,
}

/// A location, as written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Location {
    pub source: String,
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub name: Option<String>,
    pub is_active: bool,
}

/// An inventory item, as written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the table, which says what they are"
)]
pub struct Item {
    pub source: String,
    pub external_id: String,
    pub source_version: Option<DateTime<Utc>>,
    pub source_sequence: Option<String>,
    pub is_tracked: bool,
}

impl StockLevelInput {
    /// Cleans it: the level, and its location if that is named. Every fault is noted with its place.
    pub fn check(&self, base: Currency, faults: &mut Faults) -> (Level, Option<Location>) {
        let mut check = Check {
            faults,
            currency: None,
            base,
        };
        let version = check.version("/source_version", self.source_version.as_ref());
        let (at, sequence) = match version {
            Some(version) => (Some(version.at), Some(version.sequence)),
            None => (None, None),
        };
        let level = Level {
            source: check.source("/source", &self.source),
            inventory_item_id: check.id("/inventory_item_id", &self.inventory_item_id),
            location_external_id: check.id("/location_external_id", &self.location_external_id),
            source_version: at,
            source_sequence: sequence.clone(),
            available: self.available,
            is_stocked: self.is_stocked.unwrap_or(true),
        };
        let name = check.maybe("/location_name", self.location_name.as_ref(), 200);
        let location = name.map(|name| Location {
            source: level.source.clone(),
            external_id: level.location_external_id.clone(),
            source_version: at,
            source_sequence: sequence,
            name: Some(name),
            is_active: true,
        });
        (level, location)
    }
}
