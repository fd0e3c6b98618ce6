//! What somebody did, or what was sent to them: an activity on the customer's timeline, once for each of Klaviyo's event ids.

use chrono::{DateTime, Utc};
use regulars_activities::{
    model::ActivityInput,
    ops::{Origin, Outcome},
};
use regulars_connect::{
    Applied, Entity, Failure, Received, Said, body,
    consents::{self, Consent},
    people::{self, Ours},
    signature,
};
use regulars_database::Tx;
use regulars_kernel::{Error, ids::CustomerId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    SOURCE, json, lists,
    profiles::{self, KIND, Reading},
    topics::Meaning,
};

/// What is kept of an event's properties, at most: fields, characters of one, characters in all.
const MOST_FIELDS: usize = 30;
const MOST_TEXT: usize = 300;
const MOST_DATA: usize = 5_000;
/// Merges of merged profiles that are followed.
const MOST_STEPS: usize = 10;

/// Tells of an event: the payload is as `GET /api/events/{id}` answers.
pub async fn tell(
    tx: &mut Tx,
    message: &Received,
    payload: &Value,
    meaning: &Meaning,
) -> Result<Applied, Failure> {
    let event = &payload["data"];
    let told = &event["attributes"];
    let at = json::time(&told["datetime"])
        .or_else(|| json::seconds(&told["timestamp"]))
        .unwrap_or(message.said_at);
    let Some(profile_id) = json::id(&event["relationships"]["profile"]["data"]["id"]) else {
        return Err(Failure::Fatal(
            "there is no id in payload/data/relationships/profile/data/id".into(),
        ));
    };
    let profile_id = kept(tx, profile_id).await?;
    // An event may bring along whose it is.
    let profile = included(payload, "profile", &profile_id);
    if profile["attributes"].is_object() {
        let reading = Reading::of(tx, &message.settings).await?;
        let attributes = &profile["attributes"];
        let said = body::said(message, json::time(&attributes["updated"]));
        profiles::take_over(tx, &reading, &profile_id, attributes, &said).await?;
    }
    let mut thing = Entity::lock(tx, SOURCE, KIND, &profile_id).await?;
    if thing.is_deleted() {
        return Ok(Applied::Done(json!({"profile": "deleted"})));
    }
    if let Some((channel, state)) = meaning.consent {
        let said = body::said(message, Some(at));
        let method = told_method(&told["event_properties"], &message.topic);
        let consent = Consent {
            state,
            at: Some(at),
            method: Some(&method),
        };
        consents::note(&mut thing, channel, consent, &Said(at, said.1));
    }
    if let Some(is_joined) = meaning.membership {
        let said = Said(at, body::said(message, Some(at)).1);
        lists::note(&mut thing, &told["event_properties"], is_joined, &said);
    }
    let customer_id = match people::ours(tx, SOURCE, &profile_id).await? {
        Ours::Living(customer) => Some(customer.id),
        Ours::Deleted => return Ok(Applied::Done(json!({"customer": "deleted"}))),
        Ours::Nobody => None,
    };
    match customer_id {
        Some(id) => profiles::settle(tx, id, &mut thing).await?,
        None => profiles::wait_for(&mut thing),
    }
    thing.save(tx).await?;
    let visitor = profiles::visitor(&profile_id);
    let input = activity(message, payload, meaning, at, customer_id, visitor)?;
    let origin = Origin {
        key_id: None,
        browser: None,
    };
    let mut outcomes = regulars_activities::ops::tell(tx, vec![Ok(input)], &origin).await?;
    let mut done = match outcomes.pop() {
        Some(Outcome::Created(_)) => json!({"told": true}),
        Some(Outcome::Unchanged(_)) => json!({"known": true}),
        Some(Outcome::Refused(Error::Invalid(faults)))
            if faults.0.iter().all(|one| one.code == "too_old") =>
        {
            return Ok(Applied::Ignored(
                "it is older than what is kept of its kind".into(),
            ));
        }
        Some(Outcome::Refused(error)) => return Err(error.into()),
        None => return Err(Error::internal("an activity that is told has an outcome").into()),
    };
    match customer_id {
        Some(id) => done["customer_id"] = json!(id),
        None => done["waiting"] = "the profile is not known yet".into(),
    }
    Ok(Applied::Done(done))
}

