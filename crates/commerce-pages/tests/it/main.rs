//! The pages of orders and products against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod pages;
