//! Wishlists: told one or many at a time, deleted, listed.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Currency, Cursor, Error, Page, PageRequest, Result, Sort,
    ids::{CustomerId, WishlistId},
};
use serde_json::json;
use sqlx::Executor as _;

use super::{
    ByKey, Outcome,
    batch::{as_they_are, check_all},
    orders::{Guard, UNGUARDED},
    people::People,
};
use crate::{
    model::{Wishlist, WishlistChange, WishlistInput, WishlistJson},
    paging::{self, COUNTED},
    store,
};

/// How often others may tell of the same new wishlists meanwhile.
const TRIES: usize = 5;
/// The order of the list.
pub const ORDER: &[Sort] = &[Sort::descending("updated_at")];

/// Reads a wishlist.
pub async fn get(tx: &mut Tx, id: WishlistId) -> Result<Wishlist> {
    store::wishlists::get(tx, id)
        .await?
        .filter(|list| list.deleted_at.is_none())
        .ok_or(Error::NotFound("wishlist"))
}

/// A page of wishlists, the one that changed last first; somebody's, if told whose.
pub async fn list(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    page: &PageRequest,
) -> Result<Page<WishlistJson>> {
    let mut found =
        store::wishlists::list(tx, customer, page.cursor(), page.offset(), paging::most(page)).await?;
    let total = paging::total(store::wishlists::count(tx, customer, COUNTED + 1).await?);
    let next = paging::cut(&mut found, page, |last| {
        Cursor::new(ORDER, vec![json!(last.updated_at)], last.id.0)
    });
    let shown = found.iter().map(Wishlist::show).collect();
    Ok(Page::new(shown, next, total))
}

/// Tells of many wishlists, in their order; what is refused changes nothing and keeps none of the others back. `base` is
/// the organization's currency.
pub async fn upsert_many(
    tx: &mut Tx,
    inputs: &[WishlistInput],
    base: Currency,
    guard: Guard<'_>,
) -> Result<Vec<Outcome<Wishlist>>> {
    tell_by_some(tx, inputs, base, guard, false).await
}

/// What would become of many wishlists if they were told of; nothing is written, and who is not known stays so.
pub async fn try_many(
    tx: &mut Tx,
    inputs: &[WishlistInput],
    base: Currency,
) -> Result<Vec<Outcome<Wishlist>>> {
    tell_by_some(tx, inputs, base, UNGUARDED, true).await
}

/// Wishlists that are in memory at a time, with all that is on them.
const AT_ONCE: usize = 50;

async fn tell_by_some(
    tx: &mut Tx,
    inputs: &[WishlistInput],
    base: Currency,
    guard: Guard<'_>,
    is_trial: bool,
) -> Result<Vec<Outcome<Wishlist>>> {
    // One list told twice is told in its order, whatever is between, and locks are taken in one order by everybody.
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|index| (inputs[*index].source.trim(), inputs[*index].external_id.trim()));
    let mut outcomes: Vec<Option<Outcome<Wishlist>>> = inputs.iter().map(|_| None).collect();
    for some in order.chunks(AT_ONCE) {
        let told: Vec<WishlistInput> = some.iter().map(|index| inputs[*index].clone()).collect();
        let became = tell_many(tx, &told, base, guard, is_trial).await?;
        for (index, mut outcome) in some.iter().zip(became) {
            if inputs.len() > AT_ONCE
                && let Outcome::Created(list) | Outcome::Updated(list) | Outcome::Unchanged(list) =
                    &mut outcome
            {
                // Of many only their ids and versions are asked.
                list.items = Vec::new();
            }
            outcomes[*index] = Some(outcome);
        }
    }
    Ok(outcomes.into_iter().flatten().collect())
}

async fn tell_many(
    tx: &mut Tx,
    inputs: &[WishlistInput],
    base: Currency,
    guard: Guard<'_>,
    is_trial: bool,
) -> Result<Vec<Outcome<Wishlist>>> {
    let (mut outcomes, mut told) = check_all(inputs, |input, faults| input.check(base, faults));
    for _ in 0..TRIES {
        let people = People::seek(tx, told.iter().map(|(_, change)| change), is_trial).await?;
        let keys: Vec<_> = told
            .iter()
            .map(|(_, change)| (change.source.as_str(), change.external_id.as_str()))
            .collect();
        let before: ByKey<Wishlist> = store::wishlists::lock(tx, &keys)
            .await?
            .into_iter()
            .map(|list| ((list.source.clone(), list.external_id.clone()), list))
            .collect();
        let mut after = before.clone();
        for (index, change) in &told {
            outcomes[*index] = Some(tell(tx, change, &people, &mut after, guard));
        }
        let is_refused = |index: usize| matches!(outcomes[index], Some(Outcome::Refused(_)));
        let wanted = told.iter().filter(|(index, _)| !is_refused(*index));
        if people.has_needless(wanted.map(|(_, change)| change)) {
            // Whom only a refused wishlist names stays unknown.
            people.take_back(tx).await?;
            told.retain(|(index, _)| !is_refused(*index));
            continue;
        }
        if is_trial || write(tx, &before, &mut after).await? {
            return Ok(as_they_are(outcomes.into_iter().flatten(), &after, key));
        }
    }
    Err(Error::Unavailable(
        "others tell of the same wishlists at once; try again".into(),
    ))
}

