//! `/customers`: one customer.

use axum::response::Response;
use regulars_kernel::{Faults, Permission, Result, ids::CustomerId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, OneErrors, Params, Path, json_with_digest,
};

use super::{defaults, fields::Fields};
use crate::{
    model::{Customer, CustomerInput, Included, NewCustomer, NewCustomerBody, WithParts},
    ops,
    store::parts::Key,
};

/// Create a customer
///
/// With addresses, contacts, sources, tags and consents if they are said. Something must say who it is: a name, a company,
/// an e-mail address, a phone, a code or a source. An e-mail address that another customer has is
/// a 409; every other fault is named in one 422. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers", tag = "customers",
    request_body = NewCustomerBody,
    responses((status = 201, description = "The customer", body = Customer), CommonErrors)
)]
pub async fn create_customer(call: Call, Json(input): Json<NewCustomer>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let customer = ops::customers::create(&mut tx, &input, &defaults(&call)).await?;
    let location = format!("/api/v1/customers/{}", customer.id);
    Ok(call.created(tx, location, customer.version, &customer).await?)
}

/// One customer
///
/// With the parts that `include` names. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("include" = Option<String>, Query, description = "Parts, with commas: addresses, contacts, sources, tags, notes, consents, parent, children", example = "addresses,tags"),
        ("fields" = Option<String>, Query, description = "Only these fields, with commas; `id` always", example = "id,email"),
        ("deleted" = Option<bool>, Query, description = "Whether to show a deleted customer, too"),
    ),
    responses((status = 200, description = "The customer", body = WithParts), OneErrors)
)]
pub async fn get_customer(call: Call, Path(id): Path<CustomerId>, params: Params) -> ApiResult {
    show(&call, Key::Id(id), params).await
}

/// A customer by e-mail address
///
/// In any case. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/by-email/{email}", tag = "customers", operation_id = "getCustomerByEmail",
    params(
        ("email" = String, Path, description = "The e-mail address", example = "ada@example.com"),
        ("include" = Option<String>, Query, description = "As for one customer"),
        ("fields" = Option<String>, Query, description = "As for one customer"),
    ),
    responses((status = 200, description = "The customer", body = WithParts), OneErrors)
)]
pub async fn get_by_email(call: Call, Path(email): Path<String>, params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    show(&call, Key::Email(&ops::customers::email_key(&email)?), params).await
}

/// A customer by its id in another system
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/by-external-id/{source}/{external_id}", tag = "customers", operation_id = "getCustomerByExternalId",
    params(
        ("source" = String, Path, description = "The system", example = "shopify"),
        ("external_id" = String, Path, description = "The id there", example = "207119551"),
        ("include" = Option<String>, Query, description = "As for one customer"),
        ("fields" = Option<String>, Query, description = "As for one customer"),
    ),
    responses((status = 200, description = "The customer", body = WithParts), OneErrors)
)]
pub async fn get_by_external_id(
    call: Call,
    Path((source, external_id)): Path<(String, String)>,
    params: Params,
) -> ApiResult {
    show(
        &call,
        Key::External {
            source: &source,
            id: &external_id,
        },
        params,
    )
    .await
}

/// Change a customer
///
/// A JSON merge patch: absent fields are kept, null ones cleared, but not the last one that says who it is. `If-Match` guards; without it the last write wins, field
/// by field. Needs `customers:write`.
#[utoipa::path(
    patch, path = "/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = CustomerInput,
    responses((status = 200, description = "The changed customer", body = Customer), CommonErrors)
)]
pub async fn update_customer(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<CustomerInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let customer = ops::customers::update(&mut tx, id, &input, &guard, &defaults(&call)).await?;
    Ok(call.ok(tx, Some(customer.version), &customer).await?)
}

/// Replace a customer
///
/// All fields: what is absent is cleared, but for the code; something must still say who it is. Addresses, contacts, sources, notes and consents stay. Needs
/// `customers:write`.
#[utoipa::path(
    put, path = "/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = CustomerInput,
    responses((status = 200, description = "The replaced customer", body = Customer), CommonErrors)
)]
pub async fn replace_customer(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(input): Json<CustomerInput>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let guard = |version| call.if_match(version);
    let customer = ops::customers::replace(&mut tx, id, &input, &guard, &defaults(&call)).await?;
    Ok(call.ok(tx, Some(customer.version), &customer).await?)
}

/// Delete a customer
///
/// It can be restored. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_customer(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::customers::delete(&mut tx, id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}

/// Restore a deleted customer
///
/// 409 if another customer has its e-mail address meanwhile. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/restore", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The customer", body = Customer), ActErrors)
)]
pub async fn restore_customer(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let customer = ops::customers::restore(&mut tx, id).await?;
    Ok(call.ok(tx, Some(customer.version), &customer).await?)
}

async fn show(call: &Call, key: Key<'_>, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let included = Included::parse(&params.list("include"), &mut faults);
    let fields = Fields::parse(params.list("fields"), &mut faults);
    let deleted_too = match key {
        Key::Id(_) => params
            .parsed("deleted", "boolean_invalid", &mut faults)
            .unwrap_or(false),
        _ => false,
    };
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let found = ops::customers::get(&mut tx, key, &included, deleted_too).await?;
    Ok(answer(&found, &fields)?)
}

/// Tags may be renamed and parts changed without a new version of the customer, so the ETag covers the body.
fn answer(found: &WithParts, fields: &Fields) -> Result<Response> {
    let version = found.customer.version;
    if fields.is_everything() {
        return Ok(json_with_digest(version, found));
    }
    Ok(json_with_digest(version, &fields.pick(found)?))
}
