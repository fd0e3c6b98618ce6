//! The list as a tree: whoever stands at the top, and below each, once it is opened, who stands below it.

use axum::{extract::RawQuery, http::HeaderMap, response::IntoResponse as _};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{Permission, Result, Total, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Icon, Locale, button, format},
};
use uuid::Uuid;

use super::{
    columns::{self, Column},
    handlers,
    table::{BESIDE, line},
    view::{Face, ListView, Row},
};
use crate::state::ListState;
use regulars_customers::{
    find, ops,
    store::{customers, hierarchy},
};

/// The pair in the address that says how the list is laid out.
pub(crate) const LAYOUT: &str = "layout";
/// Its value for the tree.
pub(crate) const TREE: &str = "tree";

/// Where a row stands in the tree.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// 1 at the top.
    pub level: u32,
    /// Whom it is shown below, and its name.
    pub below: Option<(CustomerId, String)>,
    /// How many stand below it, as far as they are counted.
    pub children: i64,
}

/// Whether the list is laid out as a tree.
pub(crate) fn is_tree(state: &ListState) -> bool {
    state.get(LAYOUT) == TREE
}

/// What a tree asks for: whoever matches and stands at the top, companies unless the filters say which kind, by name.
/// Below a chosen customer those directly below it stand at the top.
pub(crate) fn roots(state: &ListState) -> ListState {
    if !is_tree(state) {
        return state.clone();
    }
    let mut asked: Vec<(String, String)> = state
        .pairs()
        .filter(|(name, _)| *name != LAYOUT && *name != "sort")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut also = |name: &str, value: &str| asked.push((name.to_owned(), value.to_owned()));
    also("sort", "full_name");
    if state.get("parent").is_empty() {
        if state.get("has_parent").is_empty() {
            also("has_parent", "false");
        }
        if begins_with_companies(state) {
            also("kind", "company");
        }
    }
    asked.into_iter().collect()
}

/// An expression may name the kind as a filter does.
fn begins_with_companies(state: &ListState) -> bool {
    state.get("parent").is_empty() && state.get("kind").is_empty() && !state.get("filter").contains("kind")
}

/// What the rows at the top are called.
pub(crate) fn noun(state: &ListState, total: i64) -> &'static str {
    match (is_tree(state), begins_with_companies(state), total) {
        (false, _, 1) => "customer",
        (false, _, _) => "customers",
        (true, true, 1) => "company at the top",
        (true, true, _) => "companies at the top",
        (true, false, 1) => "customer at the top",
        (true, false, _) => "customers at the top",
    }
}

/// Says of each row where it stands and how many stand below it.
pub(super) async fn place(
    tx: &mut Tx,
    rows: &mut [Row],
    level: u32,
    below: Option<&(CustomerId, String)>,
) -> Result<()> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
    let children = hierarchy::numbers_of_children(tx, &ids).await?;
    for row in rows {
        row.place = Some(Place {
            level,
            below: below.cloned(),
            children: children.get(&row.id.0).copied().unwrap_or_default(),
        });
    }
    Ok(())
}

/// The button that opens and closes what stands below a row, or the room for it.
pub(super) fn toggle(row: &Row, place: &Place, columns: &[Column]) -> Markup {
    let level = (place.level + 1).to_string();
    let names = names(columns);
    let href = [("level", level.as_str()), (columns::NAME, names.as_str())]
        .into_iter()
        .collect::<ListState>()
        .href(&format!("/customers/{}/below", row.id));
    html! {
        @if place.children == 0 { span class="tree-leaf" {} }
        @else {
            button class="tree-toggle" type="button" data-tree-toggle aria-expanded="false" aria-label={ "Below " (row.name) }
                hx-get=(href) hx-trigger="branch" hx-target="closest tr" hx-swap="afterend" { (Icon::ChevronRight) }
        }
    }
}

/// As an address names them: what stands below has the columns of the list around it.
fn names(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    names.join(",")
}

/// How many stand below, beside the name.
pub(super) fn number(place: &Place, locale: Locale) -> Markup {
    html! {
        @if place.children > 0 {
            span class="tree-number tabular" title="Directly below" {
                @if place.children >= hierarchy::MANY_CHILDREN { (format::integer(hierarchy::MANY_CHILDREN - 1, locale)) "+" } @else { (place.children) }
            }
        }
    }
}

