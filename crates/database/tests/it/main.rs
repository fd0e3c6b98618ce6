//! The database room against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod catalogue;
mod definers;
mod private;
mod testkit;
mod transactions;
mod wall;
