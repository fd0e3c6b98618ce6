//! `/customers/{id}/contacts`: contact persons.

use regulars_kernel::{
    Page, Permission,
    ids::{ContactId, CustomerId},
};
use regulars_web::{ActErrors, ApiResult, Call, CommonErrors, Json, OneErrors, Path, json, json_with_etag};

use super::{defaults, whole};
use crate::{
    model::{Contact, ContactInput},
    ops,
};

/// List a customer's contacts
///
/// All of them, at most 200. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/contacts", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The contacts", body = Page<Contact>), OneErrors)
)]
pub async fn list_contacts(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::contacts::list(&mut tx, id).await?)))
}

/// Add a contact
///
/// Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/contacts", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = ContactInput,
    responses((status = 201, description = "The contact", body = Contact), CommonErrors)
)]
pub async fn create_contact(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<ContactInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let contact = ops::contacts::create(&mut tx, id, &input, &defaults(&call)).await?;
    let location = format!("/api/v1/customers/{id}/contacts/{}", contact.id);
    Ok(call.created(tx, location, contact.version, &contact).await?)
}

/// One contact
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/contacts/{contact_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("contact_id" = ContactId, Path, description = "The contact's id"),
    ),
    responses((status = 200, description = "The contact", body = Contact), OneErrors)
)]
pub async fn get_contact(call: Call, Path((id, contact_id)): Path<(CustomerId, ContactId)>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let contact = ops::contacts::get(&mut tx, id, contact_id).await?;
    Ok(json_with_etag(contact.version, &contact))
}

/// Change a contact
///
/// A JSON merge patch. Needs `customers:write`.
#[utoipa::path(
    patch, path = "/customers/{id}/contacts/{contact_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("contact_id" = ContactId, Path, description = "The contact's id"),
    ),
    request_body = ContactInput,
    responses((status = 200, description = "The changed contact", body = Contact), CommonErrors)
)]
pub async fn update_contact(
    call: Call,
    Path((id, contact_id)): Path<(CustomerId, ContactId)>,
    Json(input): Json<ContactInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let contact = ops::contacts::update(&mut tx, id, contact_id, &input, &guard, &defaults(&call)).await?;
    Ok(call.ok(tx, Some(contact.version), &contact).await?)
}

/// Remove a contact
///
/// Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}/contacts/{contact_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("contact_id" = ContactId, Path, description = "The contact's id"),
    ),
    responses((status = 204, description = "Removed"), ActErrors)
)]
pub async fn delete_contact(call: Call, Path((id, contact_id)): Path<(CustomerId, ContactId)>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::contacts::delete(&mut tx, id, contact_id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
