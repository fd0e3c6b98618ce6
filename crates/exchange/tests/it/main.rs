//! Imports and exports against a real database.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what went wrong")]

mod caps;
mod currencies;
mod export_jobs;
mod exports;
mod formats;
mod http;
mod imports;
mod inline;
mod resume;
mod space;
mod strangers;
mod support;
mod verified;
