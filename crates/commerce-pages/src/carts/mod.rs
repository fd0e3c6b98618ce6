//! Carts: the list, a cart's page, the same in the side sheet, and those that a customer's page shows.

mod filters;
mod list_view;
mod view;

use std::collections::HashMap;

use axum::{Router, extract::RawQuery, http::StatusCode, response::IntoResponse, routing::get};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use regulars_commerce::{
    model::{CartRow, CartState},
    ops, read_carts_asked,
    store::{
        carts::{self, CartFilter},
        products,
    },
};
use regulars_customers::{find::start_of_day, store::captions};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Faults, PageRequest, Permission, Result, Sort, TimeZone,
    ids::{CartId, CustomerId},
    paging::Start,
};
use regulars_web::{
    AppState, PageCall, PageResult, Params, Path,
    pages::{ListState, Nav, Page, Shell, page},
    redirect,
};
use uuid::Uuid;

use crate::{
    orders::faults_of,
    place::{is_too_deep, place},
};
use list_view::{Face, ListView, Row};
use view::CartView;

/// Where the list is.
pub(crate) const PATH: &str = "/carts";

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/carts", get(list))
        .route("/carts/filters", get(filter))
        .route("/carts/{id}", get(show))
        .route("/carts/{id}/preview", get(preview))
}

/// `GET /carts`
async fn list(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let query = query.unwrap_or_default();
    let state = ListState::parse(&query);
    // A form sends its empty fields too; the address that people see and share has none.
    if !call.is_fragment() && query.split('&').any(|pair| pair.ends_with('=')) {
        return Ok(redirect(&call, &state.href(PATH)));
    }
    let mut tx = call.read().await?;
    let view = read_list(&call, &mut tx, state).await?;
    tx.commit().await?;
    if call.is_fragment() {
        return Ok(list_view::fragment(&view).into_response());
    }
    let status = if view.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let shell = call.shell(Nav::Carts, "Carts");
    Ok((status, page(&shell, html! {}, list_view::content(&view))).into_response())
}

/// `GET /carts/filters`: the sheet that changes them.
async fn filter(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let sources = carts::sources(&mut tx).await?;
    tx.commit().await?;
    let inside = filters::sheet_of(&state, &sources);
    if call.is_fragment() {
        return Ok(inside.into_response());
    }
    let shell = call
        .bare_shell()
        .at(Nav::Carts)
        .crumb("Carts", state.href(PATH))
        .titled(filters::TITLE);
    let content = html! { div class="panel narrow" data-own-page=(state.href(PATH)) { (inside) } };
    Ok(page(&shell, html! {}, content).into_response())
}

async fn read_list(call: &PageCall, tx: &mut Tx, state: ListState) -> Result<ListView> {
    let shell = call.bare_shell();
    let customer: Option<CustomerId> = state.get("customer").parse().ok();
    let name = match customer {
        Some(id) => captions::customers(tx, &[id.0]).await?.remove(&id.0),
        None => None,
    };
    let mut view = ListView {
        rows: Vec::new(),
        face: Face::Faulty,
        page: Page::default(),
        chips: filters::chips(&state, name.as_deref()),
        sorted: String::new(),
        faults: Vec::new(),
        locale: shell.locale,
        zone: shell.time_zone,
        state,
    };
    let (filter, sort, request) = match asked(&view.state, call.caller.organization.time_zone) {
        Ok(asked) => asked,
        Err(error) => {
            view.faults = faults_of(error)?;
            return Ok(view);
        }
    };
    view.sorted = Sort::write_list(&[sort]);
    let found = match ops::carts::list(tx, &filter, sort, &request).await {
        Ok(found) => found,
        Err(error) => {
            view.faults = faults_of(error)?;
            return Ok(view);
        }
    };
    view.page = place(PATH, &view.state, &request, &found.page, found.data.len());
    view.rows = rows(tx, found.data).await?;
    view.face = match (
        view.rows.is_empty(),
        view.state.narrows() || view.page.previous.is_some(),
    ) {
        (false, _) => Face::Rows,
        (true, true) => Face::NoMatch,
        (true, false) => Face::NoCarts,
    };
    Ok(view)
}

