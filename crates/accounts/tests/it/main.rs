//! The accounts room against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod audit;
mod harness;
mod invitations;
mod keys;
mod links;
mod members;
mod pages;
mod sessions;
mod sign_in;
