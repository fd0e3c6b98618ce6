//! `/connections/{id}/pull`: what the other system has is read through its API.

use regulars_kernel::{Error, Permission, ids::ConnectionId};
use regulars_web::{ApiResult, Call, CommonErrors, Json, OneErrors, Path, json};

use crate::{
    model::{NewPull, Pull},
    ops::pulls,
};

/// Pull what the other system has
///
/// Klaviyo's profiles are read through its API, a page after the other, by the job that the answer names: what changed since
/// the last pull that read everything there was, or all of it. While a pull is under way this answers with that one; one that
/// failed or was cancelled goes on where it stopped. The connection has an API key. Needs `connections:write`.
#[utoipa::path(
    post, path = "/connections/{id}/pull", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    request_body = NewPull,
    responses((status = 202, description = "The pull", body = Pull), CommonErrors)
)]
pub async fn start_pull(call: Call, Path(id): Path<ConnectionId>, Json(new): Json<NewPull>) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let pull = pulls::start_pull(&mut tx, id, new).await?;
    Ok(call.accepted(tx, pull.job_id, &pull).await?)
}

/// The last pull of a connection
///
/// How far it is, and what it came to. 404 if there was none. Needs `connections:read`.
#[utoipa::path(
    get, path = "/connections/{id}/pull", tag = "connections",
    params(("id" = ConnectionId, Path, description = "The connection's id")),
    responses((status = 200, description = "The pull", body = Pull), OneErrors)
)]
pub async fn get_last_pull(call: Call, Path(id): Path<ConnectionId>) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let pull = pulls::last_pull(&mut tx, id).await?;
    Ok(json(&pull.ok_or(Error::NotFound("pull"))?))
}
