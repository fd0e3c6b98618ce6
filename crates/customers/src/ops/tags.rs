//! Tags: the list of them, and giving them to customers by name.

use std::collections::HashMap;

use regulars_accounts::audit;
use regulars_database::Tx;
use regulars_events::{NewEvent, followers};
use regulars_jobs::NewJob;
use regulars_kernel::{
    Cursor, Error, Faults, Page, PageRequest, Result, Sort, Total,
    ids::{CustomerId, JobId, TagId},
};
use serde_json::json;

use super::{
    Guard,
    customers::event,
    lock_living,
    pages::{next, one_more, place},
    require_living,
};
use crate::{
    letting_go::{self, DeletedTag, MergedTag},
    model::{Color, MAX_TAGS, Tag, TagInput, TagRef, tag},
    store,
};

/// The order of tags: their names whatever their case.
pub const TAG_ORDER: &[Sort] = &[Sort::ascending("name")];

/// A page of the tags by name with how many customers have them.
pub async fn list(tx: &mut Tx, search: Option<&str>, page: &PageRequest) -> Result<Page<Tag>> {
    let after: Option<String> = place(page, 0)?;
    let (mut tags, count) =
        store::tags::list(tx, search, after.as_deref(), one_more(page), page.offset()).await?;
    let next = next(&mut tags, page, |last| {
        Cursor::new(TAG_ORDER, vec![json!(last.name)], last.id.0)
    });
    Ok(Page::new(tags, next, Total::exact(count)))
}

/// One tag.
pub async fn get(tx: &mut Tx, id: TagId) -> Result<Tag> {
    store::tags::get(tx, id).await?.ok_or(Error::NotFound("tag"))
}

/// Makes a tag.
pub async fn create(tx: &mut Tx, input: &TagInput) -> Result<Tag> {
    let now = tx.now();
    let mut tag = Tag {
        id: TagId::new(),
        version: 1,
        name: String::new(),
        color: Color::default(),
        description: None,
        customers: Total::exact(0),
        created_at: now,
        updated_at: now,
    };
    let mut faults = Faults::new();
    input.apply(&mut tag, &mut faults);
    faults.check()?;
    if store::tags::count(tx).await? >= tag::MOST_TAGS {
        return Err(full(""));
    }
    store::tags::insert(tx, &tag).await?;
    let data = json!({"id": tag.id, "name": tag.name});
    regulars_events::append(tx, NewEvent::new("tag.created").data(data)).await?;
    audit(
        tx,
        "tag.created",
        Some(("tag", tag.id.0)),
        json!({"name": tag.name}),
    )
    .await?;
    Ok(tag)
}

fn full(pointer: &str) -> Error {
    let message = format!("an organization may have {} tags", tag::MOST_TAGS);
    Error::conflict(pointer, "too_many", message)
}

/// Changes a tag; renaming it keeps it on its customers.
pub async fn update(tx: &mut Tx, id: TagId, input: &TagInput, guard: Guard<'_>) -> Result<Tag> {
    store::tags::lock(tx, &[id]).await?;
    let before = get(tx, id).await?;
    guard(before.version)?;
    let mut after = before.clone();
    let mut faults = Faults::new();
    input.apply(&mut after, &mut faults);
    faults.check()?;
    if after == before {
        return Ok(before);
    }
    store::tags::update(tx, &after).await?;
    if after.name != before.name {
        followers::changed_among(tx, store::tags::WHOSE, id.0).await?;
    }
    let changes = super::contacts::differences(&before, &after);
    let data = json!({"id": id, "name": after.name, "changes": changes});
    let facts = json!({"name": before.name, "changes": changes});
    regulars_events::append(tx, NewEvent::new("tag.updated").data(data)).await?;
    audit(tx, "tag.updated", Some(("tag", id.0)), facts).await?;
    get(tx, id).await
}

/// The most customers whom a tag is taken from while somebody waits.
const AT_ONCE: i64 = 5_000;

/// Removes a tag from everybody and from the list: at once, or by the job that is answered if very many have it. 409 while
/// it is merged into another, or another into it.
pub async fn delete(tx: &mut Tx, id: TagId, guard: Guard<'_>) -> Result<Option<JobId>> {
    store::tags::lock(tx, &[id]).await?;
    let tag = get(tx, id).await?;
    guard(tag.version)?;
    let delete = DeletedTag { tag_id: id };
    // Those whom a merge has given the other tag would lose this one too, and with it both.
    match store::tags::going(tx, &[id]).await? {
        Some((job_id, input)) if input == json!(delete) => return Ok(Some(job_id)),
        Some(_) => return Err(busy("this tag is being merged; try again when that is done")),
        None => {}
    }
    let facts = json!({"name": tag.name, "customers": tag.customers.value});
    audit(tx, "tag.deleted", Some(("tag", id.0)), facts).await?;
    if tag.customers.value > AT_ONCE {
        let job = NewJob::new(letting_go::DELETE_TAG, delete).key(id.to_string());
        return regulars_jobs::enqueue(tx, job).await.map(Some);
    }
    followers::changed_among(tx, store::tags::WHOSE, id.0).await?;
    gone(tx, &tag, tag.customers.value).await?;
    Ok(None)
}

