//! `/imports` and `/exports` for people.
//!
//! What it never does: SQL, or rules; handlers turn forms into the use cases that the API calls too.

mod exports;
mod imports;
mod map;
mod steps;
#[cfg(test)]
mod tests;
mod views;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_web::{AppState, Form};

/// The routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/imports", get(imports::list).post(imports::upload))
        .route("/imports/new", get(imports::new))
        .route("/imports/{id}", get(imports::show))
        .route("/imports/{id}/progress", get(imports::progress))
        .route("/imports/{id}/check", post(imports::check))
        .route("/imports/{id}/kind", post(imports::bring))
        .route("/imports/{id}/remap", post(imports::remap))
        .route("/imports/{id}/apply", post(imports::apply))
        .route("/imports/{id}/cancel", post(imports::cancel))
        .route("/imports/{id}/delete", post(imports::delete))
        .route("/imports/{id}/errors.csv", get(imports::errors))
        .route("/exports", get(exports::list).post(exports::create))
        .route("/exports/new", get(exports::new))
        .route("/exports/{id}/row", get(exports::row))
        .route("/exports/{id}/delete", post(exports::delete))
        .route("/exports/{id}/download", get(exports::download))
}
