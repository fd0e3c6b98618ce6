//! The API of accounts: handlers that turn a request into one use case. No rules here.

mod access;
mod audit;
mod keys;
mod organization;
mod sessions;
mod users;

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use regulars_kernel::{Faults, PageRequest, Result, Sort};
use regulars_web::{AppState, Params};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            organization::get_organization,
            organization::update_organization
        ))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::get_user, users::update_user, users::delete_user))
        .routes(routes!(users::create_reset_link))
        .routes(routes!(keys::list_keys, keys::create_key))
        .routes(routes!(keys::get_key, keys::update_key, keys::revoke_key))
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::revoke_session))
        .routes(routes!(audit::list_audit))
        .routes(routes!(access::get_me))
        .routes(routes!(access::list_permissions))
}

/// `limit`, `cursor` and `page`.
fn page_request(params: &mut Params, sorts: &[Sort], faults: &mut Faults) -> PageRequest {
    let limit = params.one("limit", faults);
    let cursor = params.one("cursor", faults);
    let page = params.one("page", faults);
    PageRequest::parse(
        limit.as_deref(),
        cursor.as_deref(),
        page.as_deref(),
        sorts,
        faults,
    )
}

/// Puts the whole answer, secret included, in place of the one that was kept for the Idempotency-Key without it.
fn reveal<T: Serialize>(mut answer: Response, body: &T) -> Result<Response> {
    *answer.body_mut() = Body::from(serde_json::to_vec(body)?);
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}
