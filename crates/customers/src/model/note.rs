//! Notes of staff on a customer, with what they said before each edit.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Faults, Patch,
    ids::{CustomerId, NoteId},
    text,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::defaults::MAX_NOTE;

/// A note.
#[derive(Clone, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// On which customer.
    pub customer_id: CustomerId,
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// What it says.
    #[schema(example = "Prefers to be called in the morning.")]
    pub body: String,
    /// Since when it stands on top.
    pub pinned_at: Option<DateTime<Utc>>,
    /// Who wrote it as it stands: `user`, `key` or `system`.
    #[schema(example = "user")]
    pub actor_kind: String,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a note said before an edit.
#[derive(Clone, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct NoteVersion {
    /// The version it was.
    #[schema(example = 1)]
    pub version: i32,
    /// What it said.
    #[schema(example = "Prefers to be called.")]
    pub body: String,
    /// Who wrote that: `user`, `key` or `system`.
    #[schema(example = "user")]
    pub actor_kind: String,
    /// Which user or key.
    pub actor_id: Option<Uuid>,
    /// When that was written.
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for NoteVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoteVersion")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What a note should be, as a merge patch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"body": "Prefers to be called in the morning.", "pinned": true}))]
pub struct NoteInput {
    /// What it says. `@[Ada Byron](user:<id>)` mentions the member with that id, who is told so; the name is what they were
    /// called when it was written.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, max_length = 10000)]
    pub body: Patch<String>,
    /// Whether it stands on top.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<bool>)]
    pub pinned: Patch<bool>,
}

impl NoteInput {
    /// The text, if one is said; a fault if it is blank.
    pub fn body(&self, faults: &mut Faults) -> Option<String> {
        let given = match &self.body {
            Patch::Keep => return None,
            Patch::Clear => "",
            Patch::Set(given) => given,
        };
        match text::clean(given, MAX_NOTE) {
            Ok(body) if body.is_empty() => {
                faults.add("/body", "missing", "a note needs some text");
                None
            }
            Ok(body) => Some(body),
            Err(error) => {
                faults.add("/body", error.code(), error.to_string());
                None
            }
        }
    }
}