fn tell(
    tx: &Tx,
    change: &WishlistChange,
    people: &People,
    all: &mut ByKey<Wishlist>,
    guard: Guard<'_>,
) -> Outcome<Wishlist> {
    let key = (change.source.clone(), change.external_id.clone());
    let known = all.get(&key).cloned();
    if let Some(list) = &known {
        if let Err(error) = guard(list.version) {
            return Outcome::Refused(error);
        }
        if list.deleted_at.is_some() && change.version.is_none() {
            let message = "this wishlist was deleted; it stays so";
            return Outcome::Refused(Error::conflict("/external_id", "wishlist_deleted", message));
        }
    }
    let is_new = known.is_none();
    let before = known.unwrap_or_else(|| Wishlist::blank(&key.0, &key.1, tx.now()));
    let customer = match people.settle(before.customer_id, &change.whose) {
        Ok(customer) => customer,
        Err(error) => return Outcome::Refused(error),
    };
    let after = before.merged(change, customer, tx.now());
    let is_same = before == after;
    all.insert(key, after.clone());
    match (is_new, is_same) {
        (true, _) => Outcome::Created(after),
        (false, true) => Outcome::Unchanged(after),
        (false, false) => Outcome::Updated(after),
    }
}

/// Writes what differs, and tells what is wished for now and what no more. False if others have told of a new wishlist
/// meanwhile: then nothing is written.
async fn write(tx: &mut Tx, before: &ByKey<Wishlist>, after: &mut ByKey<Wishlist>) -> Result<bool> {
    let new: Vec<&Wishlist> = after
        .iter()
        .filter(|(key, _)| !before.contains_key(*key))
        .map(|(_, list)| list)
        .collect();
    let changed: Vec<&Wishlist> = after
        .iter()
        .filter(|(key, list)| before.get(*key).is_some_and(|before| before != *list))
        .map(|(_, list)| list)
        .collect();
    if !new.is_empty() {
        tx.conn().execute("SAVEPOINT new_wishlists").await?;
        if store::wishlists::insert(tx, &new).await? < new.len() {
            tx.conn().execute("ROLLBACK TO SAVEPOINT new_wishlists").await?;
            return Ok(false);
        }
    }
    let versions = if changed.is_empty() {
        Vec::new()
    } else {
        store::wishlists::update(tx, &changed).await?
    };
    let mut events = Vec::new();
    let (mut listed, nothing) = (Vec::new(), Wishlist::blank("", "", tx.now()));
    for list in new.iter().chain(&changed).copied() {
        let old = before
            .get(&(list.source.clone(), list.external_id.clone()))
            .unwrap_or(&nothing);
        if old.items != list.items {
            listed.push(list);
        }
        events.extend(told(old, list));
    }
    if !listed.is_empty() {
        store::wishlists::replace_items(tx, &listed).await?;
    }
    regulars_events::append_many(tx, events).await?;
    for (id, version, at) in versions {
        if let Some(list) = after.values_mut().find(|list| list.id.0 == id) {
            (list.version, list.updated_at) = (version, at);
        }
    }
    Ok(true)
}

/// What is told of a change. Nobody's wishes are no event: they are told once they are somebody's.
fn told(old: &Wishlist, new: &Wishlist) -> Vec<NewEvent> {
    let nothing = Wishlist::blank("", "", new.created_at);
    // Whoever has it now wishes for all of it.
    let old = if old.customer_id == new.customer_id {
        old
    } else {
        &nothing
    };
    let at = new.source_version.unwrap_or(new.updated_at);
    let mut events = Vec::new();
    if new.customer_id.is_none() {
        return events;
    }
    for (kind, wishes) in [
        ("wishlist.removed", old.beyond(new)),
        ("wishlist.added", new.beyond(old)),
    ] {
        if wishes.is_empty() {
            continue;
        }
        let at = match kind {
            "wishlist.added" => wishes.iter().map(|wish| wish.added_at).max().unwrap_or(at),
            _ => at,
        };
        let mut event = NewEvent::new(kind).data(new.describe(&wishes)).at(at);
        event.customer_id = new.customer_id;
        events.push(event);
    }
    events
}

/// Deletes a wishlist for ever: what arrives of it later changes nothing.
pub async fn delete(tx: &mut Tx, id: WishlistId, guard: Guard<'_>) -> Result<()> {
    let list = get(tx, id).await?;
    let before = store::wishlists::lock(tx, &[(&list.source, &list.external_id)])
        .await?
        .pop()
        .filter(|list| list.deleted_at.is_none())
        .ok_or(Error::NotFound("wishlist"))?;
    guard(before.version)?;
    let empty = Wishlist {
        items: Vec::new(),
        updated_at: tx.now(),
        ..before.clone()
    };
    let events = told(&before, &empty);
    let after = Wishlist {
        name: None,
        customer_id: None,
        deleted_at: Some(tx.now()),
        ..empty
    };
    store::wishlists::update(tx, &[&after]).await?;
    store::wishlists::replace_items(tx, &[&after]).await?;
    regulars_events::append_many(tx, events).await?;
    Ok(())
}

/// Gives a customer all wishlists of another who turned out to be the same; answers how many.
pub(super) async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    store::wishlists::hand_over(tx, from, to).await
}

fn key(list: &Wishlist) -> (String, String) {
    (list.source.clone(), list.external_id.clone())
}
