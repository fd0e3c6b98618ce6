//! Stripe's and Adyen's webhooks over HTTP, against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod adyen;
mod adyen_codes;
mod any_order;
mod desk;
mod fixtures;
mod orders;
mod signatures;
mod stripe;
