//! Tags: short coloured labels that an organization makes up.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, Patch, Total, ids::TagId, text};
use serde::{Deserialize, Serialize};

use super::choices::choices;

choices! {
    /// The colour of a tag.
    Color {
        Gray = "gray", Red = "red", Orange = "orange", Amber = "amber", Green = "green", Teal = "teal", Blue = "blue",
        Violet = "violet", Pink = "pink",
    }
}

/// A tag that the organization uses.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// Unique in the organization, whatever its case.
    #[schema(example = "vip")]
    pub name: String,
    /// How it is shown.
    pub color: Color,
    /// What it is for.
    #[schema(example = "Buys often and stays.")]
    pub description: Option<String>,
    /// How many customers have it, restorable ones included; counted up to 10,000.
    pub customers: Total,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// As much of a tag as showing it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = TagReference)]
pub struct TagRef {
    /// Its id.
    pub id: TagId,
    /// Its name.
    #[schema(example = "vip")]
    pub name: String,
    /// How it is shown.
    pub color: Color,
    /// What it is for.
    #[schema(example = "Buys often and stays.")]
    pub description: Option<String>,
}

/// What a tag should be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"name": "vip", "color": "violet"}))]
pub struct TagInput {
    /// Its name; renaming keeps it on its customers.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 60)]
    pub name: Patch<String>,
    /// How it is shown.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Color>)]
    pub color: Patch<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub description: Patch<String>,
}

impl TagInput {
    /// Takes it over into a tag.
    pub fn apply(&self, tag: &mut Tag, faults: &mut Faults) {
        if !self.name.is_keep() {
            let mut name = None;
            super::defaults::line(&mut name, &self.name, MAX_TAG, "/name", faults);
            tag.name = name.unwrap_or_default();
        }
        if tag.name.is_empty() && !faults.0.iter().any(|fault| fault.pointer == "/name") {
            faults.add("/name", "missing", "a tag needs a name");
        }
        super::defaults::choice(&mut tag.color, &self.color, "/color", faults);
        super::defaults::lines(
            &mut tag.description,
            &self.description,
            500,
            "/description",
            faults,
        );
    }
}

/// Most tags of one organization.
pub const MOST_TAGS: i64 = 10_000;
/// Longest name, in characters.
pub const MAX_TAG: usize = 60;

/// Cleans the names of tags, each once whatever its case; faults are at `{pointer}/{index}`.
pub fn names(given: &[String], pointer: &str, faults: &mut Faults) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(given.len());
    for (index, name) in given.iter().enumerate() {
        match text::clean_line(name, MAX_TAG) {
            Ok(name) if name.is_empty() => {
                faults.add(format!("{pointer}/{index}"), "missing", "a tag needs a name");
            }
            Ok(name) => {
                if seen.insert(key(&name)) {
                    names.push(name);
                }
            }
            Err(error) => faults.add(format!("{pointer}/{index}"), error.code(), error.to_string()),
        }
    }
    names
}

/// By which two names are one tag. Maps each character by itself, as SQL's `lower` does.
pub fn key(name: &str) -> String {
    name.chars().filter_map(|c| c.to_lowercase().next()).collect()
}
