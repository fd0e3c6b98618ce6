//! The band of a customer's page: what is known in figures and stages.

use maud::Markup;
use regulars_customers::model::{Amount, Choice as _, Metrics};
use regulars_web::pages::{format, stat, stats};
use rust_decimal::Decimal;

use super::view::RecordView;
use crate::words;

/// What is known in figures and stages, in one band.
pub(super) fn band(view: &RecordView) -> Markup {
    let customer = &view.customer;
    let day = customer.created_at.with_timezone(&view.zone).date_naive();
    let today = view.now.with_timezone(&view.zone).date_naive();
    let (tenure, since) = if day >= today {
        ("New".to_owned(), "since today".to_owned())
    } else {
        (
            format::span_since(day, today),
            format!("since {}", format::date(day)),
        )
    };
    let mut all = vec![stat("Customer", &tenure, &since)];
    if let Some(figures) = &view.figures {
        all.extend(bought(view, figures));
    }
    if let Some(at) = customer.last_active_at {
        let on = at.with_timezone(&view.zone).date_naive();
        all.push(stat(
            "Last active",
            &format::capitalized(&format::relative(at, view.now, view.zone)),
            &format::date(on),
        ));
    }
    all.push(stat(
        "Stage",
        &words::sentence(customer.lifecycle_stage.as_str()),
        &format!(
            "{} priority, {} service",
            customer.priority.as_str(),
            customer.service_level.as_str()
        ),
    ));
    if let Some(limit) = &customer.credit_limit {
        let amount = format::money(limit.amount(), limit.currency().as_str(), view.locale);
        all.push(stat("Credit limit", &amount, ""));
    }
    if !view.children.is_empty() {
        let below = i64::try_from(view.children.len()).unwrap_or_default() + view.more_children;
        all.push(stat(
            "Directly below",
            &format::integer(below, view.locale),
            if below == 1 { "customer" } else { "customers" },
        ));
    }
    stats(&all)
}

/// What they bought.
fn bought(view: &RecordView, figures: &Metrics) -> Vec<Markup> {
    let integer = |count| format::integer(count, view.locale);
    let mut notes = Vec::new();
    if figures.cancelled_orders > 0 {
        notes.push(format!("{} cancelled", integer(figures.cancelled_orders)));
    }
    if figures.returned_orders > 0 {
        notes.push(format!("{} returned", integer(figures.returned_orders)));
    }
    let mut all = vec![stat("Orders", &integer(figures.orders), &notes.join(", "))];
    if figures.orders == 0 {
        return all;
    }
    // What is in no sum is said beside them.
    let spent = match figures.unconverted_orders {
        0 => String::new(),
        unknown => format!("without {} of unknown rate", integer(unknown)),
    };
    all.push(stat("Spent", &money(view, &figures.total_spent), &spent));
    all.push(stat(
        "Average order",
        &money(view, &figures.average_order_value),
        "",
    ));
    if figures
        .refunded
        .amount
        .parse()
        .is_ok_and(|amount: Decimal| !amount.is_zero())
    {
        let left = format!("{} left", money(view, &figures.net_revenue));
        all.push(stat("Refunded", &money(view, &figures.refunded), &left));
    }
    if let Some(at) = figures.last_order_at {
        let on = at.with_timezone(&view.zone).date_naive();
        let ago = format::capitalized(&format::relative(at, view.now, view.zone));
        all.push(stat("Last order", &ago, &format::date(on)));
    }
    all
}

/// A sum may be more than money can be; then it is written as it stands.
fn money(view: &RecordView, amount: &Amount) -> String {
    amount.amount.parse().map_or_else(
        |_| format!("{} {}", amount.amount, amount.currency),
        |number| format::money(number, &amount.currency, view.locale),
    )
}

/// How many orders the tab has, without tests.
pub(super) fn orders(figures: &Metrics) -> usize {
    usize::try_from(figures.orders + figures.cancelled_orders).unwrap_or_default()
}
