//! Klaviyo's webhooks over HTTP and pulls from a mock of its API, against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod account;
mod api;
mod events;
mod fixtures;
mod mock;
mod profiles;
mod pull;
mod signatures;
