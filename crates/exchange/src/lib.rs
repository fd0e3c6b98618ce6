//! Customer files in and out.
//!
//! `read` turns any file into rows, `mapping` turns rows into customer fields, `write` makes files. What it never does:
//! hold a file in memory, or change a value without saying so.

pub mod mapping;
pub mod read;
pub mod write;
