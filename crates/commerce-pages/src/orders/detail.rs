//! Answers an order's page and the same in the side sheet of a list.

use std::collections::HashMap;

use axum::{extract::RawQuery, response::IntoResponse};
use maud::html;
use regulars_commerce::{
    model::Order,
    ops,
    store::{carts, products},
};
use regulars_customers::store::captions;
use regulars_database::Tx;
use regulars_kernel::{Permission, Result, ids::OrderId};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{ListState, page},
};
use uuid::Uuid;

use super::{
    KIND,
    view::{self, OrderView},
};
use crate::{listing::sheet_or_page, words};

/// `GET /orders/{id}?in=…`
pub(super) async fn show(call: PageCall, Path(id): Path<OrderId>, RawQuery(query): RawQuery) -> PageResult {
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

/// `GET /orders/{id}/preview?in=…`
pub(super) async fn preview(
    call: PageCall,
    Path(id): Path<OrderId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let view = read(&call, id, query.as_deref()).await?;
    let inside = view::preview(&view);
    Ok(sheet_or_page(&call, &KIND, KIND.path, &view.name(), inside))
}

async fn read(call: &PageCall, id: OrderId, query: Option<&str>) -> Result<OrderView> {
    let shell = call.bare_shell();
    let mut tx = call.read().await?;
    let order = ops::orders::get(&mut tx, id).await?;
    let shown = order.show();
    let customer = match order.customer_id {
        Some(id) => captions::customers(&mut tx, &[id.0]).await?.remove(&id.0),
        None => None,
    };
    let actors: Vec<Uuid> = shown
        .history
        .iter()
        .filter_map(|change| change.actor_id)
        .collect();
    let actors = captions::names(&mut tx, &actors).await?;
    let products = product_pages(&mut tx, &order).await?;
    let cart = carts::of_order(&mut tx, &order.source, &order.external_id).await?;
    tx.commit().await?;
    Ok(OrderView {
        customer,
        cart,
        products,
        actors,
        history: shown.history,
        base: shown.row.total_in_base,
        list: ListState::parse(query.unwrap_or_default()).get("in").to_owned(),
        locale: shell.locale,
        zone: shell.time_zone,
        order,
    })
}

/// Where the products of the lines have their pages, by their ids in the order's source.
async fn product_pages(tx: &mut Tx, order: &Order) -> Result<HashMap<String, String>> {
    let ids: Vec<&str> = order
        .lines
        .iter()
        .filter_map(|line| line.product_external_id.as_deref())
        .collect();
    let known = products::ids(tx, &order.source, &ids).await?;
    Ok(known
        .into_iter()
        .map(|(external_id, id)| (external_id, format!("/products/{id}")))
        .collect())
}

impl OrderView {
    /// What the order is called.
    pub(super) fn name(&self) -> String {
        words::name(self.order.core.number.as_deref(), &self.order.external_id).to_owned()
    }
}
