//! Customer files in and out.
//!
//! The tabular room turns any file into rows; `mapping` turns rows into customer fields, `import` decides and writes them,
//! `export` makes files; `ops`, `api`, `pages` and `jobs` offer it to people and programs. What this room never does: hold
//! a file in memory, change a value without saying so, or write a table of customers: those are changed by the customers
//! room's use cases.

mod api;
pub mod export;
pub mod import;
pub mod jobs;
pub mod mapping;
pub mod model;
pub mod ops;
mod pages;
mod routes;
pub mod space;
pub mod store;
pub mod sweep;

pub use jobs::job_handlers;
pub use routes::{UPLOADS, api_routes, page_routes};
