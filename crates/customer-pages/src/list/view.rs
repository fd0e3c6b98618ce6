//! The customer list as HTML. It is given everything; it asks nobody.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use regulars_kernel::{Fault, Total, ids::CustomerId};
use regulars_web::pages::{
    Attributes, Icon, Locale, Page, Tab, Tone, bulk_bar, button, confirm_attributes, filter_chip, format,
    icon_button, link_button, menu, menu_divider, menu_item, notice, page_header, pagination, search_box,
    sized_table, table_empty, table_error, view_tabs,
};

use super::{
    super::{state::ListState, words},
    cells,
    chips::fault_in_words,
    columns::Column,
    table::{BESIDE, head, line, widths},
    tree::{self, Place},
    work::{self, Work},
};
use regulars_customers::model::{Choice as _, Status};

/// Where the list is.
pub(crate) const PATH: &str = "/customers";
/// One customer of the list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: CustomerId,
    pub name: String,
    /// The line below the name: e-mail, else phone, else nothing; first of all that it is deleted, and since when.
    pub second: String,
    /// What stands in each column.
    pub cells: Vec<Cell>,
    /// Where it stands, if the list is a tree.
    pub place: Option<Place>,
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Text(String),
    Status(&'static str),
    Tags(Vec<(String, Tone)>),
    Time(Option<DateTime<Utc>>),
}

/// A saved view's tab.
#[derive(Clone, Debug)]
pub(crate) struct ViewTab {
    pub name: String,
    pub href: String,
    pub shared: bool,
    pub current: bool,
}

/// A filter in force.
#[derive(Clone, Debug)]
pub(crate) struct Chip {
    pub name: String,
    pub relation: &'static str,
    pub value: String,
    pub without: String,
}

/// Why the table has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// There are some.
    Rows,
    /// Nothing matches what is asked for.
    NoMatch,
    /// The organization has no customers at all.
    NoCustomers,
    /// What is asked for is wrong; the faults say how.
    Faulty,
}

/// Everything the list shows.
#[derive(Clone, Debug)]
pub(crate) struct ListView {
    pub state: ListState,
    pub rows: Vec<Row>,
    pub face: Face,
    pub total: Total,
    /// Number of the first row shown, from 1.
    pub first: u64,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub views: Vec<ViewTab>,
    /// The id of the view that is open, if it may be changed or deleted here.
    pub open_view: Option<String>,
    pub chips: Vec<Chip>,
    /// The columns that are shown, besides the name.
    pub columns: Vec<Column>,
    /// Fields that can be sorted by.
    pub sorts: &'static [&'static str],
    /// The order in force, as in the address.
    pub sorted: String,
    pub faults: Vec<Fault>,
    pub may_write: bool,
    pub may_import: bool,
    pub may_export: bool,
    /// How many “all that match” are, in words; none if this page shows them all.
    pub everything: Option<String>,
    /// Bulk work that is not done yet.
    pub work: Vec<Work>,
    pub locale: Locale,
    pub zone: Tz,
}

/// The list's content: header with views, toolbar, table.
pub(crate) fn content(view: &ListView) -> Markup {
    html! {
        (page_header("Customers", html! { (tabs(view)) }, ""))
        div class="toolbar" {
            form class="list-search" method="get" action=(PATH) {
                @for (name, value) in view.state.pairs().filter(|(name, _)| !matches!(*name, "q" | "cursor" | "page")) {
                    input type="hidden" name=(name) value=(value);
                }
                (search_box(view.state.get("q"), "Name, e-mail, phone, code", PATH, "#list"))
            }
            (chips(view, false))
            (total(view, false))
        }
        @if view.may_write { (work::lines(&view.work, view.locale)) }
        (list(view))
    }
}

/// What a search as one types gets: the table, and beside it what else follows the address.
pub(crate) fn fragment(view: &ListView) -> Markup {
    html! { (list(view)) (chips(view, true)) (total(view, true)) }
}

