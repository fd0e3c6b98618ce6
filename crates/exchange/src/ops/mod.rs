//! Use cases: each is one function in one transaction that the caller commits.
//!
//! What it never does: HTTP.

pub mod errors;
pub mod exports;
pub mod files;
pub mod imports;
