//! `/customers/{id}/addresses`: postal addresses.

use regulars_kernel::{
    Page, Permission,
    ids::{AddressId, CustomerId},
};
use regulars_web::{ActErrors, ApiResult, Call, CommonErrors, Json, OneErrors, Path, json, json_with_etag};

use super::{defaults, whole};
use crate::{
    model::{Address, AddressInput},
    ops,
};

/// List a customer's addresses
///
/// All of them, at most 200. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/addresses", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The addresses", body = Page<Address>), OneErrors)
)]
pub async fn list_addresses(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::addresses::list(&mut tx, id).await?)))
}

/// Add an address
///
/// Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/addresses", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = AddressInput,
    responses((status = 201, description = "The address", body = Address), CommonErrors)
)]
pub async fn create_address(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<AddressInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let address = ops::addresses::create(&mut tx, id, &input, &defaults(&call)).await?;
    let location = format!("/api/v1/customers/{id}/addresses/{}", address.id);
    Ok(call.created(tx, location, address.version, &address).await?)
}

/// One address
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/addresses/{address_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("address_id" = AddressId, Path, description = "The address's id"),
    ),
    responses((status = 200, description = "The address", body = Address), OneErrors)
)]
pub async fn get_address(call: Call, Path((id, address_id)): Path<(CustomerId, AddressId)>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let address = ops::addresses::get(&mut tx, id, address_id).await?;
    Ok(json_with_etag(address.version, &address))
}

/// Change an address
///
/// A JSON merge patch. Needs `customers:write`.
#[utoipa::path(
    patch, path = "/customers/{id}/addresses/{address_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("address_id" = AddressId, Path, description = "The address's id"),
    ),
    request_body = AddressInput,
    responses((status = 200, description = "The changed address", body = Address), CommonErrors)
)]
pub async fn update_address(
    call: Call,
    Path((id, address_id)): Path<(CustomerId, AddressId)>,
    Json(input): Json<AddressInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let address = ops::addresses::update(&mut tx, id, address_id, &input, &guard, &defaults(&call)).await?;
    Ok(call.ok(tx, Some(address.version), &address).await?)
}

/// Remove an address
///
/// Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}/addresses/{address_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("address_id" = AddressId, Path, description = "The address's id"),
    ),
    responses((status = 204, description = "Removed"), ActErrors)
)]
pub async fn delete_address(call: Call, Path((id, address_id)): Path<(CustomerId, AddressId)>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::addresses::delete(&mut tx, id, address_id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
