//! A cart as HTML: as a page, and in the side sheet. It is given everything; it asks nobody.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::model::{Cart, CartLine, CartState};
use regulars_kernel::ids::OrderId;
use regulars_web::pages::{
    Align, Icon, ListState, Locale, TimelineItem, Tone, avatar, card, column, copy_button, data_table,
    external_link, facts, format, icon_button, link_button, sheet, stat, stats, timeline,
};
use rust_decimal::Decimal;

use super::KIND;
use crate::words;

/// Everything that is shown of a cart.
#[derive(Clone, Debug)]
pub(super) struct CartView {
    pub cart: Cart,
    pub state: CartState,
    /// Its customer's name.
    pub customer: Option<String>,
    /// The pages of its products, by their ids in the source.
    pub products: HashMap<String, String>,
    /// The order that it became.
    pub order: Option<OrderId>,
    /// The list that one came from, as its address holds it.
    pub list: String,
    pub locale: Locale,
    pub zone: Tz,
}

impl CartView {
    /// What the cart is called: what is in it.
    pub(super) fn name(&self) -> String {
        self.cart.title().unwrap_or_else(|| "Empty cart".to_owned())
    }

    /// The cart's page, with the list that one came from.
    fn page(&self) -> String {
        let list: ListState = [("in", self.list.as_str())].into_iter().collect();
        list.href(&format!("{}/{}", KIND.path, self.cart.id))
    }

    fn money(&self, amount: Decimal) -> String {
        words::amount(amount, self.cart.currency, self.locale)
    }
}

/// The page's content, drawn anew when something becomes of the cart.
pub(super) fn content(view: &CartView) -> Markup {
    html! {
        div id="cart" class="record" data-live=[view.cart.customer_id] hx-get=(view.page()) hx-trigger="live" hx-swap="outerHTML" {
            header class="record-head" {
                div class="record-name" {
                    div class="record-title" { h1 { (view.name()) } (words::cart_state(view.state)) }
                    (facts_line(view, false))
                }
            }
            (figures(view))
            div class="columns" {
                div class="column" { (lines(view, true)) }
                aside class="column" aria-label="About this cart" {
                    (card("Customer", html! {}, customer(view)))
                    (card("Details", html! {}, details(view)))
                    (card("History", html! {}, history(view)))
                }
            }
        }
    }
}

/// The inside of the side sheet.
pub(super) fn preview(view: &CartView) -> Markup {
    sheet(
        &view.name(),
        None,
        html! {
            div class="record-name" {
                div class="record-title" { (words::cart_state(view.state)) }
                (facts_line(view, true))
            }
            section class="column" { (customer(view)) }
            (lines(view, false))
            (card("Details", html! {}, details(view)))
            (card("History", html! {}, history(view)))
        },
        html! {
            span class="preview-steps" data-preview=(view.cart.id) {
                (icon_button(Icon::ArrowUp, "Previous in the list (k)").small().attr("data-preview-step", "-1"))
                (icon_button(Icon::ArrowDown, "Next in the list (j)").small().attr("data-preview-step", "1"))
            }
            (link_button("Open", view.page()).primary())
        },
    )
}

/// `with_total`: where no band says it.
fn facts_line(view: &CartView, with_total: bool) -> Markup {
    html! {
        p class="record-facts" {
            @if with_total { b class="order-total tabular" { (view.money(view.cart.total)) } }
            @if let Some(at) = view.cart.last_active_at { span { @if with_total { "last changed " } @else { "Last changed " } (format::exact(at, view.zone)) } }
            span { (words::sentence(&view.cart.source)) }
        }
    }
}

/// What it is worth, in one band.
fn figures(view: &CartView) -> Markup {
    stats(&[
        stat("Total", &view.money(view.cart.total), ""),
        stat(
            "Items",
            &format::integer(view.cart.items.into(), view.locale),
            &words::counted(view.cart.lines.len() as i64, "line", "lines", view.locale),
        ),
    ])
}

