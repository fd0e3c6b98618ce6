//! The commerce room against a real PostgreSQL, through the same edge as the server's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod carts;
mod concurrent;
mod credit;
mod figures;
mod harness;
mod hostile;
mod orders;
mod plans;
mod products;
mod stock;
mod value;
mod versions;
mod wishlists;
