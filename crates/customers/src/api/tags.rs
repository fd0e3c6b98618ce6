//! `/tags`: the list of tags. `/customers/{id}/tags`: those of one customer.

use regulars_jobs::Job;
use regulars_kernel::{
    Faults, Page, Permission,
    ids::{CustomerId, TagId},
};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json,
    json_with_digest,
};
use serde::Deserialize;

use super::{page_request, whole};
use crate::{
    model::{Tag, TagInput, TagRef},
    ops,
};

/// Names of tags.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tags": ["vip", "newsletter"]}))]
pub struct TagNames {
    /// Unknown ones are made.
    tags: Vec<String>,
}

/// Into which tag.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagMerge {
    /// The tag that remains.
    into: TagId,
}

/// List tags
///
/// By name, with how many customers have each. Needs `customers:read`.
#[utoipa::path(
    get, path = "/tags", tag = "tags",
    params(
        ("q" = Option<String>, Query, description = "Only those whose name holds this"),
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of tags", body = Page<Tag>), ListErrors)
)]
pub async fn list_tags(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut faults = Faults::new();
    let search = params.one("q", &mut faults);
    let page = page_request(&mut params, ops::tags::TAG_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    Ok(json(&ops::tags::list(&mut tx, search.as_deref(), &page).await?))
}

/// Create a tag
///
/// 409 if there is one of this name, whatever its case. Needs `definitions:write`.
#[utoipa::path(
    post, path = "/tags", tag = "tags",
    request_body = TagInput,
    responses((status = 201, description = "The tag", body = Tag), CommonErrors)
)]
pub async fn create_tag(call: Call, Json(input): Json<TagInput>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    let tag = ops::tags::create(&mut tx, &input).await?;
    Ok(call
        .created(tx, format!("/api/v1/tags/{}", tag.id), tag.version, &tag)
        .await?)
}

/// One tag
///
/// Needs `customers:read`.
#[utoipa::path(
    get, path = "/tags/{id}", tag = "tags",
    params(("id" = TagId, Path, description = "The tag's id")),
    responses((status = 200, description = "The tag", body = Tag), OneErrors)
)]
pub async fn get_tag(call: Call, Path(id): Path<TagId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let tag = ops::tags::get(&mut tx, id).await?;
    Ok(json_with_digest(tag.version, &tag))
}

/// Change a tag
///
/// Renaming keeps it on its customers. Needs `definitions:write`.
#[utoipa::path(
    patch, path = "/tags/{id}", tag = "tags",
    params(("id" = TagId, Path, description = "The tag's id")),
    request_body = TagInput,
    responses((status = 200, description = "The changed tag", body = Tag), CommonErrors)
)]
pub async fn update_tag(call: Call, Path(id): Path<TagId>, Json(input): Json<TagInput>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    let tag = ops::tags::update(&mut tx, id, &input, &|version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(tag.version), &tag).await?)
}

/// Delete a tag
///
/// From everybody who has it; a job does it, and is answered, if more than 5,000 have it.
/// 409 while a job merges it with another. Needs `definitions:write`.
#[utoipa::path(
    delete, path = "/tags/{id}", tag = "tags",
    params(("id" = TagId, Path, description = "The tag's id")),
    responses((status = 204, description = "Deleted"),
        (status = 202, description = "The job that does it, and where to see how far it is", body = Job,
            headers(("Location" = String, description = "Where the job is"))),
        ActErrors)
)]
pub async fn delete_tag(call: Call, Path(id): Path<TagId>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::delete(&mut tx, id, &|version| call.if_match(version)).await? {
        None => Ok(call.no_content(tx).await?),
        Some(job_id) => {
            let job = regulars_jobs::get(&mut tx, job_id).await?;
            Ok(call.accepted(tx, job_id, &job).await?)
        }
    }
}

/// Merge a tag into another
///
/// Everybody who has it gets the other one, and it is gone; a job does it, and is answered, if more than 5,000 have it.
/// 409 while another job merges or deletes one of them. Needs `definitions:write`.
#[utoipa::path(
    post, path = "/tags/{id}/merge", tag = "tags",
    params(("id" = TagId, Path, description = "The tag that goes")),
    request_body = TagMerge,
    responses((status = 200, description = "The tag that remains", body = Tag),
        (status = 202, description = "The job that does it, and where to see how far it is", body = Job,
            headers(("Location" = String, description = "Where the job is"))),
        CommonErrors)
)]
pub async fn merge_tag(call: Call, Path(id): Path<TagId>, Json(merge): Json<TagMerge>) -> ApiResult {
    call.require(Permission::DefinitionsWrite)?;
    let mut tx = call.write().await?;
    match ops::tags::merge(&mut tx, id, merge.into).await? {
        (tag, None) => Ok(call.ok(tx, Some(tag.version), &tag).await?),
        (_, Some(job_id)) => {
            let job = regulars_jobs::get(&mut tx, job_id).await?;
            Ok(call.accepted(tx, job_id, &job).await?)
        }
    }
}

/// List a customer's tags
///
/// All of them, at most 100, with their colours. Needs `customers:read`.
#[utoipa::path(
    get, path = "/customers/{id}/tags", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    responses((status = 200, description = "The tags", body = Page<TagRef>), OneErrors)
)]
pub async fn list_customer_tags(call: Call, Path(id): Path<CustomerId>) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    Ok(json(&whole(ops::tags::of_customer(&mut tx, id).await?)))
}

/// Tag a customer
///
/// Adds tags by name; unknown ones are made. Needs `customers:write`.
#[utoipa::path(
    post, path = "/customers/{id}/tags", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = TagNames,
    responses((status = 200, description = "All tags it has now", body = Page<TagRef>), CommonErrors)
)]
pub async fn add_customer_tags(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(names): Json<TagNames>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let tags = whole(ops::tags::add(&mut tx, id, &names.tags).await?);
    Ok(call.ok(tx, None, &tags).await?)
}

/// Replace a customer's tags
///
/// It has exactly these from now on; unknown ones are made. Needs `customers:write`.
#[utoipa::path(
    put, path = "/customers/{id}/tags", tag = "customers",
    params(("id" = CustomerId, Path, description = "The customer's id")),
    request_body = TagNames,
    responses((status = 200, description = "All tags it has now", body = Page<TagRef>), CommonErrors)
)]
pub async fn replace_customer_tags(
    call: Call,
    Path(id): Path<CustomerId>,
    Json(names): Json<TagNames>,
) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let tags = whole(ops::tags::put(&mut tx, id, &names.tags).await?);
    Ok(call.ok(tx, None, &tags).await?)
}

/// Untag a customer
///
/// 404 if it does not have the tag. Needs `customers:write`.
#[utoipa::path(
    delete, path = "/customers/{id}/tags/{name}", tag = "customers",
    params(
        ("id" = CustomerId, Path, description = "The customer's id"),
        ("name" = String, Path, description = "The tag's name, in any case", example = "vip"),
    ),
    responses((status = 204, description = "Untagged"), ActErrors)
)]
pub async fn remove_customer_tag(call: Call, Path((id, name)): Path<(CustomerId, String)>) -> ApiResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    ops::tags::remove(&mut tx, id, &name).await?;
    Ok(call.no_content(tx).await?)
}
