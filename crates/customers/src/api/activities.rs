//! `/customers/{id}/activities`: the timeline.

use regulars_events::{Event, TIMELINE_ORDER};
use regulars_kernel::{Error, Faults, Page, Permission, Start, ids::CustomerId};
use regulars_web::{ApiResult, Call, OneErrors, Params, Path, json};

use super::page_request;
use crate::ops;

/// A customer's timeline
///
/// Everything that happened and everything they did (`POST /activities`), the latest first, with who told it. The total is
/// exact up to 1,000. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/activities", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("kind" = Option<String>, Query, description = "Only these kinds, with commas", example = "note.created,page_view"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of events", body = Page<Event>), OneErrors)
)]
pub async fn list_activities(call: Call, Path(id): Path<CustomerId>, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let kinds = params.list("kind");
    let page = page_request(&mut params, TIMELINE_ORDER, &mut faults);
    params.finish(faults)?;
    if matches!(page.start, Start::Page(number) if number > 1) {
        return Err(Error::malformed("?page", "page_invalid", "a timeline is read by cursor").into());
    }
    let mut tx = call.read().await?;
    ops::require_living(&mut tx, id).await?;
    let kinds = Some(kinds.as_slice()).filter(|kinds| !kinds.is_empty());
    Ok(json(
        &regulars_events::timeline(&mut tx, id, kinds, page.cursor(), page.limit).await?,
    ))
}
