//! Customer files in and out.
//!
//! `read` turns any file into rows, `mapping` turns rows into customer fields, `import` decides and writes them, `export`
//! and `write` make files. What this room never does: hold a file in memory, change a value without saying so, or touch
//! a table of customers: those are changed by the customers room's use cases.

pub mod import;
pub mod mapping;
pub mod model;
pub mod read;
pub mod store;
pub mod write;