/// The rows below a customer, and the way to more of them.
pub(crate) fn branch(view: &ListView) -> Markup {
    html! {
        @for row in &view.rows { (line(view, row)) }
        @if let (Some(next), Some(Place { level, below: Some((id, name)), .. })) = (&view.next, view.rows.last().and_then(|row| row.place.as_ref())) {
            tr class="tree-more" role="row" data-row aria-level=(level) data-below=(id) {
                td class="cell-select" {}
                td colspan=(view.columns.len() + BESIDE - 1) { div class="tree-cell" {
                    span class="tree-leaf" {}
                    (button(format!("More below {name}")).ghost().small().attr("data-row-link", "").attr("hx-get", next).attr("hx-target", "closest tr").attr("hx-swap", "outerHTML"))
                } }
            }
        }
    }
}

/// `GET /customers/{id}/below?level=&cursor=`: rows of the tree, fifty by name.
pub(crate) async fn below(
    call: PageCall,
    headers: HeaderMap,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let asked = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let view = rows_below(&call, &mut tx, id, &asked, columns::kept(&headers)).await?;
    Ok(branch(&view).into_response())
}

/// A page of those directly below a customer, laid out as a branch.
pub(crate) async fn rows_below(
    call: &PageCall,
    tx: &mut Tx,
    id: CustomerId,
    asked: &ListState,
    kept: Option<&str>,
) -> Result<ListView> {
    let parent = customers::get(tx, id)
        .await?
        .ok_or(regulars_kernel::Error::NotFound("customer"))?;
    let level: u32 = asked.get("level").parse().unwrap_or(1).clamp(1, 50);
    let parent_id = id.to_string();
    let state: ListState = [
        ("parent", parent_id.as_str()),
        (LAYOUT, TREE),
        (columns::NAME, asked.get(columns::NAME)),
        ("cursor", asked.get("cursor")),
    ]
    .into_iter()
    .collect();
    let found = find::list(tx, &handlers::query(call, &state)?).await?;
    let shell = call.bare_shell();
    let all = columns::all(&ops::attributes::list(tx).await?);
    let shown: Vec<Column> = columns::shown(&state, kept, &all);
    let customers = found.data.into_iter().map(|found| found.customer).collect();
    let mut rows = handlers::rows(tx, customers, &shown, &shell).await?;
    let above = (id, crate::record::linked_whole(&parent).name);
    place(tx, &mut rows, level, Some(&above)).await?;
    let next = found.page.next_cursor.map(|cursor| {
        let (level, names) = (level.to_string(), names(&shown));
        [
            ("level", level.as_str()),
            (columns::NAME, names.as_str()),
            ("cursor", cursor.as_str()),
        ]
        .into_iter()
        .collect::<ListState>()
        .href(&format!("/customers/{id}/below"))
    });
    Ok(ListView {
        rows,
        face: Face::Rows,
        total: Total::exact(0),
        first: 1,
        previous: None,
        next,
        views: Vec::new(),
        open_view: None,
        chips: Vec::new(),
        columns: shown,
        sorts: &[],
        sorted: String::new(),
        faults: Vec::new(),
        may_write: call.caller.may(Permission::CustomersWrite),
        may_import: false,
        may_export: false,
        everything: None,
        work: Vec::new(),
        locale: shell.locale,
        zone: shell.time_zone,
        state: state.taking_out("cursor"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_begins_with_companies_at_the_top_unless_the_filters_say_whom() {
        let asked = |query: &str| roots(&ListState::parse(query)).query();
        assert_eq!(asked("status=vip"), "status=vip");
        assert_eq!(
            asked("status=vip&sort=-created_at&layout=tree"),
            "status=vip&sort=full_name&has_parent=false&kind=company"
        );
        assert_eq!(
            asked("kind=person&layout=tree"),
            "kind=person&sort=full_name&has_parent=false"
        );
        assert_eq!(asked("parent=7&layout=tree"), "parent=7&sort=full_name");
        assert_eq!(noun(&ListState::parse("layout=tree"), 2), "companies at the top");
        assert_eq!(
            noun(&ListState::parse("layout=tree&kind=person"), 1),
            "customer at the top"
        );
    }
}
