//! `/healthz`, `/readyz` and `/metrics`. They answer without credentials, so they say nothing about anybody.

use axum::{Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};
use regulars_database::migrate;
use regulars_web::AppState;

use crate::metrics;

/// The three routes.
pub fn health(state: &AppState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(state.clone())
}

/// Ready when the database answers and its migrations are the ones this binary knows.
async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    match migrate::is_current(state.database.outside_organizations()).await {
        Ok(true) => (StatusCode::OK, "ready\n"),
        Ok(false) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "migrations are not current; run regulars migrate\n",
        ),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be reached\n",
            )
        }
    }
}

async fn scrape(State(state): State<AppState>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        metrics::render(&state.database),
    )
}
