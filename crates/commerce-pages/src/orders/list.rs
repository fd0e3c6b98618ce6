//! Answers the list of orders and the sheet of its filters.

use axum::{extract::RawQuery, http::StatusCode, response::IntoResponse};
use chrono::{Days, NaiveDate};
use maud::html;
use regulars_commerce::{
    ops, read_orders_asked,
    store::find::{self, Filter},
};
use regulars_customers::{find::start_of_day, store::captions};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Fault, Faults, PageRequest, Permission, Result, Sort, TimeZone, ids::CustomerId,
};
use regulars_web::{
    PageCall, PageResult, Params,
    pages::{ListState, Nav, Page, page},
    redirect,
};

use super::{
    PATH,
    filters::{self, chips},
    list_view::{self, Face, ListView},
    table::rows,
};
use crate::place::{is_too_deep, place};

/// `GET /orders`
pub(super) async fn list(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let query = query.unwrap_or_default();
    let state = ListState::parse(&query);
    // A form sends its empty fields too; the address that people see and share has none.
    if !call.is_fragment() && query.split('&').any(|pair| pair.ends_with('=')) {
        return Ok(redirect(&call, &state.href(PATH)));
    }
    let mut tx = call.read().await?;
    let view = read(&call, &mut tx, state).await?;
    tx.commit().await?;
    if call.is_fragment() {
        return Ok(list_view::fragment(&view).into_response());
    }
    let status = if view.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let shell = call.shell(Nav::Orders, "Orders");
    Ok((status, page(&shell, html! {}, list_view::content(&view))).into_response())
}

/// `GET /orders/filters`: the sheet that changes them.
pub(super) async fn filters(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let sources = find::sources(&mut tx).await?;
    tx.commit().await?;
    let inside = filters::sheet_of(&state, &sources, call.caller.organization.currency);
    if call.is_fragment() {
        return Ok(inside.into_response());
    }
    let shell = call
        .bare_shell()
        .at(Nav::Orders)
        .crumb("Orders", state.href(PATH))
        .titled(filters::TITLE);
    let content = html! { div class="panel narrow" data-own-page=(state.href(PATH)) { (inside) } };
    Ok(page(&shell, html! {}, content).into_response())
}

/// Reads what the address asks for.
async fn read(call: &PageCall, tx: &mut Tx, state: ListState) -> Result<ListView> {
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
        chips: chips(
            &state,
            name.as_deref(),
            call.caller.organization.currency,
            shell.locale,
        ),
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
    let found = match ops::orders::list(tx, &filter, sort, &request).await {
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
        (true, false) => Face::NoOrders,
    };
    Ok(view)
}

/// What is asked, as the API understands it: days are those of the organization's time zone, and the last is meant as well.
fn asked(state: &ListState, zone: TimeZone) -> Result<(Filter, Sort, PageRequest)> {
    let plain = state.taking_out("at");
    let moment = |value: &str, days: u64| {
        let day: Option<NaiveDate> = value.parse().ok();
        day.and_then(|day| start_of_day(day.checked_add_days(Days::new(days))?, zone))
            .map_or_else(|| value.to_owned(), |at| at.to_rfc3339())
    };
    let pairs: ListState = plain
        .pairs()
        .map(|(name, value)| match name {
            "placed_from" => (name, moment(value, 0)),
            "placed_to" => (name, moment(value, 1)),
            _ => (name, value.to_owned()),
        })
        .collect();
    let mut params = Params::parse(&pairs.query())?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let (mut filter, sort, request) = read_orders_asked(&mut params, &mut faults);
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

/// What a person can put right in the address; anything else is passed on.
pub(crate) fn faults_of(error: Error) -> Result<Vec<Fault>> {
    match error {
        Error::Invalid(faults) | Error::Malformed(faults) => Ok(faults.0),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_organization_and_the_last_is_meant_as_well() {
        let berlin: TimeZone = "Europe/Berlin".parse().unwrap();
        let state = ListState::parse("placed_from=2026-01-01&placed_to=2026-01-31&status=paid_not&at=51");
        assert!(asked(&state, berlin).is_err());
        let state = state.without("status");
        let (filter, sort, _) = asked(&state, berlin).unwrap();
        assert_eq!(filter.placed_from, "2025-12-31T23:00:00Z".parse().ok());
        assert_eq!(filter.placed_to, "2026-01-31T23:00:00Z".parse().ok());
        assert_eq!(Sort::write_list(&[sort]), "-placed_at");
        assert!(asked(&ListState::parse("page=999999"), berlin).is_err());
    }
}
