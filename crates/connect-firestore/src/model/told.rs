//! What is told of a mirror, of its log and of comparisons.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    clock,
    ids::{CustomerId, JobId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// Rises with each change.
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
    #[schema(example = json!(null))]
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
    #[schema(example = json!(null))]
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
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// How a customer's document stands, as their page says it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// Whether the mirror rests.
    pub is_paused: bool,
    /// Whether nothing can be written.
    pub is_failing: bool,
    /// Whether a change is about to be written.
    pub is_waiting: bool,
    /// When the document was written or taken away last.
    pub mirrored_at: Option<DateTime<Utc>>,
    /// Whether it was taken away.
    pub is_deleted: bool,
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
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
