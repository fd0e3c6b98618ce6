//! What a customer's document holds: the API's customer under the same names, with addresses, contacts, figures and the
//! latest of the timeline below it.
//!
//! Times are Firestore's own, amounts are text as in the API. What changes by itself as days pass is left out, and whatever
//! Firestore refuses is written in a way that it takes: names that it keeps for itself, lists right inside lists, nesting
//! deeper than it goes. A document stays below Firestore's 1 MiB because each of its parts is bounded.

use std::collections::BTreeMap;

use chrono::DateTime;
use prost::Message as _;
use regulars_customers::model::WithParts;
use regulars_events::Event;
use serde_json::Value as Json;

use crate::proto::{Array, Kind, Map, Timestamp, Value};

/// How much of the timeline a document holds.
pub const RECENT: i64 = 20;
/// Addresses and contacts of a document.
const MOST_PARTS: usize = 100;
/// Characters of the facts of one activity, as JSON; larger ones are left out.
const MOST_FACTS: usize = 8_000;
/// Bytes of a document. Firestore takes 1 MiB by a reckoning of its own, which comes to about what is sent.
pub const MOST_BYTES: usize = 1_000_000;
/// How deep maps and lists may lie in each other; Firestore takes 20.
const DEEPEST: usize = 18;
/// Bytes of a field's name; Firestore takes 1,500.
const LONGEST_NAME: usize = 1_000;

/// The fields of a document.
pub type Fields = BTreeMap<String, Value>;

/// How strings are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Ours: what is called `…_at` is a time.
    Record,
    /// Somebody else's: taken as it is.
    Free,
}

/// The document of a customer, from the customer and the latest of the timeline, latest first.
pub fn fields(customer: &WithParts, recent: &[Event]) -> serde_json::Result<Fields> {
    let mut whole = serde_json::to_value(customer)?;
    if let Some(metrics) = whole.get_mut("metrics").and_then(Json::as_object_mut) {
        // Another one tomorrow, although nothing happens.
        metrics.remove("days_since_last_order");
    }
    for part in ["addresses", "contacts"] {
        if let Some(Json::Array(rows)) = whole.get_mut(part) {
            rows.truncate(MOST_PARTS);
            for row in rows {
                if let Json::Object(row) = row {
                    row.remove("customer_id");
                }
            }
        }
    }
    let Json::Object(whole) = whole else {
        return Ok(Fields::new());
    };
    let mut fields: Fields = whole
        .iter()
        .map(|(name, json)| {
            let reading = if name == "attributes" {
                Reading::Free
            } else {
                Reading::Record
            };
            (self::name(name), value(json, name, reading, 1))
        })
        .collect();
    let activity = recent.iter().map(activity).collect();
    fields.insert(
        "recent_activity".into(),
        Kind::Array(Array { values: activity }).into(),
    );
    Ok(fields)
}

fn activity(event: &Event) -> Value {
    let text = |text: &str| Value::from(Kind::String(text.to_owned()));
    let mut fields = Fields::new();
    fields.insert("id".into(), text(&event.id.to_string()));
    fields.insert("kind".into(), text(&event.kind));
    fields.insert("actor_kind".into(), text(&event.actor_kind));
    let actor = event.actor_id.map(|id| text(&id.to_string()));
    fields.insert("actor_id".into(), actor.unwrap_or_else(|| Kind::Null(0).into()));
    fields.insert(
        "occurred_at".into(),
        Kind::Timestamp(Timestamp {
            seconds: event.occurred_at.timestamp(),
            nanos: (event.occurred_at.timestamp_subsec_micros() * 1_000).cast_signed(),
        })
        .into(),
    );
    let data = if event.data.to_string().len() <= MOST_FACTS {
        value(&event.data, "data", Reading::Free, 3)
    } else {
        let mut left_out = Fields::new();
        left_out.insert("left_out".into(), Kind::Boolean(true).into());
        Kind::Map(Map { fields: left_out }).into()
    };
    fields.insert("data".into(), data);
    Kind::Map(Map { fields }).into()
}

/// A name that Firestore takes: not empty, not one that it keeps for itself, not too long.
fn name(text: &str) -> String {
    let mut name = text.to_owned();
    if name.is_empty() || (name.starts_with("__") && name.ends_with("__")) {
        name.insert(0, 'x');
    }
    if name.len() > LONGEST_NAME {
        let end = (0..=LONGEST_NAME).rev().find(|at| name.is_char_boundary(*at));
        name.truncate(end.unwrap_or_default());
    }
    name
}

