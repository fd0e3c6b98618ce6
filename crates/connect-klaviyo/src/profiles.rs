//! Profiles: from webhooks, from what events bring along, and from pulls. One way for all three.

use std::collections::{BTreeMap, BTreeSet};

use regulars_activities::ops::join;
use regulars_connect::{
    Applied, Entity, Failure, Received, Said, body, consents,
    people::{self, Ours},
};
use regulars_customers::{
    model::{AttributeKind, Definitions, SourceInput},
    ops, store,
};
use regulars_database::Tx;
use regulars_kernel::{Currency, Result, ids::CustomerId};
use serde_json::{Map, Value, json};

use crate::{SOURCE, json, lists, location, predictions, subscriptions};

pub const KIND: &str = "profile";
/// Under which stands the id of the profile that another one became part of.
const MERGED_INTO: &str = "merged_into";
/// Under which it is kept that events wait for the profile to become known.
const WAITED_FOR: &str = "waited_for";
/// Profiles that become part of one at a time, at most.
const MOST_MERGED: usize = 100;

/// What the organization says of how profiles are read.
pub struct Reading {
    definitions: Definitions,
    /// In which Klaviyo reckons.
    currency: Currency,
    /// The organization's.
    base: Currency,
}

impl Reading {
    /// For a connection with these settings.
    pub async fn of(tx: &mut Tx, settings: &Map<String, Value>) -> Result<Self> {
        let base = regulars_accounts::ops::get_organization(tx).await?.currency;
        let set = settings.get("currency").and_then(Value::as_str);
        Ok(Self {
            definitions: store::attributes::all(tx).await?,
            currency: set.and_then(|code| Currency::parse(code).ok()).unwrap_or(base),
            base,
        })
    }
}

/// A message that has the profile in it.
pub async fn put(tx: &mut Tx, message: &Received, payload: &Value) -> Result<Applied, Failure> {
    let profile = &payload["data"];
    let external_id = required_id(profile)?;
    let reading = Reading::of(tx, &message.settings).await?;
    let attributes = &profile["attributes"];
    let said = body::said(message, json::time(&attributes["updated"]));
    let taken = take_over(tx, &reading, external_id, attributes, &said).await?;
    Ok(Applied::Done(taken.done))
}

/// What became of a profile.
pub struct Taken {
    /// For who looks at it.
    pub done: Value,
    /// Whether it is a customer who was not there before.
    pub is_created: bool,
}

impl From<Value> for Taken {
    fn from(done: Value) -> Self {
        Self {
            done,
            is_created: false,
        }
    }
}

/// Takes a profile's fields over, as far as nothing newer was said.
pub async fn take_over(
    tx: &mut Tx,
    reading: &Reading,
    external_id: &str,
    profile: &Value,
    said: &Said,
) -> Result<Taken, Failure> {
    let mut thing = Entity::lock(tx, SOURCE, KIND, external_id).await?;
    if let Some(kept) = merged_into(&thing) {
        // What it says of itself is not the kept one's.
        return Ok(json!({"merged_into": kept}).into());
    }
    if thing.is_deleted() {
        return Ok(json!({"deleted": true}).into());
    }
    subscriptions::note(&mut thing, &profile["subscriptions"], said);
    let mut fields = fields(profile, &reading.definitions);
    // Klaviyo empties only what it had told: most of its profiles know less than is known here.
    fields.retain(|name, value| !value.is_null() || people::was_told(&thing, name));
    let told = fields.len();
    fields.retain(|name, _| thing.is_news(&format!("field:{name}"), said));
    let is_old = told > 0 && fields.is_empty();
    let mut left_out = Vec::new();
    let taken = people::take_over(tx, &mut thing, &fields, &mut left_out).await?;
    let Some((id, is_created)) = taken else {
        thing.save(tx).await?;
        return Ok(json!({"customer": "deleted"}).into());
    };
    let defaults = people::defaults(tx).await?;
    let place = &profile["location"];
    location::settle(tx, id, &mut thing, place, said, &defaults, &mut left_out).await?;
    let analytics = &profile["predictive_analytics"];
    match predictions::told(analytics, reading.currency, said) {
        Some(told) if thing.is_news("predictions", said) => {
            regulars_commerce::ops::metrics::tell(tx, id, reading.base, SOURCE, &told).await?;
        }
        _ => {}
    }
    settle(tx, id, &mut thing).await?;
    thing.save(tx).await?;
    let mut done = json!({"customer_id": id});
    if is_created {
        done["created"] = true.into();
    }
    if is_old {
        done["newer_known"] = true.into();
    }
    if !left_out.is_empty() {
        left_out.sort();
        left_out.dedup();
        done["left_out"] = json!(left_out);
    }
    Ok(Taken { done, is_created })
}

