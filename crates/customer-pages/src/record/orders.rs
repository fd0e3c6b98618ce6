//! A customer's orders, the latest first, each of which opens beside the page, above them the carts of which none came, below
//! them what is wished for.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_commerce::{ops, store::find::Filter};
use regulars_commerce_pages::{customer_carts, customer_orders, customer_wishes, rows};
use regulars_customers::{model::Included, store::parts::Key};
use regulars_database::Tx;
use regulars_kernel::{Cursor, PageRequest, Permission, Result, Sort, ids::CustomerId, paging::Start};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Icon, Shell, empty_state},
    redirect,
};

use super::view::{RecordView, Section};
use crate::state::ListState;

/// Orders shown at once.
const ORDERS: u32 = 25;
const ORDER: Sort = Sort::descending("placed_at");

/// The open section.
pub(super) async fn section(tx: &mut Tx, view: &RecordView, shell: &Shell) -> Result<Markup> {
    let carts = customer_carts(tx, view.customer.id, shell).await?;
    let table = part(tx, view.customer.id, Start::First, false, shell).await?;
    let wishes = customer_wishes(tx, view.customer.id, shell).await?;
    let is_several = carts.is_some() || wishes.is_some();
    Ok(html! {
        @if let Some(carts) = &carts { (carts) }
        @match table {
            Some(table) if is_several => section class="panel order-part" { header { h2 { "Orders" } } (table) },
            Some(table) => (table),
            None => (empty_state(Icon::Orders, "No orders yet", "What this customer orders stands here, with payments and shipments.", html! {})),
        }
        @if let Some(wishes) = wishes { (wishes) }
    })
}

/// `GET /customers/{id}/orders?cursor=…`: the rows after a cursor.
pub(super) async fn more(
    call: PageCall,
    Path(id): Path<CustomerId>,
    RawQuery(query): RawQuery,
) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    regulars_customers::ops::customers::get(&mut tx, Key::Id(id), &Included::default(), true).await?;
    if !call.is_fragment() {
        return Ok(redirect(
            &call,
            &format!("/customers/{id}?tab={}", Section::Orders.name()),
        ));
    }
    // A cursor that cannot be read begins at the beginning: it can only come from an edited address.
    let cursor = Cursor::decode(state.get("cursor"), &[ORDER]).ok();
    let start = cursor.map_or(Start::First, Start::After);
    let rows = part(&mut tx, id, start, true, &call.bare_shell()).await?;
    tx.commit().await?;
    Ok(rows.unwrap_or_default().into_response())
}

/// The table, or the rows that follow in it; none where there are none.
async fn part(
    tx: &mut Tx,
    id: CustomerId,
    start: Start,
    is_more: bool,
    shell: &Shell,
) -> Result<Option<Markup>> {
    let filter = Filter {
        customer: Some(id),
        ..Filter::default()
    };
    let request = PageRequest { limit: ORDERS, start };
    let found = ops::orders::list(tx, &filter, ORDER, &request).await?;
    if found.data.is_empty() {
        return Ok(None);
    }
    let next = found
        .page
        .next_cursor
        .map(|cursor| format!("/customers/{id}/orders?cursor={cursor}"));
    let rows = rows(tx, found.data).await?;
    Ok(Some(customer_orders(
        &rows,
        id,
        next.as_deref(),
        is_more,
        shell.time_zone,
        shell.locale,
    )))
}
