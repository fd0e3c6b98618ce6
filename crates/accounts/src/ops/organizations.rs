//! An organization's settings.

use regulars_database::Tx;
use regulars_jobs::{NewJob, enqueue};
use regulars_kernel::{Permission, Result};
use serde_json::{Map, Value, json};

use crate::{
    audit::Entry,
    authenticate,
    model::{Organization, OrganizationPatch, Power},
    store::organizations,
};

/// The job that reckons everybody's figures anew; the room of orders runs it.
pub const RECKON_ALL: &str = "metrics.reckon_all";

/// The organization of the transaction.
pub async fn get_organization(tx: &mut Tx) -> Result<Organization> {
    if let Some(organization) = tx.known::<Organization>() {
        return Ok(organization.clone());
    }
    let id = tx.organization_id();
    let organization = organizations::get(tx.conn(), id).await?;
    tx.remember(organization.clone());
    Ok(organization)
}

/// Changes the settings. `guard` is given the current version and may refuse it.
pub async fn update_organization(
    tx: &mut Tx,
    power: &Power,
    patch: &OrganizationPatch,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Organization> {
    power.require(Permission::OrganizationWrite)?;
    let id = tx.organization_id();
    organizations::lock(tx.conn(), id).await?;
    let before = organizations::get(tx.conn(), id).await?;
    guard(before.version)?;
    let valid = patch.apply(&before)?;
    let mut changes = Map::new();
    for (field, from, to) in [
        ("name", before.name.as_str(), valid.name.as_str()),
        ("slug", before.slug.as_str(), valid.slug.as_str()),
        ("currency", before.currency.as_str(), valid.currency.as_str()),
        ("time_zone", before.time_zone.as_str(), valid.time_zone.as_str()),
        ("locale", before.locale.as_str(), valid.locale.as_str()),
    ] {
        if from != to {
            changes.insert(field.to_owned(), json!({"from": from, "to": to}));
        }
    }
    if changes.is_empty() {
        return Ok(before);
    }
    organizations::update(tx.conn(), id, &valid).await?;
    if before.currency != valid.currency {
        // Whoever bought nothing shows amounts of nothing, in the organization's currency.
        let everybody = "SELECT id FROM customers WHERE organization_id = $1 AND deleted_at IS NULL";
        regulars_events::followers::changed_among(tx, everybody, id.0).await?;
        enqueue(tx, NewJob::new(RECKON_ALL, json!({})).key("currency")).await?;
    }
    tx.forget::<Organization>();
    Entry::new("organization.updated")
        .target("organization", id.0)
        .data(json!({"changes": Value::Object(changes)}))
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    organizations::get(tx.conn(), id).await
}
