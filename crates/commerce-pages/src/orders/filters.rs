//! The filters of the list of orders: their sheet, and those in force as chips.

use maud::{Markup, html};
use regulars_commerce::model::{OrderStatus, PaymentStatus};
use regulars_customers::model::Choice;
use regulars_kernel::{Currency, Fault};
use regulars_web::pages::{
    Attributes, ListState, Locale, button, date_field, link_button, sheet, text_field,
};
use rust_decimal::Decimal;

use super::KIND;
use crate::{
    filters::{Chip, chips_of, fault_in_words, filter_of, picks},
    words,
};

/// What the sheet is called.
pub(super) const TITLE: &str = "Filter orders";

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
    chips_of(state, KIND.path, named, value_of)
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
    let (label, relation) = named(filter_of(fault));
    let label = if relation == "is" {
        label
    } else {
        format!("{label} {relation}")
    };
    fault_in_words(fault, &label)
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
    let form = Attributes::new().set("method", "get").set("action", KIND.path);
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
            (link_button("Clear all", state.only_search().href(KIND.path)).ghost())
            (button("Show orders").primary().submit())
        },
    )
}
