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
    if thing.is_news(&format!("consent:{channel}"), &Said(at, said.1.clone())) {
        thing
            .data
            .insert(key(channel), json!([state.as_str(), at.to_rfc3339()]));
    }
}

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
