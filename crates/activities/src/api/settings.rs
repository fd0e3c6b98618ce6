//! `/activity-settings`.

use regulars_kernel::Permission;
use regulars_web::{ApiResult, Call, CommonErrors, Json, OneErrors, json_with_etag};

use crate::{
    model::{Settings, SettingsPatch},
    ops,
};

/// How activities are kept
///
/// How much of an address of the network is kept, and for how many days each kind. Needs `customers:read`.
#[utoipa::path(
    get, path = "/activity-settings", tag = "activities",
    responses((status = 200, description = "The settings", body = Settings), OneErrors)
)]
pub async fn get_activity_settings(call: Call) -> ApiResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let settings = ops::settings(&mut tx).await?;
    Ok(json_with_etag(settings.version, &settings))
}

/// Change how activities are kept
///
/// Addresses are kept otherwise from now on; what is too old by the new days leaves within a day. Needs `organization:write`.
#[utoipa::path(
    patch, path = "/activity-settings", tag = "activities",
    request_body = SettingsPatch,
    responses((status = 200, description = "The changed settings", body = Settings), CommonErrors)
)]
pub async fn change_activity_settings(call: Call, Json(patch): Json<SettingsPatch>) -> ApiResult {
    call.require(Permission::OrganizationWrite)?;
    let mut tx = call.write().await?;
    let settings = ops::change_settings(&mut tx, &patch, |version| call.if_match(version)).await?;
    Ok(call.ok(tx, Some(settings.version), &settings).await?)
}
