//! The dashboard as HTML: cards that each lead to the list behind their number, charts, and a place for what happened.

use std::sync::Arc;

use chrono::Months;
use maud::{Markup, html};
use regulars_commerce::ops::value::LifetimeValue;
use regulars_customers::{
    find::{Growth, Overview, Share, Stats},
    model::{Choice as _, Status},
};
use regulars_web::pages::{
    Bar, Icon, Locale, Part, Tone, card, column_chart, distribution, empty_state, format, link_button,
    page_header, skeleton_lines, trend,
};
use rust_decimal::Decimal;

use crate::{state::ListState, words};

/// Months that are shown.
const MONTHS: usize = 12;
/// Cards that are shown; the frame has as many places.
const CARDS: usize = 8;

/// Everything the numbers need.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub overview: Overview,
    pub stats: Arc<Stats>,
    pub growth: Arc<Growth>,
    /// None where it is not reckoned yet.
    pub value: Option<LifetimeValue>,
    pub locale: Locale,
    pub may_import: bool,
}

/// The page before its numbers are there.
pub(super) fn frame() -> Markup {
    html! {
        (page_header("Dashboard", html! {}, ""))
        div class="dashboard" {
            div id="dashboard-numbers" data-live hx-get="/dashboard/numbers" hx-trigger="load, live, customersChanged from:document" {
                div class="cards" aria-hidden="true" { @for _ in 0..CARDS { div class="number-card" { span class="skeleton-line" data-length="short" {} span class="skeleton-line" data-length="medium" {} } } }
                div class="dashboard-main dashboard-waits" { (card("New customers", html! {}, skeleton_lines(5))) }
                div class="dashboard-side dashboard-waits" { (card("Status", html! {}, skeleton_lines(5))) }
            }
            div class="dashboard-main" {
                (card("Recent activity", html! {}, html! {
                    div id="dashboard-activity" data-live hx-get="/dashboard/activity" hx-trigger="load, live, customersChanged from:document" { (skeleton_lines(8)) }
                }))
            }
        }
    }
}

/// The cards and the charts; for a shop without customers what to do first.
pub(super) fn numbers(numbers: &Numbers) -> Markup {
    if numbers.stats.total == 0 {
        return first_steps(numbers.may_import);
    }
    let from = numbers.growth.months.len().saturating_sub(MONTHS);
    let bars: Vec<Bar> = numbers.growth.months[from..]
        .iter()
        .map(|month| {
            let next = month
                .month
                .checked_add_months(Months::new(1))
                .and_then(|next| next.pred_opt());
            let last = next.unwrap_or(month.month);
            Bar {
                label: month.month.format("%b").to_string(),
                name: month.month.format("%B %Y").to_string(),
                value: month.new,
                href: list([
                    ("created_from", month.month.to_string()),
                    ("created_to", last.to_string()),
                ]),
            }
        })
        .collect();
    html! {
        div class="cards" { (cards(numbers)) }
        div class="dashboard-main" { (card("New customers", html! { "by month, without those deleted since" }, column_chart("new customers", &bars, numbers.locale))) }
        div class="dashboard-side" { (card("Status", html! {}, distribution(&parts("status", &numbers.stats.by_status), numbers.locale))) }
        div class="dashboard-side" { (card("Type", html! {}, distribution(&parts("type", &numbers.stats.by_type), numbers.locale))) }
    }
}

