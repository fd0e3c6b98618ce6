//! Tags and custom attributes of the organization.

mod handlers;
mod view;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_web::AppState;

pub(crate) use view::{NAME, PATH};

/// The routes of the page.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/definitions", get(handlers::show))
        .route("/settings/definitions/tags", post(handlers::add_tag))
        .route("/settings/definitions/tags/new", get(handlers::new_tag))
        .route("/settings/definitions/tags/{id}", post(handlers::save_tag))
        .route("/settings/definitions/tags/{id}/edit", get(handlers::edit_tag))
        .route(
            "/settings/definitions/tags/{id}/merge",
            get(handlers::merge_sheet).post(handlers::merge),
        )
        .route(
            "/settings/definitions/tags/{id}/delete",
            post(handlers::delete_tag),
        )
        .route("/settings/definitions/attributes", post(handlers::add_attribute))
        .route(
            "/settings/definitions/attributes/new",
            get(handlers::new_attribute),
        )
        .route(
            "/settings/definitions/attributes/{id}",
            post(handlers::save_attribute),
        )
        .route(
            "/settings/definitions/attributes/{id}/edit",
            get(handlers::edit_attribute),
        )
        .route(
            "/settings/definitions/attributes/{id}/archive",
            post(handlers::archive),
        )
        .route(
            "/settings/definitions/attributes/{id}/delete",
            post(handlers::delete_attribute),
        )
        .route(
            "/settings/definitions/attributes/{id}/move",
            post(handlers::shift),
        )
}
