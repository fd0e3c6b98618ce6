//! Pages of connections and of the inbox. Handlers and what they show; no rules, no SQL.

mod asked;
mod connection;
mod connections;
mod guidance;
mod inbox;
mod mend;
mod message;
mod parts;
mod pull;
mod secrets;

pub use guidance::topics_to_subscribe_to;

use axum::{
    Router,
    routing::{get, post},
};
use regulars_web::AppState;

/// The room's pages.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/settings/connections",
            get(connections::list).post(connections::create),
        )
        .route("/settings/connections/new", get(connections::show_create))
        .route(
            "/settings/connections/{id}",
            get(connection::show).post(connections::edit),
        )
        .route("/settings/connections/{id}/edit", get(connections::show_edit))
        .route("/settings/connections/{id}/disable", post(connections::disable))
        .route("/settings/connections/{id}/enable", post(connections::enable))
        .route("/settings/connections/{id}/delete", post(connections::delete))
        .route("/settings/connections/{id}/secrets", post(secrets::add))
        .route("/settings/connections/{id}/secrets/new", get(secrets::show_add))
        .route(
            "/settings/connections/{id}/secrets/{secret}/end",
            post(secrets::end),
        )
        .route("/settings/connections/{id}/api-key", post(pull::set_key))
        .route("/settings/connections/{id}/api-key/new", get(pull::show_key))
        .route(
            "/settings/connections/{id}/api-key/delete",
            post(pull::forget_key),
        )
        .route("/settings/connections/{id}/pull", post(pull::start))
        .route("/settings/inbox", get(inbox::list))
        .route("/settings/inbox/replay", post(inbox::replay_all))
        .route("/settings/inbox/discard", post(inbox::discard_all))
        .route("/settings/inbox/{id}", get(message::show))
        .route("/settings/inbox/{id}/reveal", post(message::reveal))
        .route("/settings/inbox/{id}/replay", post(message::replay))
        .route("/settings/inbox/{id}/discard", post(message::discard))
        .route("/settings/inbox/{id}/mend", post(mend::save))
        .route("/settings/inbox/{id}/mend/open", post(mend::open))
}
