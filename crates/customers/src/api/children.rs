//! `/customers/{id}/children`: what stands below a customer.

use regulars_kernel::{Faults, Permission, ids::CustomerId};
use regulars_web::{ApiResult, Call, OneErrors, Params, Path, json};

use super::page_request;
use crate::{model::Children, ops};

/// List the customers below one
///
/// Those directly below, by name, and how many there are at any depth. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/children", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of customers", body = Children), OneErrors)
)]
pub async fn list_children(call: Call, Path(id): Path<CustomerId>, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::hierarchy::CHILDREN_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::hierarchy::children(&mut tx, id, &page).await?))
}
