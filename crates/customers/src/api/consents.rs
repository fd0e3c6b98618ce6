//! `/customers/{id}/consents`: what a customer agreed to receive.

use regulars_kernel::{Page, Permission, ids::CustomerId};
use regulars_web::{ApiResult, Call, CommonErrors, Json, OneErrors, Path, json};

use super::whole;
use crate::{
    model::{Consent, ConsentInput},
    ops,
};

/// List a customer's consents
///
/// A channel that was never spoken of is not among them. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/consents", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The states", body = Page<Consent>), OneErrors)
)]
pub async fn list_consents(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::consents::list(&mut tx, id).await?)))
}

/// Set a customer's consents
///
/// A channel that is not named keeps its state. Set only what the person said. Needs `customers:write`.
#[utoipa::path(
    put, path = "/customers/{id}/consents", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = ConsentInput,
    responses((status = 200, description = "The states", body = Page<Consent>), CommonErrors)
)]
pub async fn set_consents(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<ConsentInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let consents = whole(ops::consents::put(&mut tx, id, &input).await?);
    Ok(call.ok(tx, None, &consents).await?)
}
