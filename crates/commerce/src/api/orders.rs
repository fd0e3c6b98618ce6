//! `/orders` and `/customers/{id}/orders`.

use regulars_kernel::{
    Faults, Page, Permission,
    ids::{CustomerId, OrderId},
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
    model::{OrderInput, OrderJson, OrderRow},
    ops::{self, Outcome},
};

/// What is told: one order, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = OrdersBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum OrdersBody {
    /// One.
    One(Box<OrderInput>),
    /// Many.
    Many(Vec<OrderInput>),
}

/// What is answered: the order, or what became of each.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = OrdersAnswer)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum OrdersAnswer {
    /// Of one.
    One(Box<OrderJson>),
    /// Of many.
    Many(Report),
}

/// Tell of orders
///
/// One order, or a list of up to 1,000 of them (and 1 MB). An order is known by `source` and `external_id`: who tells of it
/// again changes it, so the same request twice does the same as once. What is absent stays as it is.
///
/// Of one order the answer is the order: 201 if it is new, else 200. Of a list it says what became of each; one that is
/// refused keeps none of the others back. `If-Match` guards an order that is there.
///
/// With `source_version` orders may be told in any order: what is older than what is known changes nothing, a status may
/// move in ways that are unusual, and a deleted order stays deleted without an error. Needs `customers:write`.
#[utoipa::path(
    post, path = "/orders", tag = "orders",
    request_body = OrdersBody,
    responses(
        (status = 200, description = "The order, or what became of each", body = OrdersAnswer),
        (status = 201, description = "The new order", body = OrderJson),
        CommonErrors
    )
)]
pub async fn tell_orders(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let base = call.caller.organization.currency;
    let guard = |version| call.if_match(version);
    match Body::<OrderInput>::read(body)? {
        Body::One(input) => {
            let mut tx = call.write().await?;
            match ops::orders::upsert(&mut tx, &input, base, &guard).await? {
                Outcome::Created(mut order) => {
                    ops::orders::show_kinds(&mut tx, &mut order).await?;
                    let location = format!("/api/v1/orders/{}", order.id);
                    Ok(call.created(tx, location, order.version, &order.show()).await?)
                }
                Outcome::Updated(mut order) | Outcome::Unchanged(mut order) => {
                    ops::orders::show_kinds(&mut tx, &mut order).await?;
                    Ok(call.ok(tx, Some(order.version), &order.show()).await?)
                }
                Outcome::Refused(error) => Err(error.into()),
            }
        }
        Body::Many(items) => {
            let mut tx = call.write().await?;
            let (inputs, refused) = sort_out(items);
            let outcomes = ops::orders::upsert_many(&mut tx, &inputs, base, &guard).await?;
            let report = Report::new(refused, outcomes, |order| (order.id.0, order.version))?;
            Ok(call.ok(tx, None, &report).await?)
        }
    }
}

/// List orders
///
/// The latest first, unless `sort` says otherwise. Values of one filter, repeated or with commas, mean “any of”; different
/// filters mean “and”. Needs `customers:read`.
#[utoipa::path(
    get, path = "/orders", tag = "orders",
    params(
        ("customer" = Option<CustomerId>, Query, description = "Only this customer's"),
        ("status" = Option<String>, Query, description = "With commas", example = "shipped,delivered"),
        ("payment_status" = Option<String>, Query, description = "With commas", example = "paid"),
        ("source" = Option<String>, Query, description = "With commas", example = "shopify"),
        ("placed_from" = Option<String>, Query, description = "Ordered at this time or later: a time, or a day of UTC", example = "2026-01-01"),
        ("placed_to" = Option<String>, Query, description = "Ordered before this time", example = "2026-02-01"),
        ("total_min" = Option<String>, Query, description = "In the organization's currency, where the rate is known", example = "100.00"),
        ("total_max" = Option<String>, Query, description = "Likewise", example = "500.00"),
        ("q" = Option<String>, Query, description = "The beginning of a number, or a whole e-mail address", example = "1001"),
        ("sort" = Option<String>, Query, description = "`placed_at` or `total`, with a minus for the largest first", example = "-placed_at"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of orders", body = Page<OrderRow>), ListErrors)
)]
pub async fn list_orders(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    list(&call, params, faults, customer, false).await
}

/// List a customer's orders
///
/// As `/orders` does. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/orders", tag = "orders",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("status" = Option<String>, Query, description = "With commas", example = "shipped,delivered"),
        ("payment_status" = Option<String>, Query, description = "With commas", example = "paid"),
        ("source" = Option<String>, Query, description = "With commas", example = "shopify"),
        ("placed_from" = Option<String>, Query, description = "Ordered at this time or later: a time, or a day of UTC", example = "2026-01-01"),
        ("placed_to" = Option<String>, Query, description = "Ordered before this time", example = "2026-02-01"),
        ("total_min" = Option<String>, Query, description = "In the organization's currency, where the rate is known", example = "100.00"),
        ("total_max" = Option<String>, Query, description = "Likewise", example = "500.00"),
        ("q" = Option<String>, Query, description = "The beginning of a number, or a whole e-mail address", example = "1001"),
        ("sort" = Option<String>, Query, description = "`placed_at` or `total`, with a minus for the largest first", example = "-placed_at"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of orders", body = Page<OrderRow>), OneErrors)
)]
pub async fn list_customer_orders(call: Call, Path(id): Path<CustomerId>, params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    list(&call, params, Faults::new(), Some(id), true).await
}

async fn list(
    call: &Call,
    mut params: Params,
    mut faults: Faults,
    customer: Option<CustomerId>,
    is_below: bool,
) -> ApiResult {
    let (mut filter, sort, page) = filter::read(&mut params, &mut faults);
    filter.customer = customer;
    params.finish(faults)?;
    let mut tx = call.read().await?;
    if let Some(id) = customer.filter(|_| is_below) {
        regulars_customers::ops::require_living(&mut tx, id).await?;
    }
    Ok(json(&ops::orders::list(&mut tx, &filter, sort, &page).await?))
}

/// One order
///
/// With its lines, payments, fulfilments, refunds, and where it stood when. Needs `customers:read`.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path, description = "The order's id")),
    responses((status = 200, description = "The order", body = OrderJson), OneErrors)
)]
pub async fn get_order(call: Call, Path(id): Path<OrderId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let order = ops::orders::get(&mut tx, id).await?;
    Ok(json_with_etag(order.version, &order.show()))
}

/// Delete an order
///
/// For ever: whatever is told of it later changes nothing. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path, description = "The order's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_order(call: Call, Path(id): Path<OrderId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let base = call.caller.organization.currency;
    ops::orders::delete(&mut tx, id, base, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
