//! `/audit`: who did what.

use regulars_kernel::{Faults, Page, Permission};
use regulars_web::{ApiResult, Call, ListErrors, Params, json};

use super::page_request;
use crate::{
    audit,
    model::{AuditEntry, AuditFilter},
};

/// Read the audit log
///
/// Newest first. Needs `accounts:read`. The total is exact up to 10,000.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("action" = Option<String>, Query, description = "Any of these actions, with commas; `key` means all that concerns keys", example = "key.created,user"),
        ("actor" = Option<uuid::Uuid>, Query, description = "By this user or key"),
        ("target" = Option<uuid::Uuid>, Query, description = "Done to this user, key or other thing"),
        ("from" = Option<String>, Query, description = "From this time or day (UTC) on", example = "2026-11-03T14:00:00Z"),
        ("to" = Option<String>, Query, description = "Before this time or day (UTC)", example = "2026-12-01"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of entries", body = Page<AuditEntry>), ListErrors)
)]
pub async fn list_audit(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::AccountsRead)?;
    let mut faults = Faults::new();
    let actions = params.list("action");
    let actions = (!actions.is_empty()).then(|| actions.join(","));
    let [actor, target, from, to] =
        ["actor", "target", "from", "to"].map(|name| params.one(name, &mut faults));
    let mut filter = AuditFilter::parse(
        actions.as_deref(),
        actor.as_deref(),
        target.as_deref(),
        from.as_deref(),
        to.as_deref(),
        &mut faults,
    );
    filter.page = page_request(&mut params, &[], &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let (entries, next, total) = audit::list(&mut tx, &filter).await?;
    Ok(json(&Page::new(entries, next, total)))
}