fn tabs(view: &ListView) -> Markup {
    let mut all = vec![Tab {
        label: "All".into(),
        href: PATH.into(),
        count: None,
        current: !view.views.iter().any(|tab| tab.current) && !view.state.narrows(),
    }];
    all.extend(view.views.iter().map(|tab| Tab {
        label: tab.name.clone(),
        href: tab.href.clone(),
        count: tab.shared.then(|| "shared".to_owned()),
        current: tab.current,
    }));
    html! {
        (view_tabs(&all))
        @if let Some(id) = &view.open_view {
            (menu("view-menu", icon_button(Icon::More, "This view").small(), false, html! {
                (menu_item(Icon::Edit, "Rename or share", false, Attributes::new().set("hx-get", format!("/customers/views/{id}/edit")).set("hx-target", "#sheet-body")))
                (menu_item(Icon::Save, "Save the filters shown", false, Attributes::new().set("hx-post", format!("/customers/views/{id}?{}", view.state.kept_by_view().query())).set("hx-swap", "none")))
                (menu_divider())
                (menu_item(Icon::Trash, "Delete view", true, Attributes::new().set("hx-post", format!("/customers/views/{id}/delete")).set("hx-swap", "none")
                    .and(confirm_attributes("Delete this view?", "The customers in it stay as they are.", "Delete view", None))))
            }))
        }
    }
}

fn chips(view: &ListView, beside: bool) -> Markup {
    let sheet = view.state.href("/customers/filters");
    html! {
        div class="chip-row" id="list-chips" hx-swap-oob=[beside.then_some("true")] {
            @for chip in &view.chips { (filter_chip(&chip.name, chip.relation, &chip.value, &sheet, &chip.without)) }
            (link_button("Filter", sheet.clone()).ghost().icon(Icon::Filter).key("f").opens_sheet(sheet))
            @if view.state.filters().count() > 1 { (link_button("Clear", view.state.only_search().href(PATH)).ghost()) }
        }
    }
}

fn total(view: &ListView, beside: bool) -> Markup {
    let save = view.state.href("/customers/views/new");
    html! {
        div class="toolbar-end" id="list-total" hx-swap-oob=[beside.then_some("true")] {
            @if view.face == Face::Rows {
                span class="tabular" role="status" {
                    @if !view.total.exact { "about " }
                    (format::integer(view.total.value, view.locale)) " " (tree::noun(&view.state, view.total.value))
                }
            }
            @if view.state.narrows() || !view.state.get("sort").is_empty() || tree::is_tree(&view.state) {
                (link_button("Save view", save.clone()).icon(Icon::Save).opens_sheet(save))
            }
            (layouts(view))
            @let columns = view.state.href("/customers/columns");
            (link_button("Columns", columns.clone()).ghost().icon(Icon::Columns).opens_sheet(columns))
            @if view.may_export && view.face == Face::Rows {
                (link_button("Export", tree::roots(&view.state).question().href("/exports/new")).ghost().icon(Icon::Exports))
            }
        }
    }
}

/// Table or tree; the key goes to the other one.
fn layouts(view: &ListView) -> Markup {
    let is_tree = tree::is_tree(&view.state);
    let (table, tree) = (
        view.state.without(tree::LAYOUT).href(PATH),
        view.state.with(tree::LAYOUT, tree::TREE).href(PATH),
    );
    html! {
        div class="segmented" role="group" aria-label="Layout" {
            a href=(table) aria-current=[(!is_tree).then_some("true")] data-key=[is_tree.then_some("l")] data-key-label="Show as table" { (Icon::Table) span { "Table" } }
            a href=(tree) aria-current=[is_tree.then_some("true")] data-key=[(!is_tree).then_some("l")] data-key-label="Show as tree" { (Icon::Hierarchy) span { "Tree" } }
        }
    }
}

