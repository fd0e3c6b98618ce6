//! Where a customer stands: the path to it from the top, what lies below it added up, and the tree of that.

use axum::response::IntoResponse as _;
use maud::{Markup, html};
use regulars_kernel::{Error, Permission, ids::CustomerId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{
        Align, Icon, card, column, facts, format, link_button, menu_column, sized_table, status_badge,
        time_tag,
    },
};
use rust_decimal::Decimal;

use super::{
    load,
    view::{Linked, RecordView},
};
use crate::{
    list::{self, ListView},
    state::ListState,
    words,
};
use regulars_customers::{
    model::{Amount, RolledUp},
    store::{customers, hierarchy},
};

/// Columns of the tree besides the name.
const COLUMNS: &str = "status,type,place,last_active_at";

/// Everything of the part.
#[derive(Clone, Debug)]
pub(crate) struct Hierarchy {
    pub id: CustomerId,
    pub name: String,
    /// Those above it, the topmost first.
    pub path: Vec<Linked>,
    pub rolled_up: RolledUp,
    /// The first of those directly below.
    pub below: ListView,
    pub may_write: bool,
}

/// The open section. It stands at once; adding up may take a moment.
pub(super) fn section(view: &RecordView) -> Markup {
    let below = format!("{}/children", view.href());
    card(
        "Belongs together",
        html! { @if view.editable() {
            (link_button("Add below", below.clone()).ghost().small().icon(Icon::Plus).opens_sheet(below))
        } },
        html! {
            div id="hierarchy" hx-get={ (view.href()) "/hierarchy" } hx-trigger="load" hx-swap="outerHTML" { (regulars_web::pages::skeleton_lines(3)) }
        },
    )
}

/// `GET /customers/{id}/hierarchy`
pub(super) async fn show(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let customer = customers::get(&mut tx, id)
        .await?
        .ok_or(Error::NotFound("customer"))?;
    let asked: ListState = [("columns", COLUMNS)].into_iter().collect();
    let below = list::rows_below(&call, &mut tx, id, &asked, None).await?;
    let hierarchy = Hierarchy {
        id,
        name: load::linked_whole(&customer).name,
        path: hierarchy::path(&mut tx, id)
            .await?
            .iter()
            .map(load::linked)
            .collect(),
        rolled_up: hierarchy::rolled_up(&mut tx, id).await?,
        may_write: below.may_write && customer.deleted_at.is_none(),
        below,
    };
    Ok(inside(&hierarchy).into_response())
}

pub(crate) fn inside(shown: &Hierarchy) -> Markup {
    let href = format!("/customers/{}", shown.id);
    html! {
        div id="hierarchy" class="column" {
            @if shown.path.is_empty() {
                p class="muted" { "No parent company." @if shown.may_write { " " a class="link" href={ (href) "/parent" } hx-get={ (href) "/parent" } hx-target="#sheet-body" { "Set one" } } }
            } @else {
                nav class="path" aria-label="Path from the top" { ol {
                    @for above in &shown.path { li { a class="link" href={ "/customers/" (above.id) "?tab=hierarchy" } { (above.name) } (Icon::ChevronRight) } }
                    li aria-current="page" { (shown.name) }
                } }
            }
            @if shown.rolled_up.descendants > 0 { (added_up(shown)) }
            @if !shown.below.rows.is_empty() {
                (sized_table(&format!("Below {}", shown.name), true, &[], html! {
                    (column("", Align::Start, false))
                    (column("Customer", Align::Start, false))
                    @for one in &shown.below.columns { (column(&one.label, one.align, one.name != "status")) }
                    (menu_column(false))
                }, list::branch(&shown.below)))
                (link_button("Open in the tree", format!("/customers?parent={}&layout=tree", shown.id)).ghost().small().icon(Icon::Hierarchy))
            }
        }
    }
}

/// Figures over the customer and everybody below.
fn added_up(shown: &Hierarchy) -> Markup {
    let (all, locale) = (&shown.rolled_up, shown.below.locale);
    let least = if all.exact { "" } else { "at least " };
    let bought = &all.metrics;
    let money = |amount: &Amount| {
        format::money(
            amount.amount.parse::<Decimal>().unwrap_or_default(),
            &amount.currency,
            locale,
        )
    };
    let number = |number: i64| {
        html! { (least) (format::integer(number, locale)) }
    };
    html! {
        (facts(&[
            ("Directly below", number(all.children)),
            ("Below in all", html! { (number(all.descendants)) @if all.levels > 1 { " on " (all.levels) " levels" } }),
            ("Including itself", html! { span class="figures" { @for (kind, count) in &all.by_kind { span { (number(*count)) " " (kinds(kind, *count)) } } } }),
            ("By status", html! { span class="figures" { @for (status, count) in &all.by_status { span { (status_badge(status)) " " (number(*count)) } } } }),
            ("Last active", html! { @if let Some(at) = all.last_active_at { (time_tag(at, shown.below.zone)) } }),
            ("Orders", html! { @if bought.orders > 0 { (number(bought.orders)) @if let Some(at) = bought.last_order_at { span class="muted" { ", the last " (time_tag(at, shown.below.zone)) } } } }),
            ("Net revenue", html! { @if bought.orders > 0 {
                span class="tabular" { (least) (money(&bought.net_revenue)) }
                span class="muted" { " of " (money(&bought.total_spent)) " spent" @if bought.unconverted_orders > 0 { ", without " (number(bought.unconverted_orders)) " whose rate is not known" } }
            } }),
            ("Credit limits", html! { span class="figures" { @for limit in &all.credit_limits {
                span { (format::money(limit.amount.parse::<Decimal>().unwrap_or_default(), &limit.currency, locale)) span class="muted" { " of " (number(limit.customers)) " " @if limit.customers == 1 { "customer" } @else { "customers" } } }
            } } }),
        ]))
    }
}

fn kinds(kind: &str, count: i64) -> String {
    match (kind, count) {
        ("company", 1) => "company".to_owned(),
        ("company", _) => "companies".to_owned(),
        ("person", 1) => "person".to_owned(),
        ("person", _) => "persons".to_owned(),
        _ => words::sentence(kind),
    }
}
