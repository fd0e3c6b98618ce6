//! What a customer agreed to receive, as a provider heard it.
//!
//! The provider says when they agreed: that time is compared with what is known here, so that a late message loosens no
//! withdrawal.

use chrono::{DateTime, Utc};
use regulars_customers::{
    model::{Channel, Choice as _, ConsentState},
    ops,
};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use serde_json::{Value, json};

use crate::{Entity, Said};

/// A consent of a channel, as it was told.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// What was agreed.
    pub state: ConsentState,
    /// When, if that was told.
    pub at: Option<DateTime<Utc>>,
    /// In which way, in the provider's words.
    pub method: Option<&'a str>,
}

/// What was decided, what was asked, what was never asked.
const RANKS: [&[ConsentState]; 3] = [
    &[ConsentState::Subscribed, ConsentState::Unsubscribed],
    &[ConsentState::Pending],
    &[ConsentState::NeverSubscribed],
];

/// Notes a consent of a channel.
pub fn note(thing: &mut Entity, channel: Channel, consent: Consent<'_>, said: &Said) {
    let state = consent.state;
    // Without a time only a withdrawal is as new as the message: nothing else may loosen what was said at a time.
    let at = consent.at.unwrap_or(match state {
        ConsentState::Unsubscribed => said.0,
        _ => DateTime::UNIX_EPOCH,
    });
    // Of the states of one rank the newest holds; a state of a lower rank says nothing beside one of a higher, whichever
    // came first: who was asked to confirm once more has neither agreed anew nor withdrawn.
    let rank = RANKS.iter().position(|rank| rank.contains(&state)).unwrap_or(0);
    let is_news = thing.is_news(&facet(rank, channel), &Said(at, said.1.clone()));
    if is_news && (0..rank).all(|higher| thing.last(&facet(higher, channel)).is_none()) {
        let mut told = vec![json!(state.as_str()), json!(at.to_rfc3339())];
        told.extend(consent.method.map(|method| json!(method)));
        thing.data.insert(key(channel), told.into());
    }
}

/// When they last agreed or withdrew, as far as that was noted; none if they never did.
pub fn decided_at(thing: &Entity, channel: Channel) -> Option<DateTime<Utc>> {
    thing.last(&facet(0, channel)).map(|said| said.0)
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
        let state = wanted[0].as_str().and_then(|text| ConsentState::parse(text).ok());
        if let (Some(state), Some(at)) = (state, time(&wanted[1])) {
            let heard = ops::consents::Heard {
                channel,
                state,
                source: thing.source(),
                at,
                method: wanted[2].as_str(),
            };
            ops::consents::hear(tx, id, &heard).await?;
        }
        thing.data.insert(applied, wanted);
    }
    Ok(())
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?)
        .ok()
        .map(|at| at.to_utc())
}

/// Under which it stands when the newest state of a rank was said.
fn facet(rank: usize, channel: Channel) -> String {
    match rank {
        0 => format!("consent:{channel}"),
        rank => format!("consent_{rank}:{channel}"),
    }
}

fn key(channel: Channel) -> String {
    format!("consent_{channel}")
}