/// The profile whose events these are now: what this one became part of may have become part of another.
async fn kept(tx: &mut Tx, profile_id: &str) -> Result<String, Failure> {
    let mut kept = profile_id.to_owned();
    for _ in 0..MOST_STEPS {
        let thing = Entity::lock(tx, SOURCE, KIND, &kept).await?;
        match profiles::merged_into(&thing) {
            Some(next) => next.clone_into(&mut kept),
            None => break,
        }
    }
    Ok(kept)
}

/// What stands beside the event, of this type and id.
fn included<'a>(payload: &'a Value, kind: &str, id: &str) -> &'a Value {
    let all = payload["included"].as_array();
    all.into_iter()
        .flatten()
        .find(|one| one["type"] == kind && one["id"] == id)
        .unwrap_or(&Value::Null)
}

/// The way in which somebody agreed or withdrew, as far as the event tells it; else the event itself.
fn told_method(properties: &Value, topic: &str) -> String {
    ["method", "Method", "$consent_method"]
        .into_iter()
        .find_map(|name| json::line(&properties[name], 100))
        .unwrap_or_else(|| topic.chars().take(100).collect())
}

fn activity(
    message: &Received,
    payload: &Value,
    meaning: &Meaning,
    at: DateTime<Utc>,
    customer_id: Option<CustomerId>,
    visitor: String,
) -> Result<ActivityInput, Failure> {
    let event = &payload["data"];
    let properties = &event["attributes"]["event_properties"];
    let event_id = json::id(&event["id"]).unwrap_or(&message.delivery_id);
    let mut input: ActivityInput =
        serde_json::from_value(json!({"kind": meaning.kind})).map_err(Error::from)?;
    input.id = Some(uuid_of(message, event_id));
    input.occurred_at = Some(at);
    input.name.clone_from(&meaning.name);
    input.customer_id = customer_id;
    input.visitor_id = customer_id.is_none().then_some(visitor);
    input.title = json::line(&properties["Subject"], MOST_TEXT);
    input.url = ["URL", "url"]
        .into_iter()
        .find_map(|name| json::line(&properties[name], 2_000));
    let mut data = plain(properties);
    data.insert("source".into(), SOURCE.into());
    let metric = json::id(&event["relationships"]["metric"]["data"]["id"]);
    let metric = metric.map(|id| &included(payload, "metric", id)["attributes"]["name"]);
    if let Some(name) = metric.and_then(|name| json::line(name, MOST_TEXT)) {
        data.insert("metric".into(), name.into());
    }
    input.data = Some(data);
    Ok(input)
}

/// Those of an event's properties that are single values, without Klaviyo's own (`$…`), as many as there is room for.
fn plain(properties: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    let mut room = MOST_DATA;
    for (name, value) in properties.as_object().into_iter().flatten() {
        let value = match value {
            Value::String(_) => json::line(value, MOST_TEXT).map(Value::from),
            Value::Bool(_) | Value::Number(_) => Some(value.clone()),
            _ => None,
        };
        let name = json::line(&name.as_str().into(), 100).filter(|name| !name.starts_with('$'));
        let (Some(name), Some(value)) = (name, value) else {
            continue;
        };
        let size = name.len() + value.to_string().len() + 8;
        if data.len() == MOST_FIELDS || size > room {
            continue;
        }
        room -= size;
        data.insert(name, value);
    }
    data
}

/// The id of the activity of an event: the same whenever and however often it comes.
fn uuid_of(message: &Received, event_id: &str) -> Uuid {
    let connection = message.connection_id.to_string();
    let digest = signature::digest(&[SOURCE.as_bytes(), connection.as_bytes(), event_id.as_bytes()]);
    let mut bytes = [0; 16];
    for (byte, digit) in bytes.iter_mut().zip(digest) {
        *byte = digit;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
