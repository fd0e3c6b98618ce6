//! The room's routers and jobs, for `server` to compose.

use regulars_jobs::Registry;
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// Adds the handlers and the schedules of this room.
pub fn job_handlers(registry: Registry) -> Registry {
    crate::jobs::add(registry)
}
