//! A pull: what a provider has is read through its API, page after page.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Secret,
    ids::{ConnectionId, JobId, PullId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a pull stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PullState {
    /// Waits for a worker, for the first time or again.
    Queued,
    /// Reads.
    Running,
    /// Has read everything.
    Done,
    /// Could not go on; the next one goes on where it stopped.
    Failed,
    /// Was stopped; the next one goes on where it stopped.
    Cancelled,
}

impl PullState {
    /// Whether it goes on by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// A pull of what a provider has.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pull {
    /// Its id.
    pub id: PullId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The job that does it, at `/api/v1/jobs/{id}`.
    pub job_id: JobId,
    /// Where it stands.
    pub state: PullState,
    /// Only what changed later is read; null: everything.
    pub since: Option<DateTime<Utc>>,
    /// The newest change that was read.
    pub newest: Option<DateTime<Utc>>,
    /// Pages that were read.
    #[schema(example = 12)]
    pub pages: i32,
    /// Profiles that were read.
    #[schema(example = 1200)]
    pub seen: i32,
    /// How many of them were new here.
    #[schema(example = 80)]
    pub created: i32,
    /// How many of them could not be taken over.
    #[schema(example = 0)]
    pub failed: i32,
    /// Why it could not go on.
    #[schema(example = json!(null))]
    pub error: Option<String>,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// When everything was read.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is to be pulled.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"everything": false}))]
pub struct NewPull {
    /// Whether everything is read again, not only what changed since the last pull that read everything there was.
    pub everything: bool,
}

/// An API key without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyInfo {
    /// Its last four characters, if it is long enough to tell them.
    #[schema(example = "x7Qa")]
    pub hint: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

/// Where a pull is to go on.
#[derive(Clone, Debug)]
pub struct PullPlace {
    /// The connection.
    pub connection_id: ConnectionId,
    /// With what the provider is asked.
    pub api_key: Secret<String>,
    /// The connection's settings.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Only what changed later.
    pub since: Option<DateTime<Utc>>,
    /// The address of the page.
    pub next_page: Option<String>,
    /// The newest change so far.
    pub newest: Option<DateTime<Utc>>,
    /// Profiles that were read so far.
    pub seen: i32,
}

/// What a page came to.
#[derive(Clone, Debug, Default)]
pub struct PageRead {
    /// The page behind it; none if it was the last.
    pub next_page: Option<String>,
    /// The newest change on it.
    pub newest: Option<DateTime<Utc>>,
    /// How many were on it.
    pub seen: i32,
    /// How many of them were new here.
    pub created: i32,
    /// How many of them could not be taken over.
    pub failed: i32,
}
