//! The words of this room: an import and its plan, an export.
//!
//! What it never does: SQL, HTTP, reading files.

mod reasons;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Fault,
    ids::{CustomerId, ExportId, ImportId, JobId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use self::reasons::Line;
use crate::mapping::Mapping;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $about:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[sqlx(type_name = "text")]
        // For the document, which does not see the names that the macro gives below; a test compares them.
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[doc = $about])+
            #[serde(rename = $text)]
            #[sqlx(rename = $text)]
            $variant,
        )+}

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As written in JSON and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Understands what [`Self::as_str`] writes.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// What the records of a file are.
    ImportKind {
        /// Customers, one in each row.
        Customers = "customers",
        /// Orders: rows that follow each other with the same order are its lines.
        Orders = "orders",
        /// Products: rows that follow each other with the same product are its variants.
        Products = "products",
        /// Carts: rows that follow each other with the same cart are what is in it.
        Carts = "carts",
        /// Wishlists: rows that follow each other with the same wishlist are what is wished for.
        Wishlists = "wishlists",
    }
}

words! {
    /// What may become of rows. A row that may not is a conflict and comes back in the error file.
    Mode {
        /// Create new customers and update existing ones.
        Upsert = "upsert",
        /// Only create: a row whose customer exists is a conflict.
        Create = "create",
        /// Only update: a row without an existing customer is a conflict.
        Update = "update",
    }
}

words! {
    /// What a row's customer is recognised by.
    MatchKey {
        /// Its id in a source.
        ExternalId = "external_id",
        /// E-mail address, whatever its case.
        Email = "email",
        /// Our own short code. Not by default: files of other systems have codes that look like ours.
        Code = "code",
        /// Phone, if nothing else matches: it counts only where the row and the customer do not name different e-mail
        /// addresses or ids.
        Phone = "phone",
    }
}

words! {
    /// Where an import stands.
    ImportState {
        /// The file is here; mapping and mode can be edited.
        Uploaded = "uploaded",
        /// The file is being checked.
        Planning = "planning",
        /// Checked: the plan says what will happen.
        Planned = "planned",
        /// The plan is being executed.
        Applying = "applying",
        /// Over.
        Done = "done",
        /// Given up; `error` says why.
        Failed = "failed",
        /// Stopped by a person; what was applied until then stays.
        Cancelled = "cancelled",
    }
}

words! {
    /// What becomes of a row.
    Outcome {
        /// A new customer.
        Create = "create",
        /// A change of an existing one, or of one that an earlier row creates.
        Update = "update",
        /// Nothing: it says what is known already, or says of nobody.
        Skip = "skip",
        /// It cannot be done without harm.
        Conflict = "conflict",
        /// It cannot be understood.
        Invalid = "invalid",
    }
}

words! {
    /// The format of an export.
    ExportFormat {
        /// CSV, UTF-8, with formulas neutralised.
        Csv = "csv",
        /// JSON Lines.
        Jsonl = "jsonl",
    }
}

words! {
    /// Where an export stands.
    ExportState {
        /// Waits.
        Queued = "queued",
        /// Being written.
        Running = "running",
        /// Ready to be downloaded.
        Done = "done",
        /// Given up; `error` says why.
        Failed = "failed",
        /// Stopped by a person.
        Cancelled = "cancelled",
    }
}

/// How many rows had each outcome; of orders and products, how many of those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(example = json!({"create": 940, "update": 41, "skip": 12, "conflict": 3, "invalid": 4}))]
pub struct Counts {
    /// New customers.
    pub create: u64,
    /// Changes of existing ones.
    pub update: u64,
    /// Nothing to do.
    pub skip: u64,
    /// Could not be done without harm.
    pub conflict: u64,
    /// Could not be understood.
    pub invalid: u64,
}

impl Counts {
    /// Counts one row.
    pub fn add(&mut self, outcome: Outcome) {
        self.raise(outcome, 1);
    }

    /// Counts some rows.
    pub fn raise(&mut self, outcome: Outcome, rows: u64) {
        *self.of_mut(outcome) += rows;
    }

    /// How many rows had this outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Create => self.create,
            Outcome::Update => self.update,
            Outcome::Skip => self.skip,
            Outcome::Conflict => self.conflict,
            Outcome::Invalid => self.invalid,
        }
    }

    fn of_mut(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Create => &mut self.create,
            Outcome::Update => &mut self.update,
            Outcome::Skip => &mut self.skip,
            Outcome::Conflict => &mut self.conflict,
            Outcome::Invalid => &mut self.invalid,
        }
    }

    /// How many rows in all.
    pub fn total(&self) -> u64 {
        self.create + self.update + self.skip + self.conflict + self.invalid
    }
}

