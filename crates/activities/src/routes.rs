//! The room's routers and jobs, for `server` to compose.

use axum::Router;
use regulars_jobs::Registry;
use regulars_web::{AppState, WebConfig};
use utoipa_axum::router::OpenApiRouter;

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// What browsers send to, with a key that is no secret. It is reached by way of [`crate::hand_over`], with its own limits.
pub fn browser_routes(state: &AppState) -> Router {
    let config = WebConfig {
        rate_limit_per_minute: 0,
        body_limit: crate::browser::BODY_LIMIT,
        ..(*state.config).clone()
    };
    regulars_web::around(
        crate::browser::routes(),
        &AppState::new(state.database.clone(), config),
    )
}

/// The script that pages of shops load.
pub fn script_routes() -> Router<AppState> {
    crate::browser::script_routes()
}

/// Adds the handlers and the schedules of this room.
pub fn job_handlers(registry: Registry) -> Registry {
    crate::jobs::add(registry)
}
