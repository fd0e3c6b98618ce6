//! The list of carts as HTML, and a customer's few. It is given everything; it asks nobody.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::model::CartRow;
use regulars_kernel::ids::CustomerId;
use regulars_web::pages::{
    Align, Direction, Icon, ListState, Locale, column, data_table, format, link_button, page_header,
    sort_column, table_empty, table_error, time_tag,
};

use super::{KIND, filters::in_words};
use crate::{
    listing::{Face, Listing},
    words,
};

/// Columns of the table.
const COLUMNS: usize = 6;

/// A cart and what its customer is called.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub cart: CartRow,
    /// None if nobody is known to have filled it.
    pub customer: Option<String>,
}

/// Everything the list shows.
pub(super) type ListView = Listing<Row>;

/// Header, toolbar, table.
pub(super) fn content(view: &ListView) -> Markup {
    html! {
        (page_header("Carts", html! {}, ""))
        div class="toolbar" { (view.chips(&KIND, false)) (view.total(&KIND, false)) }
        (list(view))
    }
}

/// The table, and what stands around it.
pub(super) fn list(view: &ListView) -> Markup {
    let table = data_table(
        KIND.title,
        head(view),
        html! {
            @match view.face {
                Face::Rows => @for row in &view.rows { (line(row, &view.state, true, view.zone, view.locale)) },
                Face::NoMatch => (table_empty(COLUMNS, Icon::Search, "No cart matches", "Change the filter to see others.", html! { (link_button("Clear filters", KIND.path)) })),
                Face::Nothing => (table_empty(COLUMNS, Icon::Cart, "No carts yet", "They come from your shop: by a connection, or by the API.", html! { (link_button("API docs", "/api/docs")) })),
                Face::Faulty => (table_error(COLUMNS, "Nothing was looked up.", None)),
            }
        },
    );
    view.around(&KIND, &table, in_words)
}

fn head(view: &ListView) -> Markup {
    let is_last_first = view.sorted.starts_with('-');
    let now = if is_last_first {
        Direction::Descending
    } else {
        Direction::Ascending
    };
    let then = if is_last_first {
        "last_active_at"
    } else {
        "-last_active_at"
    };
    let changed = sort_column(
        "Last changed",
        &view.state.with("sort", then).href(KIND.path),
        Some(now).filter(|_| !view.sorted.is_empty()),
        Align::Start,
        true,
    );
    html! {
        (column("Cart", Align::Start, false)) (changed) (column("Customer", Align::Start, false)) (column("State", Align::Start, false))
        (column("Items", Align::End, true)) (column("Total", Align::End, false))
    }
}

/// One row; `state` is the list that it stands in.
fn line(row: &Row, state: &ListState, with_customer: bool, zone: Tz, locale: Locale) -> Markup {
    let cart = &row.cart;
    let href = format!("{}/{}", KIND.path, cart.id);
    let name = cart.title.as_deref().unwrap_or("Empty cart");
    let preview = state.leading_to(&format!("{href}/preview"));
    // On a customer's page one stays there.
    let beside = (!with_customer).then_some(&preview);
    html! {
        tr data-row data-row-preview=(preview) {
            td class="cell-cut" {
                div class="person-lines" {
                    a href=(state.leading_to(&href)) data-row-link title=(name) hx-get=[beside] hx-target=[beside.map(|_| "#sheet-body")] { (name) }
                    span { (words::sentence(&cart.source)) }
                }
            }
            td class={ "cell-muted" @if with_customer { " cell-wide" } } { @if let Some(at) = cart.last_active_at { (time_tag(at, zone)) } @else { "–" } }
            @if with_customer { td class="cell-cut" { (customer(row)) } }
            td { (words::cart_state(cart.state)) }
            td class="cell-number cell-wide tabular" { (format::integer(cart.items.into(), locale)) }
            td class="cell-number tabular" { (words::money(&cart.total, locale)) }
        }
    }
}

fn customer(row: &Row) -> Markup {
    html! {
        @match (&row.cart.customer_id, &row.customer) {
            (Some(id), Some(name)) => a class="quiet-link" href={ "/customers/" (id) } title=(name) { (name) },
            _ => span class="muted" { (row.cart.email.as_deref().unwrap_or("–")) },
        }
    }
}

/// One customer's carts of which no order came; where there are more, the list has them.
pub(super) fn of_customer(
    rows: &[Row],
    customer: CustomerId,
    is_more: bool,
    zone: Tz,
    locale: Locale,
) -> Markup {
    let state: ListState = [("customer", customer.to_string())].into_iter().collect();
    let head = html! {
        (column("Cart", Align::Start, false)) (column("Last changed", Align::Start, false)) (column("State", Align::Start, false))
        (column("Items", Align::End, true)) (column("Total", Align::End, false))
    };
    html! {
        section class="panel order-part" {
            header { h2 { "Carts" } @if is_more { (link_button("All carts", state.href(KIND.path)).small().ghost()) } }
            (data_table("Carts", head, html! { @for row in rows { (line(row, &state, false, zone, locale)) } }))
        }
    }
}