fn lines(view: &CartView, with_price: bool) -> Markup {
    let head = html! {
        (column("Item", Align::Start, false))
        @if with_price { (column("Price", Align::End, true)) }
        (column("Quantity", Align::End, false)) (column("Total", Align::End, false))
    };
    let body = html! { @for line in &view.cart.lines {
        tr {
            td { (item(view, line)) }
            @if with_price { td class="cell-number cell-wide tabular" { (view.money(line.price)) } }
            td class="cell-number tabular" { (format::integer(line.quantity.into(), view.locale)) }
            td class="cell-number tabular" { (view.money(line.total)) }
        }
    } };
    html! {
        section class="panel order-part" {
            header { h2 { "Items" } }
            @if view.cart.lines.is_empty() { div class="panel-body" { p class="muted" { "Nothing is in it." } } }
            @else { (data_table("Items", head, body)) }
        }
    }
}

fn item(view: &CartView, line: &CartLine) -> Markup {
    let page = line
        .product_external_id
        .as_ref()
        .and_then(|id| view.products.get(id));
    let second: Vec<&str> = [line.variant_title.as_deref(), line.sku.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    html! {
        div class="order-item" {
            @if let Some(page) = page { a class="quiet-link" href=(page) { (line.title) } } @else { span { (line.title) } }
            @if !second.is_empty() { span class="muted" { (second.join(" · ")) } }
        }
    }
}

fn customer(view: &CartView) -> Markup {
    let email = view
        .cart
        .email
        .as_ref()
        .filter(|email| view.customer.as_ref() != Some(email));
    html! {
        @match (view.cart.customer_id, &view.customer) {
            (Some(id), Some(name)) => ul class="linked" { li { (avatar(name, "sm")) a class="link truncate-line" href={ "/customers/" (id) } { (name) } } },
            _ => p class="muted" { "Nobody is known to have filled it." },
        }
        @if let Some(email) = email { (facts(&[("E-mail", html! { (email) })])) }
    }
}

fn details(view: &CartView) -> Markup {
    let cart = &view.cart;
    let mut all = vec![
        ("Source", html! { (words::sentence(&cart.source)) }),
        (
            "Id there",
            html! { span class="fact-value" { span title=(cart.external_id) { (short(&cart.external_id)) } (copy_button(&cart.external_id, "Copy id")) } },
        ),
    ];
    if let (Some(url), true) = (&cart.recovery_url, view.state != CartState::Converted) {
        all.push(("Goes on at", external_link(url)));
    }
    match (view.order, &cart.order_external_id) {
        (Some(id), Some(name)) => all.push((
            "Order",
            html! { a class="link" href={ "/orders/" (id) } { (name) } },
        )),
        (None, Some(name)) => all.push(("Order", html! { (name) })),
        _ => {}
    }
    facts(&all)
}

/// The beginning of an id: tokens are long, and whoever needs all of it copies it.
fn short(id: &str) -> String {
    if id.chars().count() <= 16 {
        return id.to_owned();
    }
    let begun: String = id.chars().take(12).collect();
    format!("{begun}…")
}

fn history(view: &CartView) -> Markup {
    let cart = &view.cart;
    let left = cart.last_active_at.filter(|_| view.state == CartState::Abandoned);
    let step = |at: Option<DateTime<Utc>>, icon, tone, title: &str| {
        at.map(|at| TimelineItem {
            icon,
            tone,
            about: None,
            title: title.to_owned(),
            text: String::new(),
            at,
            detail: html! {},
        })
    };
    let mut items: Vec<TimelineItem> = [
        step(cart.started_at, Icon::Cart, Tone::Blue, "Begun"),
        step(
            cart.checkout_started_at,
            Icon::Payment,
            Tone::Violet,
            "Checkout started",
        ),
        step(left, Icon::Clock, Tone::Amber, "Last changed, then left"),
        step(cart.completed_at, Icon::Orders, Tone::Green, "Became an order"),
    ]
    .into_iter()
    .flatten()
    .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    timeline(&items, view.zone)
}
