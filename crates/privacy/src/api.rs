//! `/privacy/duties`: handlers that turn a request into one use case. No rules here.

use regulars_kernel::{Faults, Page, PageRequest, Permission, ids::PrivacyDutyId};
use regulars_web::{
    ActErrors, ApiResult, AppState, Call, CommonErrors, ListErrors, OneErrors, OptionalJson, Params, Path,
    json,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::{Done, Duty, DutyFilter},
    ops,
};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_privacy_duties))
        .routes(routes!(get_privacy_duty))
        .routes(routes!(finish_privacy_duty))
        .routes(routes!(reopen_privacy_duty))
}

/// List privacy duties
///
/// What is owed to people who asked for their data or for erasure; what is due first stands first. Needs `privacy:read`.
#[utoipa::path(
    get, path = "/privacy/duties", tag = "privacy",
    params(
        ("state" = Option<String>, Query, description = "`open` or `done`", example = "open"),
        ("kind" = Option<String>, Query, description = "`access`, `erasure`, `shop_erasure`; several mean any of them"),
        ("customer_id" = Option<String>, Query, description = "Whom they are about"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of duties", body = Page<Duty>), ListErrors)
)]
async fn list_privacy_duties(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::PrivacyRead)?;
    let mut faults = Faults::new();
    let filter = DutyFilter {
        states: params.list("state"),
        kinds: params.list("kind"),
        customer_id: params.parsed("customer_id", "id_invalid", &mut faults),
    };
    let limit = params.one("limit", &mut faults);
    let cursor = params.one("cursor", &mut faults);
    let page = params.one("page", &mut faults);
    let page = PageRequest::parse(
        limit.as_deref(),
        cursor.as_deref(),
        page.as_deref(),
        &[ops::order()],
        &mut faults,
    );
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::list(&mut tx, &filter, &page).await?))
}

/// One privacy duty
///
/// Needs `privacy:read`.
#[utoipa::path(
    get, path = "/privacy/duties/{id}", tag = "privacy",
    params(("id" = PrivacyDutyId, Path, description = "The duty's id")),
    responses((status = 200, description = "The duty", body = Duty), OneErrors)
)]
async fn get_privacy_duty(call: Call, Path(id): Path<PrivacyDutyId>) -> ApiResult {
    call.require(Permission::PrivacyRead)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::get(&mut tx, id).await?))
}

/// Say that a privacy duty is done
///
/// By whom and when is kept, and written into the audit log. Needs `privacy:write`.
#[utoipa::path(
    post, path = "/privacy/duties/{id}/done", tag = "privacy",
    params(("id" = PrivacyDutyId, Path, description = "The duty's id")),
    request_body = Option<Done>,
    responses((status = 200, description = "The duty", body = Duty), CommonErrors)
)]
async fn finish_privacy_duty(
    call: Call,
    Path(id): Path<PrivacyDutyId>,
    OptionalJson(done): OptionalJson<Done>,
) -> ApiResult {
    call.require(Permission::PrivacyWrite)?;
    let mut tx = call.write().await?;
    let duty = ops::finish(&mut tx, id, &done).await?;
    Ok(call.ok(tx, None, &duty).await?)
}

/// Say that a privacy duty is not done after all
///
/// Needs `privacy:write`.
#[utoipa::path(
    post, path = "/privacy/duties/{id}/reopen", tag = "privacy",
    params(("id" = PrivacyDutyId, Path, description = "The duty's id")),
    responses((status = 200, description = "The duty", body = Duty), ActErrors)
)]
async fn reopen_privacy_duty(call: Call, Path(id): Path<PrivacyDutyId>) -> ApiResult {
    call.require(Permission::PrivacyWrite)?;
    let mut tx = call.write().await?;
    let duty = ops::reopen(&mut tx, id).await?;
    Ok(call.ok(tx, None, &duty).await?)
}