/// Applies what was noted of consents and lists, and gives the customer what they did before anybody knew them.
pub async fn settle(tx: &mut Tx, id: CustomerId, thing: &mut Entity) -> Result<()> {
    consents::settle(tx, id, thing).await?;
    lists::settle(tx, id, thing).await?;
    if thing.data.shift_remove(WAITED_FOR).is_some() {
        let visitor = visitor(thing.external_id());
        join(tx, &BTreeMap::from([(visitor.as_str(), id)])).await?;
    }
    Ok(())
}

/// Notes that something was told of somebody who is not known yet.
pub fn wait_for(thing: &mut Entity) {
    thing.data.insert(WAITED_FOR.into(), true.into());
}

/// The visitor to whom belongs what a profile did that is not known yet.
pub fn visitor(external_id: &str) -> String {
    // With its prefix an id that is as long as it may be would be too long; its end tells ids apart as well as its beginning.
    let from = external_id.len().saturating_sub(80);
    format!("klaviyo:{}", external_id.get(from..).unwrap_or_default())
}

/// The profile of which this one has become part.
pub fn merged_into(thing: &Entity) -> Option<&str> {
    thing.data.get(MERGED_INTO).and_then(Value::as_str)
}

/// A profile that is gone: the link is detached, and who is known by nothing else is deleted here too.
pub async fn delete(tx: &mut Tx, message: &Received, payload: &Value) -> Result<Applied, Failure> {
    let external_id = required_id(&payload["data"])?;
    let mut thing = Entity::lock(tx, SOURCE, KIND, external_id).await?;
    let is_made_here = people::is_made_here(&thing);
    thing.delete(message.said_at);
    thing.data.retain(|name, _| name == MERGED_INTO);
    thing.save(tx).await?;
    let Ours::Living(customer) = people::ours(tx, SOURCE, external_id).await? else {
        return Ok(Applied::Done(json!({"deleted": true})));
    };
    people::detach(tx, customer.id, SOURCE, external_id).await?;
    let is_last = people::is_last(tx, customer.id, is_made_here).await?;
    if is_last {
        ops::customers::delete(tx, customer.id, &|_| Ok(())).await?;
    }
    Ok(Applied::Done(
        json!({"customer_id": customer.id, "deleted": is_last}),
    ))
}

/// Profiles that became one: `data` is the one that is left, its relationship `profiles` are those that became part of it, as in
/// Klaviyo's own request for it.
pub async fn merge(tx: &mut Tx, message: &Received, payload: &Value) -> Result<Applied, Failure> {
    let kept_id = required_id(&payload["data"])?;
    let gone = payload["data"]["relationships"]["profiles"]["data"].as_array();
    let gone: BTreeSet<&str> = gone
        .into_iter()
        .flatten()
        .filter_map(|one| json::id(&one["id"]))
        .filter(|id| *id != kept_id)
        .take(MOST_MERGED)
        .collect();
    if gone.is_empty() {
        return Err(Failure::Fatal(
            "it names no profile that became part of another".into(),
        ));
    }
    // Always in this order, so that two messages do not wait for each other.
    let ids: BTreeSet<&str> = gone.iter().copied().chain([kept_id]).collect();
    let mut things = BTreeMap::new();
    for id in ids {
        things.insert(id, Entity::lock(tx, SOURCE, KIND, id).await?);
    }
    let mut deleted = 0;
    for gone_id in &gone {
        let Some(thing) = things.get_mut(gone_id) else {
            continue;
        };
        let is_made_here = people::is_made_here(thing);
        thing.delete(message.said_at);
        thing.data = Map::from_iter([(MERGED_INTO.to_owned(), json!(kept_id))]);
        thing.save(tx).await?;
        deleted += u32::from(move_over(tx, gone_id, kept_id, is_made_here).await?);
    }
    let mut done = json!({"merged_into": kept_id, "deleted": deleted});
    if let Ours::Living(kept) = people::ours(tx, SOURCE, kept_id).await? {
        done["customer_id"] = json!(kept.id);
    }
    Ok(Applied::Done(done))
}