fn value(json: &Json, called: &str, reading: Reading, depth: usize) -> Value {
    let kind = match json {
        Json::Null => Kind::Null(0),
        Json::Bool(truth) => Kind::Boolean(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Kind::Integer(whole),
            (None, Some(broken)) => Kind::Double(broken),
            (None, None) => Kind::String(number.to_string()),
        },
        Json::String(text) => {
            match time(text).filter(|_| reading == Reading::Record && called.ends_with("_at")) {
                Some(time) => Kind::Timestamp(time),
                None => Kind::String(text.clone()),
            }
        }
        Json::Array(_) | Json::Object(_) if depth >= DEEPEST => Kind::String(json.to_string()),
        Json::Array(rows) => {
            let row = |row: &Json| match row {
                // Firestore has no lists right inside lists.
                Json::Array(_) => Kind::String(row.to_string()).into(),
                _ => value(row, called, reading, depth + 1),
            };
            Kind::Array(Array {
                values: rows.iter().map(row).collect(),
            })
        }
        Json::Object(map) => Kind::Map(Map {
            fields: map
                .iter()
                .map(|(key, json)| (name(key), value(json, key, reading, depth + 1)))
                .collect(),
        }),
    };
    kind.into()
}

/// Firestore keeps microseconds, and so does PostgreSQL.
fn time(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    Some(Timestamp {
        seconds: time.timestamp(),
        nanos: (time.timestamp_subsec_micros() * 1_000).cast_signed(),
    })
}

/// Bytes of a document as it is sent.
pub fn size(fields: &Fields) -> usize {
    Map {
        fields: fields.clone(),
    }
    .encoded_len()
}

/// The names of the fields in which two documents differ.
pub fn differences(wanted: &Fields, there: &Fields) -> Vec<String> {
    let mut names: Vec<String> = wanted
        .iter()
        .filter(|(name, value)| there.get(*name) != Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(there.keys().filter(|name| !wanted.contains_key(*name)).cloned());
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(json: &Json) -> Value {
        value(json, "attributes", Reading::Free, 1)
    }

    #[test]
    fn what_firestore_refuses_is_written_in_a_way_that_it_takes() {
        let Some(Kind::Map(map)) =
            made(&json!({"": 1, "__id__": 2, "list": [[1, 2], 3], "x".repeat(2_000): 4})).kind
        else {
            panic!("a map");
        };
        assert_eq!(map.fields["x"], Kind::Integer(1).into());
        assert_eq!(map.fields["x__id__"], Kind::Integer(2).into());
        assert!(map.fields.contains_key(&"x".repeat(LONGEST_NAME)));
        let Some(Kind::Array(list)) = &map.fields["list"].kind else {
            panic!("a list");
        };
        assert_eq!(list.values[0], Kind::String("[1,2]".into()).into());
        assert_eq!(list.values[1], Kind::Integer(3).into());

        let mut deep = json!(1);
        for _ in 0..50 {
            deep = json!({"a": deep});
        }
        let (mut here, mut depth) = (made(&deep), 0);
        while let Some(Kind::Map(map)) = here.kind {
            here = map.fields["a"].clone();
            depth += 1;
        }
        assert!(
            depth < 20 && matches!(here.kind, Some(Kind::String(_))),
            "{depth}"
        );
    }

    #[test]
    fn only_our_own_times_become_times() {
        let text = json!({"created_at": "2026-01-02T03:04:05.678901Z", "said": "2026-01-02T03:04:05Z", "odd_at": "soon"});
        let Some(Kind::Map(ours)) = value(&text, "", Reading::Record, 1).kind else {
            panic!("a map");
        };
        let time = Timestamp {
            seconds: 1_767_323_045,
            nanos: 678_901_000,
        };
        assert_eq!(ours.fields["created_at"], Kind::Timestamp(time).into());
        assert!(matches!(ours.fields["said"].kind, Some(Kind::String(_))));
        assert!(matches!(ours.fields["odd_at"].kind, Some(Kind::String(_))));
        let Some(Kind::Map(theirs)) = made(&text).kind else {
            panic!("a map");
        };
        assert!(matches!(theirs.fields["created_at"].kind, Some(Kind::String(_))));
    }

    #[test]
    fn differences_name_the_fields_that_differ_lack_or_are_too_many() {
        let fields = |json: Json| match made(&json).kind {
            Some(Kind::Map(map)) => map.fields,
            _ => Fields::new(),
        };
        let found = differences(
            &fields(json!({"same": 1, "other": {"a": 1}, "lacks": null})),
            &fields(json!({"same": 1, "other": {"a": 2}, "many": true})),
        );
        assert_eq!(found, ["lacks", "other", "many"]);
    }
}
