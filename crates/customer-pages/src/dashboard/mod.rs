//! The first page: how many customers there are and how that moves, and what happened just now.
//!
//! The frame comes at once; the numbers, which take a quarter of a second for a million customers, follow into it.

mod activity;
mod view;

use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::get,
};
use maud::html;
use regulars_commerce::ops::value as lifetime;
use regulars_customers::find;
use regulars_kernel::Permission;
use regulars_web::{
    AppState, PageCall, PageResult,
    pages::{Nav, page, shell::new_button},
};

/// Where it is.
pub(crate) const PATH: &str = "/dashboard";

/// From so many customers on the average lifetime value is waited for by its own card alone.
const LARGE: i64 = 20_000;

/// The routes of the dashboard.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(|| async { Redirect::to(PATH) }))
        .route(PATH, get(dashboard))
        .route("/dashboard/numbers", get(numbers))
        .route("/dashboard/value", get(value))
        .route("/dashboard/activity", get(happened))
}

/// `GET /dashboard`
async fn dashboard(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut shell = call.shell(Nav::Dashboard, "Dashboard");
    let mut tx = call.read().await?;
    crate::marks::sidebar(&mut tx, &call, &mut shell).await?;
    tx.commit().await?;
    let new = if call.caller.may(Permission::CustomersWrite) {
        new_button("New customer", "/customers/new", "n")
    } else {
        html! {}
    };
    Ok(page(&shell, new, view::frame()).into_response())
}

/// `GET /dashboard/numbers`: the cards and the charts.
async fn numbers(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let zone = call.caller.organization.time_zone;
    let mut tx = call.read().await?;
    let (overview, stats) = find::overview(&mut tx, zone).await?;
    let growth = find::growth(&mut tx, zone).await?;
    let base = call.caller.organization.currency;
    let value = if stats.total < LARGE {
        Some(lifetime::reckon(&mut tx, base).await?)
    } else {
        lifetime::known(tx.organization_id(), base)
    };
    tx.commit().await?;
    let numbers = view::Numbers {
        overview,
        stats,
        growth,
        value,
        locale: call.bare_shell().locale,
        may_import: call.caller.may(Permission::ImportsWrite),
    };
    Ok(view::numbers(&numbers).into_response())
}

/// `GET /dashboard/value`: the card of the average lifetime value, where it comes behind the others.
async fn value(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let value = lifetime::reckon(&mut tx, call.caller.organization.currency).await?;
    tx.commit().await?;
    Ok(view::value(&value, call.bare_shell().locale).into_response())
}

/// `GET /dashboard/activity`: what happened last.
async fn happened(call: PageCall) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let mut tx = call.read().await?;
    let lines = activity::read(&mut tx).await?;
    tx.commit().await?;
    let shell = call.bare_shell();
    Ok(activity::list(&lines, shell.time_zone, shell.locale).into_response())
}
