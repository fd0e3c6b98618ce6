//! Answers the list and the sheet of its filters.

use axum::{extract::RawQuery, http::StatusCode, response::IntoResponse};
use chrono::TimeDelta;
use maud::html;
use regulars_database::Tx;
use regulars_kernel::{Permission, Result, Sort, Total, paging::Start};
use regulars_web::{
    PageCall, PageResult, Params,
    pages::{self, Icon, Nav, SavedView, Tone, link_button, page, shell::new_button},
    redirect,
};

use super::{
    chips::chips,
    filters::{self, Offered, OfferedAttribute},
    view::{self, Face, ListView, PATH, Row},
    view_handlers, work,
};
use crate::{face, record, state::ListState};
use regulars_customers::{
    find::{self, Context, Query},
    model::{AttributeDefinition, Choice as _, Customer},
    ops,
    store::captions,
};

/// `GET /customers`
pub(crate) async fn list(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    // A form sends its empty fields too; the address that people see and share has none.
    let tidy = state.href(PATH);
    if !call.is_fragment()
        && query
            .as_deref()
            .is_some_and(|query| query.split('&').any(|pair| pair.ends_with('=')))
    {
        return Ok(redirect(&call, &tidy));
    }
    let open_new = state.get("new") == "1";
    let state = state.taking_out("new");
    let mut tx = call.read().await?;
    let view = read(&call, &mut tx, state).await?;
    if call.is_fragment() {
        return Ok(view::fragment(&view).into_response());
    }
    let mut shell = call.shell(Nav::Customers, "Customers");
    shell.views = view
        .views
        .iter()
        .map(|tab| SavedView {
            name: tab.name.clone(),
            href: tab.href.clone(),
            count: None,
            current: tab.current,
        })
        .collect();
    let actions = html! {
        @if view.may_import { (link_button("Import", "/imports/new").icon(Icon::Imports)) }
        @if view.may_write { (new_button("New customer", "/customers/new", "n")) }
        // From the palette: the sheet opens with the page.
        @if open_new && view.may_write { span hx-get="/customers/new" hx-trigger="load" hx-target="#sheet-body" {} }
    };
    let status = if view.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    Ok((status, page(&shell, actions, view::content(&view))).into_response())
}

/// Reads what the address asks for.
async fn read(call: &PageCall, tx: &mut Tx, state: ListState) -> Result<ListView> {
    let shell = call.bare_shell();
    let saved = view_handlers::tabs(tx, call, &state).await?;
    let mut view = ListView {
        rows: Vec::new(),
        face: Face::Faulty,
        total: Total::exact(0),
        first: 1,
        previous: None,
        next: None,
        views: saved.tabs,
        open_view: saved.open,
        chips: chips(tx, &state).await?,
        sorts: find::SORTS,
        sorted: String::new(),
        faults: Vec::new(),
        may_write: call.caller.may(Permission::CustomersWrite),
        may_import: call.caller.may(Permission::ImportsWrite),
        may_export: call.caller.may(Permission::ExportsWrite),
        everything: None,
        work: Vec::new(),
        locale: shell.locale,
        zone: shell.time_zone,
        state,
    };
    let query = match query(call, &view.state) {
        Ok(query) => query,
        Err(error) => {
            view.faults = face::faults_of(error)?;
            return Ok(view);
        }
    };
    // As it was asked: what settles ties is no column that somebody chose.
    view.sorted = match view.state.get("sort") {
        "" => Sort::write_list(&query.sort),
        asked => asked.to_owned(),
    };
    let found = match find::list(tx, &query).await {
        Ok(found) => found,
        Err(error) => {
            view.faults = face::faults_of(error)?;
            return Ok(view);
        }
    };
    view.total = found.page.total;
    place(
        &mut view,
        &query,
        found.page.next_cursor.as_deref(),
        found.data.len(),
    );
    if view.may_write {
        if !call.is_fragment() {
            view.work = work::going_on(tx, TimeDelta::zero()).await?;
        }
        if view.next.is_some() || view.previous.is_some() {
            view.everything = Some(everything(tx, &query, view.total, view.locale).await?);
        }
    }
    view.rows = rows(tx, found.data.into_iter().map(|found| found.customer).collect()).await?;
    view.face = match (view.rows.is_empty(), view.state.narrows() || view.first > 1) {
        (false, _) => Face::Rows,
        (true, true) => Face::NoMatch,
        (true, false) => Face::NoCustomers,
    };
    Ok(view)
}

