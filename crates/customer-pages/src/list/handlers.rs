//! Answers the list and the sheet of its filters.

use std::collections::HashMap;

use axum::{
    extract::RawQuery,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::html;
use regulars_database::Tx;
use regulars_kernel::{Permission, Result, Sort, Total, paging::Start};
use regulars_web::{
    PageCall, PageResult, Params,
    pages::{self, Icon, Nav, SidebarLink, Tone, link_button, page, shell::new_button},
    redirect,
};
use uuid::Uuid;

use super::{
    chips::chips,
    columns::{self, Column},
    tree,
    view::{self, Cell, Face, ListView, PATH, Row},
    view_handlers, work,
};
use crate::{face, marks, record, state::ListState};
use regulars_customers::{
    find::{self, Context, Query},
    model::{Choice as _, Customer},
    ops,
    store::captions,
};

/// `GET /customers`
pub(crate) async fn list(call: PageCall, headers: HeaderMap, RawQuery(query): RawQuery) -> PageResult {
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
    let view = read(&call, &mut tx, state, &headers).await?;
    if call.is_fragment() {
        return Ok(arranged(&call, &view, view::fragment(&view).into_response()));
    }
    let mut shell = call.shell(Nav::Customers, "Customers");
    shell.favourites = marks::favourites(&mut tx, &call, None).await?;
    shell.views = view
        .views
        .iter()
        .map(|tab| SidebarLink {
            name: tab.name.clone(),
            href: tab.href.clone(),
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
    let answer = (status, page(&shell, actions, view::content(&view))).into_response();
    Ok(arranged(&call, &view, answer))
}

/// Remembers how a list without view was arranged, if the address says it.
fn arranged(call: &PageCall, view: &ListView, mut answer: Response) -> Response {
    if !view.state.get(columns::NAME).is_empty() && view.state.get("view").is_empty() {
        let cookie = columns::keep(&view.columns, call.state.config.secure_cookies);
        answer
            .headers_mut()
            .extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    }
    answer
}

/// `GET /customers/columns`: the sheet that chooses them.
pub(crate) async fn columns_sheet(
    call: PageCall,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let all = columns::all(&ops::attributes::list(&mut tx).await?);
    let shown = columns::shown(&state, columns::kept(&headers), &all);
    Ok(face::sheet(
        &call,
        "Columns",
        columns::chooser(&state, &shown, &all),
    ))
}

/// Reads what the address asks for.
async fn read(call: &PageCall, tx: &mut Tx, state: ListState, headers: &HeaderMap) -> Result<ListView> {
    let shell = call.bare_shell();
    let definitions = ops::attributes::list(tx).await?;
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
        columns: columns::shown(&state, columns::kept(headers), &columns::all(&definitions)),
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
    if tree::is_tree(&view.state) {
        view.sorts = &[];
    }
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
            view.work = work::going_on(tx, headers).await?;
        }
        if view.next.is_some() || view.previous.is_some() {
            view.everything = Some(everything(tx, &query, view.total, view.locale).await?);
        }
    }
    let customers = found.data.into_iter().map(|found| found.customer).collect();
    view.rows = rows(tx, customers, &view.columns, &shell).await?;
    if tree::is_tree(&view.state) {
        tree::place(tx, &mut view.rows, 1, None).await?;
        view.everything = view.everything.map(|all| all + " at the top");
    }
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
    let asked = tree::roots(state)
        .taking_out("view")
        .taking_out("at")
        .taking_out(tree::LAYOUT)
        .taking_out(columns::NAME);
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

pub(super) async fn rows(
    tx: &mut Tx,
    customers: Vec<Customer>,
    columns: &[Column],
    shell: &pages::Shell,
) -> Result<Vec<Row>> {
    let owners = if columns.iter().any(|column| column.name == "owner") {
        let ids: Vec<Uuid> = customers
            .iter()
            .filter_map(|customer| customer.owner_id)
            .map(|id| id.0)
            .collect();
        captions::owners(tx, &ids).await?
    } else {
        HashMap::new()
    };
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
    let cell = |column: &Column, customer: &Customer| match column.name.as_str() {
        "status" => Cell::Status(customer.status.as_str()),
        "tags" => Cell::Tags(
            customer
                .tags
                .iter()
                .map(|name| (name.clone(), tone(name)))
                .collect(),
        ),
        "last_active_at" => Cell::Time(customer.last_active_at),
        "created_at" => Cell::Time(Some(customer.created_at)),
        "updated_at" => Cell::Time(Some(customer.updated_at)),
        _ => {
            let owner = customer.owner_id.and_then(|id| owners.get(&id.0));
            Cell::Text(columns::text(column, customer, owner, shell.locale))
        }
    };
    let row = |customer: Customer| {
        let linked = record::linked_whole(&customer);
        let phone = customer
            .phone
            .as_ref()
            .map(regulars_kernel::Phone::international_format);
        let email = customer.email.as_ref().map(|email| email.as_str().to_owned());
        let second = email
            .or(phone)
            .filter(|second| *second != linked.name)
            .unwrap_or_default();
        // Where the deleted stand among the others, they are told apart.
        let gone = customer.deleted_at.map(|at| {
            let day = at.with_timezone(&shell.time_zone).date_naive();
            format!("Deleted {}", pages::format::date(day))
        });
        let second = match gone {
            None => second,
            Some(gone) if second.is_empty() => gone,
            Some(gone) => format!("{gone} · {second}"),
        };
        Row {
            id: customer.id,
            name: linked.name,
            second,
            cells: columns.iter().map(|column| cell(column, &customer)).collect(),
            place: None,
        }
    };
    Ok(customers.into_iter().map(row).collect())
}
