//! `/customers/{id}/sources`: under which ids other systems know a customer.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regulars_kernel::{Page, Permission, ids::CustomerId};
use regulars_web::{ActErrors, ApiResult, Call, CommonErrors, Json, OneErrors, Path, json, json_with_etag};

use super::whole;
use crate::{
    model::{SourceChange, SourceInput, SourceLink},
    ops,
};

/// List a customer's sources
///
/// All of them, at most 200. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/sources", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The links", body = Page<SourceLink>), OneErrors)
)]
pub async fn list_sources(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::sources::list(&mut tx, id).await?)))
}

/// Link an id of another system
///
/// Linking it again changes nothing and answers 200; 409 if another customer has it. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/sources", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = SourceInput,
    responses(
        (status = 201, description = "The link", body = SourceLink),
        (status = 200, description = "It was there already", body = SourceLink),
        CommonErrors
    )
)]
pub async fn link_source(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<SourceInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let (link, new) = ops::sources::link(&mut tx, id, &input).await?;
    if !new {
        return Ok(call.ok(tx, Some(link.version), &link).await?);
    }
    let external_id = utf8_percent_encode(&link.external_id, NON_ALPHANUMERIC);
    let location = format!("/api/v1/customers/{id}/sources/{}/{external_id}", link.source);
    Ok(call.created(tx, location, link.version, &link).await?)
}

/// One id of another system
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/sources/{source}/{external_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("source" = String, Path, description = "The system", example = "shopify"),
        ("external_id" = String, Path, description = "The id there", example = "207119551"),
    ),
    responses(
        (status = 200, description = "The link", body = SourceLink),
        OneErrors
    )
)]
pub async fn get_source(
    call: Call,
    Path((id, source, external_id)): Path<(CustomerId, String, String)>,
) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let link = ops::sources::get(&mut tx, id, &source, &external_id).await?;
    Ok(json_with_etag(link.version, &link))
}

/// Note how far both agree
///
/// `If-Match` guards. Needs `customers:write`.
#[utoipa::path(
    patch, path = "/customers/{id}/sources/{source}/{external_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("source" = String, Path, description = "The system", example = "shopify"),
        ("external_id" = String, Path, description = "The id there", example = "207119551"),
    ),
    request_body = SourceChange,
    responses((status = 200, description = "The link", body = SourceLink), CommonErrors)
)]
pub async fn update_source(
    call: Call,
    Path((id, source, external_id)): Path<(CustomerId, String, String)>,
    Json(change): Json<SourceChange>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let link = ops::sources::update(&mut tx, id, (&source, &external_id), &change, &guard).await?;
    Ok(call.ok(tx, Some(link.version), &link).await?)
}

/// Unlink an id of another system
///
/// `If-Match` guards. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}/sources/{source}/{external_id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("source" = String, Path, description = "The system", example = "shopify"),
        ("external_id" = String, Path, description = "The id there", example = "207119551"),
    ),
    responses((status = 204, description = "Unlinked"), ActErrors)
)]
pub async fn unlink_source(
    call: Call,
    Path((id, source, external_id)): Path<(CustomerId, String, String)>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::sources::unlink(&mut tx, id, &source, &external_id, &|version| {
        call.if_match(version)
    })
    .await?;
    Ok(call.no_content(tx).await?)
}