fn busy(message: &'static str) -> Error {
    Error::conflict("", "tag_busy", message)
}

/// Takes a tag from some of those who have it, and removes it with the last of them; `before` lost it already. Gives how
/// many lost it, and whether the tag is gone.
pub async fn delete_some(tx: &mut Tx, id: TagId, most: i64, before: u64) -> Result<(u64, bool)> {
    if store::tags::lock(tx, &[id]).await?.is_empty() {
        return Ok((0, true));
    }
    let losers = store::tags::remove_some(tx, id, most).await?;
    let removed = losers.len() as u64;
    followers::changed(tx, losers).await?;
    let is_last = removed < most.unsigned_abs();
    if is_last {
        let tag = get(tx, id).await?;
        let all = before + removed;
        gone(tx, &tag, i64::try_from(all).unwrap_or(i64::MAX)).await?;
    }
    Ok((removed, is_last))
}

async fn gone(tx: &mut Tx, tag: &Tag, customers: i64) -> Result<()> {
    store::tags::delete(tx, tag.id).await?;
    let data = json!({"id": tag.id, "name": tag.name, "customers": customers});
    regulars_events::append(tx, NewEvent::new("tag.deleted").data(data)).await?;
    Ok(())
}

/// Makes two tags one: everybody with the first has the second instead, and the first is gone: at once, or by the job that
/// is answered if very many have it. Answers the tag that remains.
pub async fn merge(tx: &mut Tx, id: TagId, into: TagId) -> Result<(Tag, Option<JobId>)> {
    if id == into {
        return Err(Error::invalid(
            "/into",
            "same_tag",
            "a tag cannot be merged into itself",
        ));
    }
    let found = store::tags::lock(tx, &[id, into]).await?;
    if !found.contains(&id) {
        return Err(Error::NotFound("tag"));
    }
    if !found.contains(&into) {
        return Err(Error::invalid(
            "/into",
            "tag_unknown",
            "there is no tag with this id",
        ));
    }
    let merge = MergedTag { tag_id: id, into };
    // Two jobs that give each other their customers would never end.
    match store::tags::going(tx, &[id, into]).await? {
        Some((job_id, input)) if input == json!(merge) => return Ok((get(tx, into).await?, Some(job_id))),
        Some(_) => {
            let message = "one of these tags is being merged or deleted; try again when that is done";
            return Err(busy(message));
        }
        None => {}
    }
    let (from, to) = (get(tx, id).await?, get(tx, into).await?);
    let facts = json!({"name": from.name, "into": to.name, "customers": from.customers.value});
    audit(tx, "tag.merged", Some(("tag", id.0)), facts).await?;
    let job_id = if from.customers.value > AT_ONCE {
        let job = NewJob::new(letting_go::MERGE_TAG, merge).key(id.to_string());
        Some(regulars_jobs::enqueue(tx, job).await?)
    } else {
        merge_some(tx, merge, AT_ONCE + 1).await?;
        None
    };
    Ok((get(tx, into).await?, job_id))
}

/// Gives some of those with a tag the other one instead, and removes the tag with the last of them; each has one of both
/// at any time. Gives how many, and whether the tag is gone. 404 if the other one is gone: the rest keep what they have.
pub(crate) async fn merge_some(tx: &mut Tx, merge: MergedTag, most: i64) -> Result<(u64, bool)> {
    let MergedTag { tag_id, into } = merge;
    let found = store::tags::lock(tx, &[tag_id, into]).await?;
    if !found.contains(&tag_id) {
        return Ok((0, true));
    }
    let to = get(tx, into).await?;
    let moved = store::tags::move_some(tx, tag_id, into, most).await?;
    followers::changed(tx, moved.iter().copied()).await?;
    // Fewer than were asked for may be moved because somebody takes the tag from one of them at that very moment.
    let is_last = !store::tags::is_used(tx, tag_id).await?;
    if is_last {
        let from = get(tx, tag_id).await?;
        store::tags::delete(tx, tag_id).await?;
        let data = json!({"id": into, "name": to.name, "from": {"id": tag_id, "name": from.name}});
        regulars_events::append(tx, NewEvent::new("tag.merged").data(data)).await?;
    }
    Ok((moved.len() as u64, is_last))
}