/// Makes the customer of one profile that of another. Whoever is known by another system as well stays, with their orders:
/// that Klaviyo took two for one does not make the shop do so. Says whether somebody was deleted.
async fn move_over(tx: &mut Tx, gone_id: &str, kept_id: &str, is_made_here: bool) -> Result<bool, Failure> {
    let Ours::Living(gone) = people::ours(tx, SOURCE, gone_id).await? else {
        return Ok(false);
    };
    let kept = match people::ours(tx, SOURCE, kept_id).await? {
        Ours::Nobody => {
            // Who is left is not known yet: they are who is known.
            let link = SourceInput {
                source: SOURCE.into(),
                external_id: kept_id.into(),
            };
            ops::sources::link(tx, gone.id, &link).await?;
            people::detach(tx, gone.id, SOURCE, gone_id).await?;
            return Ok(false);
        }
        Ours::Living(kept) if kept.id != gone.id => Some(kept.id),
        Ours::Living(_) | Ours::Deleted => None,
    };
    people::detach(tx, gone.id, SOURCE, gone_id).await?;
    let Some(kept) = kept else {
        return Ok(false);
    };
    let is_last = people::is_last(tx, gone.id, is_made_here).await?;
    if is_last {
        regulars_commerce::ops::hand_over(tx, gone.id, kept).await?;
        ops::customers::delete(tx, gone.id, &|_| Ok(())).await?;
    }
    Ok(is_last)
}

fn required_id(thing: &Value) -> Result<&str, Failure> {
    json::id(&thing["id"]).ok_or_else(|| Failure::Fatal("there is no id in payload/data/id".into()))
}

/// Our fields of a profile's; what is absent stays absent.
fn fields(profile: &Value, definitions: &Definitions) -> Map<String, Value> {
    const SAME: &[(&str, &str)] = &[
        ("/email", "email"),
        ("/phone_number", "phone"),
        ("/first_name", "first_name"),
        ("/last_name", "last_name"),
        ("/organization", "company_name"),
        ("/locale", "locale"),
        ("/location/timezone", "time_zone"),
    ];
    let mut fields = Map::new();
    for (theirs, ours) in SAME {
        match profile.pointer(theirs) {
            // An empty text is none.
            Some(Value::String(text)) if text.trim().is_empty() => {
                fields.insert((*ours).to_owned(), Value::Null);
            }
            Some(value @ (Value::String(_) | Value::Null)) => {
                fields.insert((*ours).to_owned(), value.clone());
            }
            _ => {}
        }
    }
    for (name, value) in profile["properties"].as_object().into_iter().flatten() {
        let is_called = |label: &str| label.trim().eq_ignore_ascii_case(name.trim());
        let definition = definitions
            .0
            .iter()
            .filter(|one| one.archived_at.is_none())
            .find(|one| one.name == *name || is_called(&one.label));
        if let Some(definition) = definition {
            let field = format!("{}{}", people::ATTRIBUTE, definition.name);
            fields.insert(field, fitted(value, definition.kind));
        }
    }
    fields
}

/// A property as an attribute of this kind has it, where that is only another way to write it.
fn fitted(value: &Value, kind: AttributeKind) -> Value {
    match (kind, value) {
        (AttributeKind::Text, Value::Number(number)) => number.to_string().into(),
        (AttributeKind::Text, Value::Bool(flag)) => flag.to_string().into(),
        (AttributeKind::Boolean, Value::String(text)) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" => true.into(),
            "false" | "no" => false.into(),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}
