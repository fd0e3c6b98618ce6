//! The list's table: its headings, which sort and can be made wider, and its rows.

use maud::{Markup, html};
use regulars_web::pages::{
    Align, Direction, SortLink, column, heading, menu_column, person, row_checkbox, select_all,
};

use super::{
    cells,
    columns::Column,
    menu, tree,
    view::{Cell, ListView, PATH, Row},
};

/// Cells of a row besides its columns: the tick, the name and the menu.
pub(super) const BESIDE: usize = 3;
/// Widths, in pixels, of those and of columns that nobody made wider, where any was.
const WIDTH_OF_TICK: u16 = 44;
const WIDTH_OF_NAME: u16 = 260;
const WIDTH_OF_COLUMN: u16 = 140;

/// None unless somebody made a column wider; then all have one.
pub(super) fn widths(columns: &[Column]) -> Vec<(u16, bool)> {
    if columns.iter().all(|column| column.width.is_none()) {
        return Vec::new();
    }
    let each = columns
        .iter()
        .map(|column| (column.width.unwrap_or(WIDTH_OF_COLUMN), is_wide(column)));
    let beside = [(WIDTH_OF_TICK, false), (WIDTH_OF_NAME, false)].into_iter();
    beside.chain(each).chain([(WIDTH_OF_TICK, false)]).collect()
}

/// Whether phones leave it out.
fn is_wide(column: &Column) -> bool {
    column.name != "status"
}

pub(super) fn head(view: &ListView) -> Markup {
    let sorting = |label: &str, field: Option<&'static str>, name: Option<&str>, align: Align, wide: bool| {
        let Some(field) = field.filter(|field| view.sorts.contains(field)) else {
            return heading(label, None, name, align, wide);
        };
        let newest_first = field.ends_with("_at");
        let (ascending, descending) = (field.to_owned(), format!("-{field}"));
        let order: Vec<&str> = view.sorted.split(',').collect();
        let now = order.iter().find_map(|sort| match *sort {
            _ if *sort == ascending => Some(Direction::Ascending),
            _ if *sort == descending => Some(Direction::Descending),
            _ => None,
        });
        let then = match now {
            Some(Direction::Ascending) => descending,
            None if newest_first => descending,
            Some(Direction::Descending) | None => ascending,
        };
        // Beside the others: in its place if it is one of them, else behind them. A ranking is the only order of its list.
        let others = order
            .iter()
            .filter(|sort| !sort.is_empty() && !sort.ends_with("relevance"));
        let mut also: Vec<&str> = others
            .map(|sort| {
                if sort.trim_start_matches('-') == field {
                    then.as_str()
                } else {
                    *sort
                }
            })
            .collect();
        if now.is_none() {
            also.push(&then);
        }
        let (href, also) = (
            view.state.with("sort", &then).href(PATH),
            view.state.with("sort", &also.join(",")).href(PATH),
        );
        let sort = SortLink {
            href: &href,
            also: Some(&also),
            sorted: now,
        };
        heading(label, Some(&sort), name, align, wide)
    };
    html! {
        @if view.may_write { (select_all()) } @else { (column("", Align::Start, false)) }
        (sorting("Customer", Some("full_name"), None, Align::Start, false))
        @for column in &view.columns { (sorting(&column.label, column.sorts, Some(&column.name), column.align, is_wide(column))) }
        (menu_column(false))
    }
}

pub(super) fn line(view: &ListView, row: &Row) -> Markup {
    let href = format!("/customers/{}", row.id);
    html! {
        tr data-row data-row-preview=(view.state.leading_to(&format!("{href}/preview"))) role=[row.place.as_ref().map(|_| "row")] aria-level=[row.place.as_ref().map(|place| place.level)]
            aria-expanded=[row.place.as_ref().filter(|place| place.children > 0).map(|_| "false")]
            data-branch=[row.place.as_ref().map(|_| row.id)] data-below=[row.place.as_ref().and_then(|place| place.below.as_ref()).map(|(id, _)| id)] {
            @if view.may_write { (row_checkbox("id", &row.id.to_string(), &row.name)) } @else { td class="cell-select" {} }
            @match &row.place {
                None => td { (person(&row.name, &row.second, &view.state.leading_to(&href))) },
                Some(place) => td { div class="tree-cell" { (tree::toggle(row, place, &view.columns)) (person(&row.name, &row.second, &view.state.leading_to(&href))) (tree::number(place, view.locale)) } },
            }
            @for (column, cell) in view.columns.iter().zip(&row.cells) { (shown(view, row, column, cell)) }
            td class="cell-menu" { (menu::opener(row)) }
        }
    }
}

fn shown(view: &ListView, row: &Row, column: &Column, cell: &Cell) -> Markup {
    let class = match (is_wide(column), column.align) {
        (false, _) => "",
        (true, Align::Start) => "cell-wide cell-muted",
        (true, Align::End) => "cell-wide cell-number tabular",
    };
    let title = match cell {
        Cell::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    let may_write = view.may_write && view.state.get("deleted").is_empty();
    html! {
        td class=(class) id=(cells::place(row.id, &column.name)) title=[title] { (cells::inside(row.id, &row.name, column, cell, view.zone, may_write)) }
    }
}
