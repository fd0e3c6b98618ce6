//! Sources: under which ids other systems know a customer.

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, Patch, text};
use serde::{Deserialize, Serialize};

use super::choices::{Choice as _, choices};

choices! {
    /// How far the other system and this one agree.
    SyncState { Synced = "synced", Pending = "pending", Failed = "failed", Detached = "detached" }
}

/// One id of a customer in another system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct SourceLink {
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// The system.
    #[schema(example = "shopify")]
    pub source: String,
    /// The id there.
    #[schema(example = "207119551")]
    pub external_id: String,
    /// How far both agree.
    pub sync_state: SyncState,
    /// When they last agreed.
    pub synced_at: Option<DateTime<Utc>>,
    /// When the link was made.
    pub created_at: DateTime<Utc>,
}

/// What is told of a link, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"sync_state": "pending"}))]
pub struct SourceChange {
    /// How far both agree; `synced` notes that they do now.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<SyncState>)]
    pub sync_state: Patch<String>,
}

impl SourceChange {
    /// The state that is wanted; none if nothing is said.
    pub fn state(&self, faults: &mut Faults) -> Option<SyncState> {
        match &self.sync_state {
            Patch::Keep => None,
            Patch::Clear => {
                faults.add("/sync_state", "missing", "a link always has a state");
                None
            }
            Patch::Set(text) => faults.take("/sync_state", "choice_unknown", SyncState::parse(text.trim())),
        }
    }
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceInput {
    /// The system: lower case letters, digits and `_`, at most 40.
    #[schema(example = "shopify", pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub source: String,
    /// The id there.
    #[schema(example = "207119551", min_length = 1, max_length = 200)]
    pub external_id: String,
}

impl SourceInput {
    /// Cleans it; faults are at `{pointer}/source` and `{pointer}/external_id`.
    pub fn check(&self, pointer: &str, faults: &mut Faults) -> Option<Self> {
        let source = self.source.trim();
        let named = source.len() <= 40
            && source.starts_with(|c: char| c.is_ascii_lowercase())
            && source
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !named {
            let message =
                "a source is named by lower case letters, digits and _, at most 40, such as shopify";
            faults.add(format!("{pointer}/source"), "source_invalid", message);
        }
        let external_id = match text::clean_line(&self.external_id, 200) {
            Ok(id) if id.is_empty() => {
                faults.add(
                    format!("{pointer}/external_id"),
                    "missing",
                    "the id in the other system is missing",
                );
                None
            }
            Ok(id) => Some(id),
            Err(error) => {
                faults.add(format!("{pointer}/external_id"), error.code(), error.to_string());
                None
            }
        };
        external_id.filter(|_| named).map(|external_id| Self {
            source: source.to_owned(),
            external_id,
        })
    }
}
