//! What hangs on an order, as HTML: its lines with their sums, payments, fulfilments, refunds, addresses.

use maud::{Markup, html};
use regulars_commerce::model::{
    Address, Fulfillment, Line, LineQuantity, NamedAmount, Payment, PaymentKind, PaymentState, Refund,
};
use regulars_kernel::Country;
use regulars_web::pages::{Align, column, data_table, external_link, format};
use rust_decimal::Decimal;

use super::view::OrderView;
use crate::words;

/// The lines and what they add up to.
pub(super) fn lines(view: &OrderView) -> Markup {
    let order = &view.order;
    let has = |amount: fn(&Line) -> Decimal| order.lines.iter().any(|line| !amount(line).is_zero());
    let (discounted, taxed) = (has(|line| line.discount), has(|line| line.tax));
    let head = html! {
        (column("Item", Align::Start, false)) (column("Price", Align::End, true)) (column("Quantity", Align::End, false))
        @if discounted { (column("Discount", Align::End, true)) }
        @if taxed { (column("Tax", Align::End, true)) }
        (column("Total", Align::End, false))
    };
    let body = html! { @for line in &order.lines {
        tr {
            td { (item(view, line)) }
            td class="cell-number cell-wide tabular" { (view.money(line.price)) }
            td class="cell-number tabular" { (quantity(view, line)) }
            @if discounted { td class="cell-number cell-wide tabular" { @if !line.discount.is_zero() { "−" (view.money(line.discount)) } } }
            @if taxed { td class="cell-number cell-wide tabular" { @if !line.tax.is_zero() { (view.money(line.tax)) } } }
            td class="cell-number tabular" { (view.money(line.total)) }
        }
    } };
    part(
        "Items",
        html! {
            @if order.lines.is_empty() { div class="panel-body" { p class="muted" { "No lines were told." } } }
            @else { (data_table("Items", head, body)) }
            (sums(view))
        },
    )
}

/// The same in little room.
pub(super) fn few_lines(view: &OrderView) -> Markup {
    let head = html! { (column("Item", Align::Start, false)) (column("Quantity", Align::End, false)) (column("Total", Align::End, false)) };
    let body = html! { @for line in &view.order.lines {
        tr { td { (item(view, line)) } td class="cell-number tabular" { (quantity(view, line)) } td class="cell-number tabular" { (view.money(line.total)) } }
    } };
    part(
        "Items",
        html! { @if !view.order.lines.is_empty() { (data_table("Items", head, body)) } (sums(view)) },
    )
}

/// A panel that begins at its edges.
fn part(title: &str, inside: Markup) -> Markup {
    html! { section class="panel order-part" { header { h2 { (title) } } (inside) } }
}

fn item(view: &OrderView, line: &Line) -> Markup {
    let page = line
        .product_external_id
        .as_ref()
        .and_then(|id| view.products.get(id));
    let second = [
        line.variant_title.as_deref(),
        line.sku.as_deref(),
        line.brand.as_deref(),
    ];
    let mut second: Vec<&str> = second
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    if line.gift_card {
        second.push("gift card");
    }
    html! {
        div class="order-item" {
            @if let Some(page) = page { a class="quiet-link" href=(page) { (line.title) } } @else { span { (line.title) } }
            @if !second.is_empty() { span class="muted" { (second.join(" · ")) } }
        }
    }
}

fn quantity(view: &OrderView, line: &Line) -> Markup {
    let number = |count: i32| format::integer(count.into(), view.locale);
    html! {
        @if line.current_quantity == line.quantity { (number(line.quantity)) }
        @else {
            div class="amount" {
                span { (number(line.current_quantity)) }
                span class="muted" { "of " (number(line.quantity)) }
            }
        }
    }
}

