//! Answers the list of products and a product's page.

mod view;

use axum::{Router, extract::RawQuery, http::StatusCode, response::IntoResponse, routing::get};
use maud::html;
use regulars_commerce::{ops, page_request};
use regulars_kernel::{Fault, Faults, PageRequest, Permission, Result, ids::ProductId, text};
use regulars_web::{
    AppState, PageCall, PageResult, Params, Path,
    pages::{ListState, Nav, Page, page},
    redirect,
};

use crate::place::{is_too_deep, place};
use view::{Face, ListView, ProductView};

/// Where the list is.
const PATH: &str = "/products";

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/products", get(list))
        .route("/products/{id}", get(show))
}

/// `GET /products`
async fn list(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let query = query.unwrap_or_default();
    let state = ListState::parse(&query);
    if !call.is_fragment() && query.split('&').any(|pair| pair.ends_with('=')) {
        return Ok(redirect(&call, &state.href(PATH)));
    }
    let shell = call.shell(Nav::Products, "Products");
    let mut view = ListView {
        products: Vec::new(),
        face: Face::Faulty,
        page: Page::default(),
        faults: Vec::new(),
        locale: shell.locale,
        state,
    };
    match asked(&view.state) {
        Ok((q, request)) => {
            let mut tx = call.read().await?;
            let found = ops::products::list(&mut tx, &q, &request).await?;
            tx.commit().await?;
            view.page = place(PATH, &view.state, &request, &found.page, found.data.len());
            view.products = found.data;
            view.face = match (
                view.products.is_empty(),
                view.state.narrows() || view.page.previous.is_some(),
            ) {
                (false, _) => Face::Rows,
                (true, true) => Face::NoMatch,
                (true, false) => Face::NoProducts,
            };
        }
        Err(error) => view.faults = faults_of(error)?,
    }
    if call.is_fragment() {
        return Ok(view::fragment(&view).into_response());
    }
    let status = if view.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    Ok((status, page(&shell, html! {}, view::content(&view))).into_response())
}

fn faults_of(error: regulars_kernel::Error) -> Result<Vec<Fault>> {
    crate::listing::faults_of(error)
}

fn asked(state: &ListState) -> Result<(String, PageRequest)> {
    let mut params = Params::parse(&state.taking_out("at").query())?;
    let mut faults = Faults::new();
    let q = params
        .one("q", &mut faults)
        .and_then(|q| faults.take("?q", "text_invalid", text::clean_line(&q, 200)))
        .unwrap_or_default();
    let request = page_request(&mut params, ops::products::ORDER, &mut faults);
    if is_too_deep(&request) {
        faults.add(
            "?page",
            "page_too_deep",
            "the list has no page of this number; narrow it",
        );
    }
    params.finish(faults)?;
    Ok((q, request))
}

/// `GET /products/{id}`
async fn show(call: PageCall, Path(id): Path<ProductId>, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let product = ops::products::get(&mut tx, id).await?;
    tx.commit().await?;
    let list = ListState::parse(state.get("in"));
    let shell = call
        .bare_shell()
        .at(Nav::Products)
        .crumb("Products", list.href(PATH))
        .titled(product.title.clone());
    let view = ProductView {
        product,
        locale: shell.locale,
        zone: shell.time_zone,
    };
    Ok(page(&shell, html! {}, view::product(&view)).into_response())
}
