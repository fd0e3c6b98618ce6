//! Orders: the list, an order's page, and the same in the side sheet of any list.

mod detail;
mod filters;
mod list;
mod list_view;
mod parts;
mod table;
mod view;

use axum::{Router, routing::get};
use regulars_web::AppState;

pub(crate) use filters::{Chip, chips_of, picks};
pub(crate) use list::faults_of;
pub use table::{Row, customer_orders, rows};

/// Where the list is.
pub(crate) const PATH: &str = "/orders";

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/orders", get(list::list))
        .route("/orders/filters", get(list::filters))
        .route("/orders/{id}", get(detail::show))
        .route("/orders/{id}/preview", get(detail::preview))
}
