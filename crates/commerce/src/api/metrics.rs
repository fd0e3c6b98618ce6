//! `/customers/{id}/metrics`.

use regulars_customers::model::Metrics;
use regulars_kernel::{Permission, ids::CustomerId};
use regulars_web::{ApiResult, Call, CommonErrors, Json, Path};

use crate::{model::ToldMetricsInput, ops};

/// Tell of figures that live outside
///
/// What another system says that a customer bought there and what it expects of them, replacing what it said before. The
/// figures of the orders that are known here are reckoned from these and cannot be told; what is told stands beside them, in
/// `metrics.told`, by the system's name. Needs `customers:write`.
#[utoipa::path(
    put, path = "/customers/{id}/metrics", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = ToldMetricsInput,
    responses((status = 200, description = "All figures of the customer", body = Metrics), CommonErrors)
)]
pub async fn tell_metrics(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<ToldMetricsInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let base = call.caller.organization.currency;
    let metrics = ops::metrics::tell_outside(&mut tx, id, base, &input).await?;
    Ok(call.ok(tx, None, &metrics).await?)
}
