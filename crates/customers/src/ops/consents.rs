//! Consent by channel, as staff and programs set it. Each change is an event; imports follow
//! [`crate::model::consent::import_state`] instead.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Actor, Email, Faults, Result, ids::CustomerId};
use serde_json::json;

use super::{customers::event, lock_living, require_living};
use crate::{
    model::{Channel, Choice as _, Consent, ConsentInput, ConsentState, Customer, consent::heard},
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

/// Brings along what a deleted customer with the same address or phone had withdrawn, to a living customer who has just got
/// these (the address in lower case). `unless` says of a consent and the time of a withdrawal that the first still holds.
/// Answers the events to be written.
pub(super) async fn withdraw(
    tx: &mut Tx,
    customer_id: CustomerId,
    email: Option<String>,
    phone: Option<String>,
    unless: impl Fn(&Consent, DateTime<Utc>) -> bool,
) -> Result<Vec<NewEvent>> {
    let emails: Vec<String> = email.into_iter().collect();
    let phones: Vec<String> = phone.into_iter().collect();
    let withdrawn = store::batch::withdrawn_before(tx, &emails, &phones).await?;
    let mut events = Vec::new();
    if withdrawn.is_empty() {
        return Ok(events);
    }
    let current = store::consents::list(tx, customer_id).await?;
    for channel in Channel::ALL {
        let Some(at) = withdrawn
            .iter()
            .filter(|((_, name), _)| name == channel.as_str())
            .map(|(_, at)| *at)
            .max()
        else {
            continue;
        };
        let before = current.iter().find(|consent| consent.channel == *channel);
        if before.is_none_or(|consent| !unless(consent, at)) {
            let before = before.map(|consent| consent.state);
            events.extend(set(tx, customer_id, before, *channel, ConsentState::Unsubscribed).await?);
        }
    }
    Ok(events)
}

/// As [`withdraw`], for one who was deleted and is back: what they said after the withdrawal holds.
pub(super) async fn withdraw_restored(tx: &mut Tx, customer: &Customer) -> Result<Vec<NewEvent>> {
    let email = customer.email.as_ref().map(Email::lowercase);
    let phone = customer.phone.as_ref().map(|phone| phone.as_str().to_owned());
    withdraw(tx, customer.id, email, phone, |consent, at| {
        consent.state == ConsentState::Subscribed && consent.changed_at >= at
    })
    .await
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
    let now = tx.now();
    store::consents::set(tx, customer_id, channel, state, source, now).await?;
    let data = json!({"channel": channel, "from": before, "to": state, "source": source});
    Ok(Some(event("consent.changed", customer_id, data)))
}

/// What another system says that a customer agreed to.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// For which channel.
    pub channel: Channel,
    /// What.
    pub state: ConsentState,
    /// The system.
    pub source: &'a str,
    /// When they said so.
    pub at: DateTime<Utc>,
    /// In which way, in the system's words, if it tells.
    pub method: Option<&'a str>,
}

/// Takes over what another system says that a customer agreed to, and when; whether that changes anything. A withdrawal
/// always holds; it is loosened only by what they said after it. See [`crate::model::consent::heard`].
pub async fn hear(tx: &mut Tx, customer_id: CustomerId, told: &Heard<'_>) -> Result<bool> {
    lock_living(tx, customer_id).await?;
    let Heard {
        channel,
        state,
        source,
        at,
        method,
    } = *told;
    let current = store::consents::list(tx, customer_id).await?;
    let before = current.iter().find(|one| one.channel == channel);
    if !heard(before.map(|one| (one.state, one.changed_at)), state, at) {
        // The same word at a later time is no change, but the later time is what a withdrawal must be later than.
        if before.is_some_and(|one| one.state == state && one.changed_at < at) {
            store::consents::set(tx, customer_id, channel, state, source, at).await?;
        }
        return Ok(false);
    }
    store::consents::set(tx, customer_id, channel, state, source, at).await?;
    let from = before.map(|one| one.state);
    let mut data = json!({"channel": channel, "from": from, "to": state, "source": source});
    if let Some(method) = method {
        data["method"] = method.into();
    }
    let told = event("consent.changed", customer_id, data).at(at);
    regulars_events::append(tx, told).await?;
    Ok(true)
}
