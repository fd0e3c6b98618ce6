//! `/customers/bulk`: one change to many customers.

use regulars_kernel::Permission;
use regulars_web::{ApiResult, Call, CommonErrors, Json};

use super::defaults;
use crate::{
    model::{Bulk, BulkResult},
    ops,
};

/// Change many customers
///
/// All of them or none; at most 100. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/bulk", tag = "customers",
    request_body = Bulk,
    responses((status = 200, description = "What was done", body = BulkResult), CommonErrors)
)]
pub async fn change_customers(call: Call, Json(bulk): Json<Bulk>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let result = ops::bulk::run(&mut tx, &bulk, &defaults(&call)).await?;
    Ok(call.ok(tx, None, &result).await?)
}
