//! The filters of the list of orders: their sheet, and those in force as chips.

use maud::{Markup, html};
use regulars_commerce::model::{OrderStatus, PaymentStatus};
use regulars_customers::model::Choice;
use regulars_kernel::{Currency, Fault};
use regulars_web::pages::{
    Attributes, ListState, Locale, button, date_field, format, link_button, sheet, text_field,
};
use rust_decimal::Decimal;

use super::PATH;
use crate::words;

/// What the sheet is called.
pub(super) const TITLE: &str = "Filter orders";

/// A filter in force.
#[derive(Clone, Debug)]
pub(crate) struct Chip {
    pub name: String,
    pub relation: &'static str,
    pub value: String,
    pub without: String,
}

/// Each filter in force, with the address of the list without it. `customer` is what the one that is asked for is called.
pub(super) fn chips(state: &ListState, customer: Option<&str>, base: Currency, locale: Locale) -> Vec<Chip> {
    let value_of = |name: &str, value: &str| match name {
        "customer" => customer.unwrap_or("nobody known").to_owned(),
        "source" => words::sentence(value),
        "total_min" | "total_max" => value
            .parse::<Decimal>()
            .map_or_else(|_| value.to_owned(), |amount| words::amount(amount, base, locale)),
        _ => value.replace('_', " "),
    };
    chips_of(state, PATH, named, value_of)
}

/// Each filter of a list at `path`, as it is called and as its values are.
pub(crate) fn chips_of(
    state: &ListState,
    path: &str,
    called: impl Fn(&str) -> (String, &'static str),
    value_of: impl Fn(&str, &str) -> String,
) -> Vec<Chip> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in state.filters() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let chip = |name: &str| {
        let (label, relation) = called(name);
        let values: Vec<String> = state.all(name).map(|value| value_of(name, value)).collect();
        Chip {
            name: label,
            relation,
            value: values.join(", "),
            without: state.without(name).href(path),
        }
    };
    names.into_iter().map(chip).collect()
}

/// What a filter is called and how it compares.
fn named(name: &str) -> (String, &'static str) {
    let (label, relation) = match name {
        "status" => ("Status", "is"),
        "payment_status" => ("Payment", "is"),
        "placed_from" => ("Placed", "from"),
        "placed_to" => ("Placed", "until"),
        "total_min" => ("Total", "from"),
        "total_max" => ("Total", "up to"),
        _ => return (words::sentence(name), "is"),
    };
    (label.to_owned(), relation)
}

/// A fault of the list's address, as people read it.
pub(super) fn in_words(fault: &Fault) -> String {
    let name = fault.pointer.trim_start_matches('?');
    let (label, relation) = named(name);
    let label = if relation == "is" {
        label
    } else {
        format!("{label} {relation}")
    };
    match &*fault.code {
        "parameter_unknown" => format!("There is no filter “{name}”."),
        "sort_unknown" | "sort_repeated" | "sort_too_many" => {
            "The list cannot be sorted like this.".to_owned()
        }
        _ => format!("{label}: {}", format::sentence(&fault.message)),
    }
}

/// The inside of the sheet.
pub(super) fn sheet_of(state: &ListState, sources: &[String], base: Currency) -> Markup {
    let kept = ["q", "sort", "customer"];
    let amount = |name: &'static str, label: String| {
        text_field(name, label)
            .value(state.get(name))
            .attr("inputmode", "decimal")
            .attr("placeholder", "0.00")
            .autocomplete("off")
            .in_form("filter")
    };
    let form = Attributes::new().set("method", "get").set("action", PATH);
    let body = html! {
        @for (name, value) in state.pairs().filter(|(name, _)| kept.contains(name)) { input type="hidden" name=(name) value=(value); }
        (picks("status", "Status", OrderStatus::ALL.iter().map(|status| status.as_str()), state))
        (picks("payment_status", "Payment", PaymentStatus::ALL.iter().map(|status| status.as_str()), state))
        @if sources.len() > 1 || !state.get("source").is_empty() { (picks("source", "Source", sources.iter().map(String::as_str), state)) }
        div class="form-grid" {
            (date_field("placed_from", "Placed from").value(state.get("placed_from")).in_form("filter"))
            (date_field("placed_to", "Placed until").value(state.get("placed_to")).in_form("filter"))
            (amount("total_min", format!("Total from ({})", base.as_str())))
            (amount("total_max", format!("Total up to ({})", base.as_str())))
        }
        p class="muted" { "Totals in other currencies are compared by their worth in " (base.as_str()) ", where the rate is known." }
    };
    sheet(
        TITLE,
        Some(form),
        body,
        html! {
            (link_button("Clear all", state.only_search().href(PATH)).ghost())
            (button("Show orders").primary().submit())
        },
    )
}

/// Any of several values.
pub(crate) fn picks<'a>(
    name: &str,
    legend: &str,
    values: impl Iterator<Item = &'a str>,
    state: &ListState,
) -> Markup {
    let chosen: Vec<&str> = state.all(name).collect();
    html! {
        fieldset class="picks" {
            legend { (legend) }
            @for value in values {
                label class="pick" { input type="checkbox" name=(name) value=(value) checked[chosen.contains(&value)]; span { (words::sentence(value)) } }
            }
        }
    }
}