/// A row shown as an example of its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sample {
    /// Number of the data row, from 1.
    #[schema(example = 17)]
    pub position: u64,
    /// The line of the file where it begins.
    #[schema(example = 18)]
    pub line: u64,
    /// Who it is about, as the file says.
    #[schema(example = "Ada Byron, ada@example.com")]
    pub who: String,
    /// The existing customer it was found to be.
    pub customer_id: Option<CustomerId>,
    /// The existing order or product it was found to be.
    #[serde(default)]
    #[schema(required = true, example = json!(null))]
    pub record_id: Option<Uuid>,
    /// Why, where it needs a reason.
    pub reasons: Vec<Reason>,
    /// For updates of existing customers: field → from and to.
    #[schema(value_type = Option<BTreeMap<String, Value>>, example = json!({"phone": {"from": null, "to": "+4930123456"}}))]
    pub changes: Option<Value>,
}

/// Why a row had its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// The column, if one is to blame.
    #[schema(example = "E-Mail")]
    pub column: Option<String>,
    /// A stable code.
    #[schema(example = "email_invalid")]
    pub code: String,
    /// A sentence for a person.
    #[schema(example = "“ada@” is not an e-mail address: nothing after the @")]
    pub message: String,
}

/// With its column in front, as the error file says it.
impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Reason {
    /// A reason that concerns the whole row.
    pub fn of_row(code: &str, message: impl Into<String>) -> Self {
        Self {
            column: None,
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// What an import will do, exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Plan {
    /// How many rows have each outcome.
    pub counts: Counts,
    /// How often each reason was given, by its code.
    #[schema(example = json!({"email_invalid": 4, "unchanged": 12}))]
    pub reasons: BTreeMap<String, u64>,
    /// How many rows the file has: of orders and products several may be one record, which is counted once.
    #[serde(default)]
    #[schema(required = true, example = 1000)]
    pub rows: u64,
    /// Up to 20 rows of each outcome.
    pub samples: BTreeMap<Outcome, Vec<Sample>>,
    /// Attributes that do not exist yet and will be defined, as text.
    #[schema(example = json!(["shoe_size"]))]
    pub new_attributes: Vec<String>,
    /// Tags that do not exist yet and will be defined, up to 100 of them.
    #[serde(default)]
    #[schema(example = json!(["vip"]))]
    pub new_tags: Vec<String>,
    /// Bound to the file, the mapping, the mode and the keys it was made for.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
}

/// An import of a file.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Rises with each change.
    #[schema(example = 3)]
    pub version: i32,
    /// What the file brings.
    pub kind: ImportKind,
    /// Where it stands.
    pub state: ImportState,
    /// The name of the file.
    #[schema(example = "customers.csv")]
    pub file_name: String,
    /// Its size.
    #[schema(example = 52_428_800)]
    pub file_bytes: i64,
    /// Its SHA-256 in hexadecimal.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub file_sha256: String,
    /// How it is written: kind, encoding, delimiter.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"kind": "csv", "encoding": "UTF-8", "delimiter": 44, "quote": 34, "line_end": "lf", "sep_line": false}))]
    pub format: Value,
    /// Its columns, by their unique names.
    #[schema(example = json!(["E-Mail", "Ort"]))]
    pub columns: Vec<String>,
    /// What the columns mean.
    pub mapping: Mapping,
    /// What may become of rows.
    pub mode: Mode,
    /// What a row's customer is recognised by.
    pub match_by: Vec<MatchKey>,
    /// What will happen, once checked.
    pub plan: Option<Plan>,
    /// What has happened so far.
    pub result: Option<Counts>,
    /// How many data rows are dealt with.
    #[schema(example = 0)]
    pub applied_rows: i64,
    /// The job that works or worked on it.
    pub job_id: Option<JobId>,
    /// Why it was given up.
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What of an import can be changed before it is applied. Absent keeps.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImportPatch {
    /// What the file brings. Another kind is mapped anew, unless the mapping comes with it.
    pub kind: Option<ImportKind>,
    /// What the columns mean; replaces the whole mapping.
    #[schema(value_type = Option<Mapping>)]
    pub mapping: Option<Value>,
    /// What may become of rows.
    pub mode: Option<Mode>,
    /// What a row's customer is recognised by, at least one; orders and products are recognised by their id alone.
    pub match_by: Option<Vec<MatchKey>>,
}

/// An export to a file.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Where it stands.
    pub state: ExportState,
    /// Its format.
    pub format: ExportFormat,
    /// Which customers: the filters of the list.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"status": "vip"}))]
    pub query: Value,
    /// Customers written.
    #[schema(example = 1234)]
    pub rows: i64,
    /// Size of the file.
    #[schema(example = 524_288)]
    pub bytes: i64,
    /// The job that writes it.
    pub job_id: Option<JobId>,
    /// Why it was given up.
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the file is deleted.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq)]
pub struct RowError {
    /// Number of the data row, from 1.
    pub position: u64,
    /// `conflict` or `invalid`.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What the file says.
    pub fields: Vec<Option<String>>,
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Self {
            pointer: reason.column.unwrap_or_default(),
            code: reason.code.into(),
            message: reason.message,
        }
    }
}
