//! What a mirror is, how it is set up, and what is told of it. No SQL, no HTTP.

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, Patch, Result, Secret, ids::JobId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::ServiceAccount;

mod told;

pub use told::{
    Comparison, Count, CustomerState, Example, Load, LogEntry, LogKind, Shown, ShownCredentials,
    ShownCustomer, ShownSettings, Standing, State,
};

/// The database that a project has without further ado.
pub const DEFAULT_DATABASE: &str = "(default)";
/// Where documents are written unless the settings say otherwise.
pub const DEFAULT_COLLECTION: &str = "customers";

/// Where documents are written, and how fast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The project at Google.
    pub project_id: String,
    /// The database in it.
    pub database_id: String,
    /// The collection in it; below a document as in `shops/berlin/customers`.
    pub collection: String,
    /// At most so many writes a second; none: as Google advises.
    pub writes_per_second: Option<i32>,
}

impl Settings {
    /// Whether documents are elsewhere than with these settings.
    pub fn is_elsewhere(&self, other: &Self) -> bool {
        (&self.project_id, &self.database_id, &self.collection)
            != (&other.project_id, &other.database_id, &other.collection)
    }
}

/// A row of settings.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Mirror {
    /// Rises with each change.
    pub version: i32,
    /// The project.
    pub project_id: String,
    /// The database.
    pub database_id: String,
    /// The collection.
    pub collection: String,
    /// The most writes a second.
    pub writes_per_second: Option<i32>,
    /// Since when it rests.
    pub paused_at: Option<DateTime<Utc>>,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
    /// When that was changed.
    pub updated_at: DateTime<Utc>,
    /// When the key was given.
    pub credentials_at: Option<DateTime<Utc>>,
}

impl Mirror {
    /// The settings in it.
    pub fn settings(&self) -> Settings {
        Settings {
            project_id: self.project_id.clone(),
            database_id: self.database_id.clone(),
            collection: self.collection.clone(),
            writes_per_second: self.writes_per_second,
        }
    }
}

/// How far a mirror is, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "see the columns")]
pub struct Progress {
    pub failures: i32,
    pub not_before: Option<DateTime<Utc>>,
    pub error: Option<String>,
    pub failed_at: Option<DateTime<Utc>>,
    pub mirrored_at: Option<DateTime<Utc>>,
    pub load_job: Option<JobId>,
    pub load_done: i64,
    pub load_total: Option<i64>,
    pub loaded_at: Option<DateTime<Utc>>,
    pub is_working: bool,
    pub refused: i64,
}

/// How a mirror is to be set up, as a merge patch; for the first time the project must be said.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = FirestoreInput, example = json!({"project_id": "my-shop", "credentials": {"type": "service_account", "client_email": "mirror@my-shop.iam.gserviceaccount.com", "private_key": "-----BEGIN PRIVATE KEY-----…"}}))]
pub struct MirrorInput {
    /// The project at Google.
    #[schema(value_type = Option<String>, max_length = 100, example = "my-shop")]
    pub project_id: Patch<String>,
    /// The database in it; `(default)` if absent.
    #[schema(value_type = Option<String>, max_length = 63, example = "(default)")]
    pub database_id: Patch<String>,
    /// The collection that gets a document for each customer; `customers` if absent. Below a document: `shops/berlin/customers`.
    #[schema(value_type = Option<String>, max_length = 500, example = "customers")]
    pub collection: Patch<String>,
    /// At most so many writes a second; null: as Google advises for a new collection (500, half as much more every five minutes).
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 100_000, example = json!(null))]
    pub writes_per_second: Patch<i32>,
    /// The key file of a service account, as JSON or as its text. It is not shown again.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub credentials: Patch<Value>,
    /// Whether the mirror rests.
    #[schema(value_type = Option<bool>, example = false)]
    pub paused: Patch<bool>,
}

/// What was said, checked.
pub struct Checked {
    /// The settings as they will be.
    pub settings: Settings,
    /// Another key, or none.
    pub credentials: Patch<Secret<String>>,
}

fn text(patch: &Patch<String>, before: Option<&str>, default: &str) -> String {
    match patch {
        Patch::Set(text) => text.trim().to_owned(),
        Patch::Clear => default.to_owned(),
        Patch::Keep => before.unwrap_or(default).to_owned(),
    }
}

fn is_made_of(text: &str, also: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

impl MirrorInput {
    /// As said whole: what is absent is as at first, but for the key, and for whether it rests.
    #[must_use]
    pub fn or_cleared(mut self) -> Self {
        for field in [&mut self.project_id, &mut self.database_id, &mut self.collection] {
            if field.is_keep() {
                *field = Patch::Clear;
            }
        }
        if self.writes_per_second.is_keep() {
            self.writes_per_second = Patch::Clear;
        }
        self
    }

    /// Checks it against what there is; every fault is named.
    pub fn check(&self, before: Option<&Settings>) -> Result<Checked> {
        let mut faults = Faults::new();
        let project_id = text(&self.project_id, before.map(|b| b.project_id.as_str()), "");
        if project_id.is_empty() {
            faults.add(
                "/project_id",
                "required",
                "say the project's id, as in my-shop-123456",
            );
        } else if !is_made_of(&project_id, "-.:") || project_id.len() > 100 {
            let message = "a project's id has letters, digits and hyphens, as in my-shop-123456";
            faults.add("/project_id", "project_id_invalid", message);
        }
        let database_id = text(
            &self.database_id,
            before.map(|b| b.database_id.as_str()),
            DEFAULT_DATABASE,
        );
        if database_id != DEFAULT_DATABASE && (!is_made_of(&database_id, "-") || database_id.len() > 63) {
            let message = "a database's id is (default), or has letters, digits and hyphens";
            faults.add("/database_id", "database_id_invalid", message);
        }
        let collection = text(
            &self.collection,
            before.map(|b| b.collection.as_str()),
            DEFAULT_COLLECTION,
        );
        if let Some(message) = fault_of_collection(&collection) {
            faults.add("/collection", "collection_invalid", message);
        }
        let writes_per_second = match self.writes_per_second {
            Patch::Set(writes) => Some(writes),
            Patch::Clear => None,
            Patch::Keep => before.and_then(|b| b.writes_per_second),
        };
        if writes_per_second.is_some_and(|writes| !(1..=100_000).contains(&writes)) {
            faults.add("/writes_per_second", "out_of_range", "from 1 to 100,000, or null");
        }
        let credentials = match &self.credentials {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(given) => {
                let text = match given {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                if text.len() > 10_000 {
                    faults.add(
                        "/credentials",
                        "too_long",
                        "a key file has 10,000 characters at most",
                    );
                } else if let Err(message) = ServiceAccount::parse(&text) {
                    faults.add("/credentials", "credentials_invalid", message);
                }
                Patch::Set(Secret::new(text))
            }
        };
        faults.check()?;
        Ok(Checked {
            settings: Settings {
                project_id,
                database_id,
                collection,
                writes_per_second,
            },
            credentials,
        })
    }
}

/// What Firestore would not take as the path of a collection.
fn fault_of_collection(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    if path.len() > 500 {
        return Some("at most 500 characters");
    }
    if parts.len().is_multiple_of(2) {
        return Some(
            "a collection is at the top or below a document, as in customers or shops/berlin/customers",
        );
    }
    let is_odd = |part: &&str| {
        part.is_empty()
            || matches!(*part, "." | "..")
            || (part.starts_with("__") && part.ends_with("__"))
            || part.chars().any(char::is_control)
    };
    parts
        .iter()
        .any(is_odd)
        .then_some("none of its names is empty, . or .., or begins and ends with __")
}
