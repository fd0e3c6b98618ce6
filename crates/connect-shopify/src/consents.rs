//! What a customer agreed to receive, as Shopify heard it.

use chrono::{DateTime, Utc};
use regulars_connect::{
    Entity, Said,
    consents::{self, Consent},
};
use regulars_customers::model::{Channel, ConsentState};
use serde_json::{Value, json};

use crate::body;

/// Notes a consent of a channel; null and absent say nothing.
pub fn note(thing: &mut Entity, channel: Channel, consent: &Value, said: &Said) {
    let Some(state) = consent["state"].as_str().and_then(state) else {
        return;
    };
    let consent = Consent {
        state,
        at: body::time(&consent["consent_updated_at"]),
        method: None,
    };
    consents::note(thing, channel, consent, said);
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
