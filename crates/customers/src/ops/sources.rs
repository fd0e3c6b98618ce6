//! Links to ids in other systems: one customer, many sources; one id, one customer.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Error, Faults, Result, ids::CustomerId};
use serde_json::json;

use super::{
    Guard, check_room,
    customers::{MOST_PARTS, event},
    lock_living, require_living,
};
use crate::{
    model::{SourceChange, SourceInput, SourceLink, SyncState},
    store,
};

/// All links of a customer.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<SourceLink>> {
    require_living(tx, customer_id).await?;
    store::sources::list(tx, customer_id).await
}

/// One link of a customer.
pub async fn get(
    tx: &mut Tx,
    customer_id: CustomerId,
    source: &str,
    external_id: &str,
) -> Result<SourceLink> {
    let links = list(tx, customer_id).await?;
    links
        .into_iter()
        .find(|link| link.source == source && link.external_id == external_id)
        .ok_or(Error::NotFound("source"))
}

/// Links an id; says whether that is new. 409 if another customer has it.
pub async fn link(tx: &mut Tx, customer_id: CustomerId, input: &SourceInput) -> Result<(SourceLink, bool)> {
    lock_living(tx, customer_id).await?;
    let mut faults = Faults::new();
    let checked = input.check("", &mut faults);
    faults.check()?;
    let link = checked.ok_or_else(|| Error::internal("a link without fault is a link"))?;
    let links = store::sources::list(tx, customer_id).await?;
    if let Some(known) = links
        .iter()
        .find(|known| known.source == link.source && known.external_id == link.external_id)
    {
        return Ok((known.clone(), false));
    }
    check_room(links.len() as i64, MOST_PARTS, "sources")?;
    let made = store::sources::insert(tx, customer_id, &link).await?;
    regulars_events::append(tx, linked(customer_id, &link)).await?;
    Ok((made, true))
}

/// Notes how far the other system and this one agree.
pub async fn update(
    tx: &mut Tx,
    customer_id: CustomerId,
    (source, external_id): (&str, &str),
    change: &SourceChange,
    guard: Guard<'_>,
) -> Result<SourceLink> {
    lock_living(tx, customer_id).await?;
    let mut link = store::sources::lock(tx, customer_id, source, external_id)
        .await?
        .ok_or(Error::NotFound("source"))?;
    guard(link.version)?;
    let mut faults = Faults::new();
    let state = change.state(&mut faults);
    faults.check()?;
    let Some(state) = state.filter(|state| *state != link.sync_state || *state == SyncState::Synced) else {
        return Ok(link);
    };
    let before = std::mem::replace(&mut link.sync_state, state);
    if state == SyncState::Synced {
        link.synced_at = Some(tx.now());
    }
    link.version = store::sources::set_state(tx, &link).await?;
    // That they agree again is no news; only a change of state is.
    if before != state {
        let changes = json!({"sync_state": {"from": before, "to": state}});
        let data = json!({"source": source, "external_id": external_id, "changes": changes});
        regulars_events::append(tx, event("source.updated", customer_id, data)).await?;
    }
    Ok(link)
}

/// Unlinks an id.
pub async fn unlink(
    tx: &mut Tx,
    customer_id: CustomerId,
    source: &str,
    external_id: &str,
    guard: Guard<'_>,
) -> Result<()> {
    lock_living(tx, customer_id).await?;
    if let Some(link) = store::sources::lock(tx, customer_id, source, external_id).await? {
        guard(link.version)?;
    }
    if !store::sources::delete(tx, customer_id, source, external_id).await? {
        return Err(Error::NotFound("source"));
    }
    let data = json!({"source": source, "external_id": external_id});
    regulars_events::append(tx, event("source.unlinked", customer_id, data)).await?;
    Ok(())
}

pub(super) fn linked(customer_id: CustomerId, link: &SourceInput) -> NewEvent {
    event(
        "source.linked",
        customer_id,
        json!({"source": link.source, "external_id": link.external_id}),
    )
}
