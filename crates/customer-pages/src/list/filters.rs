//! The sheet of filters: an ordinary form that leads to the list's address.

use maud::{Markup, html};
use regulars_kernel::Country;
use regulars_web::pages::{
    Attributes, Choice, button, date_field, link_button, select_field, sheet, text_field, textarea_field,
};

use super::{
    super::{state::ListState, words},
    view::PATH,
};
use regulars_customers::model::{Kind, LifecycleStage, Priority, Status, Type};

/// What can be chosen from besides the fixed choices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offered {
    /// Names of tags.
    pub tags: Vec<String>,
    /// Members: id and name.
    pub owners: Vec<(String, String)>,
    /// Names of sources.
    pub sources: Vec<String>,
    /// Attributes: name, label, and their options if they have a fixed set.
    pub attributes: Vec<OfferedAttribute>,
}

/// An attribute that can be filtered by.
#[derive(Clone, Debug)]
pub(crate) struct OfferedAttribute {
    pub name: String,
    pub label: String,
    pub options: Vec<(String, String)>,
}

/// The sheet.
pub(crate) fn filters(state: &ListState, offered: &Offered) -> Markup {
    let form = Attributes::new().set("method", "get").set("action", PATH);
    // The view as well: what it is narrowed to here may become what it asks for.
    let kept = ["q", "sort", "columns", "layout", "view"];
    let choices = |all: &[&'static str]| {
        all.iter()
            .map(|name| ((*name).to_owned(), words::sentence(name)))
            .collect::<Vec<_>>()
    };
    let fixed = |name: &str, all: &[&'static str]| ticks(state, name, &words::field(name), &choices(all));
    sheet(
        "Filter customers",
        Some(form),
        html! {
            @for name in kept { @if !state.get(name).is_empty() { input type="hidden" name=(name) value=(state.get(name)); } }
            (fixed("status", &names::<Status>()))
            (fixed("type", &names::<Type>()))
            (fixed("kind", &names::<Kind>()))
            (fixed("lifecycle_stage", &names::<LifecycleStage>()))
            (fixed("priority", &names::<Priority>()))
            (chosen(state, "tag", "Tag", &offered.tags.iter().map(|tag| (tag.clone(), tag.clone())).collect::<Vec<_>>()))
            (chosen(state, "country", "Country", &Country::all().map(|country| (country.as_str().to_owned(), country.name().to_owned())).collect::<Vec<_>>()))
            (chosen(state, "owner", "Owner", &offered.owners))
            (chosen(state, "source", "Source", &offered.sources.iter().map(|name| (name.clone(), words::source(name))).collect::<Vec<_>>()))
            div class="form-grid" {
                (one_of(state, "has_email", "E-mail address", [("", "Any"), ("true", "Known"), ("false", "Missing")]))
                (one_of(state, "has_parent", "Belongs to another", [("", "Any"), ("true", "Yes"), ("false", "No")]))
            (one_of(state, "has_phone", "Phone number", [("", "Any"), ("true", "Known"), ("false", "Missing")]))
                @for (name, label) in [("created", "Created"), ("updated", "Changed"), ("last_active", "Last active")] {
                    @for (end, word) in [("from", "from"), ("to", "until")] {
                        @let name = format!("{name}_{end}");
                        (date_field(name.clone(), format!("{label} {word}")).value(state.get(&name)).in_form("filter"))
                    }
                }
                (birthday(state, "birthday_from", "Birthday from"))
                (birthday(state, "birthday_to", "Birthday until"))
            }
            (one_of(state, "deleted", "Deleted customers", [("", "Left out"), ("with", "Shown too"), ("only", "Shown alone")]))
            @for attribute in &offered.attributes {
                @let name = format!("attribute.{}", attribute.name);
                @if attribute.options.is_empty() { (text_field(name.clone(), attribute.label.clone()).value(state.get(&name)).in_form("filter")) }
                @else { (chosen(state, &name, &attribute.label, &attribute.options)) }
            }
            (expression(state))
        },
        html! {
            (link_button("Clear all", state.only_search().href(PATH)).ghost())
            (button("Show customers").primary().submit())
        },
    )
}

/// What ticks cannot say, written, with help as one types.
fn expression(state: &ListState) -> Markup {
    html! {
        div class="expression" data-expression-area {
            (textarea_field("filter", "Expression").value(state.get("filter")).in_form("filter").attr("spellcheck", "false").autocomplete("off")
                .attr("data-expression", "/customers/filters/expression").attr("autocapitalize", "off")
                .attr("aria-autocomplete", "list").attr("aria-haspopup", "listbox").attr("aria-controls", "expression-offers")
                .hint("For what ticks cannot say: (status = vip or tag in (berlin, press)) and created_at >= days_ago(90)"))
            ul class="expression-offers" id="expression-offers" role="listbox" aria-label="What may follow" hidden data-expression-offers {}
            div class="expression-said" role="status" data-expression-said {}
        }
    }
}

/// One choice of a few; the first is for no filter.
fn one_of(
    state: &ListState,
    name: &'static str,
    label: &'static str,
    all: [(&'static str, &'static str); 3],
) -> Markup {
    let choices = all.map(|(value, label)| Choice::new(value, label)).into();
    html! { (select_field(name, label, choices).value(state.get(name)).in_form("filter")) }
}

/// A day without a year.
fn birthday(state: &ListState, name: &'static str, label: &'static str) -> Markup {
    html! {
        (text_field(name, label).value(state.get(name)).attr("placeholder", "12-24").hint("Month and day")
            .attr("pattern", "[01][0-9]-[0-3][0-9]").attr("title", "Month and day, such as 12-24").autocomplete("off").in_form("filter"))
    }
}

fn names<T: regulars_customers::model::Choice>() -> Vec<&'static str> {
    T::ALL.iter().map(|choice| choice.as_str()).collect()
}

