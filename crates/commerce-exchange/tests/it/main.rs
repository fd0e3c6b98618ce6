//! Orders and products by file, against a real database.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds something missing shall panic"
)]

mod generic;
mod http;
mod lists;
mod products;
mod resume;
mod scale;
mod shopify;
mod support;
mod webhooks;