fn cards(numbers: &Numbers) -> Markup {
    let Numbers {
        overview,
        growth,
        locale,
        ..
    } = numbers;
    let integer = |value| format::integer(value, *locale);
    // Counts are compared with the day that was noted; until there is one, that is what the card says.
    let uncompared = || html! { span class="muted" { "change known after 30 days" } };
    let since = |value: i64, previous: Option<i64>| {
        let against = |previous| trend(&signed(value - previous, *locale), value - previous, "in 30 days");
        previous.map_or_else(uncompared, against)
    };
    let of_status = |status: Status| list([("status", status.as_str().to_owned())]);
    let this_month = growth
        .months
        .last()
        .map(|month| month.month.to_string())
        .unwrap_or_default();
    let percent =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format::percent(value, *locale));
    // Of those who left fewer are better.
    let churned = overview
        .churn_rate
        .value
        .zip(overview.churn_rate.previous)
        .map_or_else(uncompared, |(now, before)| {
            trend(
                &points(now - before, *locale),
                i64::from(now < before) - i64::from(now > before),
                "points in 30 days",
            )
        });
    let previous_new = overview.new_this_month.previous.unwrap_or_default();
    html! {
        (number("Customers", &integer(overview.total.value), &since(overview.total.value, overview.total.previous), Some(&list([]))))
        (number("Active", &integer(overview.active.value), &since(overview.active.value, overview.active.previous), Some(&of_status(Status::Active))))
        (number("VIP", &integer(overview.vip.value), &since(overview.vip.value, overview.vip.previous), Some(&of_status(Status::Vip))))
        @match &numbers.value { Some(known) => (value(known, *locale)), None => (value_to_come()) }
        (number("Churn rate", &percent(overview.churn_rate.value), &churned, Some(&of_status(Status::Churned))))
        (number("New this month", &integer(overview.new_this_month.value),
            &html! { span class="muted" { (integer(previous_new)) " by this date last month" } }, Some(&list([("created_from", this_month.clone())]))))
        (missing("High risk", "No risk is predicted yet"))
        (number("Growth", &overview.growth.map_or_else(|| "–".to_owned(), |growth| format!("{}{}", if growth > 0.0 { "+" } else { "" }, format::percent(growth, *locale))),
            &html! { span class="muted" { @if overview.growth.is_some() { "new, against last month" } @else { "nobody new last month" } } }, Some(&list([("created_from", this_month)]))))
    }
}

const VALUE: &str = "Average lifetime value";

/// What customers with an order brought on average, and by how much that rose.
pub(super) fn value(value: &LifetimeValue, locale: Locale) -> Markup {
    let Some(average) = value.average else {
        return missing(VALUE, "No orders are known yet");
    };
    let currency = value.currency.as_str();
    let money = |amount| format::money(amount, currency, locale);
    let note = match value.previous.map(|previous| average - previous) {
        Some(change) if change.is_zero() => html! { span class="muted" { "unchanged in 30 days" } },
        Some(change) => {
            let plus = if change.is_sign_positive() && !change.is_zero() {
                "+"
            } else {
                ""
            };
            let good = i64::from(change > Decimal::ZERO) - i64::from(change < Decimal::ZERO);
            trend(&format!("{plus}{}", money(change)), good, "in 30 days")
        }
        None => html! { span class="muted" { "net of refunds" } },
    };
    let who = if value.customers == 1 {
        "1 customer who has ordered".to_owned()
    } else {
        format!(
            "{} customers who have ordered",
            format::integer(value.customers, locale)
        )
    };
    let meaning = format!(
        "What {who} brought on average, in {currency}: orders without tests, cancelled ones and what was paid back. Compared with the orders placed until 30 days ago."
    );
    html! {
        div class="number-card" title=(meaning) {
            span class="number-label" { (VALUE) }
            span class="number-value tabular" { (money(average)) }
            span class="number-note" { (note) }
            span class="sr-only" { (meaning) }
        }
    }
}

/// The same while it is added up, for which the other numbers do not wait.
fn value_to_come() -> Markup {
    html! {
        div class="number-card" hx-get="/dashboard/value" hx-trigger="load" hx-swap="outerHTML" {
            span class="number-label" { (VALUE) }
            span class="skeleton-line" data-length="medium" {}
        }
    }
}

/// A number, what became of it, and the list behind it.
fn number(label: &str, value: &str, note: &Markup, href: Option<&str>) -> Markup {
    html! {
        a class="number-card" href=[href] {
            span class="number-label" { (label) }
            span class="number-value tabular" { (value) }
            span class="number-note" { (note) }
        }
    }
}

/// A number whose facts are not there, and which those are.
fn missing(label: &str, why: &str) -> Markup {
    html! {
        div class="number-card" {
            span class="number-label" { (label) }
            span class="number-value muted" { "–" }
            span class="number-note muted" { (why) }
        }
    }
}

