//! Use cases: check, change, event, job. Each is one function in one transaction that the caller commits.
//!
//! What it never does: HTTP, or SQL of its own; that is `store`.

pub mod import;
