//! Carts: the list, a cart's page, the same in the side sheet, and those that a customer's page shows.

mod filters;
mod list_view;
mod view;

use std::collections::HashMap;

use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use maud::{Markup, html};
use regulars_commerce::{
    model::{CartRow, CartState},
    ops, read_carts_asked,
    store::{
        carts::{self, CartFilter},
        products,
    },
};
use regulars_customers::store::captions;
use regulars_database::Tx;
use regulars_kernel::{
    Faults, PageRequest, Permission, Result, Sort, TimeZone,
    ids::{CartId, CustomerId},
    paging::Start,
};
use regulars_web::{
    AppState, PageCall, PageResult, Path,
    pages::{ListState, Nav, Shell, page},
};
use uuid::Uuid;

use crate::listing::{Kind, customer_of, finish, sheet_or_page, shorter, with_days};
use list_view::{ListView, Row};
use view::CartView;

/// The list.
pub(crate) const KIND: Kind = Kind {
    path: "/carts",
    title: "Carts",
    words: ["cart", "carts"],
    nav: Nav::Carts,
};

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
    if let Some(shorter) = shorter(&call, &KIND, &query, &state) {
        return Ok(shorter);
    }
    let mut tx = call.read().await?;
    let view = read_list(&call, &mut tx, state).await?;
    tx.commit().await?;
    Ok(view.answer(&call, &KIND, list_view::content, list_view::list))
}

/// `GET /carts/filters`: the sheet that changes them.
async fn filter(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let sources = carts::sources(&mut tx).await?;
    tx.commit().await?;
    let inside = filters::sheet_of(&state, &sources);
    Ok(sheet_or_page(
        &call,
        &KIND,
        &state.href(KIND.path),
        filters::TITLE,
        inside,
    ))
}

async fn read_list(call: &PageCall, tx: &mut Tx, state: ListState) -> Result<ListView> {
    let name = customer_of(tx, &state).await?;
    let chips = filters::chips(&state, name.as_deref());
    let mut view = ListView::new(call, state, chips);
    let (filter, sort, request) = match asked(&view.state, call.caller.organization.time_zone) {
        Ok(asked) => asked,
        Err(error) => return view.refused(error),
    };
    view.sorted = Sort::write_list(&[sort]);
    match ops::carts::list(tx, &filter, sort, &request).await {
        Ok(found) => {
            let rows = rows(tx, found.data).await?;
            Ok(view.found(&KIND, &request, &found.page, rows))
        }
        Err(error) => view.refused(error),
    }
}

fn asked(state: &ListState, zone: TimeZone) -> Result<(CartFilter, Sort, PageRequest)> {
    let mut params = with_days(state, zone, "active_from", "active_to")?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let (mut filter, sort, request) = read_carts_asked(&mut params, &mut faults);
    filter.customer = customer;
    finish(params, faults, &request)?;
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
        .at(KIND.nav)
        .crumb(KIND.title, ListState::parse(&view.list).href(KIND.path))
        .titled(view.name());
    Ok(page(&shell, html! {}, content).into_response())
}

/// `GET /carts/{id}/preview?in=…`
async fn preview(call: PageCall, Path(id): Path<CartId>, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let view = read(&call, id, query.as_deref()).await?;
    let inside = view::preview(&view);
    Ok(sheet_or_page(&call, &KIND, KIND.path, &view.name(), inside))
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
