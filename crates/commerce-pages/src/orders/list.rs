//! Answers the list of orders and the sheet of its filters.

use axum::extract::RawQuery;
use regulars_commerce::{
    ops, read_orders_asked,
    store::find::{self, Filter},
};
use regulars_database::Tx;
use regulars_kernel::{Faults, PageRequest, Permission, Result, Sort, TimeZone};
use regulars_web::{PageCall, PageResult, pages::ListState};

use super::{
    KIND,
    filters::{self, chips},
    list_view::{self, ListView},
    table::rows,
};
use crate::listing::{customer_of, finish, sheet_or_page, shorter, with_days};

/// `GET /orders`
pub(super) async fn list(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let query = query.unwrap_or_default();
    let state = ListState::parse(&query);
    if let Some(shorter) = shorter(&call, &KIND, &query, &state) {
        return Ok(shorter);
    }
    let mut tx = call.read().await?;
    let view = read(&call, &mut tx, state).await?;
    tx.commit().await?;
    Ok(view.answer(&call, &KIND, list_view::content, list_view::list))
}

/// `GET /orders/filters`: the sheet that changes them.
pub(super) async fn filters(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersRead)?;
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let sources = find::sources(&mut tx).await?;
    tx.commit().await?;
    let inside = filters::sheet_of(&state, &sources, call.caller.organization.currency);
    Ok(sheet_or_page(
        &call,
        &KIND,
        &state.href(KIND.path),
        filters::TITLE,
        inside,
    ))
}

/// Reads what the address asks for.
async fn read(call: &PageCall, tx: &mut Tx, state: ListState) -> Result<ListView> {
    let name = customer_of(tx, &state).await?;
    let base = call.caller.organization.currency;
    let chips = chips(&state, name.as_deref(), base, call.bare_shell().locale);
    let mut view = ListView::new(call, state, chips);
    let (filter, sort, request) = match asked(&view.state, call.caller.organization.time_zone) {
        Ok(asked) => asked,
        Err(error) => return view.refused(error),
    };
    view.sorted = Sort::write_list(&[sort]);
    match ops::orders::list(tx, &filter, sort, &request).await {
        Ok(found) => {
            let rows = rows(tx, found.data).await?;
            Ok(view.found(&KIND, &request, &found.page, rows))
        }
        Err(error) => view.refused(error),
    }
}

fn asked(state: &ListState, zone: TimeZone) -> Result<(Filter, Sort, PageRequest)> {
    let mut params = with_days(state, zone, "placed_from", "placed_to")?;
    let mut faults = Faults::new();
    let customer = params.parsed("customer", "id_invalid", &mut faults);
    let (mut filter, sort, request) = read_orders_asked(&mut params, &mut faults);
    filter.customer = customer;
    finish(params, faults, &request)?;
    Ok((filter, sort, request))
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