/// The table with its bulk bar and paging; replaced as a whole.
pub(crate) fn list(view: &ListView) -> Markup {
    let here = view.state.href(PATH);
    let page = Page {
        first: view.first,
        last: (view.first + view.rows.len() as u64).saturating_sub(1),
        total: u64::try_from(view.total.value).ok(),
        about: !view.total.exact,
        previous: view.previous.clone(),
        next: view.next.clone(),
    };
    html! {
        div id="list" class="list" hx-get=(here) hx-trigger="customersChanged from:document" hx-swap="outerHTML" {
            @if !view.faults.is_empty() { (notice(Tone::Red, "This address asks for something that cannot be", html! {
                ul { @for fault in &view.faults { li { (fault_in_words(fault)) } } }
                @let sheet = view.state.href("/customers/filters");
                div class="form-actions" { (link_button("Change the filter", sheet.clone()).small().opens_sheet(sheet)) (link_button("Show all customers", PATH).small()) }
            })) }
            form data-selection {
                (sized_table("Customers", tree::is_tree(&view.state), &widths(&view.columns), head(view), html! {
                    @match view.face {
                        Face::Rows => @for row in &view.rows { (line(view, row)) },
                        Face::NoMatch => (no_match(view)),
                        Face::NoCustomers => (no_customers(view)),
                        Face::Faulty => (table_error(view.columns.len() + BESIDE, "Nothing was looked up.", None)),
                    }
                }))
                @if view.face == Face::Rows { (cells::popover()) }
                @if view.may_write && view.face == Face::Rows {
                    input type="hidden" name="query" value=(tree::roots(&view.state).question().query());
                    input type="hidden" name="everything" value=(view.everything.as_deref().unwrap_or_default());
                    (bulk_bar(bulk_actions(view.state.get("deleted") == "only"), view.everything.as_deref()))
                }
            }
            @if view.face == Face::Rows { (pagination(&page, [tree::noun(&view.state, 1), tree::noun(&view.state, 2)], view.locale)) }
        }
    }
}

/// Attributes that open the side sheet.
pub(crate) fn sheet_of(url: &str) -> Attributes {
    Attributes::new()
        .set("hx-get", url)
        .set("hx-target", "#sheet-body")
}

/// Attributes that delete a customer after asking.
pub(crate) fn deleting(href: &str, name: &str) -> Attributes {
    Attributes::new()
        .set("hx-post", format!("{href}/delete"))
        .set("hx-swap", "none")
        .and(confirm_attributes(
            &format!("Delete {name}?"),
            "The customer leaves every list and search. It can be restored.",
            "Delete customer",
            None,
        ))
}

/// `restoring`: the list shows the deleted alone, with whom nothing else can be done.
fn bulk_actions(restoring: bool) -> Markup {
    let sheet = |label: &'static str, icon: Icon, action: &str| {
        button(label)
            .ghost()
            .small()
            .icon(icon)
            .attr("hx-get", format!("/customers/bulk?action={action}"))
            .attr("hx-include", "closest form")
            .attr("hx-target", "#sheet-body")
    };
    let posting = |action: String| {
        Attributes::new()
            .set("hx-post", format!("/customers/bulk?{action}"))
            .set("hx-include", "closest form")
            .set("hx-swap", "none")
    };
    if restoring {
        return html! { (button("Restore").ghost().small().icon(Icon::Restore).attrs(posting("action=restore".to_owned()))) };
    }
    html! {
        (sheet("Tag", Icon::Tag, "tag"))
        (sheet("Untag", Icon::Close, "untag"))
        (menu("bulk-status", button("Status").ghost().small().icon(Icon::ChevronDown), false, html! {
            @for status in Status::ALL {
                (menu_item(Icon::Check, &words::sentence(status.as_str()), false, posting(format!("action=status&status={status}"))))
            }
        }))
        (sheet("Owner", Icon::Person, "owner"))
        (button("Export").ghost().small().icon(Icon::Exports).attrs(posting("action=export".to_owned())))
        (button("Delete").destructive().small().icon(Icon::Trash).attrs(posting("action=delete".to_owned())).attrs(confirm_attributes(
            "Delete {selected} customers?", "They leave every list and search. They can be restored.", "Delete customers", None)))
    }
}

