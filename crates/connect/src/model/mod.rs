//! Connections, and what came through them. No SQL, no HTTP.

mod connection;
mod event;
mod mask;
mod pull;

#[cfg(test)]
pub(crate) use connection::known_settings;
pub use connection::{
    Connection, ConnectionPatch, MAX_SECRET, NewConnection, NewSecret, Provider, SecretInfo,
};
pub(crate) use connection::{ValidConnection, check_secret_of};
pub(crate) use event::Due;
pub use event::{
    Counts, DiscardFilter, FailureGroup, MAX_ATTEMPTS, Place, Played, PutAside, Replay, ReplayFilter,
    WebhookEvent, WebhookEventDetail, WebhookFilter, WebhookState,
};
pub use mask::mask;
pub use pull::{ApiKeyInfo, NewPull, PageRead, Pull, PullPlace, PullState};
