//! `/carts`.

use regulars_kernel::{
    Faults, Page, Permission,
    ids::{CartId, CustomerId},
};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};
use serde_json::Value;

use super::{
    batch::{Body, Report, sort_out},
    filter,
};
use crate::{
    model::{CartInput, CartJson, CartRow},
    ops::{self, Outcome},
    store,
};

/// What is told: one cart, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = CartsBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum CartsBody {
    /// One.
    One(Box<CartInput>),
    /// Many.
    Many(Vec<CartInput>),
}

/// What is answered: the cart, or what became of each.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = CartsAnswer)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum CartsAnswer {
    /// Of one.
    One(Box<CartJson>),
    /// Of many.
    Many(Report),
}

/// Tell of carts
///
/// One cart, or a list of up to 1,000 of them (and 1 MB), each known by `source` and `external_id`, as for orders. A
/// checkout is a cart that has reached the checkout (`checkout_started_at`); it is told under the id of its cart.
///
/// Where a cart stands follows from what was told: an order came of it (`converted`); something is in it and nobody changed
/// it for an hour (`abandoned`); it reached the checkout (`checkout`); nothing is in it (`empty`); else it is `open`. Needs `customers:write`.
#[utoipa::path(
    post, path = "/carts", tag = "carts",
    request_body = CartsBody,
    responses(
        (status = 200, description = "The cart, or what became of each", body = CartsAnswer),
        (status = 201, description = "The new cart", body = CartJson),
        CommonErrors
    )
)]
pub async fn tell_carts(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let base = call.caller.organization.currency;
    let guard = |version| call.if_match(version);
    match Body::<CartInput>::read(body)? {
        Body::One(input) => {
            let mut tx = call.write().await?;
            let outcomes = ops::carts::upsert_many(&mut tx, &[input], base, &guard).await?;
            let (cart, is_new) = match outcomes.into_iter().next() {
                Some(Outcome::Created(cart)) => (cart, true),
                Some(Outcome::Updated(cart) | Outcome::Unchanged(cart)) => (cart, false),
                Some(Outcome::Refused(error)) => return Err(error.into()),
                None => return Err(regulars_kernel::Error::internal("one cart has one outcome").into()),
            };
            let order = store::carts::order_of(&mut tx, &cart).await?;
            let shown = cart.show(tx.now(), order);
            if is_new {
                let location = format!("/api/v1/carts/{}", cart.id);
                return Ok(call.created(tx, location, cart.version, &shown).await?);
            }
            Ok(call.ok(tx, Some(cart.version), &shown).await?)
        }
        Body::Many(items) => {
            let mut tx = call.write().await?;
            let (inputs, refused) = sort_out(items);
            let outcomes = ops::carts::upsert_many(&mut tx, &inputs, base, &guard).await?;
            let report = Report::new(refused, outcomes, |cart| (cart.id.0, cart.version))?;
            Ok(call.ok(tx, None, &report).await?)
        }
    }
}

/// List carts
///
/// The one that was changed last comes first, unless `sort` says otherwise. Needs `customers:read`.
#[utoipa::path(
    get, path = "/carts", tag = "carts",
    params(
        ("customer" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("state" = Option<String>, Query, description = "`open`, `empty`, `checkout`, `abandoned`, `converted`; with commas", example = "abandoned"),
        ("source" = Option<String>, Query, description = "With commas", example = "shopify"),
        ("active_from" = Option<String>, Query, description = "Last changed at this time or later: a time, or a day of UTC", example = "2026-01-01"),
        ("active_to" = Option<String>, Query, description = "Last changed before this time", example = "2026-02-01"),
        ("sort" = Option<String>, Query, description = "`last_active_at`, with a minus for the latest first", example = "-last_active_at"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of carts", body = Page<CartRow>), ListErrors)
)]
pub async fn list_carts(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let (mut filter, sort, page) = filter::read_carts(&mut params, &mut faults);
    filter.customer = customer;
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::carts::list(&mut tx, &filter, sort, &page).await?))
}

/// One cart
///
/// With what is in it. Needs `customers:read`.
#[utoipa::path(
    get, path = "/carts/{id}", tag = "carts",
    params(("id" = CartId, Path, description = "The cart's id")),
    responses((status = 200, description = "The cart", body = CartJson), OneErrors)
)]
pub async fn get_cart(call: Call, Path(id): Path<CartId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let (cart, order) = ops::carts::get(&mut tx, id).await?;
    Ok(json_with_etag(cart.version, &cart.show(tx.now(), order)))
}

/// Delete a cart
///
/// For ever: whatever is told of it later changes nothing. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/carts/{id}", tag = "carts",
    params(("id" = CartId, Path, description = "The cart's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_cart(call: Call, Path(id): Path<CartId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let base = call.caller.organization.currency;
    ops::carts::delete(&mut tx, id, base, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
