//! What the inbox is asked for: state, connection, topic and days, as the page's address has them.

use chrono_tz::Tz;
use regulars_accounts::asked::{address, midnight};
use regulars_kernel::{
    Faults,
    ids::{ConnectionId, WebhookEventId},
};
use regulars_web::{Form, Params};

use crate::model::{Place, WebhookFilter, WebhookState};

/// Where the inbox is.
pub const HREF: &str = "/settings/inbox";
/// What is asked for as a state although it is part of one: failed, and tried again by itself.
pub const RETRYING: &str = "retrying";

/// What is asked for, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub state: String,
    pub connection: String,
    pub topic: String,
    pub from: String,
    pub to: String,
}

impl Asked {
    /// From an address.
    pub fn of(params: &mut Params, faults: &mut Faults) -> Self {
        let [state, connection, topic, from, to] = ["state", "connection", "topic", "from", "to"]
            .map(|name| params.one(name, faults).unwrap_or_default());
        Self {
            state,
            connection,
            topic,
            from,
            to,
        }
    }

    /// From a form that has it in hidden fields.
    pub fn sent(form: &mut Form) -> Self {
        let [state, connection, topic, from, to] =
            ["state", "connection", "topic", "from", "to"].map(|name| form.text(name));
        Self {
            state,
            connection,
            topic,
            from,
            to,
        }
    }

    /// As pairs of names and values, empty ones included.
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("state", &self.state),
            ("connection", &self.connection),
            ("topic", &self.topic),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// The address of the inbox with this.
    pub fn address(&self) -> String {
        address(HREF, &self.pairs())
    }

    /// The same in another state.
    pub fn with_state(&self, state: &str) -> Self {
        Self {
            state: state.to_owned(),
            ..self.clone()
        }
    }

    /// Whether more than a state is asked for.
    pub fn is_narrow(&self) -> bool {
        self.with_state("") != Self::default()
    }

    /// The filter that it means, where the organization is.
    pub fn filter(&self, zone: Tz, faults: &mut Faults) -> WebhookFilter {
        let mut filter = WebhookFilter::default();
        match self.state.as_str() {
            "" => {}
            RETRYING => filter.retrying = true,
            state => {
                if let Some(state) = faults.take("?state", "choice_unknown", WebhookState::parse(state)) {
                    filter.states.push(state.name().to_owned());
                }
            }
        }
        if !self.connection.is_empty() {
            filter.connection_id = faults.take(
                "?connection",
                "id_invalid",
                self.connection.parse::<ConnectionId>(),
            );
        }
        if !self.topic.is_empty() {
            filter.topics.push(self.topic.clone());
        }
        let mut day = |name: &str, text: &str, after| {
            let at = midnight(text, zone, after);
            if at.is_none() && !text.is_empty() {
                faults.add(name, "date_invalid", "a day is wanted, as in 2026-05-31");
            }
            at
        };
        filter.from = day("?from", &self.from, false);
        filter.before = day("?to", &self.to, true);
        filter
    }
}

/// `dead.<id>` or `other.<id>`.
pub fn write_place(place: Place) -> String {
    format!("{}.{}", if place.dead { "dead" } else { "other" }, place.id)
}

/// What [`write_place`] wrote.
pub fn read_place(text: &str, faults: &mut Faults) -> Option<Place> {
    let read = || {
        let (group, id) = text.split_once('.')?;
        let dead = match group {
            "dead" => true,
            "other" => false,
            _ => return None,
        };
        let id: WebhookEventId = id.parse().ok()?;
        Some(Place { dead, id })
    };
    let place = read();
    if place.is_none() {
        faults.add("?after", "cursor_invalid", "this is no place in the inbox");
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_a_filter_and_every_fault_of_it_is_named() {
        let asked = Asked {
            state: RETRYING.into(),
            topic: "orders/create".into(),
            from: "2026-07-01".into(),
            to: "2026-07-01".into(),
            ..Asked::default()
        };
        let mut faults = Faults::new();
        let filter = asked.filter(Tz::Europe__Berlin, &mut faults);
        assert!(faults.0.is_empty() && filter.retrying && filter.states.is_empty());
        assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-06-30T22:00:00+00:00");
        assert_eq!(filter.before.unwrap().to_rfc3339(), "2026-07-01T22:00:00+00:00");
        assert_eq!(
            asked.address(),
            "/settings/inbox?state=retrying&topic=orders%2Fcreate&from=2026-07-01&to=2026-07-01"
        );
        let wrong = Asked {
            state: "x".into(),
            connection: "x".into(),
            from: "x".into(),
            to: "x".into(),
            ..Asked::default()
        };
        wrong.filter(Tz::UTC, &mut faults);
        let places: Vec<_> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["?state", "?connection", "?from", "?to"]);
    }

    #[test]
    fn a_place_is_read_back_and_nothing_else_is_one() {
        let place = Place {
            dead: true,
            id: WebhookEventId::new(),
        };
        let mut faults = Faults::new();
        assert_eq!(read_place(&write_place(place), &mut faults), Some(place));
        assert!(faults.0.is_empty());
        for wrong in ["", "dead", "dead.x", &format!("x.{}", place.id)] {
            assert_eq!(read_place(wrong, &mut faults), None);
        }
        assert_eq!(faults.0.len(), 4);
    }
}
