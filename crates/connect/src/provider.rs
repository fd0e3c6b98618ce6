//! What a provider's crate implements: how its messages are told from forged ones, and what they change.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use regulars_database::Tx;
use regulars_kernel::{Error, ids::ConnectionId};
use serde_json::{Map, Value};

use crate::model::Provider;

/// A connection as the inbox knows it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its provider.
    pub provider: Provider,
    /// Its settings.
    pub settings: Map<String, Value>,
    /// Whether a person has switched it off.
    pub is_disabled: bool,
    /// What it may be signed with at this moment, the newest first.
    pub secrets: Vec<regulars_kernel::Secret<String>>,
}

/// A request as it came.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, untouched.
    pub body: &'a Bytes,
    /// When it came.
    pub now: DateTime<Utc>,
}

impl Delivery<'_> {
    /// A header as text; none if it is absent, empty or no ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }
}

/// One message of a delivery, to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it is about, in the provider's words.
    pub topic: String,
    /// The provider's id of it.
    pub delivery_id: String,
    /// What makes it the same message under another id; see [`crate::signature::digest`].
    pub content: [u8; 32],
    /// What the headers say that processing wants to know.
    pub about: Value,
    /// When the provider says that it happened.
    pub said_at: Option<DateTime<Utc>>,
    /// The body, or its part of it.
    pub body: Bytes,
}

/// Why a delivery is refused. Nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It bears no signature, or lacks what the signature rule wants beside it.
    Missing(&'static str),
    /// The signature is not that of any secret.
    Wrong,
    /// It is rightly signed, and of somebody else.
    Elsewhere(&'static str),
    /// It was signed too long ago, or in the future.
    Stale,
    /// It is signed, and not what the provider sends.
    Malformed(&'static str),
}

/// Tells a provider's deliveries from forged ones.
pub trait Receiver: Send + Sync {
    /// Verifies a delivery on its raw body and takes it apart into its messages.
    fn receive(&self, delivery: &Delivery<'_>, connection: &Known) -> Result<Vec<Message>, Refusal>;

    /// What the provider wants to read as the answer to a delivery that was kept.
    fn answer(&self) -> &'static str;
}

/// A message that is to be processed.
#[derive(Clone, Debug)]
pub struct Received {
    /// Through which connection it came.
    pub connection_id: ConnectionId,
    /// The settings of that connection.
    pub settings: Map<String, Value>,
    /// See [`Message::topic`].
    pub topic: String,
    /// See [`Message::delivery_id`].
    pub delivery_id: String,
    /// See [`Message::about`].
    pub about: Value,
    /// When the provider says that it happened, else when it came.
    pub said_at: DateTime<Utc>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// See [`Message::content`]: of what came, whatever it was mended to.
    pub content: Vec<u8>,
    /// Whether a person put another body in the place of what came.
    pub is_mended: bool,
    /// The body, mended if somebody did.
    pub body: Bytes,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// What it changed, for who looks at it; without personal data.
    Done(Value),
    /// Why nothing answers to it.
    Ignored(String),
}

impl Applied {
    /// Of a topic that no part of the server answers to.
    pub fn unanswered() -> Self {
        Self::Ignored(UNANSWERED.to_owned())
    }
}

pub(crate) const UNANSWERED: &str = "nothing here answers to this topic";

/// Why a message could not be processed.
#[derive(Debug)]
pub enum Failure {
    /// It may succeed later.
    Retry(Error),
    /// It will not succeed as it is. The sentence has no personal data.
    Fatal(String),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Invalid(faults) | Error::Malformed(faults) => {
                let places: Vec<String> = faults
                    .0
                    .iter()
                    .map(|fault| format!("{} ({})", fault.pointer, fault.code))
                    .collect();
                Self::Fatal(format!("not acceptable: {}", places.join(", ")))
            }
            other => Self::Retry(other),
        }
    }
}

/// Changes what a provider's messages say has changed.
#[async_trait]
pub trait Processor: Send + Sync {
    /// Whether messages of a topic may change anything; the others are kept and cost no job.
    fn answers(&self, topic: &str) -> bool {
        let _ = topic;
        true
    }

    /// Processes one message in the transaction that marks it as processed. It may be called again for a message whose
    /// transaction did not commit, and messages come in any order.
    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure>;

    /// With which others messages of a topic can be processed together: those for which it says the same.
    fn together(&self, topic: &str) -> Option<&'static str> {
        let _ = topic;
        None
    }

    /// Processes messages of which [`Self::together`] says the same, in their order. None, or a failure, if they have to be
    /// gone through one by one, after what was done here is taken back.
    async fn apply_together(
        &self,
        tx: &mut Tx,
        messages: &[&Received],
    ) -> Result<Option<Vec<Applied>>, Failure> {
        let _ = (tx, messages);
        Ok(None)
    }
}

/// One provider's two sides.
#[derive(Clone)]
pub(crate) struct Sides {
    pub receiver: Arc<dyn Receiver>,
    pub processor: Arc<dyn Processor>,
}

/// The providers that this server knows.
#[derive(Clone, Default)]
pub struct Providers(Arc<BTreeMap<Provider, Sides>>);

impl Providers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this one.
    #[must_use]
    pub fn with<P: Receiver + Processor + 'static>(self, provider: Provider, crate_of_it: P) -> Self {
        let it = Arc::new(crate_of_it);
        let mut all = (*self.0).clone();
        all.insert(
            provider,
            Sides {
                receiver: it.clone(),
                processor: it,
            },
        );
        Self(Arc::new(all))
    }

    pub(crate) fn get(&self, provider: Provider) -> Option<&Sides> {
        self.0.get(&provider)
    }
}
