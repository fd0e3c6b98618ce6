//! A customer's notes: pinned ones first, each with what it said before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use regulars_kernel::{
    Fault,
    ids::{CustomerId, NoteId, UserId},
};
use regulars_web::pages::{
    Attributes, Icon, Tone, avatar, badge, button, icon_button, sheet, textarea_field, time_tag,
};

use super::{
    super::{
        form::{Typed, sheet_form_with},
        list::sheet_of,
        mentions,
    },
    view::{RecordView, nothing, removing},
};
use regulars_web::pages::{menu, menu_divider, menu_item};

/// A note.
#[derive(Clone, Debug)]
pub(crate) struct NoteView {
    pub id: NoteId,
    /// Whether it said something else before.
    pub rewritten: bool,
    pub body: String,
    /// What those whom it mentions are called.
    pub names: HashMap<UserId, String>,
    pub author: String,
    pub pinned: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a note said once.
#[derive(Clone, Debug)]
pub(crate) struct NoteVersion {
    pub version: i32,
    pub body: String,
    pub author: String,
    pub at: DateTime<Utc>,
}

/// The open section.
pub(crate) fn section(view: &RecordView, notes: &[NoteView], draft: &str) -> Markup {
    let href = view.href();
    html! {
        @if view.editable() {
            form class="note-form" hx-post={ (href) "/notes" } hx-swap="none" data-autosave={ (href) "/notes/draft" } {
                div data-mentions-area {
                    textarea class="textarea" id="new-note" name="body" rows="2" placeholder="What should the next person know? @ mentions a colleague" aria-label="New note" required
                        data-mentions="/mentions/offers" aria-autocomplete="list" aria-controls="new-note-offers" { "\n" (draft) }
                    (mentions::offers("new-note-offers"))
                }
                div class="form-actions" { (drafted(view.customer.id, draft)) (button("Add note").small().submit()) }
            }
        }
        @if notes.is_empty() { (nothing(view, Icon::Note, "No notes", "What the next person should know goes here. Customers never see it.", "Write a note", "notes/new")) }
        @for note in notes { (one(view, note)) }
    }
}

/// What became of the draft, and the way to be rid of it.
fn drafted(customer: CustomerId, draft: &str) -> Markup {
    let discard = removing(
        &format!("/customers/{customer}/notes/draft/discard"),
        "Discard this draft?",
        "What you typed here is forgotten. This cannot be undone.",
        "Discard draft",
    );
    html! {
        span class="autosave-said" role="status" data-autosave-said { @if !draft.is_empty() { "Draft saved" } }
        (discard.set("class", "btn").set("data-variant", "ghost").set("data-size", "sm").set("type", "button").set("data-autosave-discard", "").flag("hidden", draft.is_empty())
            .element("button", &html! { "Discard draft" }))
    }
}

fn one(view: &RecordView, note: &NoteView) -> Markup {
    let href = format!("{}/notes/{}", view.href(), note.id);
    html! {
        article class="note" data-pinned[note.pinned] {
            header {
                (avatar(&note.author, "sm"))
                b { @if note.author.is_empty() { "Regulars" } @else { (note.author) } }
                span class="muted" { (time_tag(note.created_at, view.zone)) }
                @if note.rewritten { a class="quiet-link" href={ (href) "/history" } hx-get={ (href) "/history" } hx-target="#sheet-body" { "edited" } }
                @if note.pinned { (badge("pinned", Tone::Amber)) }
                @if view.editable() {
                    (menu(&format!("note-{}", note.id), icon_button(Icon::More, "Actions for this note").small(), true, html! {
                        (menu_item(Icon::Edit, "Edit", false, sheet_of(&format!("{href}/edit"))))
                        (menu_item(Icon::Pin, if note.pinned { "Unpin" } else { "Pin to the top" }, false, Attributes::new().set("hx-post", format!("{href}/pin?pinned={}", !note.pinned)).set("hx-swap", "none")))
                        @if note.rewritten { (menu_item(Icon::Clock, "What it said before", false, sheet_of(&format!("{href}/history")))) }
                        (menu_divider())
                        (menu_item(Icon::Trash, "Delete", true, removing(&format!("{href}/delete"), "Delete this note?", "Its history goes with it. This cannot be undone.", "Delete note")))
                    }))
                }
            }
            p class="note-body" { (mentions::said(&note.body, &note.names)) }
        }
    }
}

/// The sheet to write or edit a note.
pub(crate) fn form(
    customer: CustomerId,
    note: Option<NoteId>,
    typed: &Typed,
    faults: &[Fault],
    stale: Markup,
) -> Markup {
    let (title, url, action) = match note {
        None => ("New note", format!("/customers/{customer}/notes"), "Add note"),
        Some(note) => (
            "Edit note",
            format!("/customers/{customer}/notes/{note}"),
            "Save note",
        ),
    };
    // While two versions are chosen between, nothing saves itself.
    let saves = stale.0.is_empty().then(|| match note {
        None => format!("{url}/draft"),
        Some(_) => format!("{url}/autosave"),
    });
    let draft = typed.get("body");
    sheet_form_with(
        title,
        &url,
        action,
        typed,
        faults,
        Attributes::new().set_some("data-autosave", saves),
        html! {
            (stale)
            input type="hidden" name="sheet" value="true";
            div data-mentions-area {
                (textarea_field("body", "Note").value(typed.get("body")).faults(faults).attr("rows", "8").required().autofocus()
                    .attr("data-mentions", "/mentions/offers").attr("aria-autocomplete", "list").attr("aria-controls", "note-offers")
                    .hint("Only staff sees it. What it said before is kept. @ mentions a colleague."))
                (mentions::offers("note-offers"))
            }
            div class="form-actions" {
                @if note.is_none() { (drafted(customer, draft)) } @else { span class="autosave-said" role="status" data-autosave-said {} }
            }
        },
    )
}

/// The sheet of what a note said before.
pub(crate) fn history(view: &RecordView, now: &NoteView, versions: &[NoteVersion], total: i64) -> Markup {
    sheet(
        "What the note said",
        None,
        html! {
            article class="note" { header { b { "Now" } span class="muted" { (time_tag(now.updated_at, view.zone)) } } p class="note-body" { (mentions::said(&now.body, &now.names)) } }
            @for version in versions {
                article class="note" {
                    header { b { "Version " (version.version) } span class="muted" { (version.author) " · " (time_tag(version.at, view.zone)) } }
                    p class="note-body" { (mentions::said(&version.body, &now.names)) }
                }
            }
            @if total > versions.len() as i64 { p class="muted" { "These are the latest " (versions.len()) " of " (total) ". The API gives all of them." } }
        },
        html! { (button("Close").attr("data-sheet-close", "")) },
    )
}
