//! `/customers/bulk`: one change to many customers.

use regulars_kernel::Permission;
use regulars_web::{ApiResult, Call, CommonErrors, Json};

use super::defaults;
use crate::{
    find::Context,
    model::{Bulk, BulkQueued, BulkResult},
    ops::{self, bulk_job::Started},
};

/// Change many customers
///
/// Up to 100 ids are changed at once: all of them or none. More ids, or whoever a `query` selects, are changed by a job
/// in batches: whom the change does not fit is left as it is and counted as `refused` in the job's `result`. A job that
/// is cancelled leaves what it has changed; retried, it goes on from there. `undo` takes a bulk change back where nothing
/// was changed again since, at once if it changed up to 100 customers, else by a job; 409 (`still_running`) while it is
/// being made or undone. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/bulk", tag = "customers",
    request_body = Bulk,
    responses(
        (status = 200, description = "What was done", body = BulkResult),
        (status = 202, description = "A job does it", body = BulkQueued, headers(("Location" = String, description = "Where the job is"))),
        CommonErrors,
    )
)]
pub async fn change_customers(call: Call, Json(bulk): Json<Bulk>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let context = Context::of(&call.caller.organization);
    match ops::bulk_job::start(&mut tx, &bulk, &defaults(&call), &context).await? {
        Started::Done(result) => Ok(call.ok(tx, None, &result).await?),
        Started::Queued(queued) => Ok(call.accepted(tx, queued.job_id, &queued).await?),
    }
}
