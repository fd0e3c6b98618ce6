//! The list of orders as HTML. It is given everything; it asks nobody.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{
    Align, Direction, Icon, ListState, Locale, Page, Tone, column, data_table, filter_chip, format,
    link_button, notice, page_header, pagination, search_box, sort_column, table_empty, table_error,
};

use super::{
    PATH,
    filters::{Chip, in_words},
    table::{Look, Row, heads, line},
};

/// Columns of the table.
const COLUMNS: usize = 8;

/// Why the table has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// There are some.
    Rows,
    /// Nothing matches what is asked for.
    NoMatch,
    /// The organization has no orders at all.
    NoOrders,
    /// What is asked for is wrong; the faults say how.
    Faulty,
}

/// Everything the list shows.
#[derive(Clone, Debug)]
pub(super) struct ListView {
    pub state: ListState,
    pub rows: Vec<Row>,
    pub face: Face,
    pub page: Page,
    pub chips: Vec<Chip>,
    /// The order in force, as in the address.
    pub sorted: String,
    pub faults: Vec<Fault>,
    pub locale: Locale,
    pub zone: Tz,
}

/// Header, toolbar, table.
pub(super) fn content(view: &ListView) -> Markup {
    html! {
        (page_header("Orders", html! {}, ""))
        div class="toolbar" {
            form class="list-search" method="get" action=(PATH) {
                @for (name, value) in view.state.pairs().filter(|(name, _)| !matches!(*name, "q" | "cursor" | "page" | "at")) {
                    input type="hidden" name=(name) value=(value);
                }
                (search_box(view.state.get("q"), "Number or e-mail", PATH, "#list"))
            }
            (chips(view, false))
            (total(view, false))
        }
        (list(view))
    }
}

/// What a search as one types gets: the table, and beside it what else follows the address.
pub(super) fn fragment(view: &ListView) -> Markup {
    html! { (list(view)) (chips(view, true)) (total(view, true)) }
}

fn chips(view: &ListView, beside: bool) -> Markup {
    let sheet = view.state.href("/orders/filters");
    html! {
        div class="chip-row" id="list-chips" hx-swap-oob=[beside.then_some("true")] {
            @for chip in &view.chips { (filter_chip(&chip.name, chip.relation, &chip.value, &sheet, &chip.without)) }
            (link_button("Filter", sheet.clone()).ghost().icon(Icon::Filter).key("f").opens_sheet(sheet))
            @if view.chips.len() > 1 { (link_button("Clear", view.state.only_search().href(PATH)).ghost()) }
        }
    }
}

fn total(view: &ListView, beside: bool) -> Markup {
    html! {
        div class="toolbar-end" id="list-total" hx-swap-oob=[beside.then_some("true")] {
            @if let (Face::Rows, Some(total)) = (view.face, view.page.total) {
                span class="tabular" role="status" {
                    @if view.page.about { "more than " }
                    (format::integer(i64::try_from(total).unwrap_or(i64::MAX), view.locale)) @if total == 1 { " order" } @else { " orders" }
                }
            }
        }
    }
}

fn list(view: &ListView) -> Markup {
    let look = Look {
        with_customer: true,
        locale: view.locale,
        zone: view.zone,
    };
    html! {
        div id="list" class="list" {
            @if !view.faults.is_empty() { (notice(Tone::Red, "This address asks for something that cannot be", html! {
                ul { @for fault in &view.faults { li { (in_words(fault)) } } }
                @let sheet = view.state.href("/orders/filters");
                div class="form-actions" { (link_button("Change the filter", sheet.clone()).small().opens_sheet(sheet)) (link_button("Show all orders", PATH).small()) }
            })) }
            (data_table("Orders", head(view), html! {
                @match view.face {
                    Face::Rows => @for row in &view.rows { (line(row, &view.state, look)) },
                    Face::NoMatch => (table_empty(COLUMNS, Icon::Search, "No order matches", "The search finds the beginning of a number and whole e-mail addresses.", html! { (link_button("Clear search and filters", PATH)) })),
                    Face::NoOrders => (table_empty(COLUMNS, Icon::Orders, "No orders yet", "They come from your shop: by a connection, or by the API.", html! { (link_button("API docs", "/api/docs")) })),
                    Face::Faulty => (table_error(COLUMNS, "Nothing was looked up.", None)),
                }
            }))
            @if view.face == Face::Rows { (pagination(&view.page, ["order", "orders"], view.locale)) }
        }
    }
}

fn head(view: &ListView) -> Markup {
    let sorting = |label: &str, field: &str, align: Align, wide: bool| {
        let (up, down) = (field.to_owned(), format!("-{field}"));
        let now = if view.sorted == up {
            Some(Direction::Ascending)
        } else if view.sorted == down {
            Some(Direction::Descending)
        } else {
            None
        };
        // The latest and the largest are what one looks for.
        let then = if now == Some(Direction::Descending) {
            up
        } else {
            down
        };
        sort_column(
            label,
            &view.state.with("sort", &then).href(PATH),
            now,
            align,
            wide,
        )
    };
    html! {
        (column("Order", Align::Start, false)) (sorting("Placed", "placed_at", Align::Start, true)) (column("Customer", Align::Start, false))
        (heads()) (sorting("Total", "total", Align::End, false))
    }
}
