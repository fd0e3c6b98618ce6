//! What tests stand on: a fresh migrated database each ([`TestDatabase`]) and the program without its sockets
//! (`TestApp`).
//!
//! What it never does: appear in the shipped program. It panics with a sentence instead of returning errors.

mod database;
mod server;

pub use database::TestDatabase;
