//! The API of connections and of the inbox: handlers that turn a request into one use case. No rules here.

mod connections;
mod events;
mod pulls;

use regulars_kernel::{Faults, PageRequest};
use regulars_web::{AppState, Params};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            connections::list_connections,
            connections::create_connection
        ))
        .routes(routes!(
            connections::get_connection,
            connections::update_connection,
            connections::delete_connection
        ))
        .routes(routes!(connections::add_connection_secret))
        .routes(routes!(connections::end_connection_secret))
        .routes(routes!(pulls::start_pull, pulls::get_last_pull))
        .routes(routes!(events::list_webhook_events))
        .routes(routes!(events::replay_webhook_events))
        .routes(routes!(events::discard_webhook_events))
        .routes(routes!(events::get_webhook_event))
        .routes(routes!(events::replay_webhook_event))
        .routes(routes!(events::discard_webhook_event))
}

/// `limit`, `cursor` and `page`.
fn page_request(params: &mut Params, faults: &mut Faults) -> PageRequest {
    let limit = params.one("limit", faults);
    let cursor = params.one("cursor", faults);
    let page = params.one("page", faults);
    PageRequest::parse(limit.as_deref(), cursor.as_deref(), page.as_deref(), &[], faults)
}
