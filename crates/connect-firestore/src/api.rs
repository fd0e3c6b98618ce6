//! `/sync/firestore`: handlers that turn a request into one use case. No rules here.

use axum::Extension;
use regulars_kernel::{
    Permission, Result,
    ids::{CustomerId, JobId},
};
use regulars_web::{ActErrors, ApiResult, AppState, Call, CommonErrors, Json, OneErrors, Path, json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::{LogKind, MirrorInput, Shown, ShownCustomer},
    ops,
    routes::Emulator,
};

/// The room's routes, relative to `/api/v1`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            get_firestore,
            set_up_firestore,
            update_firestore,
            delete_firestore
        ))
        .routes(routes!(verify_firestore))
        .routes(routes!(repair_firestore))
        .routes(routes!(load_firestore))
        .routes(routes!(get_firestore_customer))
}

/// Work that was begun.
#[derive(Serialize, ToSchema)]
#[schema(as = FirestoreWork)]
pub struct Begun {
    /// Its job, at `/api/v1/jobs/{id}`; what it comes to is the job's `result` and stands in the log.
    job_id: JobId,
}

fn is_emulator(place: Option<Extension<Emulator>>) -> bool {
    place.is_some_and(|Extension(Emulator(is_emulator))| is_emulator)
}

/// The mirror in Firestore
///
/// How it is set up, without the key, how far it is and what was done lately. Where there is none its state is `off`. Needs
/// `connections:read`.
#[utoipa::path(
    get, path = "/sync/firestore", tag = "sync",
    responses((status = 200, description = "The mirror", body = Shown), OneErrors)
)]
pub async fn get_firestore(call: Call, place: Option<Extension<Emulator>>) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let shown = ops::show(&mut tx, is_emulator(place)).await?;
    Ok(json(&shown))
}

async fn set(call: Call, is_emulator: bool, input: &MirrorInput) -> Result<axum::response::Response> {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::set_up(&mut tx, input, is_emulator, |version| call.if_match(version)).await?;
    let shown = ops::show(&mut tx, is_emulator).await?;
    call.ok(tx, None, &shown).await
}

/// Set up the mirror
///
/// All customers are written to the collection, and from then on whatever changes. What is absent is as at first, but for the
/// key, which stays. Documents that were written elsewhere before stay there. Needs `connections:write`.
#[utoipa::path(
    put, path = "/sync/firestore", tag = "sync",
    request_body = MirrorInput,
    responses((status = 200, description = "The mirror", body = Shown), CommonErrors)
)]
pub async fn set_up_firestore(
    call: Call,
    place: Option<Extension<Emulator>>,
    Json(input): Json<MirrorInput>,
) -> ApiResult {
    Ok(set(call, is_emulator(place), &input.or_cleared()).await?)
}

/// Change the mirror
///
/// A JSON merge patch. `paused` lets it rest: changes are kept and written when it goes on. `If-Match: "v3"` guards the settings'
/// `version`. Needs `connections:write`.
#[utoipa::path(
    patch, path = "/sync/firestore", tag = "sync",
    request_body = MirrorInput,
    responses((status = 200, description = "The mirror", body = Shown), CommonErrors)
)]
pub async fn update_firestore(
    call: Call,
    place: Option<Extension<Emulator>>,
    Json(input): Json<MirrorInput>,
) -> ApiResult {
    Ok(set(call, is_emulator(place), &input).await?)
}

/// Take the mirror away
///
/// Nothing is written any more, and the key and the log are forgotten. The documents stay at Firestore. Needs
/// `connections:write`.
#[utoipa::path(
    delete, path = "/sync/firestore", tag = "sync",
    responses((status = 204, description = "Taken away"), ActErrors)
)]
pub async fn delete_firestore(call: Call) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::take_away(&mut tx, |version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}

async fn compare(call: Call, kind: LogKind) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let job_id = ops::compare(&mut tx, kind).await?;
    Ok(call.accepted(tx, job_id, &Begun { job_id }).await?)
}

/// Compare Firestore with what is here
///
/// Nothing is changed. The job's `result` counts equal, different, missing and superfluous documents, and names some. Customers
/// of whom a change is about to be written are `pending`. Needs `connections:write`.
#[utoipa::path(
    post, path = "/sync/firestore/verify", tag = "sync",
    responses((status = 202, description = "The job that compares", body = Begun), ActErrors)
)]
pub async fn verify_firestore(call: Call) -> ApiResult {
    compare(call, LogKind::Verify).await
}

/// Mend what differs in Firestore
///
/// As comparing, and whatever is not as it should be is written anew; documents without a customer are deleted from the
/// collection, whoever wrote them. Needs `connections:write`.
#[utoipa::path(
    post, path = "/sync/firestore/repair", tag = "sync",
    responses((status = 202, description = "The job that mends", body = Begun), ActErrors)
)]
pub async fn repair_firestore(call: Call) -> ApiResult {
    compare(call, LogKind::Repair).await
}

/// Write all customers again
///
/// Needs `connections:write`.
#[utoipa::path(
    post, path = "/sync/firestore/load", tag = "sync",
    responses((status = 202, description = "The job that loads", body = Begun), ActErrors)
)]
pub async fn load_firestore(call: Call) -> ApiResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let job_id = ops::load_all(&mut tx).await?;
    Ok(call.accepted(tx, job_id, &Begun { job_id }).await?)
}

/// Where a customer's document stands
///
/// Whether a change is about to be written, when that was done last, or why Firestore refuses it. Needs `connections:read`.
#[utoipa::path(
    get, path = "/sync/firestore/customers/{id}", tag = "sync",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The document's state", body = ShownCustomer), OneErrors)
)]
pub async fn get_firestore_customer(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::show_customer(&mut tx, id).await?))
}
