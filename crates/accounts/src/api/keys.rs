//! `/keys`: the API keys of the organization.

use regulars_kernel::{Faults, Page, Permission, ids::KeyId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};

use super::{page_request, reveal};
use crate::{
    model::{ApiKey, CreatedKey, KeyPatch, NewKey, Power},
    ops,
};

/// List API keys
///
/// Newest first, expired and revoked ones included. Needs `accounts:read`.
#[utoipa::path(
    get, path = "/keys", tag = "keys",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of keys", body = Page<ApiKey>), ListErrors)
)]
pub async fn list_keys(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::AccountsRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, &[], &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let (keys, next, total) = ops::list_keys(&mut tx, &page).await?;
    Ok(json(&Page::new(keys, next, total)))
}

/// Create an API key
///
/// The answer holds the key's text, this once. A publishable key is for pages that tell of activities; see docs/tracking.md. Needs `accounts:write` and every permission that the key is to hold.
#[utoipa::path(
    post, path = "/keys", tag = "keys",
    request_body = NewKey,
    responses((status = 201, description = "The key with its text", body = CreatedKey), CommonErrors)
)]
pub async fn create_key(call: Call, Json(new): Json<NewKey>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let created = ops::create_key(&mut tx, &Power::from(&*call.caller), &new).await?;
    let kept = CreatedKey {
        record: created.record.clone(),
        key: None,
        identity_secret: None,
    };
    let location = format!("/api/v1/keys/{}", created.record.id);
    let answer = call.created(tx, location, created.record.version, &kept).await?;
    Ok(reveal(answer, &created)?)
}

/// One API key
///
/// Needs `accounts:read`. The text is never shown again.
#[utoipa::path(
    get, path = "/keys/{id}", tag = "keys",
    params(("id" = KeyId, Path, description = "The key's id")),
    responses((status = 200, description = "The key", body = ApiKey), OneErrors)
)]
pub async fn get_key(call: Call, Path(id): Path<KeyId>) -> ApiResult {
    call.require(Permission::AccountsRead)?;
    let mut tx = call.read().await?;
    let key = ops::get_key(&mut tx, id).await?;
    Ok(json_with_etag(key.version, &key))
}

/// Change an API key
///
/// Its name, scopes and expiry. Needs `accounts:write` and every permission that the key holds and is to hold.
#[utoipa::path(
    patch, path = "/keys/{id}", tag = "keys",
    params(("id" = KeyId, Path, description = "The key's id")),
    request_body = KeyPatch,
    responses((status = 200, description = "The changed key", body = ApiKey), CommonErrors)
)]
pub async fn update_key(call: Call, Path(id): Path<KeyId>, Json(patch): Json<KeyPatch>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let power = Power::from(&*call.caller);
    let key = ops::update_key(&mut tx, &power, id, &patch, |version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(key.version), &key).await?)
}

/// Revoke an API key
///
/// It stops working at once on this server and within five seconds on others. It stays in the list. Needs
/// `accounts:write`.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "keys",
    params(("id" = KeyId, Path, description = "The key's id")),
    responses((status = 204, description = "Revoked"), ActErrors)
)]
pub async fn revoke_key(call: Call, Path(id): Path<KeyId>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let power = Power::from(&*call.caller);
    ops::revoke_key(&mut tx, &power, id, |version| call.if_match(version)).await?;
    Ok(call.no_content(tx).await?)
}
