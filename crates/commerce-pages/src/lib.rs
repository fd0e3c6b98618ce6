//! The admin pages of commerce: the lists of orders and of carts, each of them as a page and in the side sheet, the list
//! of products, a product, and the parts of them that a customer's page shows.
//!
//! Handlers read through the same use cases as the API and turn the result into HTML. What they never do: SQL, or
//! decide what is right; nothing is changed here.

mod carts;
mod filters;
mod listing;
mod orders;
mod place;
mod products;
mod told;
mod wishes;
pub mod words;

pub use carts::customer_carts;
pub use orders::{Row, customer_orders, rows};
pub use told::{Told, tell};
pub use wishes::customer_wishes;

use axum::Router;
use regulars_web::AppState;

/// The routes of these pages.
pub fn page_routes() -> Router<AppState> {
    Router::new()
        .merge(orders::routes())
        .merge(carts::routes())
        .merge(products::routes())
}
