//! The last step: everything that was typed, what is still wrong with it, and the button that creates the company.

use maud::{Markup, html};
use regulars_kernel::{
    Country, Fault,
    ids::{AddressId, ContactId},
};
use regulars_web::pages::{Icon, button, facts, link_button};

use super::{Step, draft::CompanyDraft, view::frame};
use crate::{
    customer_fields::{Offered, already},
    form::Typed,
    record::{
        Linked,
        addresses::{self, AddressView},
        contacts::{self, ContactView},
    },
    words,
};

/// The page.
pub(super) fn page(
    draft: &CompanyDraft,
    faults: &[Fault],
    offered: &Offered,
    existing: Option<&Linked>,
    parent: Option<&Linked>,
) -> Markup {
    let mut wrong: Vec<Step> = faults.iter().map(Step::of).collect();
    wrong.dedup();
    let lead = if faults.is_empty() {
        "This is what will be created."
    } else {
        "Something is to be put right before it can be created."
    };
    frame(
        Step::Review,
        lead,
        draft,
        &wrong,
        html! {
            (told(faults))
            @if let Some(existing) = existing { (already(existing)) }
            (section(Step::Basics, faults, html! { (facts(&basics(&draft.basics, offered, parent))) }))
            (section(Step::Contacts, faults, html! {
                @if draft.contacts.is_empty() { p class="muted" { "None." } }
                @else { div class="cards" { @for contact in &draft.contacts { (contacts::card(&contact_view(contact), html! {}, chrono_tz::UTC)) } } }
            }))
            (section(Step::Addresses, faults, html! {
                @if draft.addresses.is_empty() { p class="muted" { "None." } }
                @else { div class="cards" { @for (at, address) in draft.addresses.iter().enumerate() { (addresses::card(&address_view(address, at == default_of(&draft.addresses)), html! {})) } } }
            }))
            form class="steps-foot" method="post" action=(Step::Review.href()) data-once {
                (link_button("Back", Step::Addresses.href()).attr("aria-label", "Back to addresses"))
                (button("Create company").primary().submit())
            }
        },
    )
}

/// Every fault, each leading to its field in its step.
fn told(faults: &[Fault]) -> Markup {
    html! {
        @if !faults.is_empty() {
            div class="notice tone-red" role="alert" tabindex="-1" data-form-errors {
                (Icon::Error)
                strong { @if faults.len() == 1 { "Please correct one thing" } @else { (faults.len()) " things to correct" } }
                ul { @for fault in faults {
                    li { a href={ (Step::of(fault).checked()) "#field" (fault.pointer.replace('/', "-")) } { (Step::of(fault).name()) ": " (fault.message) } }
                } }
            }
        }
    }
}

fn section(step: Step, faults: &[Fault], inside: Markup) -> Markup {
    let is_wrong = !step.faults(faults).is_empty();
    let href = if is_wrong {
        step.checked()
    } else {
        step.href().to_owned()
    };
    html! {
        section class="panel" {
            header {
                h2 { (step.name()) }
                div class="panel-aside" { (link_button("Edit", href).ghost().small().icon(Icon::Edit).attr("aria-label", format!("Edit {}", step.name().to_lowercase()))) }
            }
            div class="panel-body" { (inside) }
        }
    }
}

/// What was filled in, in words.
fn basics<'a>(typed: &Typed, offered: &'a Offered, parent: Option<&Linked>) -> Vec<(&'a str, Markup)> {
    const NAMED: [(&str, &str); 11] = [
        ("company_name", "Company name"),
        ("legal_name", "Legal name"),
        ("email", "E-mail"),
        ("phone", "Phone"),
        ("industry", "Industry"),
        ("tax_id", "Tax number"),
        ("status", "Status"),
        ("type", "Type"),
        ("owner_id", "Owner"),
        ("tags", "Tags"),
        ("internal_note", "Note for staff"),
    ];
    let shown = |name: &str| {
        let value = typed.get(name).trim();
        match name {
            "status" | "type" => words::sentence(value),
            "owner_id" => {
                let owner = offered.owners.iter().find(|(id, _)| id == value);
                owner.map_or(value, |(_, name)| name).to_owned()
            }
            _ => value.to_owned(),
        }
    };
    let own = offered.attributes.iter().map(|attribute| {
        let value = match (attribute.kind.as_str(), typed.get(&attribute.field())) {
            ("boolean", "true") => "Yes",
            ("boolean", "false") => "No",
            (_, other) => other.trim(),
        };
        (attribute.label.as_str(), value.to_owned())
    });
    let mut all: Vec<(&str, Markup)> = NAMED
        .iter()
        .map(|(name, label)| (*label, shown(name)))
        .chain(own)
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| (label, html! { span class="note-body" { (value) } }))
        .collect();
    if let Some(parent) = parent {
        all.push(("Belongs to", html! { (parent.name) }));
    }
    if all.is_empty() {
        all.push(("Company name", html! {}));
    }
    all
}

fn filled(typed: &Typed, name: &str) -> Option<String> {
    Some(typed.get(name).trim().to_owned()).filter(|text| !text.is_empty())
}

fn joined(typed: &Typed, names: &[&str], by: &str) -> String {
    let parts: Vec<_> = names.iter().filter_map(|name| filled(typed, name)).collect();
    parts.join(by)
}

/// As it was typed; it has no id yet.
fn contact_view(typed: &Typed) -> ContactView {
    let name = joined(typed, &["first_name", "last_name"], " ");
    let email = filled(typed, "email");
    let phone = filled(typed, "phone");
    let reached = email.clone().or_else(|| phone.clone());
    ContactView {
        id: ContactId::new(),
        name: Some(name)
            .filter(|name| !name.is_empty())
            .or(reached)
            .unwrap_or_else(|| "Nameless".to_owned()),
        position: joined(typed, &["title", "department"], " · "),
        email,
        phone: phone.map(|phone| (phone.clone(), phone)),
        primary: typed.ticked("is_primary"),
        decides: typed.ticked("is_decision_maker"),
        influences: typed.ticked("is_influencer"),
        note: filled(typed, "note").unwrap_or_default(),
        last_contacted_at: None,
    }
}

/// Which one will be the default: the first that is ticked, else the first.
fn default_of(addresses: &[Typed]) -> usize {
    addresses
        .iter()
        .position(|address| address.ticked("is_default"))
        .unwrap_or(0)
}

/// As it was typed; it has no id yet.
fn address_view(typed: &Typed, default: bool) -> AddressView {
    let parts = [
        "name",
        "company",
        "line1",
        "line2",
        "postal_code",
        "city",
        "province",
    ]
    .map(|name| filled(typed, name));
    let country = Country::parse(typed.get("country")).ok();
    AddressView {
        id: AddressId::new(),
        kind: filled(typed, "type").unwrap_or_else(|| "both".to_owned()),
        default,
        lines: addresses::lines(parts.each_ref().map(Option::as_deref), country.as_ref()),
        phone: filled(typed, "phone"),
        time_zone: filled(typed, "time_zone"),
    }
}
