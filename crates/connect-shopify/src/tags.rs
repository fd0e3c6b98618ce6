//! Tags, which Shopify tells of one by one (`customer.tags_added`) or, in old versions, as a list in the customer.

use std::collections::BTreeMap;

use regulars_connect::{Entity, Said};
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId, text};
use serde_json::{Value, json};

const LIST: &str = "tags";
/// Under which they are kept: as Shopify has them, and as the customer was given them.
const WANTED: &str = "tags";
const APPLIED: &str = "applied_tags";
/// Characters of a tag at most, as ours.
const MOST: usize = 60;

/// Tags as Shopify wrote them last, by what they are compared by: their case is of no account, there as here.
type Tags = BTreeMap<String, String>;

/// Notes that these are all the tags there are.
pub fn list(thing: &mut Entity, names: &[String], said: &Said) {
    if !thing.is_news(LIST, said) {
        return;
    }
    let mut tags = tags(thing, WANTED);
    let listed: Tags = names.iter().map(|name| (key(name), name.clone())).collect();
    // What was said of single ones after the list holds against it.
    let is_newer = |thing: &Entity, key: &str| thing.last(&facet(key)).is_some_and(|known| known > said);
    tags.retain(|key, _| is_newer(thing, key));
    tags.extend(listed.into_iter().filter(|(key, _)| !is_newer(thing, key)));
    thing.forget_before("tag:", said);
    keep(thing, WANTED, &tags);
}

/// Notes that tags were added or taken away.
pub fn change(thing: &mut Entity, names: &[String], is_added: bool, said: &Said) {
    let mut tags = tags(thing, WANTED);
    for name in names {
        let key = key(name);
        let is_told_by_list = thing.last(LIST).is_some_and(|list| list > said);
        if is_told_by_list || !thing.is_news(&facet(&key), said) {
            continue;
        }
        if is_added {
            tags.insert(key, name.clone());
        } else {
            tags.remove(&key);
        }
    }
    keep(thing, WANTED, &tags);
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
    let wanted = tags(thing, WANTED);
    let mut applied = tags(thing, APPLIED);
    if wanted == applied {
        return Ok(());
    }
    let gone: Tags = applied
        .extract_if(.., |key, _| !wanted.contains_key(key))
        .collect();
    for name in gone.values() {
        match regulars_customers::ops::tags::remove(tx, id, name).await {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let new: Vec<String> = wanted
        .iter()
        .filter(|(key, _)| !applied.contains_key(*key))
        .map(|(_, name)| name.clone())
        .collect();
    let is_taken = match new.as_slice() {
        [] => true,
        new => match regulars_customers::ops::tags::add(tx, id, new).await {
            Ok(_) => true,
            // The customer, or the organization, has as many as there may be: tried again with the next message.
            Err(Error::Invalid(_) | Error::Conflict(_)) => {
                left_out.push("/tags".into());
                false
            }
            Err(error) => return Err(error),
        },
    };
    keep(thing, APPLIED, if is_taken { &wanted } else { &applied });
    Ok(())
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

fn facet(key: &str) -> String {
    format!("tag:{key}")
}

fn tags(thing: &Entity, which: &str) -> Tags {
    thing
        .data
        .get(which)
        .and_then(|kept| serde_json::from_value(kept.clone()).ok())
        .unwrap_or_default()
}

fn keep(thing: &mut Entity, which: &str, tags: &Tags) {
    thing.data.insert(which.into(), json!(tags));
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn said(second: i64) -> Said {
        Said(DateTime::from_timestamp(second, 0).unwrap(), String::new())
    }

    #[test]
    fn a_list_and_single_words_agree_whatever_comes_first_and_whatever_their_case() {
        let list_at_5 = |thing: &mut Entity| list(thing, &["VIP".into(), "web".into()], &said(5));
        let added_at_3 = |thing: &mut Entity| change(thing, &["old".into()], true, &said(3));
        let removed_at_7 = |thing: &mut Entity| change(thing, &["Web".into()], false, &said(7));
        let steps: [&dyn Fn(&mut Entity); 3] = [&list_at_5, &added_at_3, &removed_at_7];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut thing = Entity::unknown("shopify", "customer", "1");
            for step in order {
                steps[step](&mut thing);
            }
            assert_eq!(
                tags(&thing, WANTED),
                Tags::from([("vip".into(), "VIP".into())]),
                "{order:?}"
            );
        }
    }
}
