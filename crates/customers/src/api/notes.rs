//! `/customers/{id}/notes`: notes of staff, with their history.

use regulars_kernel::{
    Faults, Page, Permission,
    ids::{CustomerId, NoteId},
};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, OneErrors, Params, Path, json, json_with_etag,
};

use super::page_request;
use crate::{
    model::{Note, NoteInput, NoteVersion},
    ops,
};

/// List a customer's notes
///
/// Pinned ones first, then the latest. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/notes", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of notes", body = Page<Note>), OneErrors)
)]
pub async fn list_notes(call: Call, Path(id): Path<CustomerId>, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::notes::NOTE_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::notes::list(&mut tx, id, &page).await?))
}

/// What a note said before
///
/// Before each edit, the latest first. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/notes/{note_id}/versions", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("note_id" = NoteId, Path, description = "The note's id"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of versions", body = Page<NoteVersion>), OneErrors)
)]
pub async fn list_note_versions(
    call: Call,
    Path((id, note_id)): Path<(CustomerId, NoteId)>,
    mut params: Params,
) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::notes::VERSION_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::notes::versions(&mut tx, id, note_id, &page).await?))
}

/// Add a note
///
/// Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/notes", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = NoteInput,
    responses((status = 201, description = "The note", body = Note), CommonErrors)
)]
pub async fn create_note(call: Call, Path(id): Path<CustomerId>, Json(input): Json<NoteInput>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let note = ops::notes::create(&mut tx, id, &input).await?;
    let location = format!("/api/v1/customers/{id}/notes/{}", note.id);
    Ok(call.created(tx, location, note.version, &note).await?)
}

/// One note
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/notes/{note_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("note_id" = NoteId, Path, description = "The note's id"),
    ),
    responses((status = 200, description = "The note", body = Note), OneErrors)
)]
pub async fn get_note(call: Call, Path((id, note_id)): Path<(CustomerId, NoteId)>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let note = ops::notes::get(&mut tx, id, note_id).await?;
    Ok(json_with_etag(note.version, &note))
}

/// Change a note
///
/// A JSON merge patch. Needs `customers:write`.
#[utoipa::path(
    patch, path = "/customers/{id}/notes/{note_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("note_id" = NoteId, Path, description = "The note's id"),
    ),
    request_body = NoteInput,
    responses((status = 200, description = "The changed note", body = Note), CommonErrors)
)]
pub async fn update_note(
    call: Call,
    Path((id, note_id)): Path<(CustomerId, NoteId)>,
    Json(input): Json<NoteInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let note = ops::notes::update(&mut tx, id, note_id, &input, &guard).await?;
    Ok(call.ok(tx, Some(note.version), &note).await?)
}

/// Remove a note
///
/// Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}/notes/{note_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("note_id" = NoteId, Path, description = "The note's id"),
    ),
    responses((status = 204, description = "Removed"), ActErrors)
)]
pub async fn delete_note(call: Call, Path((id, note_id)): Path<(CustomerId, NoteId)>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::notes::delete(&mut tx, id, note_id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
