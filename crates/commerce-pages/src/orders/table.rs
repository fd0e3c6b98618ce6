//! Orders as rows of a table: those of the list, and those of one customer on that customer's page.

use std::collections::HashMap;

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::model::{OrderRow, OrderStatus};
use regulars_customers::store::captions;
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use regulars_web::pages::{Align, ListState, Locale, button, column, data_table, format, time_tag};
use uuid::Uuid;

use super::KIND;
use crate::words;

/// An order and what its customer is called.
#[derive(Clone, Debug)]
pub struct Row {
    /// The order.
    pub order: OrderRow,
    /// Its customer's name; none if nobody is known to have ordered.
    pub customer: Option<String>,
}

/// Orders with the names of their customers.
pub async fn rows(tx: &mut Tx, orders: Vec<OrderRow>) -> Result<Vec<Row>> {
    let ids: Vec<Uuid> = orders
        .iter()
        .filter_map(|order| order.customer_id)
        .map(|id| id.0)
        .collect();
    let names: HashMap<Uuid, String> = captions::customers(tx, &ids).await?;
    let row = |order: OrderRow| Row {
        customer: order.customer_id.and_then(|id| names.get(&id.0).cloned()),
        order,
    };
    Ok(orders.into_iter().map(row).collect())
}

/// How rows are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether the customer is not said by the page already.
    pub with_customer: bool,
    pub locale: Locale,
    pub zone: Tz,
}

/// One row; `state` is the list that it stands in.
pub(crate) fn line(row: &Row, state: &ListState, look: Look) -> Markup {
    let order = &row.order;
    let href = format!("{}/{}", KIND.path, order.id);
    let name = words::name(order.number.as_deref(), &order.external_id);
    let is_void = order.is_test || order.status == OrderStatus::Cancelled;
    let preview = state.leading_to(&format!("{href}/preview"));
    // On a customer's page one stays there.
    let beside = (!look.with_customer).then_some(&preview);
    html! {
        tr data-row data-row-preview=(preview) data-void[is_void] {
            td {
                div class="person-lines" {
                    span class="order-name" { a href=(state.leading_to(&href)) data-row-link hx-get=[beside] hx-target=[beside.map(|_| "#sheet-body")] { (name) } (words::test_mark(order.is_test)) }
                    span { (words::sentence(&order.source)) }
                }
            }
            td class={ "cell-muted" @if look.with_customer { " cell-wide" } } { @if let Some(at) = order.placed_at { (time_tag(at, look.zone)) } @else { "–" } }
            @if look.with_customer { td class="cell-cut" { (customer(row)) } }
            td { (words::order_status(order.status)) }
            td class="cell-wide" { (words::payment_status(order.payment_status)) }
            td class="cell-wide" { (words::fulfillment_status(order.fulfillment_status)) }
            td class="cell-number cell-wide tabular" { (format::integer(order.items.into(), look.locale)) }
            td class="cell-number tabular" { (total(order, look.locale)) }
        }
    }
}

fn customer(row: &Row) -> Markup {
    html! {
        @match (&row.order.customer_id, &row.customer) {
            (Some(id), Some(name)) => a class="quiet-link" href={ "/customers/" (id) } title=(name) { (name) },
            _ => span class="muted" { (row.order.email.as_deref().unwrap_or("–")) },
        }
    }
}

/// What is to be paid; below it what was paid back, or what it is worth in the organization's currency.
fn total(order: &OrderRow, locale: Locale) -> Markup {
    let base = order
        .total_in_base
        .as_ref()
        .filter(|base| base.currency() != order.total.currency());
    html! {
        div class="amount" {
            span { (words::money(&order.total, locale)) }
            @if !order.refunded.amount().is_zero() { span class="muted" { "−" (words::money(&order.refunded, locale)) } }
            @else if let Some(base) = base { span class="muted" { "≈ " (words::money(base, locale)) } }
        }
    }
}

/// The heads of the columns behind the order's own, that of the time and the customer's.
pub(crate) fn heads() -> Markup {
    html! {
        (column("Status", Align::Start, false)) (column("Payment", Align::Start, true)) (column("Fulfilment", Align::Start, true)) (column("Items", Align::End, true))
    }
}

/// One customer's orders; `next` is the address that has more of them, which come in the place of the button.
pub fn customer_orders(
    rows: &[Row],
    customer: CustomerId,
    next: Option<&str>,
    is_more: bool,
    zone: Tz,
    locale: Locale,
) -> Markup {
    let state: ListState = [("customer", customer.to_string())].into_iter().collect();
    let look = Look {
        with_customer: false,
        locale,
        zone,
    };
    let lines = html! {
        @for row in rows { (line(row, &state, look)) }
        @if let Some(next) = next {
            tr class="more-rows" { td colspan="7" { div class="more" {
                (button("More orders").small().attr("hx-get", next).attr("hx-target", "closest tr").attr("hx-swap", "outerHTML"))
            } } }
        }
    };
    if is_more {
        return lines;
    }
    let head = html! {
        (column("Order", Align::Start, false)) (column("Placed", Align::Start, false)) (heads()) (column("Total", Align::End, false))
    };
    data_table("Orders", head, lines)
}
