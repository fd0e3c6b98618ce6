//! The parameters of a list of orders, and of one of carts.

use chrono::{DateTime, NaiveDate, Utc};
use regulars_customers::model::Choice;
use regulars_kernel::{Faults, PageRequest, Sort, text};
use regulars_web::Params;
use rust_decimal::Decimal;

use super::page_request;
use crate::{
    model::{CartState, OrderStatus, PaymentStatus},
    store::{
        carts::{self, CartFilter},
        find::{Filter, SORTS},
    },
};

/// The latest first.
const DEFAULT: &[Sort] = &[Sort::descending("placed_at")];

/// Reads them all, where the list begins and its order; what nobody knows is refused. Faults are at `?name`.
pub fn read(params: &mut Params, faults: &mut Faults) -> (Filter, Sort, PageRequest) {
    let filter = Filter {
        customer: None,
        status: choices::<OrderStatus>("status", params, faults),
        payment_status: choices::<PaymentStatus>("payment_status", params, faults),
        source: params.list("source"),
        placed_from: time("placed_from", params, faults),
        placed_to: time("placed_to", params, faults),
        total_min: amount("total_min", params, faults),
        total_max: amount("total_max", params, faults),
        q: params
            .one("q", faults)
            .and_then(|q| faults.take("?q", "text_invalid", text::clean_line(&q, 200)))
            .filter(|q| !q.trim_matches('#').is_empty()),
    };
    let sort = params.one("sort", faults);
    let sorts = Sort::parse_list(sort.as_deref(), &SORTS, DEFAULT, faults);
    if sorts.len() > 1 {
        faults.add("?sort", "sort_too_many", "orders are sorted by one field");
    }
    let sorts = &sorts[..1.min(sorts.len())];
    let page = page_request(params, sorts, faults);
    let sort = sorts.first().copied().unwrap_or(DEFAULT[0]);
    (filter, sort, page)
}

/// The one that was changed last first.
const CARTS: &[Sort] = &[Sort::descending("last_active_at")];

/// The same of carts.
pub fn read_carts(params: &mut Params, faults: &mut Faults) -> (CartFilter, Sort, PageRequest) {
    let states = params.list("state");
    let filter = CartFilter {
        customer: None,
        state: states
            .iter()
            .filter_map(|value| faults.take("?state", "choice_unknown", CartState::parse(value)))
            .collect(),
        source: params.list("source"),
        active_from: time("active_from", params, faults),
        active_to: time("active_to", params, faults),
    };
    let sort = params.one("sort", faults);
    let sorts = Sort::parse_list(sort.as_deref(), &carts::SORTS, CARTS, faults);
    let sorts = &sorts[..1.min(sorts.len())];
    let page = page_request(params, sorts, faults);
    let sort = sorts.first().copied().unwrap_or(CARTS[0]);
    (filter, sort, page)
}

fn choices<T: Choice>(name: &str, params: &mut Params, faults: &mut Faults) -> Vec<String> {
    let mut known = Vec::new();
    for value in params.list(name) {
        let choice = faults.take(&format!("?{name}"), "choice_unknown", T::parse(&value));
        known.extend(choice.map(|choice| choice.as_str().to_owned()));
    }
    known
}

/// A time, or a day: its beginning in UTC.
fn time(name: &str, params: &mut Params, faults: &mut Faults) -> Option<DateTime<Utc>> {
    let text = params.one(name, faults)?;
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let time = text
        .parse::<DateTime<Utc>>()
        .ok()
        .or_else(|| day().map(|time| time.and_utc()))
        .filter(|time| (1..=9999).contains(&chrono::Datelike::year(time)));
    if time.is_none() {
        let message = "this is not a time; write it as 2026-01-31 or 2026-01-31T12:00:00Z";
        faults.add(format!("?{name}"), "time_invalid", message);
    }
    time
}

fn amount(name: &str, params: &mut Params, faults: &mut Faults) -> Option<Decimal> {
    let text = params.one(name, faults)?;
    let amount = text
        .parse::<Decimal>()
        .ok()
        .filter(|amount| amount.abs() < Decimal::from(100_000_000_000_000_i64));
    if amount.is_none() {
        let message = "this is not an amount; write it as digits with a point, such as 12.30";
        faults.add(format!("?{name}"), "amount_invalid", message);
    }
    amount
}
