//! Filters of a list: those in force as chips, a choice among several values, and what is wrong with one.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{ListState, format};

use crate::words;

/// A filter in force.
#[derive(Clone, Debug)]
pub(crate) struct Chip {
    pub name: String,
    pub relation: &'static str,
    pub value: String,
    pub without: String,
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

/// The filter, by its parameter, that a fault of the address is about.
pub(crate) fn filter_of(fault: &Fault) -> &str {
    fault.pointer.trim_start_matches('?')
}

/// A fault of the address, as people read it; `label` is what its filter is called.
pub(crate) fn fault_in_words(fault: &Fault, label: &str) -> String {
    match &*fault.code {
        "parameter_unknown" => format!("There is no filter “{}”.", filter_of(fault)),
        "sort_unknown" | "sort_repeated" | "sort_too_many" => {
            "The list cannot be sorted like this.".to_owned()
        }
        _ => format!("{label}: {}", format::sentence(&fault.message)),
    }
}
