//! `/views`: saved views of the customer list.

use regulars_kernel::{
    Permission,
    ids::ViewId,
    paging::{Page, Total},
};
use regulars_web::{
    ActErrors, ApiResult, AppState, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json,
    json_with_etag,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::find::{self, View, ViewInput};

/// The routes of saved views.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change, delete))
}

/// List saved views
///
/// Those of the caller and those that are shared, in their order: all of them, at most 200 of
/// one's own and 200 shared ones.
#[utoipa::path(
    get, path = "/views", tag = "views", operation_id = "listViews",
    responses((status = 200, description = "The views", body = Page<View>), ListErrors)
)]
async fn list(call: Call, params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    params.finish(regulars_kernel::Faults::new())?;
    let mut tx = call.read().await?;
    let views = find::views(&mut tx, &call.caller).await?;
    tx.commit().await?;
    let total = Total::exact(views.len() as i64);
    Ok(json(&Page::new(views, None, total)))
}

/// Save a view
///
/// Its query is read as the list would read it: every fault is named at `/query/NAME`.
#[utoipa::path(
    post, path = "/views", tag = "views", operation_id = "createView", request_body = ViewInput,
    responses((status = 201, description = "The view", body = View), CommonErrors)
)]
async fn create(call: Call, Json(input): Json<ViewInput>) -> ApiResult {
    call.require(Permission::ViewsWrite)?;
    let mut tx = call.write().await?;
    let view = find::create_view(&mut tx, &call.caller, &input).await?;
    Ok(call
        .created(tx, format!("/api/v1/views/{}", view.id), view.version, &view)
        .await?)
}

/// Read a saved view
#[utoipa::path(
    get, path = "/views/{id}", tag = "views", operation_id = "getView",
    params(("id" = ViewId, Path, description = "Id of the view")),
    responses((status = 200, description = "The view", body = View), OneErrors)
)]
async fn get(call: Call, Path(id): Path<ViewId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let view = find::view(&mut tx, &call.caller, id).await?;
    tx.commit().await?;
    Ok(json_with_etag(view.version, &view))
}

/// Change a saved view
///
/// Absent fields stay. A shared view is changed by its owner or an admin.
#[utoipa::path(
    patch, path = "/views/{id}", tag = "views", operation_id = "updateView", request_body = ViewInput,
    params(("id" = ViewId, Path, description = "Id of the view")),
    responses((status = 200, description = "The view", body = View), CommonErrors)
)]
async fn change(call: Call, Path(id): Path<ViewId>, Json(input): Json<ViewInput>) -> ApiResult {
    call.require(Permission::ViewsWrite)?;
    let mut tx = call.write().await?;
    let view = find::update_view(&mut tx, &call.caller, id, &input, |version| {
        call.if_match(version)
    })
    .await?;
    Ok(call.ok(tx, Some(view.version), &view).await?)
}

/// Delete a saved view
#[utoipa::path(
    delete, path = "/views/{id}", tag = "views", operation_id = "deleteView",
    params(("id" = ViewId, Path, description = "Id of the view")),
    responses((status = 204, description = "It is gone"), ActErrors)
)]
async fn delete(call: Call, Path(id): Path<ViewId>) -> ApiResult {
    call.require(Permission::ViewsWrite)?;
    let mut tx = call.write().await?;
    find::delete_view(&mut tx, &call.caller, id, |version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
