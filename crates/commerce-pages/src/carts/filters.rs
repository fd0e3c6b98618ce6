//! The filters of the list of carts: their sheet, and those in force as chips.

use maud::{Markup, html};
use regulars_commerce::model::CartState;
use regulars_customers::model::Choice;
use regulars_kernel::Fault;
use regulars_web::pages::{Attributes, ListState, button, date_field, link_button, sheet};

use super::KIND;
use crate::{
    filters::{Chip, chips_of, fault_in_words, filter_of, picks},
    words,
};

/// What the sheet is called.
pub(super) const TITLE: &str = "Filter carts";

/// Each filter in force, with the address of the list without it. `customer` is what the one that is asked for is called.
pub(super) fn chips(state: &ListState, customer: Option<&str>) -> Vec<Chip> {
    let value_of = |name: &str, value: &str| match name {
        "customer" => customer.unwrap_or("nobody known").to_owned(),
        "source" => words::sentence(value),
        _ => value.replace('_', " "),
    };
    chips_of(state, KIND.path, named, value_of)
}

/// What a filter is called and how it compares.
fn named(name: &str) -> (String, &'static str) {
    match name {
        "active_from" => ("Last changed".to_owned(), "from"),
        "active_to" => ("Last changed".to_owned(), "until"),
        _ => (words::sentence(name), "is"),
    }
}

/// A fault of the list's address, as people read it.
pub(super) fn in_words(fault: &Fault) -> String {
    let (label, _) = named(filter_of(fault));
    fault_in_words(fault, &label)
}

/// The inside of the sheet.
pub(super) fn sheet_of(state: &ListState, sources: &[String]) -> Markup {
    let kept = ["sort", "customer"];
    let form = Attributes::new().set("method", "get").set("action", KIND.path);
    let body = html! {
        @for (name, value) in state.pairs().filter(|(name, _)| kept.contains(name)) { input type="hidden" name=(name) value=(value); }
        (picks("state", "State", CartState::ALL.iter().map(|state| state.as_str()), state))
        @if sources.len() > 1 || !state.get("source").is_empty() { (picks("source", "Source", sources.iter().map(String::as_str), state)) }
        div class="form-grid" {
            (date_field("active_from", "Last changed from").value(state.get("active_from")).in_form("filter"))
            (date_field("active_to", "Last changed until").value(state.get("active_to")).in_form("filter"))
        }
    };
    sheet(
        TITLE,
        Some(form),
        body,
        html! {
            (link_button("Clear all", state.only_search().href(KIND.path)).ghost())
            (button("Show carts").primary().submit())
        },
    )
}
