//! The room's routers, for `server` to compose.

use axum::Router;
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The routes that receive files, for the edge to lift its limits from.
pub const UPLOADS: &[&str] = &["/imports", "/api/v1/imports"];

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// The pages.
pub fn page_routes() -> Router<AppState> {
    crate::pages::routes()
}
