//! What operators see: health, readiness, metrics, jobs and queues.

mod health;
mod health_page;
mod jobs_api;
mod jobs_page;

pub use health::health;
pub use health_page::Watch;
pub use jobs_api::api_routes;

/// The pages of this part.
pub fn page_routes() -> axum::Router<regulars_web::AppState> {
    jobs_page::page_routes().merge(health_page::page_routes())
}
