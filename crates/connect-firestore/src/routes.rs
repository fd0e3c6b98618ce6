//! The room's routers and jobs, for `server` to compose.

use axum::Router;
use regulars_jobs::Registry;
use regulars_web::AppState;
use utoipa_axum::router::OpenApiRouter;

use crate::{client::Firestore, compare::CompareJob, load::LoadJob, mirror::MirrorJob};

/// Whether this server writes to an emulator; an extension of requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Emulator(pub bool);

/// The API, relative to `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    crate::api::routes()
}

/// The pages.
pub fn page_routes() -> Router<AppState> {
    crate::pages::routes()
}

/// The jobs.
pub fn job_handlers(registry: Registry, firestore: Firestore) -> Registry {
    registry
        .with(MirrorJob {
            firestore: firestore.clone(),
        })
        .with(LoadJob::default())
        .with(CompareJob {
            firestore: firestore.clone(),
            repair: false,
        })
        .with(CompareJob {
            firestore,
            repair: true,
        })
}
