//! A message of another system, as the inbox keeps it.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Total,
    ids::{ConnectionId, WebhookEventId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Provider;
use crate::provider::Received;

/// How often a message is tried before it waits for a person.
pub const MAX_ATTEMPTS: i32 = 10;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum WebhookState {
    /// Waits to be processed, for the first time or again.
    Queued,
    /// Was processed.
    Done,
    /// Nothing answers to it.
    Ignored,
    /// Could not be processed; waits for a person.
    Dead,
    /// A person has put it aside.
    Discarded,
}

impl WebhookState {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Done,
        Self::Ignored,
        Self::Dead,
        Self::Discarded,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }

    /// The state of this name.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|state| state.name() == text)
            .copied()
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|state| state.name()).collect();
                format!("“{text}” is no state; there are {}", names.join(", "))
            })
    }
}

/// A message without its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
pub struct WebhookEvent {
    /// Its id.
    pub id: WebhookEventId,
    /// Through which connection it came.
    pub connection_id: ConnectionId,
    /// The other system.
    pub provider: Provider,
    /// What it is about, in the other system's words.
    #[schema(example = "orders/create")]
    pub topic: String,
    /// The other system's id of it.
    #[schema(example = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")]
    pub delivery_id: String,
    /// What became of it.
    pub state: WebhookState,
    /// How often it was tried without success.
    pub attempts: i32,
    /// When it is tried next, while it is queued.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why it was not processed.
    #[schema(example = "the body is not JSON: line 1, column 30")]
    pub error: Option<String>,
    /// When it happened, as the other system says.
    pub said_at: Option<DateTime<Utc>>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was processed.
    pub processed_at: Option<DateTime<Utc>>,
    /// How many bytes it has.
    pub bytes: i64,
    /// Whether a person put another content in its place.
    pub mended: bool,
}

/// A message with its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEventDetail {
    /// What it is.
    #[serde(flatten)]
    pub event: WebhookEvent,
    /// What its headers say.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub about: Value,
    /// What processing it changed.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub result: Option<Value>,
    /// Its content, personal data masked unless `reveal=true`; a text where it is not JSON.
    pub payload: Value,
    /// What came, where somebody put `payload` in its place; masked likewise.
    pub original: Option<Value>,
    /// Whether personal data is masked.
    pub masked: bool,
}

/// A message that is due.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub id: WebhookEventId,
    pub run_at: DateTime<Utc>,
    pub attempts: i32,
    pub provider: Provider,
    /// Whether the body is read when its turn comes.
    pub is_large: bool,
    pub received: Received,
}

/// Which messages.
#[derive(Clone, Debug, Default)]
pub struct WebhookFilter {
    /// In any of these states; empty for all.
    pub states: Vec<String>,
    /// Of any of these providers; empty for all.
    pub providers: Vec<String>,
    /// On any of these topics; empty for all.
    pub topics: Vec<String>,
    /// Through this connection.
    pub connection_id: Option<ConnectionId>,
    /// Only those that failed and are tried again.
    pub retrying: bool,
    /// Those that came at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Those that came before this time.
    pub before: Option<DateTime<Utc>>,
}

/// Where a list goes on that has the dead first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whether the row before was dead.
    pub dead: bool,
    /// Which it was.
    pub id: WebhookEventId,
}

/// How many there are of those that somebody should know of, whatever state is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Wait for a person.
    pub dead: Total,
    /// Failed, and are tried again.
    pub retrying: Total,
    /// Wait to be processed, those included that are tried again.
    pub queued: Total,
}

/// Messages that failed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureGroup {
    /// Their topic.
    pub topic: String,
    /// Why.
    pub error: String,
    /// How many, among the newest 1,000.
    pub count: i64,
    /// The newest of them.
    pub newest: WebhookEventId,
    /// When that came.
    pub received_at: DateTime<Utc>,
}

/// Plays one message again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// A content in place of the one that came, which stays beside it.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub payload: Option<Value>,
}

/// Plays many messages again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"state": "dead", "topic": "orders/create"}))]
pub struct ReplayFilter {
    /// `dead`, `ignored`, `done` or `discarded`; `dead` if absent.
    #[schema(value_type = Option<WebhookState>)]
    pub state: Option<String>,
    /// On this topic only.
    pub topic: Option<String>,
    /// Through this connection only.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub connection_id: Option<ConnectionId>,
}

/// Puts many messages aside.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"state": "dead", "topic": "orders/create"}))]
pub struct DiscardFilter {
    /// `dead` or `queued`; `dead` if absent.
    #[schema(value_type = Option<WebhookState>)]
    pub state: Option<String>,
    /// On this topic only.
    pub topic: Option<String>,
    /// Through this connection only.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub connection_id: Option<ConnectionId>,
}

/// How many messages are put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PutAside {
    /// How many.
    #[schema(example = 12)]
    pub discarded: u64,
    /// Whether there are more, for which to ask again.
    pub more: bool,
}

/// How many messages are played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Played {
    /// How many.
    #[schema(example = 12)]
    pub replayed: u64,
    /// Whether there are more, for which to ask again.
    pub more: bool,
}
