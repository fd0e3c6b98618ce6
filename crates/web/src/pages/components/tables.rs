//! Tables: head cells that sort, rows that can be chosen, and the faces of a table without rows.

use maud::{Markup, html};

use super::{empty_state, error_state};
use crate::pages::Icon;

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// How a column's cells are set. Numbers stand right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Align {
    /// Words.
    #[default]
    Start,
    /// Numbers; use the class `cell-number` on the cells.
    End,
}

/// A framed table. `head` is the cells of the one head row, `body` the rows; both are maud. A row that can be opened is
/// `tr data-row`, holds a link with `data-row-link`, and cells that are left out on phones have the class `cell-wide`.
pub fn data_table(label: &str, head: Markup, body: Markup) -> Markup {
    framed(label, "data-table", false, &[], head, body)
}

/// A table whose rows begin with a [`super::person`]: each has room for two lines.
pub fn people_table(label: &str, head: Markup, body: Markup) -> Markup {
    sized_table(label, false, &[], head, body)
}

/// The same with columns of these widths in pixels, and whether they are left out on phones; without any, as wide as
/// their content asks for. In a tree rows have levels, and some can be opened.
pub fn sized_table(label: &str, is_tree: bool, widths: &[(u16, bool)], head: Markup, body: Markup) -> Markup {
    let class = if widths.is_empty() {
        "data-table people"
    } else {
        "data-table people sized"
    };
    framed(label, class, is_tree, widths, head, body)
}

fn framed(
    label: &str,
    class: &str,
    is_tree: bool,
    widths: &[(u16, bool)],
    head: Markup,
    body: Markup,
) -> Markup {
    html! {
        div class="table-frame" {
            div class="table-scroll" {
                table class=(class) role=[is_tree.then_some("treegrid")] aria-label=(label) {
                    @if !widths.is_empty() { colgroup { @for (width, wide) in widths { col class=[wide.then_some("cell-wide")] width=(width); } } }
                    thead { tr { (head) } } tbody { (body) }
                }
            }
        }
    }
}

/// A head cell that does not sort. `wide` columns are left out on phones.
pub fn column(label: &str, align: Align, wide: bool) -> Markup {
    // A head cell without words, as above a column of menus, is no heading.
    html! {
        @if label.is_empty() { td class=(classes(align, wide)) {} }
        @else { th scope="col" class=(classes(align, wide)) { (label) } }
    }
}

/// The head cell above the rows' menus, whose cells have the class `cell-menu`.
pub fn menu_column(wide: bool) -> Markup {
    html! { td class={ "cell-menu" @if wide { " cell-wide" } } {} }
}

/// A head cell that sorts: the address sorts by it, or the other way round if it already does.
pub fn sort_column(label: &str, href: &str, sorted: Option<Direction>, align: Align, wide: bool) -> Markup {
    sort_column_also(label, href, None, sorted, align, wide)
}

/// The same, with the address that a click with Shift leads to: the list sorted by this column after those it is sorted by.
pub fn sort_column_also(
    label: &str,
    href: &str,
    also: Option<&str>,
    sorted: Option<Direction>,
    align: Align,
    wide: bool,
) -> Markup {
    let sort = SortLink { href, also, sorted };
    heading(label, Some(&sort), None, align, wide)
}

/// Where a heading leads to sort.
#[derive(Clone, Copy, Debug)]
pub struct SortLink<'a> {
    /// The list sorted by it, or the other way round if it already is.
    pub href: &'a str,
    /// With Shift: sorted by this as well.
    pub also: Option<&'a str>,
    /// How the list is sorted by it now.
    pub sorted: Option<Direction>,
}

/// A head cell that may sort, and of a named column may be made wider at its edge.
pub fn heading(
    label: &str,
    sort: Option<&SortLink<'_>>,
    name: Option<&str>,
    align: Align,
    wide: bool,
) -> Markup {
    let (state, icon) = match sort.and_then(|sort| sort.sorted) {
        Some(Direction::Ascending) => (Some("ascending"), Icon::ArrowUp),
        Some(Direction::Descending) => (Some("descending"), Icon::ArrowDown),
        None => (None, Icon::ArrowDown),
    };
    html! {
        th scope="col" class=(classes(align, wide)) aria-sort=[state] data-column=[name] {
            @match sort {
                Some(sort) => a class="sort" href=(sort.href) data-sort-also=[sort.also] title=[sort.also.map(|_| "With Shift: sort by this as well")] { (label) (icon) },
                None => (label),
            }
            @if name.is_some() { span class="column-edge" role="separator" aria-orientation="vertical" aria-label={ "Width of " (label) } tabindex="0" aria-valuemin="60" aria-valuemax="800" aria-valuenow="150" data-column-edge {} }
        }
    }
}

fn classes(align: Align, wide: bool) -> &'static str {
    match (align, wide) {
        (Align::Start, false) => "cell-text",
        (Align::Start, true) => "cell-text cell-wide",
        (Align::End, false) => "cell-number",
        (Align::End, true) => "cell-number cell-wide",
    }
}

/// The head cell that chooses every row of the page.
pub fn select_all() -> Markup {
    html! {
        th class="cell-select" scope="col" {
            label class="row-check" { input class="input" type="checkbox" data-select-all aria-label="Choose every row of this page"; }
        }
    }
}

/// The cell that chooses its row; sends `name=value`. `what` names the row for assistive technology.
pub fn row_checkbox(name: &str, value: &str, what: &str) -> Markup {
    html! {
        td class="cell-select" {
            label class="row-check" { input class="input" type="checkbox" name=(name) value=(value) data-select-row aria-label={ "Choose " (what) }; }
        }
    }
}

/// The only row of a table without rows.
pub fn table_empty(columns: usize, icon: Icon, title: &str, text: &str, action: Markup) -> Markup {
    html! { tr { td colspan=(columns) { (empty_state(icon, title, text, action)) } } }
}

/// The only row of a table that could not be loaded.
pub fn table_error(columns: usize, text: &str, retry: Option<&str>) -> Markup {
    html! { tr { td colspan=(columns) { (error_state(text, retry)) } } }
}

/// Grey rows while the real ones load.
pub fn skeleton_rows(rows: usize, columns: usize) -> Markup {
    const LENGTHS: [&str; 4] = ["long", "medium", "short", "medium"];
    html! {
        @for row in 0..rows {
            tr aria-hidden="true" { @for cell in 0..columns { td { span class="skeleton-line" data-length=(LENGTHS[(row + cell) % LENGTHS.len()]) {} } } }
        }
    }
}
