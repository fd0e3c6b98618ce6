//! What somebody agreed to receive, as their profile has it.
//!
//! Who is suppressed because they unsubscribed, complained or were shut out by staff has withdrawn; an address that bounced or
//! is none says nothing of what was agreed.

use chrono::{DateTime, Utc};
use regulars_connect::{
    Entity, Said,
    consents::{self, Consent},
};
use regulars_customers::model::{Channel, ConsentState};
use serde_json::Value;

use crate::json;

/// Characters of a way that are kept, at most.
const MOST_METHOD: usize = 100;

/// Notes the consents of a profile. Absent and null say nothing.
pub fn note(thing: &mut Entity, subscriptions: &Value, said: &Said) {
    for (channel, name) in [(Channel::Email, "email"), (Channel::Sms, "sms")] {
        let marketing = &subscriptions[name]["marketing"];
        if let Some(state) = marketing["consent"].as_str().and_then(state) {
            let method = json::line(&marketing["method"], MOST_METHOD);
            let consent = Consent {
                state,
                at: json::time(&marketing["consent_timestamp"])
                    .or_else(|| json::time(&marketing["last_updated"])),
                method: method.as_deref(),
            };
            consents::note(thing, channel, consent, said);
        }
        for suppression in marketing["suppression"].as_array().into_iter().flatten() {
            let reason = suppression["reason"].as_str().unwrap_or_default();
            if matches!(reason, "UNSUBSCRIBE" | "SPAM_COMPLAINT" | "USER_SUPPRESSED") {
                withdraw(
                    thing,
                    channel,
                    json::time(&suppression["timestamp"]),
                    reason,
                    said,
                );
            }
        }
    }
}

fn withdraw(thing: &mut Entity, channel: Channel, at: Option<DateTime<Utc>>, reason: &str, said: &Said) {
    let consent = Consent {
        state: ConsentState::Unsubscribed,
        at,
        method: Some(reason),
    };
    consents::note(thing, channel, consent, said);
}

fn state(text: &str) -> Option<ConsentState> {
    match text.to_ascii_uppercase().as_str() {
        "SUBSCRIBED" => Some(ConsentState::Subscribed),
        "UNSUBSCRIBED" => Some(ConsentState::Unsubscribed),
        "NEVER_SUBSCRIBED" => Some(ConsentState::NeverSubscribed),
        "PENDING" | "UNCONFIRMED" => Some(ConsentState::Pending),
        _ => None,
    }
}
