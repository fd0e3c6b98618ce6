//! The people to speak to at a customer.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_kernel::{
    Fault,
    ids::{ContactId, CustomerId},
};
use regulars_web::pages::{
    Field, Icon, Tone, avatar, badge, checkbox_field, email_field, icon_button, link_button, menu,
    menu_divider, menu_item, tel_field, text_field, textarea_field, time_tag,
};

use super::{
    super::{
        form::{Typed, sheet_form},
        list::sheet_of,
        words::mail_link,
    },
    view::{RecordView, nothing, removing},
};

/// Fields of a contact's form that are text.
pub(crate) const TEXTS: &[&str] = &[
    "first_name",
    "last_name",
    "email",
    "phone",
    "title",
    "department",
    "note",
];
/// Fields of a contact's form that are yes or no.
pub(crate) const TICKS: &[&str] = &["is_primary", "is_decision_maker", "is_influencer"];

/// A contact.
#[derive(Clone, Debug)]
pub(crate) struct ContactView {
    pub id: ContactId,
    pub name: String,
    /// Title and department.
    pub position: String,
    pub email: Option<String>,
    /// As stored, and as read.
    pub phone: Option<(String, String)>,
    pub primary: bool,
    pub decides: bool,
    pub influences: bool,
    pub note: String,
    pub last_contacted_at: Option<DateTime<Utc>>,
}

/// The open section.
pub(crate) fn section(view: &RecordView, contacts: &[ContactView]) -> Markup {
    let url = format!("{}/contacts/new", view.href());
    html! {
        @if contacts.is_empty() { (nothing(view, Icon::Members, "No contacts", "The people to speak to, with what they decide.", "Add a contact", "contacts/new")) }
        @else {
            div class="cards" { @for contact in contacts { (one(view, contact)) } }
            @if view.editable() { div class="form-actions" { (link_button("Add a contact", url.clone()).small().icon(Icon::Plus).opens_sheet(url)) } }
        }
    }
}

fn one(view: &RecordView, contact: &ContactView) -> Markup {
    let href = format!("{}/contacts/{}", view.href(), contact.id);
    let actions = html! {
        @if view.editable() {
            (menu(&format!("contact-{}", contact.id), icon_button(Icon::More, format!("Actions for {}", contact.name)).small(), true, html! {
                (menu_item(Icon::Edit, "Edit", false, sheet_of(&format!("{href}/edit"))))
                (menu_divider())
                (menu_item(Icon::Trash, "Delete", true, removing(&format!("{href}/delete"), &format!("Delete {}?", contact.name), "The contact is removed from this customer. This cannot be undone.", "Delete contact")))
            }))
        }
    };
    card(contact, actions, view.zone)
}

/// A contact with what can be done with it.
pub(crate) fn card(contact: &ContactView, actions: Markup, zone: Tz) -> Markup {
    html! {
        article class="panel contact" {
            div class="panel-body" {
                div class="contact-head" {
                    (avatar(&contact.name, "md"))
                    div class="person-lines" { b { (contact.name) } @if !contact.position.is_empty() { span { (contact.position) } } }
                    (actions)
                }
                @if contact.primary || contact.decides || contact.influences {
                    div class="tag-list" {
                        @if contact.primary { (badge("main contact", Tone::Green)) }
                        @if contact.decides { (badge("decides", Tone::Blue)) }
                        @if contact.influences { (badge("influences", Tone::Violet)) }
                    }
                }
                @if let Some(email) = &contact.email { a class="quiet-link truncate-line" href=(mail_link(email)) { (email) } }
                @if let Some((dial, shown)) = &contact.phone { a class="quiet-link" href={ "tel:" (dial) } { (shown) } }
                @if !contact.note.is_empty() { p class="muted note-body" { (contact.note) } }
                @if let Some(at) = contact.last_contacted_at { p class="muted" { "Last contacted " (time_tag(at, zone)) } }
            }
        }
    }
}

/// The sheet to add or edit a contact.
pub(crate) fn form(
    customer: CustomerId,
    contact: Option<ContactId>,
    typed: &Typed,
    faults: &[Fault],
    stale: Markup,
) -> Markup {
    let (title, url, action) = match contact {
        None => (
            "New contact",
            format!("/customers/{customer}/contacts"),
            "Add contact",
        ),
        Some(contact) => (
            "Edit contact",
            format!("/customers/{customer}/contacts/{contact}"),
            "Save contact",
        ),
    };
    sheet_form(
        title,
        &url,
        action,
        typed,
        faults,
        html! {
            (stale)
            (fields("", typed, faults, true))
        },
    )
}

/// The fields of a contact. Of several in one form each has its own place `at`, as in `contacts/0/`.
pub(crate) fn fields(at: &str, typed: &Typed, faults: &[Fault], focus: bool) -> Markup {
    let name = |name: &str| format!("{at}{name}");
    let fill = |field: Field, name: &str| field.value(typed.get(name)).faults(faults).autocomplete("off");
    let text = |field: &str, label: &str| fill(text_field(name(field), label), field);
    let tick = |field: &str, label: &str| checkbox_field(name(field), label, typed.ticked(field));
    let first = text("first_name", "First name");
    html! {
        div class="form-grid" {
            (if focus { first.autofocus() } else { first }) (text("last_name", "Last name"))
            (fill(email_field(name("email"), "E-mail"), "email").wide())
            (fill(tel_field(name("phone"), "Phone"), "phone").wide())
            (text("title", "Title")) (text("department", "Department"))
            (tick("is_primary", "Main contact").hint("If there is one already, this one takes its place.").wide())
            (tick("is_decision_maker", "Decides")) (tick("is_influencer", "Influences"))
            (fill(textarea_field(name("note"), "Note"), "note").wide())
        }
    }
}