fn sums(view: &OrderView) -> Markup {
    let (core, derived) = (&view.order.core, &view.order.derived);
    let named = |word: &str, all: &[NamedAmount]| {
        let names: Vec<&str> = all
            .iter()
            .map(|one| one.name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        (word.to_owned(), names.join(", "))
    };
    let mut all: Vec<((String, String), String)> =
        vec![(("Subtotal".to_owned(), String::new()), view.money(core.subtotal))];
    if !core.discount_total.is_zero() || !core.discounts.is_empty() {
        all.push((
            named("Discounts", &core.discounts),
            format!("−{}", view.money(core.discount_total)),
        ));
    }
    if !core.shipping_total.is_zero() || !core.shipping_lines.is_empty() {
        all.push((
            named("Shipping", &core.shipping_lines),
            view.money(core.shipping_total),
        ));
    }
    if !core.tax_total.is_zero() || !core.taxes.is_empty() {
        // Where the rest makes the total already, they are in the prices.
        let rest = core.subtotal + core.shipping_total;
        let is_in_prices = core.total == rest || core.total == rest - core.discount_total;
        let word = if is_in_prices { "Taxes, included" } else { "Taxes" };
        all.push((named(word, &core.taxes), view.money(core.tax_total)));
    }
    let refunded = derived.refunded_total;
    html! {
        dl class="sums tabular" {
            @for ((word, names), amount) in &all { div { dt { (word) @if !names.is_empty() { " " span class="muted" { (names) } } } dd { (amount) } } }
            div class="sums-total" { dt { "Total" } dd { (view.money(core.total)) } }
            @if !refunded.is_zero() { div { dt { "Refunded" } dd { "−" (view.money(refunded)) } } }
        }
    }
}

/// Payments, each with what became of it.
pub(super) fn payments(view: &OrderView) -> Markup {
    // What a provider took back whole, such as a sum that single refunds tell by now, moved nothing.
    let moved = |one: &&Payment| !(one.amount.is_zero() && one.state == PaymentState::Cancelled);
    let all: Vec<&Payment> = view.order.payments.iter().filter(moved).collect();
    html! { @if !all.is_empty() { (part("Payments", html! { ul class="order-rows" { @for payment in all { (payment_row(view, payment)) } } })) } }
}

fn payment_row(view: &OrderView, payment: &Payment) -> Markup {
    let by = [
        payment.method.as_deref(),
        payment.gateway.as_deref().or(payment.told_by.as_deref()),
    ];
    let by: Vec<String> = by.into_iter().flatten().map(words::sentence).collect();
    html! {
        li {
            div class="order-row-name" {
                b { (words::payment_kind(payment.kind)) } (words::payment_state(payment.state))
                (words::test_mark(payment.is_test))
                @if !by.is_empty() { span class="muted" { (by.join(", ")) } }
            }
            span class="tabular order-row-amount" {
                @if payment.kind == PaymentKind::Refund { "−" }
                (words::amount(payment.amount, payment.currency, view.locale))
            }
            @if let Some(at) = payment.processed_at { p class="muted" { (format::exact(at, view.zone)) } }
            @if payment.state == PaymentState::Failed { p class="order-fault" {
                (payment.failure_reason.as_deref().unwrap_or("No reason was given."))
                @if let Some(code) = &payment.failure_code { " " code { (code) } }
            } }
        }
    }
}

/// Fulfilments, with the ways to follow them.
pub(super) fn fulfillments(view: &OrderView) -> Markup {
    let all = &view.order.fulfillments;
    html! { @if !all.is_empty() { (part("Fulfilments", html! { ul class="order-rows" { @for one in all { (fulfillment_row(view, one)) } } })) } }
}

fn fulfillment_row(view: &OrderView, one: &Fulfillment) -> Markup {
    let company = one.tracking_company.as_deref().unwrap_or("Shipment");
    html! {
        li {
            div class="order-row-name" { b { (company) } (words::fulfillment_state(one.state)) }
            @if let Some(at) = one.shipped_at { p class="muted" { "Shipped " (format::exact(at, view.zone)) } }
            @if let Some(at) = one.delivered_at { p class="muted" { "Delivered " (format::exact(at, view.zone)) } }
            @for (index, number) in one.tracking_numbers.iter().enumerate() { p { (tracking(number, one.tracking_urls.get(index))) } }
            @for url in one.tracking_urls.iter().skip(one.tracking_numbers.len()) { p { (external_link(url)) } }
            (some_lines(view, &one.lines))
        }
    }
}

/// A number to follow a shipment by, leading there where that is known and safe.
fn tracking(number: &str, url: Option<&String>) -> Markup {
    let safe = url.map(|url| url.trim()).filter(|url| {
        ["https://", "http://"]
            .iter()
            .any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
    });
    html! {
        @match safe {
            Some(url) => a class="link" href=(url) rel="noopener noreferrer nofollow" target="_blank" { "Track " (number) },
            None => span { "Tracking number " (number) },
        }
    }
}

/// Which lines something is about; nothing where it is all of them.
fn some_lines(view: &OrderView, all: &[LineQuantity]) -> Markup {
    let names: Vec<String> = all
        .iter()
        .map(|one| {
            let line = view
                .order
                .lines
                .iter()
                .find(|line| line.external_id.as_deref() == Some(&one.external_id));
            let title = line.map_or(one.external_id.as_str(), |line| line.title.as_str());
            format!("{} × {title}", format::integer(one.quantity.into(), view.locale))
        })
        .collect();
    html! { @if !names.is_empty() { p class="muted" { (names.join(", ")) } } }
}

/// Refunds, with why and what came back.
pub(super) fn refunds(view: &OrderView) -> Markup {
    let all = &view.order.refunds;
    html! { @if !all.is_empty() { (part("Refunds", html! { ul class="order-rows" { @for refund in all { (refund_row(view, refund)) } } })) } }
}

fn refund_row(view: &OrderView, refund: &Refund) -> Markup {
    html! {
        li {
            div class="order-row-name" { b { (refund.reason.as_deref().unwrap_or("Refund")) } @if refund.restock { span class="muted" { "back in stock" } } }
            span class="tabular order-row-amount" { "−" (view.money(refund.amount)) }
            @if let Some(at) = refund.refunded_at { p class="muted" { (format::exact(at, view.zone)) } }
            (some_lines(view, &refund.lines))
        }
    }
}

/// As written on a parcel.
pub(super) fn address(address: &Address) -> Markup {
    let town = [address.postal_code.as_deref(), address.city.as_deref()];
    let town: Vec<&str> = town.into_iter().flatten().collect();
    let country = address.country.as_deref().map(|code| {
        Country::parse(code).map_or_else(|_| code.to_owned(), |country| country.name().to_owned())
    });
    let lines = [
        address.name.clone(),
        address.company.clone(),
        address.line1.clone(),
        address.line2.clone(),
        Some(town.join(" ")),
        address.province.clone(),
        country,
        address.phone.clone(),
    ];
    html! {
        address class="postal" { @for line in lines.iter().flatten().filter(|line| !line.is_empty()) { span { (line) } } }
    }
}
