//! What a customer agreed to receive, as Shopify heard it.
//!
//! Shopify says when they agreed (`consent_updated_at`): that time is compared with what is known here, so that a late
//! message loosens no withdrawal.

use chrono::{DateTime, Utc};
use regulars_connect::{Entity, Said};
use regulars_customers::model::{Channel, Choice as _, ConsentState};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use serde_json::{Value, json};

use crate::{SOURCE, body};

/// Notes a consent of a channel; null and absent say nothing.
pub fn note(thing: &mut Entity, channel: Channel, consent: &Value, said: &Said) {
    let Some(state) = consent["state"].as_str().and_then(state) else {
        return;
    };
    // Without a time only a withdrawal is as new as the message: nothing else may loosen what was said at a time.
    let at = body::time(&consent["consent_updated_at"]).unwrap_or(match state {
        ConsentState::Unsubscribed => said.0,
        _ => DateTime::UNIX_EPOCH,
    });
    // Of the states of one rank the newest holds; a state of a lower rank says nothing beside one of a higher, whichever
    // came first: who was asked to confirm once more has neither agreed anew nor withdrawn.
    let rank = RANKS.iter().position(|rank| rank.contains(&state)).unwrap_or(0);
    let facet = |rank: usize| match rank {
        0 => format!("consent:{channel}"),
        rank => format!("consent_{rank}:{channel}"),
    };
    let is_news = thing.is_news(&facet(rank), &Said(at, said.1.clone()));
    if is_news && (0..rank).all(|higher| thing.last(&facet(higher)).is_none()) {
        thing
            .data
            .insert(key(channel), json!([state.as_str(), at.to_rfc3339()]));
    }
}

/// What was decided, what was asked, what was never asked.
const RANKS: [&[ConsentState]; 3] = [
    &[ConsentState::Subscribed, ConsentState::Unsubscribed],
    &[ConsentState::Pending],
    &[ConsentState::NeverSubscribed],
];

/// Takes the consents over that are not yet.
pub async fn settle(tx: &mut Tx, id: CustomerId, thing: &mut Entity) -> Result<()> {
    for channel in [Channel::Email, Channel::Sms] {
        let applied = format!("applied_{}", key(channel));
        let Some(wanted) = thing.data.get(&key(channel)).cloned() else {
            continue;
        };
        if thing.data.get(&applied) == Some(&wanted) {
            continue;
        }
        let said = wanted[0].as_str().and_then(|text| ConsentState::parse(text).ok());
        if let (Some(state), Some(at)) = (said, body::time(&wanted[1])) {
            regulars_customers::ops::consents::hear(tx, id, channel, state, SOURCE, at).await?;
        }
        thing.data.insert(applied, wanted);
    }
    Ok(())
}

fn key(channel: Channel) -> String {
    format!("consent_{channel}")
}

/// Shopify's words, in either API's case; none for those that say nothing here.
fn state(text: &str) -> Option<ConsentState> {
    match text.to_ascii_lowercase().as_str() {
        "subscribed" => Some(ConsentState::Subscribed),
        "unsubscribed" => Some(ConsentState::Unsubscribed),
        "not_subscribed" => Some(ConsentState::NeverSubscribed),
        "pending" => Some(ConsentState::Pending),
        _ => None,
    }
}

/// What old versions say in the customer itself: a truth value and its time.
pub fn of_flag(customer: &Value, at: Option<DateTime<Utc>>) -> Value {
    match customer["accepts_marketing"].as_bool() {
        Some(true) => json!({"state": "subscribed", "consent_updated_at": at}),
        // That they do not accept says not whether they ever did.
        Some(false) | None => Value::Null,
    }
}
