//! Shopify's webhooks over HTTP, against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod any_order;
mod carts;
mod consents;
mod customers;
mod effects;
mod fixtures;
mod inbox;
mod life;
mod orders;
mod privacy;
mod retries;
mod secrets;
mod shop;
mod signatures;
mod stock;
mod whole_life;
