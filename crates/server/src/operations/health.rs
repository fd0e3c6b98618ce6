//! `/healthz`, `/readyz` and `/metrics`. They answer without credentials, so they say nothing about anybody, and asking
//! them often costs the database nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get,
};
use regulars_database::migrate;
use regulars_web::AppState;
use tokio::sync::Mutex;

use crate::metrics;

/// How long the last look at the database answers for it.
const KEPT: Duration = Duration::from_secs(1);

/// What was found, and when. Whoever comes while somebody looks waits for that look.
type Last = Arc<Mutex<Option<(Instant, (StatusCode, &'static str))>>>;

/// The three routes.
pub fn health(state: &AppState) -> Router {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .layer(Extension(Last::default()));
    regulars_web::around(routes, state)
}

/// Ready when the database answers and its migrations are the ones this binary knows.
async fn ready(State(state): State<AppState>, Extension(last): Extension<Last>) -> impl IntoResponse {
    let mut last = last.lock().await;
    match *last {
        Some((at, found)) if at.elapsed() < KEPT => found,
        _ => {
            let found = look(&state).await;
            *last = Some((Instant::now(), found));
            found
        }
    }
}

async fn look(state: &AppState) -> (StatusCode, &'static str) {
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
