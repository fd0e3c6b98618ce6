//! The room's routers, for `server` to compose.

use axum::{Extension, Router};
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

use crate::kind::Kinds;

/// The routes that receive files, for the edge to lift its limits from.
pub const UPLOADS: &[&str] = &["/imports", "/api/v1/imports"];

/// The API, relative to `/api/v1`, for these kinds of records beside customers.
pub fn api_routes(kinds: &Kinds) -> OpenApiRouter<AppState> {
    crate::api::routes().layer(Extension(kinds.clone()))
}

/// The pages.
pub fn page_routes(kinds: &Kinds) -> Router<AppState> {
    crate::pages::routes().layer(Extension(kinds.clone()))
}
