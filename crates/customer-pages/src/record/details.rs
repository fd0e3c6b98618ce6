//! Everything known about a customer: its fields, the organization's own ones, where it came from, what it agreed to,
//! and what belongs to it.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use regulars_kernel::{Fault, ids::CustomerId};
use regulars_web::pages::{
    Align, Choice, Icon, Tone, avatar, badge, button, card, column, data_table, external_link, facts,
    form_errors, format, icon_button, link_button, menu_column, select_field, sheet, text_field, time_tag,
};

use super::{
    super::{
        form::{Typed, sheet_form},
        words,
    },
    view::{Linked, RecordView, removing},
};
use regulars_customers::model::{Channel, Choice as _, ConsentState, Kind};

/// A custom attribute with what this customer has for it.
#[derive(Clone, Debug)]
pub(crate) struct AttributeValue {
    pub label: String,
    /// Its type, as in the definition: `url` becomes a link.
    pub kind: String,
    pub value: String,
}

/// Where the customer is known from.
#[derive(Clone, Debug)]
pub(crate) struct SourceView {
    pub source: String,
    pub external_id: String,
    pub state: String,
    pub synced_at: Option<DateTime<Utc>>,
}

/// What the customer agreed to on a channel.
#[derive(Clone, Debug)]
pub(crate) struct ConsentView {
    pub channel: String,
    pub state: String,
    pub source: String,
    pub changed_at: DateTime<Utc>,
}

/// Everything of the section.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub attributes: Vec<AttributeValue>,
    pub sources: Vec<SourceView>,
    pub consents: Vec<ConsentView>,
}

/// The open section.
pub(crate) fn section(view: &RecordView, details: &Details) -> Markup {
    let customer = &view.customer;
    let href = view.href();
    let edit = html! { @if view.editable() { (icon_button(Icon::Edit, "Edit").small().opens_sheet(format!("{href}/edit"))) } };
    let text =
        |value: &Option<String>| html! { @if let Some(value) = value { span class="note-body" { (value) } } };
    html! {
        (card("Record", edit, html! { div class="facts-two form" {
            (facts(&[
                ("Kind", html! { @if customer.kind == Kind::Company { "Company" } @else { "Person" } }),
                ("First name", text(&customer.first_name)), ("Last name", text(&customer.last_name)),
                ("Birthday", html! { @if let Some(day) = customer.birthday { (format::long_date(day)) } }),
                ("Company", text(&customer.company_name)), ("Legal name", text(&customer.legal_name)),
                ("Industry", text(&customer.industry)), ("Tax number", text(&customer.tax_id)),
                ("Stage", html! { (words::sentence(customer.lifecycle_stage.as_str())) }),
                ("Priority", html! { (words::sentence(customer.priority.as_str())) }),
                ("Service level", html! { (words::sentence(customer.service_level.as_str())) }),
                ("Credit limit", html! { @if let Some(limit) = &customer.credit_limit { (format::money(limit.amount(), limit.currency().as_str(), view.locale)) } }),
            ]))
            (facts(&[
                ("Note for the customer", text(&customer.note)),
                ("Note for staff", text(&customer.internal_note)),
            ]))
        } }))
        @if !details.attributes.is_empty() {
            (card("Your own fields", html! {}, html! { dl class="facts" { @for attribute in &details.attributes {
                dt { (attribute.label) }
                dd { @if attribute.value.is_empty() { span class="muted" { "–" } } @else if attribute.kind == "url" { (external_link(&attribute.value)) } @else { span class="note-body" { (attribute.value) } } }
            } } }))
        }
        (card("Consent", html! { @if view.editable() { (icon_button(Icon::Edit, "Change consent").small().opens_sheet(format!("{href}/consents"))) } }, consents(view, &details.consents)))
        (sources(view, &details.sources))
        (card("History of the record", html! {}, facts(&[
            ("Created", html! { (time_tag(customer.created_at, view.zone)) }), ("Changed", html! { (time_tag(customer.updated_at, view.zone)) }),
            ("Last active", html! { @if let Some(at) = customer.last_active_at { (time_tag(at, view.zone)) } }),
            ("Version", html! { (customer.version) }), ("Id", html! { code { (customer.id) } }),
        ])))
    }
}

fn consents(view: &RecordView, consents: &[ConsentView]) -> Markup {
    html! {
        @if consents.is_empty() { p class="muted" { "No consent recorded, so nothing may be sent." } }
        @else { dl class="facts" { @for consent in consents {
            dt { (words::channel(&consent.channel)) }
            dd { (badge(&consent.state.replace('_', " "), tone_of_consent(&consent.state))) " " span class="muted" { "by " (words::source(&consent.source)) ", " (time_tag(consent.changed_at, view.zone)) } }
        } } }
    }
}

pub(super) fn tone_of_consent(state: &str) -> Tone {
    match state {
        "subscribed" => Tone::Green,
        "unsubscribed" => Tone::Red,
        "pending" => Tone::Violet,
        _ => Tone::Neutral,
    }
}

fn tone_of_sync(state: &str) -> Tone {
    match state {
        "synced" => Tone::Green,
        "pending" => Tone::Violet,
        "failed" => Tone::Red,
        _ => Tone::Neutral,
    }
}

