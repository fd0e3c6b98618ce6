//! `/connections`: the other systems that send webhooks.

use regulars_kernel::{Faults, Page, Permission, ids::ConnectionId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};

use super::page_request;
use crate::{
    model::{Connection, ConnectionPatch, NewConnection, NewSecret},
    ops,
};

/// List connections
///
/// Newest first, each with what came last and what fails. Needs `connections:read`.
#[utoipa::path(
    get, path = "/connections", tag = "connections",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of connections", body = Page<Connection>), ListErrors)
)]
pub async fn list_connections(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::list_connections(&mut tx, &page).await?))
}

/// Create a connection
///
/// The answer says where the other system is to send its webhooks (`webhook_path`, below this server's address). The
/// secret is not shown again. Needs `connections:write`.
#[utoipa::path(
    post, path = "/connections", tag = "connections",
    request_body = NewConnection,
    responses((status = 201, description = "The connection", body = Connection), CommonErrors)
)]
pub async fn create_connection(call: Call, Json(new): Json<NewConnection>) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let made = ops::create_connection(&mut tx, &new).await?;
    let location = format!("/api/v1/connections/{}", made.id);
    Ok(call.created(tx, location, made.version, &made).await?)
}

/// One connection
///
/// Needs `connections:read`.
#[utoipa::path(
    get, path = "/connections/{id}", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    responses((status = 200, description = "The connection", body = Connection), OneErrors)
)]
pub async fn get_connection(call: Call, Path(id): Path<ConnectionId>) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let connection = ops::get_connection(&mut tx, id).await?;
    Ok(json_with_etag(connection.version, &connection))
}

/// Change a connection
///
/// Its name and settings. Needs `connections:write`.
#[utoipa::path(
    patch, path = "/connections/{id}", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    request_body = ConnectionPatch,
    responses((status = 200, description = "The changed connection", body = Connection), CommonErrors)
)]
pub async fn update_connection(
    call: Call,
    Path(id): Path<ConnectionId>,
    Json(patch): Json<ConnectionPatch>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let changed = ops::update_connection(&mut tx, id, &patch, |version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(changed.version), &changed).await?)
}

/// Delete a connection
///
/// What is sent to it from now on is refused: at once on this server, within five seconds on others. What came through
/// it stays. Needs `connections:write`.
#[utoipa::path(
    delete, path = "/connections/{id}", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_connection(call: Call, Path(id): Path<ConnectionId>) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::delete_connection(&mut tx, id, |version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}

/// Change a connection's secret
///
/// The new one holds at once; the former ones go on to hold for `overlap_hours`, because the other system goes on to
/// sign with them for a while. Needs `connections:write`.
#[utoipa::path(
    post, path = "/connections/{id}/secrets", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    request_body = NewSecret,
    responses((status = 200, description = "The connection", body = Connection), CommonErrors)
)]
pub async fn add_connection_secret(
    call: Call,
    Path(id): Path<ConnectionId>,
    Json(new): Json<NewSecret>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let changed = ops::add_secret(&mut tx, id, &new).await?;
    Ok(call.ok(tx, Some(changed.version), &changed).await?)
}

/// End a connection's secret
///
/// At once: what is signed with it from now on is refused. The newest cannot be ended: another takes its place. Needs `connections:write`.
#[utoipa::path(
    delete, path = "/connections/{id}/secrets/{secret_id}", tag = "connections",
    params(
        ("id" = ConnectionId, Path, description = "The connection's id"),
        ("secret_id" = uuid::Uuid, Path, description = "The secret's id, as the connection names it"),
    ),
    responses((status = 204, description = "Ended"), ActErrors)
)]
pub async fn end_connection_secret(
    call: Call,
    Path((id, secret)): Path<(ConnectionId, uuid::Uuid)>,
) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::end_secret(&mut tx, id, secret).await?;
    Ok(call.no_content(tx).await?)
}
