//! The list of orders as HTML. It is given everything; it asks nobody.

use maud::{Markup, html};
use regulars_web::pages::{
    Align, Direction, Icon, column, data_table, link_button, page_header, search_box, sort_column,
    table_empty, table_error,
};

use super::{
    KIND,
    filters::in_words,
    table::{Look, Row, heads, line},
};
use crate::listing::{Face, Listing};

/// Columns of the table.
const COLUMNS: usize = 8;

/// Everything the list shows.
pub(super) type ListView = Listing<Row>;

/// Header, toolbar, table.
pub(super) fn content(view: &ListView) -> Markup {
    html! {
        (page_header("Orders", html! {}, ""))
        div class="toolbar" {
            form class="list-search" method="get" action=(KIND.path) {
                @for (name, value) in view.state.pairs().filter(|(name, _)| !matches!(*name, "q" | "cursor" | "page" | "at")) {
                    input type="hidden" name=(name) value=(value);
                }
                (search_box(view.state.get("q"), "Number or e-mail", KIND.path, "#list"))
            }
            (view.chips(&KIND, false))
            (view.total(&KIND, false))
        }
        (list(view))
    }
}

/// The table, and what stands around it.
pub(super) fn list(view: &ListView) -> Markup {
    let look = Look {
        with_customer: true,
        locale: view.locale,
        zone: view.zone,
    };
    let table = data_table(
        KIND.title,
        head(view),
        html! {
            @match view.face {
                Face::Rows => @for row in &view.rows { (line(row, &view.state, look)) },
                Face::NoMatch => (table_empty(COLUMNS, Icon::Search, "No order matches", "The search finds the beginning of a number and whole e-mail addresses.", html! { (link_button("Clear search and filters", KIND.path)) })),
                Face::Nothing => (table_empty(COLUMNS, Icon::Orders, "No orders yet", "They come from your shop: by a connection, or by the API.", html! { (link_button("API docs", "/api/docs")) })),
                Face::Faulty => (table_error(COLUMNS, "Nothing was looked up.", None)),
            }
        },
    );
    view.around(&KIND, &table, in_words)
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
            &view.state.with("sort", &then).href(KIND.path),
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
