//! What a mirror is, how it is set up, and what is told of it. No SQL, no HTTP.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Faults, Patch, Result, Secret, clock,
    ids::{CustomerId, JobId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::ServiceAccount;

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
    if parts.len() % 2 == 0 {
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

/// Where a mirror stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FirestoreState)]
pub enum State {
    /// It is not set up.
    Off,
    /// It rests, because somebody wanted that.
    Paused,
    /// It waits after a failure, and tries again by itself.
    Failing,
    /// All customers are being written for the first time.
    Loading,
    /// Changes are being written, or about to be.
    Mirroring,
    /// Everything is written.
    Current,
}

/// How many, counted up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FirestoreCount)]
pub struct Count {
    /// How many; at least so many if it is not exact.
    #[schema(example = 12)]
    pub value: i64,
    /// Whether they were all counted.
    pub exact: bool,
}

/// The settings as they are shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = FirestoreSettings)]
pub struct ShownSettings {
    /// Rises with each change; the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// The project.
    #[schema(example = "my-shop")]
    pub project_id: String,
    /// The database.
    #[schema(example = "(default)")]
    pub database_id: String,
    /// The collection.
    #[schema(example = "customers")]
    pub collection: String,
    /// The most writes a second; null: as Google advises.
    pub writes_per_second: Option<i32>,
    /// Whose key is used, without the key; null: none.
    pub credentials: Option<ShownCredentials>,
    /// Since when it rests.
    pub paused_at: Option<DateTime<Utc>>,
}

/// A key without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FirestoreCredentials)]
pub struct ShownCredentials {
    /// The service account.
    #[schema(example = "mirror@my-shop.iam.gserviceaccount.com")]
    pub client_email: String,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

/// The initial load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FirestoreLoad)]
pub struct Load {
    /// Its job, at `/api/v1/jobs/{id}`.
    pub job_id: Option<JobId>,
    /// How many customers were given to the mirror.
    #[schema(example = 5000)]
    pub done: i64,
    /// Of how many.
    pub total: Option<i64>,
    /// When all were.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is told of a mirror.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = FirestoreMirror)]
pub struct Shown {
    /// Where it stands.
    pub state: State,
    /// How it is set up; null: it is not.
    pub settings: Option<ShownSettings>,
    /// Whether this server writes to an emulator.
    pub emulator: bool,
    /// Changes that are not written yet.
    pub pending: Count,
    /// How long the oldest of them has waited; null: there is none.
    #[schema(example = 0.4)]
    pub lag_seconds: Option<f64>,
    /// Customers whose documents Firestore refuses; each is tried again by itself.
    pub refused: Count,
    /// When something was written last.
    pub mirrored_at: Option<DateTime<Utc>>,
    /// What went wrong last, if it was not mended since.
    pub error: Option<String>,
    /// Since when it goes wrong.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The initial load.
    pub load: Option<Load>,
    /// The last comparison that came to its end.
    pub last_verify: Option<LogEntry>,
    /// What was done lately, latest first.
    pub log: Vec<LogEntry>,
}

/// What an entry of the log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = FirestoreLogKind)]
pub enum LogKind {
    /// All customers were written.
    Load,
    /// Firestore was compared with what is here.
    Verify,
    /// What differed was written anew.
    Repair,
    /// Firestore could not be reached, or not be written to.
    Trouble,
    /// Firestore refused documents.
    Refused,
}

impl LogKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Load,
        Self::Verify,
        Self::Repair,
        Self::Trouble,
        Self::Refused,
    ];

    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Verify => "verify",
            Self::Repair => "repair",
            Self::Trouble => "trouble",
            Self::Refused => "refused",
        }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
#[schema(as = FirestoreLogEntry)]
pub struct LogEntry {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: LogKind,
    /// The job that did it, at `/api/v1/jobs/{id}`.
    pub job_id: Option<JobId>,
    /// When it was begun.
    #[serde(serialize_with = "clock::serialize")]
    pub started_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it came to: of a comparison or repair its figures, of a load how many customers.
    #[schema(value_type = Option<BTreeMap<String, Value>>, example = json!({"customers": 1000, "documents": 1000, "equal": 1000, "different": 0, "missing": 0, "superfluous": 0, "pending": 0, "repaired": 0, "examples": []}))]
    pub result: Option<Value>,
    /// What went wrong.
    pub error: Option<String>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FirestoreComparison)]
pub struct Comparison {
    /// Living customers that were compared.
    #[schema(example = 1000)]
    pub customers: u64,
    /// Documents that were read.
    #[schema(example = 1000)]
    pub documents: u64,
    /// Documents that are as they should be.
    #[schema(example = 997)]
    pub equal: u64,
    /// Documents that hold something else.
    #[schema(example = 1)]
    pub different: u64,
    /// Customers without a document.
    #[schema(example = 1)]
    pub missing: u64,
    /// Documents without a customer.
    #[schema(example = 1)]
    pub superfluous: u64,
    /// Customers of whom a change is about to be written; they are not compared.
    #[schema(example = 0)]
    pub pending: u64,
    /// Of a repair: how many documents are written or taken away for it.
    #[schema(example = 0)]
    pub repaired: u64,
    /// Some of what is not as it should be.
    pub examples: Vec<Example>,
}

impl Comparison {
    /// How many are not as they should be.
    pub fn wrong(&self) -> u64 {
        self.different + self.missing + self.superfluous
    }
}

/// One document that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FirestoreDifference)]
pub struct Example {
    /// The document's id, which is the customer's.
    pub id: String,
    /// `different`, `missing` or `superfluous`.
    #[schema(example = "different")]
    pub fault: String,
    /// The fields that differ.
    #[schema(example = json!(["phone"]))]
    pub fields: Vec<String>,
}

/// What is known of a customer's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
#[schema(as = FirestoreCustomerRow)]
pub struct CustomerState {
    /// The customer.
    pub customer_id: CustomerId,
    /// When the document was written or taken away last.
    pub mirrored_at: Option<DateTime<Utc>>,
    /// Whether it was taken away.
    pub is_deleted: bool,
    /// Refusals in a row.
    pub attempts: i32,
    /// Why Firestore refuses it.
    pub error: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Where a customer's document stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FirestoreCustomer)]
pub struct ShownCustomer {
    /// The customer.
    pub customer_id: CustomerId,
    /// `pending`: a change is about to be written; `refused`: Firestore does not take it; `mirrored`; `deleted`: taken away, as
    /// the customer is; `unknown`: nothing was written yet.
    #[schema(example = "mirrored")]
    pub state: &'static str,
    /// The document's name at Firestore.
    #[schema(example = "projects/my-shop/databases/(default)/documents/customers/0198…")]
    pub document: String,
    /// When it was written or taken away last.
    pub mirrored_at: Option<DateTime<Utc>>,
    /// Why Firestore refuses it.
    pub error: Option<String>,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
