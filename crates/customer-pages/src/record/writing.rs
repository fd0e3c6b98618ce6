//! What is typed as a note saves itself: a new one as its writer's draft, an existing one as what it says.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;
use regulars_customers::{
    model::{NoteInput, mention},
    ops::{self, drafts, drafts::Draft},
    store::{self, captions},
};
use regulars_database::Tx;
use regulars_events::Event;
use regulars_kernel::{
    Error, PageRequest, Permission, Result,
    ids::{CustomerId, NoteId},
    paging::{MAX_LIMIT, Start},
};
use regulars_web::{PageCall, PageResult, Path, pages::format};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{load, notes, parts::input, show, view::Section};
use crate::{
    face::{faults_of, guard, said, sheet},
    form::{Typed, short},
    marks,
};

/// What a member began to write about a customer.
pub(super) async fn drafted(tx: &mut Tx, call: &PageCall, id: CustomerId) -> Result<String> {
    let Some(user) = marks::user(call).filter(|_| call.caller.may(Permission::CustomersWrite)) else {
        return Ok(String::new());
    };
    let draft = drafts::get(tx, user, Draft::Note(id)).await?;
    let body = draft.as_ref().and_then(|draft| draft["body"].as_str());
    Ok(body.unwrap_or_default().to_owned())
}

/// A note as a form holds it, with its mentions as they are stored, in place of what it said before.
pub(super) async fn written(tx: &mut Tx, typed: &Typed, before: &str) -> Result<NoteInput> {
    let text = typed.get("body").replace("\r\n", "\n");
    let body = ops::mentions::stored(tx, &text, before).await?;
    input(typed.clone().with("body", body).texts(&["body"]))
}

/// What the status of a form says after it was saved.
fn saved(words: &str, version: Option<i32>) -> Response {
    html! { span data-version=[version] { (words) } }.into_response()
}

/// The status of a form that was not taken: why.
fn refused(error: Error) -> PageResult {
    let sentences: Vec<_> = faults_of(error)?
        .iter()
        .map(|fault| format::sentence(&fault.message))
        .collect();
    let body = html! { span { (sentences.join(" ")) } };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response())
}

/// `POST /customers/{id}/notes/draft`: keeps what is typed so far.
pub(crate) async fn draft(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let user = marks::user(&call).ok_or(Error::NotFound("draft"))?;
    let body = typed.get("body");
    let mut tx = call.write().await?;
    if body.trim().is_empty() {
        ops::require_living(&mut tx, id).await?;
        drafts::discard(&mut tx, user, Draft::Note(id)).await?;
        tx.commit().await?;
        return Ok(saved("", None));
    }
    let body = json!({ "body": body.replace("\r\n", "\n") });
    if let Err(error) = drafts::keep(&mut tx, user, Draft::Note(id), &body).await {
        return refused(error);
    }
    tx.commit().await?;
    Ok(saved("Draft saved", None))
}

/// `POST /customers/{id}/notes/draft/discard`
pub(crate) async fn discard(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let user = marks::user(&call).ok_or(Error::NotFound("draft"))?;
    let mut tx = call.write().await?;
    ops::require_living(&mut tx, id).await?;
    drafts::discard(&mut tx, user, Draft::Note(id)).await?;
    tx.commit().await?;
    Ok(said(
        &call,
        regulars_web::pages::FlashKind::Success,
        "Draft discarded.",
        None,
        &format!("/customers/{id}?tab=notes"),
        &["draftDiscarded"],
    ))
}

/// `POST /customers/{id}/notes/{note}/autosave`: what an open form holds, if the note still is what it began with.
pub(crate) async fn revise(
    call: PageCall,
    Path((id, note)): Path<(CustomerId, NoteId)>,
    typed: Typed,
) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let before = ops::notes::get(&mut tx, id, note).await?;
    let wanted = written(&mut tx, &typed, &before.body).await?;
    match ops::notes::revise(&mut tx, id, note, &wanted, &guard(&typed)).await {
        Ok(note) => {
            tx.commit().await?;
            Ok(saved("Saved", Some(note.version)))
        }
        Err(Error::Stale { .. }) => Ok(StatusCode::PRECONDITION_FAILED.into_response()),
        Err(error) => refused(error),
    }
}

/// `GET /customers/{id}/notes/{note}/history`
pub(crate) async fn note_history(call: PageCall, Path((id, note)): Path<(CustomerId, NoteId)>) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let (view, _) = show::read(&call, &mut tx, id, Section::Notes).await?;
    let now = ops::notes::get(&mut tx, id, note).await?;
    let page = PageRequest {
        limit: MAX_LIMIT,
        start: Start::First,
    };
    let versions = ops::notes::versions(&mut tx, id, note, &page).await?;
    let (versions, total) = (versions.data, versions.page.total.value);
    let ids: Vec<_> = versions
        .iter()
        .filter_map(|version| version.actor_id)
        .chain(now.actor_id)
        .collect();
    let names = captions::names(&mut tx, &ids).await?;
    let bodies: Vec<_> = versions
        .iter()
        .map(|version| version.body.as_str())
        .chain([now.body.as_str()])
        .collect();
    let mentioned = ops::mentions::names(&mut tx, &bodies).await?;
    let past: Vec<_> = versions
        .into_iter()
        .map(|version| notes::NoteVersion {
            author: load::actor(&version.actor_kind, version.actor_id, &names),
            version: version.version,
            body: version.body,
            at: version.created_at,
        })
        .collect();
    Ok(sheet(
        &call,
        "What the note said",
        notes::history(&view, &load::note(&now, true, &names, &mentioned), &past, total),
    ))
}

/// Of notes that somebody wrote at bit by bit, what they said in the end instead of at the beginning.
pub(crate) async fn tell_ends(tx: &mut Tx, events: &mut [Event]) -> Result<()> {
    let began = |event: &Event| -> Option<(Uuid, i32)> {
        let version = event.data.get("sitting")?.as_i64()?;
        let id = event.data["id"].as_str()?.parse().ok()?;
        Some((id, i32::try_from(version).ok()?))
    };
    let all: Vec<_> = events.iter().filter_map(began).collect();
    let ends = store::notes::said(tx, &all).await?;
    for event in events {
        if let Some(end) = began(event).and_then(|began| ends.get(&began)) {
            event.data["excerpt"] = Value::from(short(&mention::plain(end), 160));
        }
    }
    Ok(())
}
