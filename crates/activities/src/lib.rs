//! Activities: what visitors and customers did on the shop's pages, in its mails and at its counters, and whose they are.
//!
//! Invariants: an activity that is told twice is stored once; what one of many says wrong keeps none of the others back; an
//! address that nobody has makes no customer; a visitor who turns out to be a customer takes along what was done before;
//! each kind leaves when its time is over.
//!
//! What it never does: change an activity other than to say whose it is.

mod api;
mod browser;
mod jobs;
pub mod model;
pub mod ops;
mod routes;
mod store;

pub use browser::hand_over;
pub use routes::{api_routes, browser_routes, job_handlers, script_routes};
