//! Shopify's webhooks over HTTP, against a real PostgreSQL.

mod any_order;
mod customers;
mod fixtures;
mod inbox;
mod orders;
mod shop;
