//! The room's routers, for `server` to compose.

use axum::Router;
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// The pages.
pub fn page_routes() -> Router<AppState> {
    crate::pages::routes()
}