fn no_match(view: &ListView) -> Markup {
    let only_deleted = view.state.get("deleted") == "only" && view.state.filters().count() == 1;
    table_empty(
        view.columns.len() + BESIDE,
        Icon::Search,
        "Nobody matches",
        if only_deleted {
            "Deleted customers stand here until they are erased, and can be restored."
        } else {
            "Try fewer letters or fewer filters. Small spelling mistakes are forgiven."
        },
        html! {
            (link_button(if only_deleted { "Back to all customers" } else { "Clear search and filters" }, PATH))
            @if view.may_write && !only_deleted { (link_button("New customer", "/customers/new").opens_sheet("/customers/new")) }
        },
    )
}

fn no_customers(view: &ListView) -> Markup {
    table_empty(
        view.columns.len() + BESIDE,
        Icon::Customers,
        "No customers yet",
        "Import a file from your shop, or add the first one by hand.",
        html! {
            @if view.may_import { (link_button("Import a file", "/imports/new").icon(Icon::Imports)) }
            @if view.may_write { (link_button("New customer", "/customers/new").primary().icon(Icon::Plus).opens_sheet("/customers/new")) }
        },
    )
}

#[cfg(test)]
mod tests {
    use regulars_kernel::clock;
    use regulars_web::pages::samples;

    use super::{super::columns, *};

    fn sample(text: &str, rows: usize, face: Face) -> ListView {
        let state: ListState = [("q", text), ("status", text), ("attribute.x", text)]
            .into_iter()
            .collect();
        let row = Row {
            id: CustomerId::new(),
            name: text.into(),
            second: text.into(),
            cells: vec![
                Cell::Status("vip"),
                Cell::Tags(vec![(text.into(), Tone::Blue); 4]),
                Cell::Text(text.into()),
                Cell::Time(Some(clock::now())),
                Cell::Time(None),
            ],
            place: Some(Place {
                level: 2,
                below: Some((CustomerId::new(), text.into())),
                children: 100,
            }),
        };
        let chip = Chip {
            name: text.into(),
            relation: "is",
            value: text.into(),
            without: state.without("status").href(PATH),
        };
        ListView {
            rows: vec![row; rows],
            face,
            total: Total::about(1_000_000),
            first: 1,
            previous: None,
            next: Some(state.with("page", "2").href(PATH)),
            views: vec![ViewTab {
                name: text.into(),
                href: "/customers?view=1".into(),
                shared: true,
                current: true,
            }],
            open_view: Some("1".into()),
            chips: vec![chip],
            columns: columns::shown(
                &ListState::parse("columns=status,tags:90,place,created_at,last_active_at"),
                None,
                &columns::all(&[]),
            ),
            sorts: &["full_name", "created_at"],
            sorted: "-created_at".into(),
            faults: vec![Fault {
                pointer: "?status".into(),
                code: "x".into(),
                message: text.into(),
            }],
            may_write: true,
            may_import: true,
            may_export: true,
            everything: Some("all 1,000".into()),
            work: Vec::new(),
            locale: Locale::default(),
            zone: chrono_tz::Europe::Berlin,
            state,
        }
    }

    #[test]
    fn the_list_is_harmless_with_any_text_and_in_each_face() {
        for text in samples::ALL {
            for face in [Face::Rows, Face::NoMatch, Face::NoCustomers, Face::Faulty] {
                let view = sample(text, 3, face);
                samples::assert_harmless(&content(&view).into_string());
                samples::assert_harmless(&fragment(&view).into_string());
            }
        }
    }

    #[test]
    fn an_estimate_says_that_it_is_one() {
        let page = content(&sample("x", 2, Face::Rows)).into_string();
        assert!(page.contains("about 1,000,000 customers"), "{page}");
    }

    #[test]
    fn a_viewer_is_offered_nothing_that_changes() {
        let mut view = sample("x", 2, Face::Rows);
        view.may_write = false;
        view.open_view = None;
        assert!(!content(&view).into_string().contains("hx-post"));
    }

    #[test]
    fn a_column_sorts_only_where_finding_can() {
        let page = content(&sample("x", 2, Face::Rows)).into_string();
        assert!(page.contains("sort=full_name") && page.contains("sort=created_at"));
        assert!(!page.contains("sort=status"));
    }
}
