//! API keys: creating, changing, revoking.

use regulars_database::Tx;
use regulars_kernel::{Actor, Error, PageRequest, Permission, Result, Total, ids::KeyId, paging::Cursor};
use serde_json::json;

use crate::{
    audit::Entry,
    authenticate,
    model::{ApiKey, CreatedKey, KeyKind, KeyPatch, KeyState, NewKey, Power},
    secrets::{self, KeyText},
    store::keys,
};

/// A page of keys, newest first, revoked ones included.
pub async fn list_keys(tx: &mut Tx, page: &PageRequest) -> Result<(Vec<ApiKey>, Option<Cursor>, Total)> {
    let mut all = keys::list(tx, page).await?;
    let next = super::cut(&mut all, page, |key| Cursor::new(&[], Vec::new(), key.id.0));
    let total = Total::exact(keys::count(tx).await?);
    Ok((all, next, total))
}

/// One key.
pub async fn get_key(tx: &mut Tx, id: KeyId) -> Result<ApiKey> {
    keys::get(tx, id, false).await
}

/// Creates a key. Its text is in the answer and nowhere else.
pub async fn create_key(tx: &mut Tx, power: &Power, new: &NewKey) -> Result<CreatedKey> {
    power.require(Permission::AccountsWrite)?;
    let valid = new.check()?;
    power.require_covers(&valid.power)?;
    let text = KeyText::new(tx.organization_id(), KeyId::new());
    let by = match tx.actor() {
        Actor::User(id) => Some(id),
        Actor::Key(_) | Actor::System => None,
    };
    let identity_secret = valid.pages.is_some().then(secrets::new_token);
    let identity_secret = identity_secret.map(regulars_kernel::Secret::into_inner);
    let (hash, hint) = (text.secret_hash(), text.hint());
    keys::insert(tx, text.id, &valid, &hash, &hint, by, identity_secret.as_deref()).await?;
    let record = keys::get(tx, text.id, false).await?;
    let data = json!({"name": record.name, "role": record.role.name(), "scopes": record.scopes, "expires_at": record.expires_at, "origins": record.origins});
    Entry::new("key.created")
        .target("key", text.id.0)
        .data(data)
        .write(tx)
        .await?;
    let written = if record.kind == KeyKind::Publishable {
        text.write_publishable()
    } else {
        text.write()
    };
    Ok(CreatedKey {
        record,
        key: Some(written.into_inner()),
        identity_secret,
    })
}

/// Changes a key's name, scopes or expiry.
pub async fn update_key(
    tx: &mut Tx,
    power: &Power,
    id: KeyId,
    patch: &KeyPatch,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<ApiKey> {
    power.require(Permission::AccountsWrite)?;
    let before = keys::get(tx, id, true).await?;
    guard(before.version)?;
    if before.state == KeyState::Revoked {
        return Err(Error::conflict(
            "",
            "key_revoked",
            "a revoked key cannot be changed",
        ));
    }
    let valid = patch.apply(&before)?;
    power.require_covers(&before.power())?;
    power.require_covers(&valid.power)?;
    keys::update(tx, id, &valid).await?;
    let after = keys::get(tx, id, false).await?;
    let data = json!({
        "from": {"name": before.name, "scopes": before.scopes, "expires_at": before.expires_at, "origins": before.origins},
        "to": {"name": after.name, "scopes": after.scopes, "expires_at": after.expires_at, "origins": after.origins},
    });
    Entry::new("key.updated")
        .target("key", id.0)
        .data(data)
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    Ok(after)
}

/// Ends a key for good, whoever made it: whoever may manage keys must be able to stop any of them.
pub async fn revoke_key(
    tx: &mut Tx,
    power: &Power,
    id: KeyId,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<ApiKey> {
    power.require(Permission::AccountsWrite)?;
    let before = keys::get(tx, id, true).await?;
    guard(before.version)?;
    if before.state != KeyState::Revoked {
        keys::revoke(tx, id).await?;
        Entry::new("key.revoked")
            .target("key", id.0)
            .data(json!({"name": before.name}))
            .write(tx)
            .await?;
        tx.after_commit(authenticate::forget);
    }
    keys::get(tx, id, false).await
}
