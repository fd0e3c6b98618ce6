//! What operators see: health, readiness, metrics, jobs and queues.

mod health;
mod jobs_api;
mod jobs_page;

pub use health::health;
pub use jobs_api::api_routes;
pub use jobs_page::page_routes;
