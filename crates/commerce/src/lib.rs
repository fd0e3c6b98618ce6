//! Orders with their payments, fulfilments and refunds, carts, products, and the figures of each customer that follow from them.
//!
//! Invariants: what arrives in any order, twice or late ends in the same order; a deleted order stays deleted; a
//! customer's figures are reckoned in the transaction that changes an order, by the statement that also verifies them;
//! each fact of an order is told once.

mod api;
mod jobs;
pub mod model;
pub mod ops;
mod paging;
mod routes;
pub mod store;

pub use api::{
    filter::{read as read_orders_asked, read_carts as read_carts_asked},
    page_request,
};
pub use jobs::job_handlers;
pub use routes::api_routes;
