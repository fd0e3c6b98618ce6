//! The settings of an organization.

use regulars_accounts::AuditRecord;
use regulars_database::Tx;
use regulars_kernel::Result;
use serde_json::json;

use crate::{
    model::{Settings, SettingsPatch},
    store,
};

/// How activities are kept.
pub async fn settings(tx: &mut Tx) -> Result<Settings> {
    let (version, ip, otherwise) = store::settings::get(tx).await?;
    Ok(Settings::new(version, ip, &otherwise))
}

/// Changes how activities are kept.
pub async fn change_settings(
    tx: &mut Tx,
    patch: &SettingsPatch,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Settings> {
    let (version, mut ip, mut otherwise) = store::settings::lock(tx).await?;
    guard(version)?;
    patch.apply(&mut ip, &mut otherwise)?;
    let version = store::settings::update(tx, ip, &otherwise).await?;
    AuditRecord::new("activity_settings.changed")
        .data(json!({"ip": ip, "retention_days": otherwise}))
        .write(tx)
        .await?;
    Ok(Settings::new(version, ip, &otherwise))
}
