//! Where one was mentioned: the page, the number in the sidebar, and who is offered while a note is written.

use std::collections::HashMap;

use axum::{
    Router,
    extract::RawQuery,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_customers::{
    model::mention::{Piece, pieces},
    ops::{self, mentions::Mention},
    store::captions,
};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Permission, Result,
    ids::{CustomerId, UserId},
};
use regulars_web::{
    AppState, PageCall, PageResult,
    pages::{Icon, Nav, Tone, avatar, badge, empty_state, link_button, page, page_header, time_tag},
};
use uuid::Uuid;

use crate::{marks, record, state::ListState};

/// Where the page is.
const PATH: &str = "/mentions";
/// Shown at once.
const SHOWN: u32 = 50;

/// The routes of these.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/mentions", get(show))
        .route("/mentions/count", get(count))
        .route("/mentions/offers", get(offer))
}

fn user(call: &PageCall) -> Result<UserId> {
    marks::user(call).ok_or(Error::NotFound("page"))
}

/// A note's text with its mentions as they stand out.
pub(crate) fn said(body: &str, names: &HashMap<UserId, String>) -> Markup {
    html! {
        @for piece in pieces(body) {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Member(id, name) => span class="mention" { "@" (names.get(&id).map_or(name, String::as_str)) },
            }
        }
    }
}

/// The box of those who are offered below a field with `data-mentions`, filled by script.
pub(crate) fn offers(id: &str) -> Markup {
    html! {
        ul class="expression-offers" id=(id) role="listbox" aria-label="Colleagues" hidden data-mentions-offers {}
        span class="sr-only" role="status" data-mentions-said {}
    }
}

/// Whoever looks at a customer's notes has seen what mentions them there.
pub(crate) async fn seen(tx: &mut Tx, call: &PageCall, customer: CustomerId) -> Result<()> {
    let Some(user) = marks::user(call) else {
        return Ok(());
    };
    let notes = ops::mentions::unread_of(tx, user, customer).await?;
    see(call, user, &notes).await
}

async fn see(call: &PageCall, user: UserId, notes: &[Uuid]) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut tx = call.write().await?;
    ops::mentions::see(&mut tx, user, notes).await?;
    tx.commit().await
}

/// `GET /mentions/count`: the number beside the page's name; nothing if there is none.
pub(crate) async fn count(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let user = user(&call)?;
    let mut tx = call.read().await?;
    let unread = ops::mentions::unread(&mut tx, user).await?;
    Ok(number(unread).into_response())
}

fn number(unread: i64) -> Markup {
    html! {
        @if unread > 0 {
            span aria-hidden="true" { @if unread >= ops::mentions::MOST_COUNTED { (ops::mentions::MOST_COUNTED - 1) "+" } @else { (unread) } }
            span class="sr-only" { ", " (unread) " unread" }
        }
    }
}

/// `GET /mentions/offers?q=`: members to mention.
pub(crate) async fn offer(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let members = ops::mentions::offers(&mut tx, state.get("q")).await?;
    Ok(offered(&members).into_response())
}

fn offered(members: &[(UserId, String)]) -> Markup {
    html! { @for (_, label) in members { li role="option" data-insert=(label) { (avatar(label, "sm")) span { (label) } } } }
}

