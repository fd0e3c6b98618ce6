//! What the organization owes people of whom it knows: duties that others' systems or the people themselves ask for, each
//! with the day by which it is to be done.
//!
//! Invariants: a duty is recorded once, however often it is told; it stays until somebody says that it is done, and who
//! said so is in the audit log.

mod api;
pub mod model;
pub mod ops;
mod pages;
mod store;

pub use api::routes as api_routes;
pub use pages::routes as page_routes;
