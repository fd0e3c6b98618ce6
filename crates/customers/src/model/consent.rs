//! Consent: what a customer agreed to receive, by channel.

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, Patch};
use serde::{Deserialize, Serialize};

use super::{Choice, choices::choices};

choices! {
    /// A way to reach somebody.
    Channel { Email = "email", Sms = "sms" }
    /// What was agreed.
    ConsentState {
        NeverSubscribed = "never_subscribed", Subscribed = "subscribed", Unsubscribed = "unsubscribed",
        Pending = "pending",
    }
}

/// The state of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Consent {
    /// The channel.
    pub channel: Channel,
    /// What was agreed.
    pub state: ConsentState,
    /// Where it came from: `staff`, `api`, `import`, or a source.
    #[schema(example = "staff")]
    pub source: String,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}

/// What a caller says was agreed. A channel that is not named keeps its state: consent is never lost by silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"email": "subscribed", "sms": "unsubscribed"}))]
pub struct ConsentInput {
    /// For e-mail.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<ConsentState>)]
    pub email: Patch<String>,
    /// For text messages.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<ConsentState>)]
    pub sms: Patch<String>,
}

impl ConsentInput {
    /// The states that are said; faults are at `{pointer}/email` and `{pointer}/sms`. Null means never asked.
    pub fn check(&self, pointer: &str, faults: &mut Faults) -> Vec<(Channel, ConsentState)> {
        let mut states = Vec::new();
        for (channel, patch) in [(Channel::Email, &self.email), (Channel::Sms, &self.sms)] {
            match patch {
                Patch::Keep => {}
                Patch::Clear => states.push((channel, ConsentState::NeverSubscribed)),
                Patch::Set(text) => {
                    let place = format!("{pointer}/{channel}");
                    if let Some(state) =
                        faults.take(&place, "choice_unknown", ConsentState::parse(text.trim()))
                    {
                        states.push((channel, state));
                    }
                }
            }
        }
        states
    }
}

/// What an import may make of a state; none where it stays. A withdrawal is loosened only by the person's own act,
/// and “never subscribed” in a file is no withdrawal of what was agreed elsewhere.
pub fn import_state(current: Option<ConsentState>, said: ConsentState) -> Option<ConsentState> {
    use ConsentState::{NeverSubscribed, Pending, Subscribed, Unsubscribed};
    match (current, said) {
        (Some(current), said) if current == said => None,
        (Some(Unsubscribed), _)
        | (Some(Subscribed | Pending), NeverSubscribed)
        | (Some(Subscribed), Pending) => None,
        (_, said) => Some(said),
    }
}

/// Whether another system's word, said at a time, takes the place of what is known. A withdrawal always does; after one,
/// only what was said later. That somebody never subscribed there is no withdrawal of what was agreed elsewhere.
pub fn heard(current: Option<(ConsentState, DateTime<Utc>)>, said: ConsentState, at: DateTime<Utc>) -> bool {
    use ConsentState::{NeverSubscribed, Pending, Subscribed, Unsubscribed};
    let Some((current, since)) = current else {
        return true;
    };
    match (current, said) {
        (current, said) if current == said => false,
        (_, NeverSubscribed) | (Subscribed, Pending) => false,
        (Unsubscribed, Subscribed | Pending) => at > since,
        (_, Unsubscribed | Subscribed | Pending) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_never_loosens_a_withdrawal() {
        for said in ConsentState::ALL {
            assert_eq!(import_state(Some(ConsentState::Unsubscribed), *said), None);
        }
    }

    #[test]
    fn an_import_may_withdraw_and_may_say_what_nobody_said() {
        for current in ConsentState::ALL
            .iter()
            .filter(|state| **state != ConsentState::Unsubscribed)
        {
            let said = import_state(Some(*current), ConsentState::Unsubscribed);
            assert_eq!(said, Some(ConsentState::Unsubscribed));
        }
        for said in ConsentState::ALL {
            assert_eq!(import_state(None, *said), Some(*said));
        }
    }

    #[test]
    fn a_withdrawal_is_loosened_only_by_what_was_said_after_it() {
        use ConsentState::{NeverSubscribed, Pending, Subscribed, Unsubscribed};
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let withdrawn = Some((Unsubscribed, at(5)));
        for said in [Subscribed, Pending] {
            assert!(
                !heard(withdrawn, said, at(4))
                    && !heard(withdrawn, said, at(5))
                    && heard(withdrawn, said, at(6))
            );
        }
        for current in [Subscribed, Pending, NeverSubscribed] {
            assert!(heard(Some((current, at(5))), Unsubscribed, at(1)));
            assert!(!heard(Some((current, at(5))), NeverSubscribed, at(9)));
        }
        assert!(!heard(withdrawn, NeverSubscribed, at(9)));
        assert!(heard(Some((NeverSubscribed, at(5))), Subscribed, at(1)));
    }
}