/// The tags of a customer, by name.
pub async fn of_customer(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<TagRef>> {
    require_living(tx, customer_id).await?;
    store::tags::of_customer(tx, customer_id).await
}

/// Gives a customer tags by name, making those that do not exist.
pub async fn add(tx: &mut Tx, customer_id: CustomerId, names: &[String]) -> Result<Vec<TagRef>> {
    let customer = lock_living(tx, customer_id).await?;
    let names = checked(names)?;
    let (_, overfull) = add_to(tx, &[customer.id], &names).await?;
    if overfull.is_empty() {
        store::tags::of_customer(tx, customer.id).await
    } else {
        Err(Error::invalid("/tags", "too_many", too_many()))
    }
}

/// Lets a customer have exactly these tags.
pub async fn put(tx: &mut Tx, customer_id: CustomerId, names: &[String]) -> Result<Vec<TagRef>> {
    let before = lock_living(tx, customer_id).await?;
    let mut after = before.clone();
    after.tags = checked(names)?;
    super::customers::write(tx, before, after).await?;
    store::tags::of_customer(tx, customer_id).await
}

/// Takes a tag from a customer; 404 if it does not have it.
pub async fn remove(tx: &mut Tx, customer_id: CustomerId, name: &str) -> Result<()> {
    lock_living(tx, customer_id).await?;
    let names = [name.to_owned()];
    if remove_from(tx, &[customer_id], &names).await?.is_empty() {
        return Err(Error::NotFound("tag"));
    }
    Ok(())
}

/// Cleans names of tags, or says what is wrong with each.
pub(super) fn checked(names: &[String]) -> Result<Vec<String>> {
    let mut faults = Faults::new();
    if names.len() > MAX_TAGS {
        faults.add("/tags", "too_many", too_many());
    } else {
        let names = tag::names(names, "/tags", &mut faults);
        if faults.0.is_empty() {
            return Ok(names);
        }
    }
    Err(Error::Invalid(faults))
}

pub(super) fn too_many() -> String {
    format!("a customer may have {MAX_TAGS} tags")
}

/// The tags of these names, made where there are none.
pub(super) async fn ensure(tx: &mut Tx, names: &[String]) -> Result<Vec<(TagId, String)>> {
    let found = store::tags::by_names(tx, names).await?;
    if found.len() == names.len() {
        return Ok(found);
    }
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    if !store::tags::define(tx, &wanted, tag::MOST_TAGS).await?.is_empty() {
        return Err(full("/tags"));
    }
    store::tags::by_names(tx, names).await
}

/// Gives locked customers tags. Answers to whom that made a difference, and who has too many to be given them.
pub(super) async fn add_to(
    tx: &mut Tx,
    customers: &[CustomerId],
    names: &[String],
) -> Result<(Vec<CustomerId>, Vec<CustomerId>)> {
    let tags = ensure(tx, names).await?;
    let ids: Vec<TagId> = tags.iter().map(|(id, _)| *id).collect();
    let overfull = store::tags::overfull(tx, customers, &ids, MAX_TAGS as i64).await?;
    let others: Vec<CustomerId> = customers
        .iter()
        .filter(|id| !overfull.contains(id))
        .copied()
        .collect();
    let pairs = store::tags::add(tx, &others, &ids).await?;
    Ok((tell(tx, "customer.tagged", &tags, pairs).await?, overfull))
}

/// Takes tags from locked customers. Answers to whom that made a difference.
pub(super) async fn remove_from(
    tx: &mut Tx,
    customers: &[CustomerId],
    names: &[String],
) -> Result<Vec<CustomerId>> {
    let tags = store::tags::by_names(tx, names).await?;
    let ids: Vec<TagId> = tags.iter().map(|(id, _)| *id).collect();
    let pairs = store::tags::remove(tx, customers, &ids).await?;
    tell(tx, "customer.untagged", &tags, pairs).await
}

/// Tags are part of what a customer shows, so its version rises with them.
async fn tell(
    tx: &mut Tx,
    kind: &'static str,
    tags: &[(TagId, String)],
    pairs: Vec<(CustomerId, TagId)>,
) -> Result<Vec<CustomerId>> {
    let mut by_customer: HashMap<CustomerId, (Vec<&str>, Vec<TagId>)> = HashMap::new();
    for (customer, id) in pairs {
        let (names, ids) = by_customer.entry(customer).or_default();
        if let Some((_, name)) = tags.iter().find(|(tag, _)| *tag == id) {
            names.push(name);
            ids.push(id);
        }
    }
    if by_customer.is_empty() {
        return Ok(Vec::new());
    }
    let mut touched: Vec<CustomerId> = by_customer.keys().copied().collect();
    touched.sort_unstable();
    store::customers::touch(tx, &touched).await?;
    let events = touched
        .iter()
        .map(|id| {
            let (names, ids) = &by_customer[id];
            event(kind, *id, json!({"tags": names, "tag_ids": ids}))
        })
        .collect();
    regulars_events::append_many(tx, events).await?;
    Ok(touched)
}
