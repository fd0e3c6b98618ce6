//! The room of activities against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod browsers;
mod concurrent;
mod harness;
mod hostile;
mod keeping;
mod telling;
mod tenancy;
mod timeline;
mod visitors;
