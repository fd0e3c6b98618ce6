//! `/customers/{id}/store-credit`.

use regulars_kernel::{
    Error, Faults, Money, Page, Permission,
    ids::{CustomerId, StoreCreditEntryId},
};
use regulars_web::{ApiResult, Call, CommonErrors, Json, OneErrors, Params, Path, json};
use serde::Serialize;

use super::page_request;
use crate::{
    model::{CreditBalance, CreditEntryJson, CreditInput},
    ops::{self, Outcome},
};

/// What a customer has, and a page of the ledger.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = StoreCredit)]
pub(super) struct StoreCredit {
    /// What there is, by currency.
    balances: Vec<Money>,
    #[serde(flatten)]
    ledger: Page<CreditEntryJson>,
}

/// A customer's store credit
///
/// What there is, by currency, and what was given and taken, the latest first. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/store-credit", tag = "store credit",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "The credit", body = StoreCredit), OneErrors)
)]
pub async fn get_store_credit(call: Call, Path(id): Path<CustomerId>, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::credit::ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    regulars_customers::ops::require_living(&mut tx, id).await?;
    let balances = ops::credit::balances(&mut tx, id).await?;
    let ledger = ops::credit::list(&mut tx, id, &page).await?;
    Ok(json(&StoreCredit {
        balances: balances.iter().map(CreditBalance::show).collect(),
        ledger,
    }))
}

/// Give or take store credit
///
/// Adds a line to the ledger; lines are never changed or deleted, a wrong one is made good by another. What would leave
/// less than nothing is refused. A line with `source` and `external_id` counts once, however often it is told. Needs
/// `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/store-credit", tag = "store credit",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = CreditInput,
    responses(
        (status = 200, description = "The line, which was known already", body = CreditEntryJson),
        (status = 201, description = "The new line", body = CreditEntryJson),
        CommonErrors
    )
)]
pub async fn tell_store_credit(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<CreditInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let base = call.caller.organization.currency;
    match ops::credit::tell(&mut tx, id, &input, base).await? {
        Outcome::Created(entry) => {
            let location = format!("/api/v1/customers/{id}/store-credit/{}", entry.id);
            Ok(call.created(tx, location, 1, &entry.show()).await?)
        }
        Outcome::Updated(entry) | Outcome::Unchanged(entry) => Ok(call.ok(tx, None, &entry.show()).await?),
        Outcome::Refused(error) => Err(error.into()),
    }
}

/// One line of a customer's store credit
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/store-credit/{entry_id}", tag = "store credit",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("entry_id" = StoreCreditEntryId, Path, description = "The line's id"),
    ),
    responses((status = 200, description = "The line", body = CreditEntryJson), OneErrors)
)]
pub async fn get_store_credit_entry(
    call: Call,
    Path((id, entry)): Path<(CustomerId, StoreCreditEntryId)>,
) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let entry = ops::credit::get(&mut tx, id, entry)
        .await?
        .ok_or(Error::NotFound("entry"))?;
    Ok(json(&entry.show()))
}
