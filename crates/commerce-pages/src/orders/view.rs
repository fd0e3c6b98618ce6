//! An order as HTML: as a page, and in the side sheet. It is given everything; it asks nobody.

use std::collections::HashMap;

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::model::{Order, OrderStatus, StatusChange};
use regulars_kernel::{Money, ids::CartId};
use regulars_web::pages::{
    Icon, ListState, Locale, TimelineItem, Tone, avatar, badge, card, copy_button, facts, format,
    icon_button, link_button, notice, sheet, stat, stats, timeline,
};
use uuid::Uuid;

use super::{KIND, parts};
use crate::words;

/// Everything that is shown of an order.
#[derive(Clone, Debug)]
pub(super) struct OrderView {
    pub order: Order,
    /// Its customer's name.
    pub customer: Option<String>,
    /// The cart that it came of.
    pub cart: Option<CartId>,
    /// The pages of its products, by their ids in the source.
    pub products: HashMap<String, String>,
    /// Names of those who said where it stands.
    pub actors: HashMap<Uuid, String>,
    pub history: Vec<StatusChange>,
    /// The total in the organization's currency, if the rate is known.
    pub base: Option<Money>,
    /// The list that one came from, as its address holds it.
    pub list: String,
    pub locale: Locale,
    pub zone: Tz,
}

impl OrderView {
    fn href(&self) -> String {
        format!("{}/{}", KIND.path, self.order.id)
    }

    /// The order's page, with the list that one came from.
    fn page(&self) -> String {
        let list: ListState = [("in", self.list.as_str())].into_iter().collect();
        list.href(&self.href())
    }

    pub(super) fn money(&self, amount: rust_decimal::Decimal) -> String {
        words::amount(amount, self.order.core.currency, self.locale)
    }
}

/// The page's content, drawn anew when something becomes of the order.
pub(super) fn content(view: &OrderView) -> Markup {
    html! {
        div id="order" class="record" data-live=[view.order.customer_id] hx-get=(view.page()) hx-trigger="live" hx-swap="outerHTML" {
            (marks(view))
            header class="record-head" {
                div class="record-name" {
                    div class="record-title" {
                        h1 { (view.name()) }
                        (badges(view))
                        (copy_button(view.name(), "Copy number"))
                    }
                    (facts_line(view, false))
                }
            }
            (figures(view))
            div class="columns" {
                div class="column" {
                    (parts::lines(view))
                    (parts::payments(view))
                    (parts::fulfillments(view))
                    (parts::refunds(view))
                }
                aside class="column" aria-label="About this order" {
                    (card("Customer", html! {}, customer(view)))
                    @if let Some(address) = &view.order.core.shipping_address { (card("Shipped to", html! {}, parts::address(address))) }
                    @if let Some(address) = &view.order.core.billing_address { (card("Billed to", html! {}, parts::address(address))) }
                    (card("Details", html! {}, details(view)))
                    (card("Status", html! {}, history(view)))
                }
            }
        }
    }
}

/// The inside of the side sheet.
pub(super) fn preview(view: &OrderView) -> Markup {
    let addresses = [
        ("Shipped to", &view.order.core.shipping_address),
        ("Billed to", &view.order.core.billing_address),
    ];
    sheet(
        &view.name(),
        None,
        html! {
            (marks(view))
            div class="record-name" {
                div class="record-title" { (badges(view)) }
                (facts_line(view, true))
            }
            section class="column" { (customer(view)) }
            (parts::few_lines(view))
            (parts::payments(view))
            (parts::fulfillments(view))
            (parts::refunds(view))
            @for (title, address) in addresses { @if let Some(address) = address { (card(title, html! {}, parts::address(address))) } }
            (card("Details", html! {}, details(view)))
            (card("Status", html! {}, history(view)))
        },
        html! {
            span class="preview-steps" data-preview=(view.order.id) {
                (icon_button(Icon::ArrowUp, "Previous in the list (k)").small().attr("data-preview-step", "-1"))
                (icon_button(Icon::ArrowDown, "Next in the list (j)").small().attr("data-preview-step", "1"))
            }
            (link_button("Open", view.page()).primary())
        },
    )
}

/// What one must know before the rest: that it counts nowhere, and why.
fn marks(view: &OrderView) -> Markup {
    let core = &view.order.core;
    html! {
        @if core.is_test { (notice(Tone::Amber, "This is a test", html! { "It counts in no figure." })) }
        @if let Some(at) = core.cancelled_at {
            (notice(Tone::Red, "This order was cancelled", html! {
                "On " (format::exact(at, view.zone)) @if let Some(reason) = &core.cancel_reason { ": " (reason) } ". It counts in no figure."
            }))
        }
    }
}

fn badges(view: &OrderView) -> Markup {
    let derived = &view.order.derived;
    html! {
        (words::order_status(derived.status)) (words::payment_status(derived.payment_status)) (words::fulfillment_status(derived.fulfillment_status))
        (words::test_mark(view.order.core.is_test))
    }
}

/// `with_total`: where no band says it.
fn facts_line(view: &OrderView, with_total: bool) -> Markup {
    let core = &view.order.core;
    html! {
        p class="record-facts" {
            @if with_total { b class="order-total tabular" { (view.money(core.total)) } }
            @if let Some(at) = core.placed_at { span { @if with_total { "placed " } @else { "Placed " } (format::exact(at, view.zone)) } }
            span { (words::sentence(&view.order.source)) @if let Some(channel) = &core.channel { ", " (channel) } }
        }
    }
}

