//! What tests stand on: a fresh migrated database each ([`TestDatabase`]) and the program without its sockets
//! (`TestApp`, feature `app`).
//!
//! What it never does: appear in the shipped program. It panics with a sentence instead of returning errors.

#[cfg(feature = "app")]
mod app;
mod database;
mod server;

#[cfg(feature = "app")]
pub use app::{TestApp, TestRequest, TestResponse};
pub use database::TestDatabase;
pub use server::stop as stop_server;