/// `GET /mentions`: what mentions whoever looks; shown, it is read.
pub(crate) async fn show(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let user = user(&call)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let (all, is_more) = ops::mentions::list(&mut tx, user, place(&state), SHOWN).await?;
    let actors: Vec<_> = all.iter().filter_map(|mention| mention.actor_id).collect();
    let actors = captions::names(&mut tx, &actors).await?;
    let bodies: Vec<_> = all.iter().map(|mention| mention.body.as_str()).collect();
    let names = ops::mentions::names(&mut tx, &bodies).await?;
    let mut shell = call.bare_shell().at(Nav::Mentions).titled("Mentions");
    marks::sidebar(&mut tx, &call, &mut shell).await?;
    let unread: Vec<Uuid> = all
        .iter()
        .filter(|mention| mention.read_at.is_none())
        .map(|mention| mention.note_id.0)
        .collect();
    see(&call, user, &unread).await?;
    let older = all.last().filter(|_| is_more).map(address);
    let items: Vec<_> = all
        .into_iter()
        .map(|mention| MentionView {
            actor: record::actor(&mention.actor_kind, mention.actor_id, &actors),
            mention,
        })
        .collect();
    Ok(page(
        &shell,
        html! {},
        content(&items, &names, older.as_deref(), shell.time_zone),
    )
    .into_response() as Response)
}

/// Where the part after a mention is.
fn address(last: &Mention) -> String {
    let at = last.mentioned_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let note = last.note_id.to_string();
    [("before", at.as_str()), ("note", note.as_str())]
        .into_iter()
        .collect::<ListState>()
        .href(PATH)
}

/// An address that was edited begins at the beginning.
fn place(state: &ListState) -> Option<(DateTime<Utc>, Uuid)> {
    let at = DateTime::parse_from_rfc3339(state.get("before")).ok()?;
    Some((at.to_utc(), state.get("note").parse().ok()?))
}

/// A mention and who it is by.
struct MentionView {
    mention: Mention,
    actor: String,
}

fn content(items: &[MentionView], names: &HashMap<UserId, String>, older: Option<&str>, zone: Tz) -> Markup {
    html! {
        (page_header("Mentions", html! {}, ""))
        @if items.is_empty() {
            (empty_state(Icon::Mention, "Nobody mentioned you yet", "Who writes @ and your name in a note about a customer leads you to it from here.", html! {}))
        }
        div class="mentions" {
            @for MentionView { mention, actor } in items {
                @let href = format!("/customers/{}?tab=notes", mention.customer_id);
                article class="note" data-unread[mention.read_at.is_none()] {
                    header {
                        (avatar(actor, "sm"))
                        b { (actor) }
                        span class="muted" { "about" }
                        a class="link truncate-line" href=(href) { (mention.customer) }
                        span class="muted" { (time_tag(mention.mentioned_at, zone)) }
                        @if mention.read_at.is_none() { (badge("new", Tone::Blue)) }
                    }
                    p class="note-body" { (said(&mention.body, names)) }
                }
            }
        }
        @if let Some(older) = older { div class="more" { (link_button("Older", older)) } }
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{clock, ids::NoteId};
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn any_text_is_harmless_and_mentions_stand_out() {
        let id = UserId::new();
        for text in samples::ALL {
            let item = MentionView {
                mention: Mention {
                    note_id: NoteId::new(),
                    customer_id: CustomerId::new(),
                    customer: (*text).into(),
                    body: format!("{text} @[Ada](user:{id})"),
                    actor_kind: "user".into(),
                    actor_id: None,
                    mentioned_at: clock::now(),
                    read_at: None,
                },
                actor: (*text).into(),
            };
            let names = HashMap::from([(id, (*text).to_owned())]);
            samples::assert_harmless(
                &content(&[item], &names, Some("/mentions?before=x"), Tz::UTC).into_string(),
            );
            samples::assert_harmless(&offered(&[(id, (*text).to_owned())]).into_string());
        }
        let shown = said(&format!("Ask @[Ada](user:{id})!"), &HashMap::new()).into_string();
        assert_eq!(shown, r#"Ask <span class="mention">@Ada</span>!"#);
    }

    #[test]
    fn a_place_is_found_again_and_a_wrong_one_is_the_beginning() {
        let place = |query: &str| place(&ListState::parse(query));
        assert!(
            place("before=2026-01-02T03:04:05.000006Z&note=0193e0a0-0000-7000-8000-000000000000").is_some()
        );
        assert!(place("before=yesterday&note=x").is_none());
    }
}
