//! Notes with pin and history: what a note said before an edit is kept.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Cursor, Error, Faults, Page, PageRequest, Patch, Result, Sort, Total,
    ids::{CustomerId, NoteId, UserId},
};
use serde_json::json;

use super::{
    Guard, check_room,
    customers::event,
    lock_living, mentions,
    pages::{next, one_more, place},
    require_living,
};
use crate::{
    model::{Note, NoteInput, NoteVersion, mention},
    store,
};

/// Most notes of one customer.
const MOST_NOTES: i64 = 5_000;

/// How long what one person changes bit by bit is one version.
pub const SITTING: TimeDelta = TimeDelta::minutes(10);
/// Within so many seconds the same words are the same form sent twice.
const TWICE: f64 = 60.0;

/// The order of notes; those that are not pinned come after those that are.
pub const NOTE_ORDER: &[Sort] = &[Sort::descending("pinned_at")];
/// The order of what a note said before.
pub const VERSION_ORDER: &[Sort] = &[Sort::descending("version")];

/// A page of a customer's notes, pinned ones first, then the latest.
pub async fn list(tx: &mut Tx, customer_id: CustomerId, page: &PageRequest) -> Result<Page<Note>> {
    require_living(tx, customer_id).await?;
    let after = place::<Option<DateTime<Utc>>>(page, 0)?.zip(page.cursor().map(|cursor| cursor.id));
    let mut notes = store::notes::list(tx, customer_id, after, one_more(page), page.offset()).await?;
    let next = next(&mut notes, page, |last| {
        Cursor::new(NOTE_ORDER, vec![json!(last.pinned_at)], last.id.0)
    });
    let count = store::notes::count(tx, customer_id).await?;
    Ok(Page::new(notes, next, Total::exact(count)))
}

/// One note.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: NoteId) -> Result<Note> {
    require_living(tx, customer_id).await?;
    store::notes::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("note"))
}

/// A page of what a note said before each edit, the latest first.
pub async fn versions(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: NoteId,
    page: &PageRequest,
) -> Result<Page<NoteVersion>> {
    get(tx, customer_id, id).await?;
    let before: Option<i32> = place(page, 0)?;
    let mut versions = store::notes::versions(tx, id, before, one_more(page), page.offset()).await?;
    let next = next(&mut versions, page, |last| {
        Cursor::new(VERSION_ORDER, vec![json!(last.version)], id.0)
    });
    let count = store::notes::count_versions(tx, id).await?;
    Ok(Page::new(versions, next, Total::exact(count)))
}

/// Writes what a member typed, and forgets their draft of it. The same words within a minute, with no draft since, are the
/// same form sent twice: it is said once.
pub async fn say(tx: &mut Tx, user: UserId, customer_id: CustomerId, input: &NoteInput) -> Result<Note> {
    lock_living(tx, customer_id).await?;
    let is_new = super::drafts::discard(tx, user, super::drafts::Draft::Note(customer_id)).await?;
    if let Some(body) = input.body(&mut Faults::new()).filter(|_| !is_new)
        && let Some(id) = store::notes::said_lately(tx, customer_id, user, &body, TWICE).await?
    {
        return get(tx, customer_id, id).await;
    }
    create(tx, customer_id, input).await
}

/// Writes a note.
pub async fn create(tx: &mut Tx, customer_id: CustomerId, input: &NoteInput) -> Result<Note> {
    lock_living(tx, customer_id).await?;
    check_room(store::notes::count(tx, customer_id).await?, MOST_NOTES, "notes")?;
    let mut faults = Faults::new();
    let body = input.body(&mut faults);
    if input.body.is_keep() {
        faults.add("/body", "missing", "a note needs some text");
    }
    let body = body.unwrap_or_default();
    mentions::check(tx, "", &body, &mut faults).await?;
    faults.check()?;
    let now = tx.now();
    let note = Note {
        id: NoteId::new(),
        customer_id,
        version: 1,
        body,
        pinned_at: (input.pinned == Patch::Set(true)).then_some(now),
        actor_kind: tx.actor().kind().to_owned(),
        actor_id: tx.actor().id(),
        created_at: now,
        updated_at: now,
    };
    store::notes::insert(tx, &note).await?;
    mentions::set(tx, note.id, "", &note.body).await?;
    let data = json!({"id": note.id, "excerpt": excerpt(&note.body), "pinned": note.pinned_at.is_some()});
    regulars_events::append(tx, event("note.created", customer_id, data)).await?;
    Ok(note)
}

