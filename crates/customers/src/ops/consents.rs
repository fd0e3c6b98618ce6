//! Consent by channel, as staff and programs set it. Each change is an event; imports follow
//! [`crate::model::consent::import_state`] instead.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Actor, Faults, Result, ids::CustomerId};
use serde_json::json;

use super::{customers::event, lock_living, require_living};
use crate::{
    model::{Channel, Consent, ConsentInput, ConsentState},
    store,
};

/// The states of a customer's channels.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Consent>> {
    require_living(tx, customer_id).await?;
    store::consents::list(tx, customer_id).await
}

/// Sets the states that are said.
pub async fn put(tx: &mut Tx, customer_id: CustomerId, input: &ConsentInput) -> Result<Vec<Consent>> {
    lock_living(tx, customer_id).await?;
    let mut faults = Faults::new();
    let states = input.check("", &mut faults);
    let current = store::consents::list(tx, customer_id).await?;
    for (channel, state) in &states {
        let has_withdrawn = current
            .iter()
            .any(|one| one.channel == *channel && one.state == ConsentState::Unsubscribed);
        if has_withdrawn && matches!(state, ConsentState::NeverSubscribed | ConsentState::Pending) {
            let message = "they unsubscribed: that is forgotten only when they subscribe again";
            faults.add(format!("/{channel}"), "consent_withdrawn", message);
        }
    }
    faults.check()?;
    let mut events = Vec::new();
    for (channel, state) in states {
        let before = current
            .iter()
            .find(|one| one.channel == channel)
            .map(|one| one.state);
        events.extend(set(tx, customer_id, before, channel, state).await?);
    }
    regulars_events::append_many(tx, events).await?;
    store::consents::list(tx, customer_id).await
}

/// Sets a state if it is another one; answers the event to be written.
pub(super) async fn set(
    tx: &mut Tx,
    customer_id: CustomerId,
    before: Option<ConsentState>,
    channel: Channel,
    state: ConsentState,
) -> Result<Option<NewEvent>> {
    if before == Some(state) {
        return Ok(None);
    }
    let source = match tx.actor() {
        Actor::User(_) => "staff",
        Actor::Key(_) => "api",
        Actor::System => "system",
    };
    store::consents::set(tx, customer_id, channel, state, source).await?;
    let data = json!({"channel": channel, "from": before, "to": state, "source": source});
    Ok(Some(event("consent.changed", customer_id, data)))
}
