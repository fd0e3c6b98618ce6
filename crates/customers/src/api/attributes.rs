//! `/attributes`: definitions of custom attributes.

use regulars_kernel::{Page, Permission, ids::AttributeId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Path, json, json_with_etag,
};

use super::whole;
use crate::{
    model::{AttributeDefinition, AttributeInput},
    ops,
};

/// List attributes
///
/// All definitions in their order, at most 200, archived ones too. Needs `customers:read`.
#[utoipa::path(
    get, path = "/attributes", tag = "attributes",
    responses((status = 200, description = "The definitions", body = Page<AttributeDefinition>), ListErrors)
)]
pub async fn list_attributes(call: Call) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::attributes::list(&mut tx).await?)))
}

/// Create an attribute
///
/// Needs `definitions:write`.
#[utoipa::path(
    post, path = "/attributes", tag = "attributes",
    request_body = AttributeInput,
    responses((status = 201, description = "The definition", body = AttributeDefinition), CommonErrors)
)]
pub async fn create_attribute(call: Call, Json(input): Json<AttributeInput>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    let definition = ops::attributes::create(&mut tx, &input).await?;
    let location = format!("/api/v1/attributes/{}", definition.id);
    Ok(call
        .created(tx, location, definition.version, &definition)
        .await?)
}

/// One attribute
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/attributes/{id}", tag = "attributes",
    params(("id" = AttributeId, Path, description = "The definition's id")),
    responses((status = 200, description = "The definition", body = AttributeDefinition), OneErrors)
)]
pub async fn get_attribute(call: Call, Path(id): Path<AttributeId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let definition = ops::attributes::get(&mut tx, id).await?;
    Ok(json_with_etag(definition.version, &definition))
}

/// Change an attribute
///
/// Its label, options, order, whether it is required or archived; name and kind never change. Needs
/// `definitions:write`.
#[utoipa::path(
    patch, path = "/attributes/{id}", tag = "attributes",
    params(("id" = AttributeId, Path, description = "The definition's id")),
    request_body = AttributeInput,
    responses((status = 200, description = "The changed definition", body = AttributeDefinition), CommonErrors)
)]
pub async fn update_attribute(
    call: Call,
    Path(id): Path<AttributeId>,
    Json(input): Json<AttributeInput>,
) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    let definition = ops::attributes::update(&mut tx, id, &input, &|version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(definition.version), &definition).await?)
}

/// Delete an attribute
///
/// Only one that nobody has a value for: 409 otherwise; archive it instead. Needs `definitions:write`.
#[utoipa::path(
    delete, path = "/attributes/{id}", tag = "attributes",
    params(("id" = AttributeId, Path, description = "The definition's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_attribute(call: Call, Path(id): Path<AttributeId>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    ops::attributes::delete(&mut tx, id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
