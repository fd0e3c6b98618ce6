//! The cards beside a customer's page: how to reach it, its tags, where it is, who looks after it and what it belongs to.
//! What is simple is changed where it stands.

use maud::{Markup, html};
use regulars_customers::model::Kind;
use regulars_web::pages::{
    Icon, Tone, avatar, badge, card, copy_button, facts, format, icon_button, icon_link, tag,
};

use super::{
    credit,
    details::tone_of_consent,
    view::{Linked, RecordView, Section, tone_class},
};
use crate::{list, state::segment, words::mail_link};

/// All cards.
pub(super) fn cards(view: &RecordView) -> Markup {
    let href = view.href();
    html! {
        (card("Contact", html! { @if view.editable() { (icon_button(Icon::Edit, "Edit contact facts").small().opens_sheet(format!("{href}/edit"))) } }, contact(view)))
        (card("Tags", html! { @if view.editable() { (icon_button(Icon::Plus, "Add a tag").small().opens_sheet(format!("{href}/tags"))) } }, tags(view)))
        (card("Default address", address_actions(view), address(view)))
        @if !view.credit.is_empty() {
            (card("Store credit", html! { @if view.editable() { (icon_button(Icon::Edit, "Give or take store credit").small().opens_sheet(format!("{href}/store-credit"))) } }, credit::card(view)))
        }
        (card("Relations", html! { @if view.editable() { (icon_button(Icon::Edit, "Set what it belongs to").small().opens_sheet(format!("{href}/parent"))) } }, relations(view)))
        @for line in &view.lent { (line) }
    }
}

/// A fact with what changes it there and then.
fn fact(view: &RecordView, column: &'static str, shown: &Markup) -> Markup {
    html! {
        @if !view.editable() { (shown) }
        @else {
            span class="fact" {
                @if shown.0.is_empty() { span class="muted" { "–" } } @else { span class="fact-value" { (shown) } }
                (list::change_here(view.customer.id, column))
            }
        }
    }
}

/// Whether it was shown to reach the customer.
fn verified(is_verified: bool) -> Markup {
    html! { @if is_verified { (badge("verified", Tone::Teal)) } }
}

/// What was said on a channel, where anything was.
fn consent(view: &RecordView, channel: &str) -> Markup {
    let said = view.consents.iter().find(|consent| consent.channel == channel);
    html! { @if let Some(said) = said { (badge(&said.state.replace('_', " "), tone_of_consent(&said.state))) } }
}

fn contact(view: &RecordView) -> Markup {
    let customer = &view.customer;
    let email = html! { @if let Some(email) = &customer.email {
        a class="link" href=(mail_link(email.as_str())) { (email.as_str()) } (copy_button(email.as_str(), "Copy e-mail"))
        (verified(customer.email_verified)) (consent(view, "email"))
    } };
    let phone = html! { @if let Some(phone) = &customer.phone {
        a class="link" href={ "tel:" (phone.as_str()) } { (phone.international_format()) } (copy_button(phone.as_str(), "Copy phone"))
        (verified(customer.phone_verified)) (consent(view, "sms"))
    } };
    facts(&[
        ("E-mail", fact(view, "email", &email)),
        ("Phone", fact(view, "phone", &phone)),
        (
            "Language",
            fact(
                view,
                "locale",
                &html! { @if let Some(locale) = &customer.locale { (locale.name()) } },
            ),
        ),
        (
            "Time zone",
            fact(
                view,
                "time_zone",
                &html! { @if let Some(zone) = &customer.time_zone { (zone.as_str()) } },
            ),
        ),
    ])
}

fn address_actions(view: &RecordView) -> Markup {
    html! {
        @if view.counts[2] > 1 { a class="quiet-link" href=(view.within_list(&view.href(), Section::Addresses)) { (view.counts[2] - 1) " more" } }
        @if let Some(address) = &view.address {
            @if let Some(map) = &address.map {
                (icon_link(Icon::Address, "Show on the map (OpenStreetMap)", map).small().attr("target", "_blank").attr("rel", "noopener noreferrer"))
            }
            (copy_button(address.lines.join("\n"), "Copy address"))
            @if view.editable() { (icon_button(Icon::Edit, "Edit this address").small().opens_sheet(format!("{}/addresses/{}/edit", view.href(), address.id))) }
        }
    }
}

fn address(view: &RecordView) -> Markup {
    let new = format!("{}/addresses/new", view.href());
    html! {
        @match &view.address {
            Some(address) => address class="postal" { @for line in &address.lines { span { (line) } } },
            None => p class="muted" { "None yet." @if view.editable() { " " a class="link" href=(new) hx-get=(new) hx-target="#sheet-body" { "Add one" } } },
        }
    }
}

fn relations(view: &RecordView) -> Markup {
    let customer = &view.customer;
    let owner = html! { @if let Some(owner) = &view.owner { (owner) } };
    let company = html! { @if let Some(company) = &customer.company_name { (company) } };
    let parent = html! { @if let Some(parent) = &view.parent { a class="link" href={ "/customers/" (parent.id) } { (parent.name) } } };
    let mut all = vec![("Owner", fact(view, "owner", &owner)), ("Belongs to", parent)];
    if customer.kind == Kind::Person {
        all.push(("Company", fact(view, "company_name", &company)));
    }
    if let Some(name) = &view.main_contact {
        let contacts = view.within_list(&view.href(), Section::Contacts);
        all.push((
            "Main contact",
            html! { a class="link" href=(contacts) { (name) } },
        ));
    }
    html! {
        (facts(&all))
        @if !view.children.is_empty() {
            div class="linked-part" {
                h3 { "Below it" }
                (linked(&view.children))
                @if view.more_children > 0 { a class="quiet-link" href=(view.within_list(&view.href(), Section::Hierarchy)) { "and " (format::integer(view.more_children, view.locale)) " more" } }
            }
        }
        @if !view.contact_of.is_empty() {
            div class="linked-part" {
                h3 { "Contact of" }
                (linked(&view.contact_of))
                @if let (more @ 1.., is_cut) = view.more_contact_of { p class="muted" { "and " @if is_cut { "at least " } (more) " more" } }
            }
        }
    }
}

fn linked(all: &[Linked]) -> Markup {
    html! {
        ul class="linked" { @for one in all {
            li { (avatar(&one.name, "sm")) a class="quiet-link truncate-line" href={ "/customers/" (one.id) } { (one.name) } @if !one.note.is_empty() { span class="muted truncate-line" { (one.note) } } }
        } }
    }
}

/// Tags, each removable, and the place to add one.
fn tags(view: &RecordView) -> Markup {
    let href = view.href();
    html! {
        div class="tag-list" {
            @for (name, tone) in &view.tags {
                @if view.editable() {
                    span class={ "tag " (tone_class(*tone)) } title=(name) {
                        span { (name) }
                        button class="tag-remove" type="button" aria-label={ "Remove tag " (name) } hx-post={ (href) "/tags/remove?name=" (segment(name)) } hx-swap="none" { span class="icon-sm" { (Icon::Close) } }
                    }
                } @else { (tag(name, *tone)) }
            }
            @if view.tags.is_empty() && !view.editable() { span class="muted" { "None." } }
        }
        @if view.editable() {
            form class="tag-form" hx-post={ (href) "/tags" } hx-swap="none" {
                input class="input" type="text" name="tag" list="known-tags" placeholder="Add a tag" aria-label="Add a tag" autocomplete="off" maxlength="60" required;
                datalist id="known-tags" { @for name in &view.known_tags { option value=(name) {} } }
            }
        }
    }
}