/// What it is worth, in one band.
fn figures(view: &OrderView) -> Markup {
    let (core, derived) = (&view.order.core, &view.order.derived);
    let base = view
        .base
        .as_ref()
        .filter(|base| base.currency() != core.currency)
        .map(|base| format!("≈ {}", words::money(base, view.locale)));
    let unknown = core.exchange_rate.is_none() && view.base.is_none();
    let note = match base {
        Some(base) => base,
        None if unknown => format!("no rate of {} is known", core.currency.as_str()),
        None => String::new(),
    };
    let mut all = vec![
        stat("Total", &view.money(core.total), &note),
        stat(
            "Items",
            &format::integer(derived.items.into(), view.locale),
            &words::counted(view.order.lines.len() as i64, "line", "lines", view.locale),
        ),
    ];
    if !core.discount_total.is_zero() {
        all.push(stat("Discounts", &view.money(core.discount_total), ""));
    }
    if !derived.refunded_total.is_zero() {
        let left = core.total - derived.refunded_total;
        let left = left.max(rust_decimal::Decimal::ZERO);
        all.push(stat(
            "Refunded",
            &view.money(derived.refunded_total),
            &format!("{} left", view.money(left)),
        ));
    }
    stats(&all)
}

fn customer(view: &OrderView) -> Markup {
    let core = &view.order.core;
    let email = core
        .email
        .as_ref()
        .filter(|email| view.customer.as_ref() != Some(email));
    html! {
        @match (view.order.customer_id, &view.customer) {
            (Some(id), Some(name)) => ul class="linked" { li { (avatar(name, "sm")) a class="link truncate-line" href={ "/customers/" (id) } { (name) } } },
            _ => p class="muted" { "Nobody is known to have ordered." },
        }
        @if email.is_some() || core.phone.is_some() {
            (facts(&[
                ("E-mail", html! { @if let Some(email) = &core.email { (email) } }),
                ("Phone", html! { @if let Some(phone) = &core.phone { (phone) } }),
            ]))
        }
    }
}

fn details(view: &OrderView) -> Markup {
    let (order, core) = (&view.order, &view.order.core);
    let mut all = vec![
        ("Source", html! { (words::sentence(&order.source)) }),
        (
            "Id there",
            html! { span class="fact-value" { (order.external_id) (copy_button(&order.external_id, "Copy id")) } },
        ),
    ];
    if let Some(id) = view.cart {
        all.push((
            "Cart",
            html! { a class="link" href={ "/carts/" (id) } { "What was in the cart" } },
        ));
    }
    if let Some(channel) = &core.channel {
        all.push(("Channel", html! { (channel) }));
    }
    if let Some(rate) = core.exchange_rate {
        let currency = view.base.as_ref().map(|base| base.currency().as_str().to_owned());
        all.push((
            "Exchange rate",
            html! { "1 " (core.currency.as_str()) " = " (format::decimal(rate, view.locale)) " " (currency.unwrap_or_default()) },
        ));
    }
    if !core.tags.is_empty() {
        all.push((
            "Tags",
            html! { div class="tag-list" { @for tag in &core.tags { (badge(tag, Tone::Neutral)) } } },
        ));
    }
    if let Some(at) = core.closed_at {
        all.push(("Closed", html! { (format::exact(at, view.zone)) }));
    }
    if let Some(note) = &core.note {
        all.push(("Note", html! { span class="note-body" { (note) } }));
    }
    facts(&all)
}

/// Where it stood when, the latest first.
fn history(view: &OrderView) -> Markup {
    let items: Vec<TimelineItem> = view
        .history
        .iter()
        .rev()
        .map(|change| item(view, change))
        .collect();
    html! {
        @if items.is_empty() { p class="muted" { "Nothing is known of when." } } @else { (timeline(&items, view.zone)) }
    }
}

fn item(view: &OrderView, change: &StatusChange) -> TimelineItem {
    let (icon, tone) = match change.to {
        OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Processing => (Icon::Orders, Tone::Blue),
        OrderStatus::PartiallyShipped | OrderStatus::Shipped => (Icon::Shipment, Tone::Teal),
        OrderStatus::Delivered | OrderStatus::Completed => (Icon::Check, Tone::Green),
        OrderStatus::Cancelled => (Icon::Close, Tone::Red),
        OrderStatus::Returned | OrderStatus::Refunded => (Icon::Refund, Tone::Orange),
    };
    let by = change
        .actor_id
        .and_then(|id| view.actors.get(&id))
        .map(|name| format!("by {name}"));
    TimelineItem {
        icon,
        tone,
        about: None,
        title: words::sentence(&words::plain(change.to)),
        text: by.unwrap_or_default(),
        at: change.at,
        detail: unusual(change),
    }
}

/// Of a move that orders do not usually make: that it is one. It was told so, and holds.
fn unusual(change: &StatusChange) -> Markup {
    let from = change.from.filter(|_| change.unusual);
    html! {
        @if let Some(from) = from {
            p class="muted" {
                (badge("unusual", Tone::Amber))
                " An order that is " (words::plain(from)) " does not usually become " (words::plain(change.to)) "."
            }
        }
    }
}
