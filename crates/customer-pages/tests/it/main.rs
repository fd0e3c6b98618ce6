//! The customers' pages against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod builder;
mod links_and_chips;
mod orders;
mod pages;
mod pages_of_lists;
mod rows_of_lists;
mod verified;
mod wizard;
mod work;
