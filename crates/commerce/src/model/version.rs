//! Which version of an order or of one of its parts the source has told: what arrives late does not undo what is newer.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

/// A version of the source: its time, and what orders those of one time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"at": "2026-01-31T12:00:00Z", "sequence": ""}))]
pub struct SourceVersion {
    /// When the source changed it.
    pub at: DateTime<Utc>,
    /// Orders versions of the same time, as text; empty if the time is enough.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub sequence: String,
}

impl SourceVersion {
    /// As kept: PostgreSQL keeps microseconds.
    pub fn new(at: DateTime<Utc>, sequence: impl Into<String>) -> Self {
        Self {
            at: at.trunc_subsecs(6),
            sequence: sequence.into(),
        }
    }

    /// From its two columns.
    pub fn from_columns(at: Option<DateTime<Utc>>, sequence: Option<String>) -> Option<Self> {
        at.map(|at| Self {
            at,
            sequence: sequence.unwrap_or_default(),
        })
    }
}

/// Whether what arrives replaces what is there. Whoever names no version means what they say now. Of two that claim to be
/// the same version but differ, the one whose content sorts last wins, so that the order of arrival does not matter.
pub(super) fn replaces(
    new: Option<&SourceVersion>,
    old: Option<&SourceVersion>,
    content: impl FnOnce() -> (String, String),
) -> bool {
    match (new, old) {
        (None, _) | (Some(_), None) => true,
        (Some(new), Some(old)) if new == old => {
            let (new, old) = content();
            new > old
        }
        (Some(new), Some(old)) => new > old,
    }
}
