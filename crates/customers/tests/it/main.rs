//! The customers' room against a real PostgreSQL, through the same edge as the server's.

#![expect(clippy::unwrap_used, reason = "a test that finds something missing shall panic")]

mod bulk;
mod harness;
mod hierarchy;
mod parts;
mod records;
mod tenancy;
