//! Orders: the list, an order's page, and the same in the side sheet of any list.

mod detail;
mod filters;
mod list;
mod list_view;
mod parts;
mod table;
mod view;

use axum::{Router, routing::get};
use regulars_web::{AppState, pages::Nav};

use crate::listing::Kind;

pub use table::{Row, customer_orders, rows};

/// The list.
pub(crate) const KIND: Kind = Kind {
    path: "/orders",
    title: "Orders",
    words: ["order", "orders"],
    nav: Nav::Orders,
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/orders", get(list::list))
        .route("/orders/filters", get(list::filters))
        .route("/orders/{id}", get(detail::show))
        .route("/orders/{id}/preview", get(detail::preview))
}
