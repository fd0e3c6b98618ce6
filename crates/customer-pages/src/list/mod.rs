//! The customer list: search, filters, views, sorting, paging, and work on several customers at once.

mod asked;
mod bulk;
mod cells;
mod chips;
mod columns;
mod expression;
mod filters;
mod handlers;
mod menu;
mod several;
mod table;
mod tree;
mod view;
mod view_handlers;
mod views;
mod work;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_web::AppState;

pub(crate) use cells::{change_here, popover};
pub use chips::{fault_in_words, in_words};
pub(crate) use handlers::query;
pub(crate) use tree::{branch, rows_below};
pub(crate) use view::{ListView, deleting, sheet_of};
pub(crate) use view_handlers::sidebar;

/// The routes of the list. Creating is of the record, but posts to the list's address.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/customers", get(handlers::list).post(super::record::create))
        .route("/customers/columns", get(handlers::columns_sheet))
        .route("/customers/filters", get(filters::open))
        .route("/customers/filters/build", get(filters::build))
        .route("/customers/filters/apply", get(filters::apply))
        .route("/customers/filters/expression", get(expression::help))
        .route("/customers/bulk", get(several::ask).post(several::act))
        .route("/customers/bulk/undo", post(several::undo))
        .route("/customers/bulk/work", get(work::all))
        .route("/customers/bulk/{job}/hide", post(work::hide))
        .route("/customers/bulk/{job}", get(work::one))
        .route("/customers/bulk/{job}/cancel", post(work::cancel))
        .route(
            "/customers/{id}/cells/{column}",
            get(cells::open).post(cells::save),
        )
        .route("/customers/{id}/menu", get(menu::open))
        .route("/customers/{id}/below", get(tree::below))
        .route("/customers/views", post(view_handlers::add))
        .route("/customers/views/new", get(view_handlers::new))
        .route(
            "/customers/views/{id}",
            get(view_handlers::open).post(view_handlers::save_query),
        )
        .route(
            "/customers/views/{id}/edit",
            get(view_handlers::edit).post(view_handlers::save),
        )
        .route("/customers/views/{id}/delete", post(view_handlers::delete))
}
