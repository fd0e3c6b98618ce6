//! The API of activities: handlers that turn a request into one use case and its result into JSON.
//!
//! What it never does: SQL, or decide what is right.

mod report;
mod settings;
mod tell;

use regulars_web::AppState;
pub(crate) use report::{Report, items};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(tell::tell_activities))
        .routes(routes!(
            settings::get_activity_settings,
            settings::change_activity_settings
        ))
}
