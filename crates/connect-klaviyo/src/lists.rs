//! Lists and segments: who is on which, as far as events tell it, and the tags that say so here.
//!
//! Somebody is on dozens of them, most of which nobody here asks for. So which they are on is kept with the profile, and it is
//! a tag where the organization has made one of the list's name, as a property is an attribute where there is one. A tag
//! that somebody here gave is not taken away by a list.

use std::collections::{BTreeMap, BTreeSet};

use regulars_connect::{Entity, Said};
use regulars_customers::{ops, store};
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};
use serde_json::{Value, json};

use crate::json;

/// Under which stand the lists that a profile is on, and the tags that they gave the customer.
const LISTS: &str = "lists";
const TAGGED: &str = "list_tags";
/// Where an event has the name.
const NAMES: [&str; 4] = ["List", "List Name", "Segment", "Segment Name"];
/// Characters of a name at most, as of a tag.
const MOST_TEXT: usize = 60;
/// Lists of one profile at most.
const MOST: usize = 200;

/// Names by what they are compared by: their case is of no account.
type Names = BTreeMap<String, String>;

/// Notes that a profile joined or left the list or segment that an event names.
pub fn note(thing: &mut Entity, properties: &Value, is_joined: bool, said: &Said) {
    let Some(name) = NAMES
        .into_iter()
        .find_map(|field| json::line(&properties[field], MOST_TEXT))
    else {
        return;
    };
    let key = name.to_lowercase();
    if !thing.is_news(&format!("list:{key}"), said) {
        return;
    }
    let mut lists = names(thing, LISTS);
    if !is_joined {
        lists.remove(&key);
    } else if lists.len() < MOST {
        lists.insert(key, name);
    }
    thing.data.insert(LISTS.into(), json!(lists));
}

/// Gives the customer the tags that are called as the lists they are on, and takes away those that came of a list they left.
pub async fn settle(tx: &mut Tx, id: CustomerId, thing: &mut Entity) -> Result<()> {
    let lists = names(thing, LISTS);
    let mut tagged = names(thing, TAGGED);
    let before = tagged.len();
    let left: Names = tagged.extract_if(.., |key, _| !lists.contains_key(key)).collect();
    for name in left.values() {
        match ops::tags::remove(tx, id, name).await {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let joined: Vec<String> = lists
        .iter()
        .filter(|(key, _)| !tagged.contains_key(*key))
        .map(|(_, name)| name.clone())
        .collect();
    let mut new = Vec::new();
    if !joined.is_empty() {
        let has: BTreeSet<String> = store::tags::of_customer(tx, id)
            .await?
            .iter()
            .map(|tag| tag.name.to_lowercase())
            .collect();
        let there = store::tags::by_names(tx, &joined).await?;
        new.extend(
            there
                .into_iter()
                .map(|(_, name)| name)
                .filter(|name| !has.contains(&name.to_lowercase())),
        );
    }
    let is_given = match new.as_slice() {
        [] => false,
        new => match ops::tags::add(tx, id, new).await {
            Ok(_) => true,
            // The customer has as many as there may be: tried again with the next message.
            Err(Error::Invalid(_) | Error::Conflict(_)) => false,
            Err(error) => return Err(error),
        },
    };
    if is_given {
        tagged.extend(new.into_iter().map(|name| (name.to_lowercase(), name)));
    }
    if is_given || before > 0 {
        thing.data.insert(TAGGED.into(), json!(tagged));
    }
    Ok(())
}

fn names(thing: &Entity, which: &str) -> Names {
    let kept = thing.data.get(which);
    kept.and_then(|kept| serde_json::from_value(kept.clone()).ok())
        .unwrap_or_default()
}