/// What is asked, as the API understands it: days are those of the organization's time zone, and the last is meant as well.
fn asked(state: &ListState, zone: TimeZone) -> Result<(CartFilter, Sort, PageRequest), Error> {
    let plain = state.taking_out("at");
    let moment = |value: &str, days: u64| {
        let day: Option<NaiveDate> = value.parse().ok();
        day.and_then(|day| start_of_day(day.checked_add_days(Days::new(days))?, zone))
            .map_or_else(|| value.to_owned(), |at| at.to_rfc3339())
    };
    let pairs: ListState = plain
        .pairs()
        .map(|(name, value)| match name {
            "active_from" => (name, moment(value, 0)),
            "active_to" => (name, moment(value, 1)),
            _ => (name, value.to_owned()),
        })
        .collect();
    let mut params = Params::parse(&pairs.query())?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let (mut filter, sort, request) = read_carts_asked(&mut params, &mut faults);
    filter.customer = customer;
    if is_too_deep(&request) {
        faults.add(
            "?page",
            "page_too_deep",
            "the list has no page of this number; narrow it",
        );
    }
    params.finish(faults)?;
    Ok((filter, sort, request))
}

/// Carts with the names of their customers.
async fn rows(tx: &mut Tx, carts: Vec<CartRow>) -> Result<Vec<Row>> {
    let ids: Vec<Uuid> = carts
        .iter()
        .filter_map(|cart| cart.customer_id)
        .map(|id| id.0)
        .collect();
    let names: HashMap<Uuid, String> = captions::customers(tx, &ids).await?;
    let row = |cart: CartRow| Row {
        customer: cart.customer_id.and_then(|id| names.get(&id.0).cloned()),
        cart,
    };
    Ok(carts.into_iter().map(row).collect())
}

/// Carts of a customer that are shown at once.
const SHOWN: u32 = 5;

/// A customer's carts of which no order came, the latest first; none where there are none.
pub async fn customer_carts(tx: &mut Tx, id: CustomerId, shell: &Shell) -> Result<Option<Markup>> {
    let filter = CartFilter {
        customer: Some(id),
        state: vec![CartState::Open, CartState::Checkout, CartState::Abandoned],
        ..CartFilter::default()
    };
    let request = PageRequest {
        limit: SHOWN,
        start: Start::First,
    };
    let found = ops::carts::list(tx, &filter, Sort::descending("last_active_at"), &request).await?;
    if found.data.is_empty() {
        return Ok(None);
    }
    let is_more = found.page.next_cursor.is_some();
    let rows = rows(tx, found.data).await?;
    Ok(Some(list_view::of_customer(
        &rows,
        id,
        is_more,
        shell.time_zone,
        shell.locale,
    )))
}

/// `GET /carts/{id}?in=…`
async fn show(call: PageCall, Path(id): Path<CartId>, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let view = read(&call, id, query.as_deref()).await?;
    let content = view::content(&view);
    if call.is_fragment() {
        return Ok(content.into_response());
    }
    let shell = call
        .bare_shell()
        .at(Nav::Carts)
        .crumb("Carts", ListState::parse(&view.list).href(PATH))
        .titled(view.name());
    Ok(page(&shell, html! {}, content).into_response())
}

/// `GET /carts/{id}/preview?in=…`
async fn preview(call: PageCall, Path(id): Path<CartId>, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let view = read(&call, id, query.as_deref()).await?;
    let inside = view::preview(&view);
    if call.is_fragment() {
        return Ok(inside.into_response());
    }
    let shell = call
        .bare_shell()
        .at(Nav::Carts)
        .crumb("Carts", PATH)
        .titled(view.name());
    let content = html! { div class="panel narrow" data-own-page=(PATH) { (inside) } };
    Ok(page(&shell, html! {}, content).into_response())
}

async fn read(call: &PageCall, id: CartId, query: Option<&str>) -> Result<CartView> {
    let shell = call.bare_shell();
    let mut tx = call.read().await?;
    let (cart, order) = ops::carts::get(&mut tx, id).await?;
    let customer = match cart.customer_id {
        Some(id) => captions::customers(&mut tx, &[id.0]).await?.remove(&id.0),
        None => None,
    };
    let wanted: Vec<&str> = cart
        .lines
        .iter()
        .filter_map(|line| line.product_external_id.as_deref())
        .collect();
    let known = products::ids(&mut tx, &cart.source, &wanted).await?;
    let state = cart.state(tx.now());
    tx.commit().await?;
    Ok(CartView {
        customer,
        products: known
            .into_iter()
            .map(|(external_id, id)| (external_id, format!("/products/{id}")))
            .collect(),
        order,
        state,
        list: ListState::parse(query.unwrap_or_default()).get("in").to_owned(),
        locale: shell.locale,
        zone: shell.time_zone,
        cart,
    })
}
