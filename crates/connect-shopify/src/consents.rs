//! What a customer agreed to receive, as Shopify heard it.

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

/// Under which the time stands at which an old version said last that they do not accept.
const DECLINED: &str = "accepts_marketing:false";

/// Notes what old versions say in the customer itself, and of e-mail alone: a truth value and its time.
pub fn note_flag(thing: &mut Entity, customer: &Value, said: &Said) {
    let at = body::time(&customer["accepts_marketing_updated_at"]);
    match customer["accepts_marketing"].as_bool() {
        Some(true) => {
            let consent = json!({"state": "subscribed", "consent_updated_at": at});
            note(thing, Channel::Email, &consent, said);
        }
        Some(false) => {
            thing.is_news(DECLINED, &Said(at.unwrap_or(said.0), said.1.clone()));
        }
        None => {}
    }
}

/// Who once agreed and then does not accept has withdrawn; that they do not accept says by itself not whether they ever did.
/// Looked at after each word, since either may come first.
pub fn withdraw_declined(thing: &mut Entity) {
    let has_decided = consents::decided_at(thing, Channel::Email);
    if let Some(declined) = thing.last(DECLINED).cloned()
        && has_decided.is_some_and(|at| at < declined.0)
    {
        let consent = Consent {
            state: ConsentState::Unsubscribed,
            at: Some(declined.0),
            method: None,
        };
        consents::note(thing, Channel::Email, consent, &declined);
    }
}
