//! The room's routers and jobs, for `server` to compose.

use std::sync::Arc;

use axum::{Extension, Router, routing::post};
use regulars_jobs::Registry;
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    drain::Drain,
    intake::Intake,
    provider::Providers,
    receive::{self, Inbox},
};

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// The pages.
pub fn page_routes() -> Router<AppState> {
    crate::pages::routes()
}

/// Where providers send to. Signatures stand in the place of authentication here.
pub fn webhook_routes(providers: Providers) -> Router<AppState> {
    let inbox = Inbox {
        providers,
        intake: Intake::default(),
    };
    Router::new()
        .route("/webhooks/{provider}/{connection}", post(receive::receive))
        .layer(Extension(Arc::new(inbox)))
}

/// The jobs.
pub fn job_handlers(registry: Registry, providers: Providers) -> Registry {
    registry.with(Drain { providers })
}
