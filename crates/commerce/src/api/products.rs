//! `/products`.

use regulars_kernel::{Faults, Page, Permission, ids::ProductId, text};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};
use serde_json::Value;

use super::{
    batch::{Body, Report, sort_out},
    page_request,
};
use crate::{
    model::{ProductInput, ProductJson},
    ops::{self, Outcome},
};

/// What is told: one product, or up to 1,000.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ProductsBody)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum ProductsBody {
    /// One.
    One(Box<ProductInput>),
    /// Many.
    Many(Vec<ProductInput>),
}

/// What is answered: the product, or what became of each.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = ProductsAnswer)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum ProductsAnswer {
    /// Of one.
    One(Box<ProductJson>),
    /// Of many.
    Many(Report),
}

/// Tell of products
///
/// One product, or a list of up to 1,000 of them (and 1 MB), each known by `source` and `external_id`, as for orders. Needs
/// `customers:write`.
#[utoipa::path(
    post, path = "/products", tag = "products",
    request_body = ProductsBody,
    responses(
        (status = 200, description = "The product, or what became of each", body = ProductsAnswer),
        (status = 201, description = "The new product", body = ProductJson),
        CommonErrors
    )
)]
pub async fn tell_products(call: Call, Json(body): Json<Value>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let base = call.caller.organization.currency;
    match Body::<ProductInput>::read(body)? {
        Body::One(input) => {
            let mut tx = call.write().await?;
            let outcomes = ops::products::upsert_many(&mut tx, &[input], base).await?;
            match outcomes.into_iter().next() {
                Some(Outcome::Created(mut product)) => {
                    ops::stock::complete(&mut tx, &mut product).await?;
                    let location = format!("/api/v1/products/{}", product.id);
                    Ok(call
                        .created(tx, location, product.version, &product.show())
                        .await?)
                }
                Some(Outcome::Updated(mut product) | Outcome::Unchanged(mut product)) => {
                    ops::stock::complete(&mut tx, &mut product).await?;
                    Ok(call.ok(tx, Some(product.version), &product.show()).await?)
                }
                Some(Outcome::Refused(error)) => Err(error.into()),
                None => Err(regulars_kernel::Error::internal("one product has one outcome").into()),
            }
        }
        Body::Many(items) => {
            let mut tx = call.write().await?;
            let (inputs, refused) = sort_out(items);
            let outcomes = ops::products::upsert_many(&mut tx, &inputs, base).await?;
            let report = Report::new(refused, outcomes, |product| (product.id.0, product.version))?;
            Ok(call.ok(tx, None, &report).await?)
        }
    }
}

/// List products
///
/// By title. Needs `customers:read`.
#[utoipa::path(
    get, path = "/products", tag = "products",
    params(
        ("q" = Option<String>, Query, description = "The beginning of a title", example = "sho"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of products", body = Page<ProductJson>), ListErrors)
)]
pub async fn list_products(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let q = params
        .one("q", &mut faults)
        .and_then(|q| faults.take("?q", "text_invalid", text::clean_line(&q, 200)))
        .unwrap_or_default();
    let page = page_request(&mut params, ops::products::ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let found = ops::products::list(&mut tx, &q, &page).await?;
    Ok(json(&found))
}

/// One product
///
/// With its variants. Needs `customers:read`.
#[utoipa::path(
    get, path = "/products/{id}", tag = "products",
    params(("id" = ProductId, Path, description = "The product's id")),
    responses((status = 200, description = "The product", body = ProductJson), OneErrors)
)]
pub async fn get_product(call: Call, Path(id): Path<ProductId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let product = ops::products::get(&mut tx, id).await?;
    Ok(json_with_etag(product.version, &product.show()))
}

/// Delete a product
///
/// For ever: it is not shown any more, whatever is told of it later. Orders keep what was bought, with brand and
/// category. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/products/{id}", tag = "products",
    params(("id" = ProductId, Path, description = "The product's id")),
    responses((status = 204, description = "Deleted"), ActErrors)
)]
pub async fn delete_product(call: Call, Path(id): Path<ProductId>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::products::delete(&mut tx, id, &|version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
