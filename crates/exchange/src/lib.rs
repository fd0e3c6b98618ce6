//! Customer files in and out, and files of other records in.
//!
//! The tabular room turns any file into rows; `mapping` turns rows into customer fields, `import` decides and writes them,
//! `export` makes files; `kind` is what another room implements whose records files bring; `ops`, `api`, `pages` and `jobs` offer it to people and programs. What this room never does: hold
//! a file in memory, change a value without saying so, or write a table of customers, orders or products: those are
//! changed by their own room's use cases.

mod api;
pub mod export;
pub mod import;
pub mod jobs;
pub mod kind;
pub mod model;
pub mod ops;
mod pages;
mod routes;
pub mod space;
pub mod store;
pub mod sweep;

pub use jobs::job_handlers;
pub use regulars_mapping as mapping;
pub use routes::{UPLOADS, api_routes, page_routes};
