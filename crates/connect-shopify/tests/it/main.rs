//! Shopify's webhooks over HTTP, against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod any_order;
mod carts;
mod customers;
mod fixtures;
mod inbox;
mod orders;
mod privacy;
mod secrets;
mod shop;
mod stock;