fn signed(value: i64, locale: Locale) -> String {
    let plus = if value > 0 { "+" } else { "" };
    format!("{plus}{}", format::integer(value, locale))
}

/// Percent against percent.
fn points(value: f64, locale: Locale) -> String {
    let plus = if value > 0.0 { "+" } else { "" };
    let number = format::percent(value, locale);
    format!("{plus}{}", number.trim_end_matches(['%', '\u{a0}']))
}

fn list<const N: usize>(filters: [(&'static str, String); N]) -> String {
    filters.into_iter().collect::<ListState>().href("/customers")
}

fn parts(field: &'static str, shares: &[Share]) -> Vec<Part> {
    shares
        .iter()
        .map(|share| Part {
            label: words::sentence(share.value),
            value: share.count,
            href: list([(field, share.value.to_owned())]),
            tone: match field {
                "status" => Tone::of_status(share.value),
                _ => Tone::Blue,
            },
        })
        .collect()
}

fn first_steps(may_import: bool) -> Markup {
    let action = html! {
        @if may_import { (link_button("Import a file", "/imports/new").primary()) }
        (link_button("New customer", "/customers/new").opens_sheet("/customers/new"))
    };
    let text = "Import the customers of your shop, from Shopify, Klaviyo, Mailchimp, HubSpot or any table, or write down the first one.";
    html! { div class="panel dashboard-whole" { (empty_state(Icon::Customers, "No customers yet", text, action)) } }
}

#[cfg(test)]
mod tests {
    use regulars_customers::find::Month;

    use super::*;

    fn sample(total: i64, before: Option<i64>) -> Numbers {
        let previous = before.map(|_| Decimal::new(11_995, 2));
        let now = "2026-03-31T12:00:00Z".parse().unwrap();
        let stats = Stats {
            total,
            active: 3,
            vip: 3,
            new_this_month: 9,
            new_previous_month: 8,
            growth: Some(12.5),
            by_status: Status::ALL
                .iter()
                .map(|status| Share {
                    value: status.as_str(),
                    count: 3,
                })
                .collect(),
            by_type: vec![Share {
                value: "wholesale",
                count: 3,
            }],
            as_of: now,
        };
        let count = |value| regulars_customers::find::Count {
            value,
            previous: before,
        };
        let overview = Overview {
            total: count(total),
            active: count(3),
            vip: count(3),
            churn_rate: regulars_customers::find::Rate {
                value: Some(20.0),
                previous: Some(18.5),
            },
            new_this_month: regulars_customers::find::Count {
                value: 9,
                previous: Some(8),
            },
            growth: Some(12.5),
            compared_with: None,
            as_of: now,
        };
        let months = vec![Month {
            month: "2026-03-01".parse().unwrap(),
            new: 9,
            total,
        }];
        Numbers {
            overview,
            stats: Arc::new(stats),
            growth: Arc::new(Growth { months, as_of: now }),
            value: Some(LifetimeValue {
                currency: regulars_kernel::Currency::EUR,
                customers: 700,
                average: Some(Decimal::new(12_345, 2)),
                previous,
            }),
            locale: Locale::new("de-DE"),
            may_import: true,
        }
    }

    #[test]
    fn each_number_leads_to_its_list_and_says_what_became_of_it() {
        let page = numbers(&sample(15_000, Some(14_000))).into_string();
        for wanted in [
            "href=\"/customers?status=vip\"",
            "href=\"/customers?created_from=2026-03-01&amp;created_to=2026-03-31\"",
            ">15.000<",
            ">+1.000<",
            ">+1,5<",
            "+12,5\u{a0}%",
            "123,45\u{a0}€",
            ">+3,50\u{a0}€<",
            "700 customers who have ordered",
        ] {
            assert!(page.contains(wanted), "{wanted}: {page}");
        }
        assert!(
            numbers(&sample(15_000, None))
                .into_string()
                .contains("change known after 30 days")
        );
        assert!(
            numbers(&sample(0, None))
                .into_string()
                .contains("No customers yet")
        );
    }
}