fn sources(view: &RecordView, sources: &[SourceView]) -> Markup {
    let href = view.href();
    html! {
        div class="section-head" {
            h2 { "Sources" }
            @if view.editable() { (link_button("Link an id", format!("{href}/sources/new")).ghost().small().icon(Icon::Plus).opens_sheet(format!("{href}/sources/new"))) }
        }
        @if sources.is_empty() { p class="muted" { "Not linked to another system." } }
        @else {
            (data_table("Sources", html! { (column("Source", Align::Start, false)) (column("Their id", Align::Start, false)) (column("State", Align::Start, false)) (menu_column(false)) }, html! {
                @for source in sources {
                    tr {
                        td { (words::source(&source.source)) }
                        td { code class="break-all" { (source.external_id) } }
                        td {
                            (badge(&source.state, tone_of_sync(&source.state))) " "
                            span class="muted" { @match source.synced_at { Some(at) => { "last synced " (time_tag(at, view.zone)) } None => "never synced" } }
                        }
                        td class="cell-menu" { @if view.editable() {
                            (button("Unlink").ghost().small().attrs(removing(&format!("{href}/sources/{}/{}/unlink", super::super::state::segment(&source.source), super::super::state::segment(&source.external_id)), "Unlink this source?", "Later imports of that id will make a new customer.", "Unlink")))
                        } }
                    }
                }
            }))
        }
    }
}

/// The sheet to link an id of another system.
pub(crate) fn source_form(customer: CustomerId, typed: &Typed, known: &[String], faults: &[Fault]) -> Markup {
    sheet_form(
        "Link an id",
        &format!("/customers/{customer}/sources"),
        "Link id",
        typed,
        faults,
        html! {
            p class="muted" { "Imports and other programs find the customer by it." }
            (text_field("source", "System").value(typed.get("source")).faults(faults).required().autofocus().autocomplete("off").attr("list", "known-sources").attr("maxlength", "40")
                .hint("Small letters, digits and underscores, such as shopify."))
            datalist id="known-sources" { @for name in known { option value=(name) {} } }
            (text_field("external_id", "The id there").value(typed.get("external_id")).faults(faults).required().autocomplete("off"))
        },
    )
}

/// The sheet to write down what the customer said about being written to.
pub(crate) fn consent_form(customer: CustomerId, typed: &Typed, faults: &[Fault]) -> Markup {
    let states = || {
        let all = ConsentState::ALL
            .iter()
            .map(|state| Choice::new(state.as_str(), words::sentence(state.as_str())));
        all.collect::<Vec<_>>()
    };
    sheet_form(
        "Consent",
        &format!("/customers/{customer}/consents"),
        "Save consent",
        typed,
        faults,
        html! {
            p class="muted" { "Only what the customer said themselves. Who wrote it down and when is kept." }
            @for channel in Channel::ALL {
                (select_field(channel.as_str(), words::channel(channel.as_str()), states()).value(typed.get(channel.as_str())).faults(faults))
            }
        },
    )
}

/// Which way a link between two customers is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The found customer becomes the parent of this one.
    Parent,
    /// The found customer comes below this one.
    Child,
}

/// The sheet that finds a customer to link to.
pub(crate) fn linking(view: &RecordView, link: Link, q: &str, found: &[Linked], faults: &[Fault]) -> Markup {
    let (title, path, lead) = match link {
        Link::Parent => (
            "What it belongs to",
            "parent",
            "Find the company or person that this customer is part of.",
        ),
        Link::Child => (
            "Add below",
            "children",
            "Find the customer that is part of this one.",
        ),
    };
    let url = format!("{}/{path}", view.href());
    sheet(
        title,
        None,
        html! {
            (form_errors(faults))
            p class="muted" { (lead) }
            div class="search" {
                (Icon::Search)
                input class="input" type="search" name="q" value=(q) placeholder="Name, e-mail, phone, code" aria-label="Find a customer" autocomplete="off" spellcheck="false" autofocus
                    hx-get=(url) hx-target="#link-found" hx-trigger="input changed delay:200ms, search" hx-sync="this:replace" hx-swap="outerHTML";
            }
            (link_choices(view, link, q, found))
            @if link == Link::Parent { @if let Some(parent) = &view.parent {
                p { "Now part of " b { (parent.name) } ". "
                    (button("Take out").small().attr("hx-post", url.clone()).attr("hx-swap", "none")) }
            } }
        },
        html! { (button("Cancel").attr("data-sheet-close", "")) },
    )
}

/// What was found to link to; replaced as one types.
pub(crate) fn link_choices(view: &RecordView, link: Link, q: &str, found: &[Linked]) -> Markup {
    let path = match link {
        Link::Parent => "parent",
        Link::Child => "children",
    };
    html! {
        div id="link-found" class="found" role="status" {
            @for one in found {
                button class="palette-item" type="button" hx-post={ (view.href()) "/" (path) "?to=" (one.id) } hx-target="#sheet-body" {
                    (avatar(&one.name, "sm")) span class="truncate-line" { (one.name) } span class="muted" { (one.note) }
                }
            }
            @if found.is_empty() && !q.is_empty() { p class="muted" { "Nobody of that name." } }
        }
    }
}

/// The sheet to add a tag.
pub(crate) fn tagging(view: &RecordView, typed: &Typed, faults: &[Fault]) -> Markup {
    let mut field = text_field("tag", "Tag")
        .value(typed.get("tag"))
        .faults(faults)
        .attr("list", "sheet-tags")
        .autocomplete("off")
        .required()
        .autofocus();
    field = field.hint("Choose one, or type a new name.");
    sheet_form(
        &format!("Tag {}", view.name),
        &format!("{}/tags?sheet=true", view.href()),
        "Add tag",
        typed,
        faults,
        html! {
            (field)
            datalist id="sheet-tags" { @for name in &view.known_tags { option value=(name) {} } }
        },
    )
}
