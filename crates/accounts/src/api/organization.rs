//! `/organization`: the settings of the organization that the credentials belong to.

use regulars_kernel::Permission;
use regulars_web::{ApiResult, Call, CommonErrors, Json, ListErrors, json_with_etag};

use crate::{
    model::{Organization, OrganizationPatch, Power},
    ops,
};

/// The organization
///
/// The one that the key or session belongs to. Everybody in it may read it.
#[utoipa::path(
    get, path = "/organization", tag = "organization",
    responses((status = 200, description = "The organization", body = Organization), ListErrors)
)]
pub async fn get_organization(call: Call) -> ApiResult {
    let mut tx = call.read().await?;
    let organization = ops::get_organization(&mut tx).await?;
    Ok(json_with_etag(organization.version, &organization))
}

/// Change the organization
///
/// Needs `organization:write`. What is absent stays; `If-Match` guards.
#[utoipa::path(
    patch, path = "/organization", tag = "organization",
    request_body = OrganizationPatch,
    responses((status = 200, description = "The changed organization", body = Organization), CommonErrors)
)]
pub async fn update_organization(call: Call, Json(patch): Json<OrganizationPatch>) -> ApiResult {
    call.require(Permission::OrganizationWrite)?;
    let mut tx = call.write().await?;
    let power = Power::from(&*call.caller);
    let organization =
        ops::update_organization(&mut tx, &power, &patch, |version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(organization.version), &organization).await?)
}