/// How many “all that match” are. A ranking may show fewer than have every word in their text, who are then meant.
async fn everything(tx: &mut Tx, query: &Query, shown: Total, locale: pages::Locale) -> Result<String> {
    let total = if query.by_relevance() {
        find::total(tx, query).await?
    } else {
        shown
    };
    let number = pages::format::integer(total.value, locale);
    Ok(if total.exact {
        format!("all {number}")
    } else {
        format!("all of about {number}")
    })
}

/// The question in the address. What only the pages know is taken out first.
pub(crate) fn query(call: &PageCall, state: &ListState) -> Result<Query> {
    let asked = state.taking_out("view").taking_out("at");
    Query::read(
        Params::parse(&asked.query())?,
        &Context::of(&call.caller.organization),
    )
}

/// Where these rows stand, and the ways on. Pages have numbers as far as those reach, and cursors after that.
fn place(view: &mut ListView, query: &Query, next_cursor: Option<&str>, shown: usize) {
    let limit = u64::from(query.page.limit);
    let number = match query.page.start {
        Start::First => Some(1),
        Start::Page(number) => Some(u64::from(number)),
        Start::After(_) => None,
    };
    view.first = match number {
        Some(number) => (number - 1) * limit + 1,
        None => view.state.get("at").parse().unwrap_or(1),
    };
    let page = |number: u64| view.state.with("page", &number.to_string()).href(PATH);
    view.previous = match number {
        Some(1) => None,
        Some(2) => Some(view.state.without("page").href(PATH)),
        Some(number) => Some(page(number - 1)),
        None => Some(page(find::MAX_OFFSET.unsigned_abs() / limit + 1)),
    };
    view.next = next_cursor.map(|cursor| match number {
        Some(number) if number * limit <= find::MAX_OFFSET.unsigned_abs() => page(number + 1),
        _ => {
            let at = view.first + shown as u64;
            let mut on: Vec<(String, String)> = view
                .state
                .without("page")
                .pairs()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            on.push(("cursor".to_owned(), cursor.to_owned()));
            on.push(("at".to_owned(), at.to_string()));
            on.into_iter().collect::<ListState>().href(PATH)
        }
    });
}

async fn rows(tx: &mut Tx, customers: Vec<Customer>) -> Result<Vec<Row>> {
    let mut names: Vec<String> = customers
        .iter()
        .flat_map(|customer| customer.tags.iter().cloned())
        .collect();
    names.sort_unstable();
    names.dedup();
    let colors = captions::colors(tx, &names).await?;
    let tone = |name: &String| {
        colors
            .get(name)
            .map_or(Tone::Neutral, |color| Tone::from_name(color.as_str()))
    };
    let row = |customer: Customer| {
        let linked = record::linked_whole(&customer);
        let phone = customer
            .phone
            .as_ref()
            .map(regulars_kernel::Phone::international_format);
        let email = customer.email.as_ref().map(|email| email.as_str().to_owned());
        let second = email
            .clone()
            .or(phone)
            .filter(|second| *second != linked.name)
            .unwrap_or_default();
        Row {
            id: customer.id,
            name: linked.name,
            second,
            email,
            status: customer.status.as_str(),
            customer_type: customer.customer_type.as_str(),
            tags: customer
                .tags
                .iter()
                .map(|name| (name.clone(), tone(name)))
                .collect(),
            place: record::place(&customer),
            last_active_at: customer.last_active_at,
            created_at: customer.created_at,
            code: customer.code,
        }
    };
    Ok(customers.into_iter().map(row).collect())
}

/// `GET /customers/filters`
pub(crate) async fn filters(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let attributes = ops::attributes::list(&mut tx).await?;
    let options = |definition: &AttributeDefinition| -> Vec<(String, String)> {
        if definition.kind.as_str() == "boolean" {
            return vec![("true".into(), "Yes".into()), ("false".into(), "No".into())];
        }
        definition
            .options
            .iter()
            .map(|option| (option.clone(), option.clone()))
            .collect()
    };
    let offered = Offered {
        tags: captions::tags(&mut tx).await?,
        owners: [
            ("me".to_owned(), "Me".to_owned()),
            ("none".to_owned(), "Nobody".to_owned()),
        ]
        .into_iter()
        .chain(
            captions::members(&mut tx)
                .await?
                .into_iter()
                .map(|(id, name)| (id.to_string(), name)),
        )
        .collect(),
        sources: captions::sources(&mut tx).await?,
        attributes: attributes
            .iter()
            .filter(|definition| definition.archived_at.is_none())
            .map(|definition| OfferedAttribute {
                options: options(definition),
                name: definition.name.clone(),
                label: definition.label.clone(),
            })
            .collect(),
    };
    Ok(face::sheet(
        &call,
        "Filter customers",
        filters::filters(&state, &offered),
    ))
}