/// Edits or pins a note. What it said before is kept.
pub async fn update(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: NoteId,
    input: &NoteInput,
    guard: Guard<'_>,
) -> Result<Note> {
    change(tx, customer_id, id, input, guard, false).await
}

/// Edits a note as one does who sits at it and whose words are saved as they come: what one person changes within
/// [`SITTING`] of the first such change is one version, told once. Anybody else's change ends the sitting.
pub async fn revise(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: NoteId,
    input: &NoteInput,
    guard: Guard<'_>,
) -> Result<Note> {
    change(tx, customer_id, id, input, guard, true).await
}

async fn change(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: NoteId,
    input: &NoteInput,
    guard: Guard<'_>,
    is_sitting: bool,
) -> Result<Note> {
    lock_living(tx, customer_id).await?;
    let before = store::notes::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("note"))?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let body = input.body(&mut faults);
    if let Some(body) = &body {
        mentions::check(tx, &before.body, body, &mut faults).await?;
    }
    faults.check()?;
    let mut after = before.clone();
    let mut kinds = Vec::new();
    let mut sitting = store::notes::sitting(tx, id).await?;
    let mut goes_on = false;
    if let Some(body) = body.filter(|body| *body != before.body) {
        after.body = body;
        tx.actor().kind().clone_into(&mut after.actor_kind);
        after.actor_id = tx.actor().id();
        goes_on = is_sitting
            && (&before.actor_kind, before.actor_id) == (&after.actor_kind, after.actor_id)
            && sitting.is_some_and(|since| tx.now() - since < SITTING);
        if !goes_on {
            sitting = is_sitting.then(|| tx.now());
            store::notes::keep_version(tx, &before).await?;
            kinds.push("note.updated");
        }
    }
    match input.pinned {
        Patch::Set(true) if before.pinned_at.is_none() => {
            after.pinned_at = Some(tx.now());
            kinds.push("note.pinned");
        }
        Patch::Set(false) | Patch::Clear if before.pinned_at.is_some() => {
            after.pinned_at = None;
            kinds.push("note.unpinned");
        }
        _ => {}
    }
    if kinds.is_empty() && !goes_on {
        return Ok(before);
    }
    (after.version, after.updated_at) = store::notes::update(tx, &after, sitting).await?;
    mentions::set(tx, id, &before.body, &after.body).await?;
    if goes_on {
        regulars_events::touch(tx, "note.updated", customer_id);
    }
    let events = kinds
        .into_iter()
        .map(|kind| {
            let mut data = json!({"id": id, "excerpt": excerpt(&after.body)});
            // What is told of a sitting is what it ends with, which is found by the version that it began with.
            if is_sitting && kind == "note.updated" {
                data["sitting"] = json!(after.version);
            }
            event(kind, customer_id, data)
        })
        .collect();
    regulars_events::append_many(tx, events).await?;
    Ok(after)
}

/// Removes a note with its history.
pub async fn delete(tx: &mut Tx, customer_id: CustomerId, id: NoteId, guard: Guard<'_>) -> Result<()> {
    lock_living(tx, customer_id).await?;
    let note = store::notes::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("note"))?;
    guard(note.version)?;
    store::notes::delete(tx, id).await?;
    regulars_events::append(tx, event("note.deleted", customer_id, json!({"id": id}))).await?;
    Ok(())
}

fn excerpt(body: &str) -> String {
    mention::plain(body).chars().take(160).collect()
}
