//! `/wishlists`, and those of a customer.

use regulars_kernel::{
    Error, Faults, Page, Permission,
    ids::{CustomerId, WishlistId},
};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};
use serde_json::Value;

use super::{
    batch::{Body, Report, sort_out},
    page_request,
};
use crate::{
    model::{WishlistInput, WishlistJson},
    ops::{self, Outcome},
};

/// What is told: one wishlist, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = WishlistsBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum WishlistsBody {
    /// One.
    One(Box<WishlistInput>),
    /// Many.
    Many(Vec<WishlistInput>),
}

/// What is answered: the wishlist, or what became of each.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = WishlistsAnswer)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum WishlistsAnswer {
    /// Of one.
    One(Box<WishlistJson>),
    /// Of many.
    Many(Report),
}

/// Tell of wishlists
///
/// One wishlist, or a list of up to 1,000 of them (and 1 MB), each known by `source` and `external_id`, as for orders. What
/// is wished for is known by its product and variant; `items` replaces all of it, and what is new or gone stands on the
/// customer's timeline. Needs `customers:write`.
#[utoipa::path(
    post, path = "/wishlists", tag = "wishlists",
    request_body = WishlistsBody,
    responses(
        (status = 200, description = "The wishlist, or what became of each", body = WishlistsAnswer),
        (status = 201, description = "The new wishlist", body = WishlistJson),
        CommonErrors
    )
)]
pub async fn tell_wishlists(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let base = call.caller.organization.currency;
    let guard = |version| call.if_match(version);
    match Body::<WishlistInput>::read(body)? {
        Body::One(input) => {
            let mut tx = call.write().await?;
            let outcomes = ops::wishlists::upsert_many(&mut tx, &[input], base, &guard).await?;
            match outcomes.into_iter().next() {
                Some(Outcome::Created(list)) => {
                    let location = format!("/api/v1/wishlists/{}", list.id);
                    Ok(call.created(tx, location, list.version, &list.show()).await?)
                }
                Some(Outcome::Updated(list) | Outcome::Unchanged(list)) => {
                    Ok(call.ok(tx, Some(list.version), &list.show()).await?)
                }
                Some(Outcome::Refused(error)) => Err(error.into()),
                None => Err(Error::internal("one wishlist has one outcome").into()),
            }
        }
        Body::Many(items) => {
            let mut tx = call.write().await?;
            let (inputs, refused) = sort_out(items);
            let outcomes = ops::wishlists::upsert_many(&mut tx, &inputs, base, &guard).await?;
            let report = Report::new(refused, outcomes, |list| (list.id.0, list.version))?;
            Ok(call.ok(tx, None, &report).await?)
        }
    }
}

/// List wishlists
///
/// The one that changed last comes first; of what is on each the first 50. Needs `customers:read`.
#[utoipa::path(
    get, path = "/wishlists", tag = "wishlists",
    params(
        ("customer" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of wishlists", body = Page<WishlistJson>), ListErrors)
)]
pub async fn list_wishlists(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let page = page_request(&mut params, ops::wishlists::ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::wishlists::list(&mut tx, customer, &page).await?))
}

/// List a customer's wishlists
///
/// As `/wishlists` does. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/wishlist", tag = "wishlists",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of wishlists", body = Page<WishlistJson>), OneErrors)
)]
pub async fn list_customer_wishlists(
    call: Call,
    Path(id): Path<CustomerId>,
    mut params: Params,
) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::wishlists::ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    regulars_customers::ops::require_living(&mut tx, id).await?;
    Ok(json(&ops::wishlists::list(&mut tx, Some(id), &page).await?))
}

/// One wishlist
///
/// With what is wished for. Needs `customers:read`.
#[utoipa::path(
    get, path = "/wishlists/{id}", tag = "wishlists",
    params(("id" = WishlistId, Path, description = "The wishlist's id")),
    responses((status = 200, description = "The wishlist", body = WishlistJson), OneErrors)
)]
pub async fn get_wishlist(call: Call, Path(id): Path<WishlistId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let list = ops::wishlists::get(&mut tx, id).await?;
    Ok(json_with_etag(list.version, &list.show()))
}

/// Delete a wishlist
///
/// For ever: whatever is told of it later changes nothing. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/wishlists/{id}", tag = "wishlists",
    params(("id" = WishlistId, Path, description = "The wishlist's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_wishlist(call: Call, Path(id): Path<WishlistId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::wishlists::delete(&mut tx, id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
