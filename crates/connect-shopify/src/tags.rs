//! Tags, which Shopify tells of one by one (`customer.tags_added`) or, in old versions, as a list in the customer.

use std::collections::BTreeSet;

use regulars_connect::{Entity, Said};
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId, text};
use serde_json::{Map, Value, json};

const LIST: &str = "tags";
/// Characters of a tag at most, as ours.
const MOST: usize = 60;

/// Notes that these are all the tags there are.
pub fn list(thing: &mut Entity, names: &[String], said: &Said) {
    if !thing.is_news(LIST, said) {
        return;
    }
    let mut tags = tags(thing);
    // What was said of single ones after the list holds against it.
    let is_newer = |thing: &Entity, name: &str| thing.last(&facet(name)).is_some_and(|known| known > said);
    tags.retain(|name| names.contains(name) || is_newer(thing, name));
    tags.extend(names.iter().filter(|name| !is_newer(thing, name)).cloned());
    thing.forget_before("tag:", said);
    keep(thing, &tags);
}

/// Notes that tags were added or taken away.
pub fn change(thing: &mut Entity, names: &[String], is_added: bool, said: &Said) {
    let mut tags = tags(thing);
    for name in names {
        let is_told_by_list = thing.last(LIST).is_some_and(|list| list > said);
        if is_told_by_list || !thing.is_news(&facet(name), said) {
            continue;
        }
        if is_added {
            tags.insert(name.clone());
        } else {
            tags.remove(name);
        }
    }
    keep(thing, &tags);
}

/// Names of tags: a list, or a text with commas between them. What cannot be a tag is left out.
pub fn names(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => text.split(',').collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts
        .into_iter()
        .filter_map(|name| text::clean_line(name, MOST).ok())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Gives the customer the tags that came, and takes those that went, since this was done last. What staff did to others
/// is not touched.
pub async fn settle(
    tx: &mut Tx,
    id: CustomerId,
    thing: &mut Entity,
    left_out: &mut Vec<String>,
) -> Result<()> {
    let wanted = tags(thing);
    let applied: BTreeSet<String> = texts(thing.data.get("applied_tags"));
    let new: Vec<String> = wanted.difference(&applied).cloned().collect();
    if !new.is_empty() {
        match regulars_customers::ops::tags::add(tx, id, &new).await {
            Ok(_) => {}
            Err(Error::Invalid(_) | Error::Conflict(_)) => left_out.push("/tags".into()),
            Err(error) => return Err(error),
        }
    }
    for gone in applied.difference(&wanted) {
        match regulars_customers::ops::tags::remove(tx, id, gone).await {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if wanted != applied {
        thing.data.insert("applied_tags".into(), json!(wanted));
    }
    Ok(())
}

fn facet(name: &str) -> String {
    format!("tag:{name}")
}

fn tags(thing: &Entity) -> BTreeSet<String> {
    texts(thing.data.get("tags"))
}

fn keep(thing: &mut Entity, tags: &BTreeSet<String>) {
    let data: &mut Map<String, Value> = &mut thing.data;
    data.insert("tags".into(), json!(tags));
}

fn texts(value: Option<&Value>) -> BTreeSet<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
