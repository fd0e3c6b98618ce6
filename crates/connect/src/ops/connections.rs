//! Connections. What is changed of them stands in the audit log, secrets never.

use regulars_accounts::AuditRecord as Entry;
use regulars_database::Tx;
use regulars_kernel::{Error, Faults, Page, PageRequest, Patch, Result, Secret, Total, ids::ConnectionId};
use serde_json::json;
use uuid::Uuid;

use crate::{
    cache,
    model::{Connection, ConnectionPatch, NewConnection, NewSecret, check_secret_of},
    store::{connections, pulls},
};

/// Secrets that hold at a time: each is tried with each message.
const MOST_SECRETS: usize = 5;
/// Names of connections that a filter offers.
const MOST_NAMES: i64 = 500;

/// A page of connections, newest first.
pub async fn list_connections(tx: &mut Tx, page: &PageRequest) -> Result<Page<Connection>> {
    let mut all = connections::list(tx, None, page).await?;
    let next = super::events::cut(&mut all, page, |one| one.id.0);
    Ok(Page::new(all, next, Total::exact(connections::count(tx).await?)))
}

/// One connection.
pub async fn get_connection(tx: &mut Tx, id: ConnectionId) -> Result<Connection> {
    let page = PageRequest::default();
    connections::list(tx, Some(id), &page)
        .await?
        .pop()
        .ok_or(Error::NotFound("connection"))
}

/// Makes a connection.
pub async fn create_connection(tx: &mut Tx, new: &NewConnection) -> Result<Connection> {
    let valid = new.check()?;
    let id = ConnectionId::new();
    connections::insert(tx, id, &valid).await?;
    let now = tx.now();
    connections::add_secret(tx, id, &valid.secret, now).await?;
    if let Some(key) = &valid.api_key {
        pulls::set_api_key(tx, id, Some(key)).await?;
    }
    let data = json!({"name": valid.name, "provider": valid.provider, "settings": valid.settings});
    Entry::new("connection.created")
        .target("connection", id.0)
        .data(data)
        .write(tx)
        .await?;
    tx.after_commit(cache::forget);
    get_connection(tx, id).await
}

/// Changes a connection's name or settings.
pub async fn update_connection(
    tx: &mut Tx,
    id: ConnectionId,
    patch: &ConnectionPatch,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Connection> {
    guard(connections::lock(tx, id).await?)?;
    let before = get_connection(tx, id).await?;
    let (name, settings) = patch.apply(&before)?;
    let api_key = patch.checked_api_key(before.provider)?;
    if !api_key.is_keep() {
        set_api_key(tx, id, api_key).await?;
    }
    let turned = patch
        .disabled
        .filter(|disabled| *disabled != before.disabled_at.is_some());
    if let Some(disabled) = turned {
        connections::set_disabled(tx, id, disabled).await?;
        let action = if disabled {
            "connection.disabled"
        } else {
            "connection.enabled"
        };
        let data = json!({"name": before.name});
        Entry::new(action)
            .target("connection", id.0)
            .data(data)
            .write(tx)
            .await?;
        tx.after_commit(cache::forget);
    }
    if name == before.name && settings == before.settings {
        return get_connection(tx, id).await;
    }
    connections::update(tx, id, &name, &settings).await?;
    let data = json!({
        "from": {"name": before.name, "settings": before.settings},
        "to": {"name": name, "settings": settings},
    });
    Entry::new("connection.updated")
        .target("connection", id.0)
        .data(data)
        .write(tx)
        .await?;
    tx.after_commit(cache::forget);
    get_connection(tx, id).await
}

async fn set_api_key(tx: &mut Tx, id: ConnectionId, key: Patch<Secret<String>>) -> Result<()> {
    let (key, is_there) = match key {
        Patch::Set(key) => (Some(key), true),
        _ => (None, false),
    };
    pulls::set_api_key(tx, id, key.as_ref()).await?;
    Entry::new("connection.api_key_changed")
        .target("connection", id.0)
        .data(json!({"is_there": is_there}))
        .write(tx)
        .await
}

/// Ends a connection: what is sent to it from now on is refused. What came before stays.
pub async fn delete_connection(
    tx: &mut Tx,
    id: ConnectionId,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<()> {
    guard(connections::lock(tx, id).await?)?;
    let before = get_connection(tx, id).await?;
    connections::delete(tx, id).await?;
    pulls::set_api_key(tx, id, None).await?;
    let data = json!({"name": before.name, "provider": before.provider});
    Entry::new("connection.deleted")
        .target("connection", id.0)
        .data(data)
        .write(tx)
        .await?;
    tx.after_commit(cache::forget);
    Ok(())
}

/// Gives a connection a new secret; the former ones go on to hold for a while.
pub async fn add_secret(tx: &mut Tx, id: ConnectionId, new: &NewSecret) -> Result<Connection> {
    let valid = new.check()?;
    connections::lock(tx, id).await?;
    let connection = get_connection(tx, id).await?;
    let mut faults = Faults::new();
    check_secret_of(connection.provider, &valid.secret, &mut faults);
    faults.check()?;
    if connection.secrets.len() >= MOST_SECRETS {
        let message = format!("{MOST_SECRETS} secrets hold already; wait until one of them ends");
        return Err(Error::conflict("/secret", "too_many", message));
    }
    let until = tx.now() + valid.overlap;
    connections::add_secret(tx, id, &valid.secret, until).await?;
    let data = json!({"former_until": until});
    Entry::new("connection.secret_changed")
        .target("connection", id.0)
        .data(data)
        .write(tx)
        .await?;
    tx.after_commit(cache::forget);
    get_connection(tx, id).await
}

/// Ends a former secret at once; what is still signed with it is refused. The one that holds now cannot be ended: another
/// takes its place.
pub async fn end_secret(tx: &mut Tx, id: ConnectionId, secret: Uuid) -> Result<()> {
    connections::lock(tx, id).await?;
    if !connections::end_secret(tx, id, secret).await? {
        return Err(Error::NotFound("former secret"));
    }
    Entry::new("connection.secret_ended")
        .target("connection", id.0)
        .write(tx)
        .await?;
    tx.after_commit(cache::forget);
    Ok(())
}

/// The names of connections, ended ones included.
pub async fn connection_names(tx: &mut Tx) -> Result<Vec<(ConnectionId, String)>> {
    connections::names(tx, MOST_NAMES).await
}

/// The name of a connection, an ended one included.
pub async fn connection_name(tx: &mut Tx, id: ConnectionId) -> Result<String> {
    connections::name(tx, id).await
}
