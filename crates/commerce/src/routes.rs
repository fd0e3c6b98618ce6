//! The room's routers, for `server` to compose.

use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}
