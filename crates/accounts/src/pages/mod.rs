//! Pages: signing in, links, and settings. Handlers and what they show; no rules.

pub mod asked;
mod audit;
mod describe;
pub mod face;
mod form;
mod keys;
mod links;
mod members;
mod organization;
mod sessions;
mod sign_in;

use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};
use regulars_web::AppState;

/// The room's pages.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/setup/{token}", get(links::show_set_up).post(links::set_up))
        .route(
            "/set-password/{token}",
            get(links::show_set_password).post(links::set_password),
        )
        .route("/set-password/{token}/accept", post(links::accept))
        .route("/set-password/{token}/decline", post(links::decline))
        .route(
            "/switch-organization",
            get(organization::others).post(organization::switch),
        )
        .route("/settings", get(|| async { Redirect::to("/settings/sessions") }))
        .route("/settings/members", get(members::list).post(members::invite))
        .route("/settings/members/new", get(members::show_invite))
        .route(
            "/settings/members/{id}",
            get(members::show_edit).post(members::edit),
        )
        .route("/settings/members/{id}/link", post(members::reset_link))
        .route("/settings/members/{id}/remove", post(members::remove))
        .route("/settings/keys", get(keys::list).post(keys::create))
        .route("/settings/keys/new", get(keys::show_create))
        .route("/settings/keys/{id}", get(keys::show_edit).post(keys::edit))
        .route("/settings/keys/{id}/revoke", post(keys::revoke))
        .route("/settings/audit", get(audit::list))
        .route("/settings/sessions", get(sessions::list))
        .route("/settings/sessions/others/revoke", post(sessions::revoke_others))
        .route("/settings/sessions/{id}/revoke", post(sessions::revoke))
        .route("/settings/password", post(sessions::change_password))
        .route("/settings/name", post(sessions::change_name))
        .route(
            "/settings/organization",
            get(organization::show).post(organization::save),
        )
}