/// A row of choices to tick; several mean "any of".
fn ticks(state: &ListState, name: &str, legend: &str, all: &[(String, String)]) -> Markup {
    html! {
        fieldset class="picks" {
            legend { (legend) }
            @for (value, label) in all {
                label class="pick" { input type="checkbox" name=(name) value=(value) checked[state.all(name).any(|chosen| chosen == value)]; span { (label) } }
            }
        }
    }
}

/// What is chosen of a long list, each to untick, and one more to choose.
fn chosen(state: &ListState, name: &str, label: &str, all: &[(String, String)]) -> Markup {
    let mut now: Vec<(String, String)> = Vec::new();
    for value in state.all(name) {
        let known = all
            .iter()
            .find(|(known, _)| known == value)
            .map_or(value, |(_, label)| label);
        now.push((value.to_owned(), known.to_owned()));
    }
    let rest = all
        .iter()
        .filter(|(value, _)| !now.iter().any(|(chosen, _)| chosen == value));
    let choices: Vec<_> = [Choice::new(
        "",
        if now.is_empty() { "Any" } else { "Add another…" },
    )]
    .into_iter()
    .chain(rest.map(|(value, label)| Choice::new(value, label)))
    .collect();
    html! {
        @if !all.is_empty() || !now.is_empty() {
            div class="form" {
                (select_field(name, label, choices).in_form("filter"))
                @if !now.is_empty() { (ticks(state, name, "", &now)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn the_filters_are_harmless_and_keep_what_is_chosen() {
        for text in samples::ALL {
            let state: ListState = [
                ("filter", text),
                ("status", "vip"),
                ("tag", text),
                ("attribute.x", text),
                ("q", text),
                ("view", "1"),
            ]
            .into_iter()
            .collect();
            let pair = (text.to_owned(), text.to_owned());
            let offered = Offered {
                tags: vec![text.into()],
                owners: vec![pair.clone()],
                sources: vec![text.into()],
                attributes: vec![
                    OfferedAttribute {
                        name: "x".into(),
                        label: text.into(),
                        options: vec![],
                    },
                    OfferedAttribute {
                        name: "y".into(),
                        label: text.into(),
                        options: vec![pair],
                    },
                ],
            };
            let page = filters(&state, &offered).into_string();
            samples::assert_harmless(&page);
            assert!(page.contains("value=\"vip\" checked"));
            assert!(page.contains("name=\"view\" value=\"1\""), "a view stays open");
        }
    }
}
