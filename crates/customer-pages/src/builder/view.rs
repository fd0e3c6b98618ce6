//! The rows and groups as a form. Whatever changes their shape asks the server for the form anew.

use std::collections::HashMap;

use maud::{Markup, html};
use regulars_expression::{Catalog, Field, Function, Kind, Operator, Takes};
use regulars_web::pages::{Attributes, Icon, button, format, icon_button};

use super::{Entered, Group, Holds, Node, Path, Row, Words, written};

/// So many choices are ticked side by side; more are chosen one after the other.
const TICKED: usize = 8;

/// What the rows are drawn with.
pub(crate) struct Look<'a> {
    /// Where the form is drawn anew.
    pub url: &'static str,
    /// The fields that may be chosen; `words` knows those as well that may not any more.
    pub offered: &'a Catalog,
    pub words: &'a Words,
    /// What is wrong with a row, by its place.
    pub faults: &'a HashMap<String, String>,
    /// The row that was just added.
    pub focus: Option<&'a Path>,
}

/// A control whose change does something. The one that asks is what stands around it: htmx would send the value of a
/// control itself first, and the fields would be out of order.
fn changing(does: Attributes, control: Markup) -> Markup {
    does.set("hx-trigger", "change")
        .set("class", "contents")
        .element("span", &control)
}

/// A text whose value is followed while it is typed.
fn typing(does: Attributes, control: Markup) -> Markup {
    does.set("hx-trigger", "input delay:300ms")
        .set("class", "contents")
        .element("span", &control)
}

/// Attributes of what changes the shape of the form: the whole of it is drawn anew.
fn redraws(url: &str) -> Attributes {
    Attributes::new()
        .set("hx-get", url)
        .set("hx-include", "closest form")
        .set("hx-target", "#builder")
        .set("hx-swap", "outerHTML")
        .set("hx-sync", "closest form:replace")
}

/// The attributes of a value: what is said of the whole follows it, the form stays as it is.
fn refreshes(url: &str) -> Attributes {
    Attributes::new()
        .set("hx-get", url)
        .set("hx-include", "closest form")
        .set("hx-select", "#builder-said")
        .set("hx-target", "#builder-said")
        .set("hx-swap", "outerHTML")
        .set("hx-sync", "closest form:replace")
}

/// A control of the form.
fn control(class: &str, name: &str, id: String, label: impl Into<String>) -> Attributes {
    Attributes::new()
        .set("class", class)
        .set("name", name)
        .set("id", id)
        .set("aria-label", label)
}

/// A group with everything in it.
pub(crate) fn group(look: &Look<'_>, group: &Group, path: &Path) -> Markup {
    let place = written(path);
    let id = format!("builder-{}", place.replace('.', "-"));
    let act = |verb: &str| redraws(&format!("{}?act={verb}:{place}", look.url));
    let is_top = path.is_empty();
    html! {
        fieldset class="builder-group" data-nested[!is_top] {
            legend class="sr-only" { @if is_top { "Conditions" } @else { "Group of conditions" } }
            div class="builder-head" {
                (changing(redraws(look.url), control("select", "group", format!("{id}-group"), "How many of these must hold").element("select", &html! {
                    @for holds in Holds::ALL { option value=(holds.name()) selected[holds == group.holds] { (holds.words()) } }
                })))
                @if !is_top { (icon_button(Icon::Close, "Remove group").small().attrs(act("remove")).attr("id", format!("{id}-remove"))) }
            }
            @if !group.items.is_empty() {
                ul class="builder-items" {
                    @for (index, node) in group.items.iter().enumerate() {
                        @let path = [path, &[index]].concat();
                        li { @match node {
                            Node::Group(inner) => (self::group(look, inner, &path)),
                            Node::Row(row) => (self::row(look, row, &path)),
                        } }
                    }
                }
            }
            div class="builder-foot" {
                (button("Condition").ghost().small().icon(Icon::Plus).attrs(act("add")).attr("id", format!("{id}-add")))
                (button("Group").ghost().small().icon(Icon::Plus).attrs(act("nest")).attr("id", format!("{id}-nest")))
            }
            input type="hidden" name="end" value="1";
        }
    }
}

fn row(look: &Look<'_>, row: &Row, path: &Path) -> Markup {
    let place = written(path);
    let id = format!("builder-{}", place.replace('.', "-"));
    let field = look.words.catalog.get(&row.field);
    let fault = look.faults.get(&place);
    let what = field.map_or("condition", |field| field.label.as_str());
    html! {
        div class="builder-row" data-bare[field.is_none()] data-faulty[fault.is_some()] role="group" aria-label=(what) aria-describedby=[fault.map(|_| format!("{id}-error"))] {
            (fields(look, row, path, &id))
            input type="hidden" name="was" value=(row.field);
            @if let Some(field) = field {
                (operators(look, field, row.operator, &id))
                div class="builder-values" { (values(look, field, row, &id)) }
            }
            (icon_button(Icon::Close, format!("Remove {what}")).small().attrs(redraws(&format!("{}?act=remove:{place}", look.url))).attr("id", format!("{id}-remove")))
            @if let Some(fault) = fault { p class="form-error" id={ (id) "-error" } { (Icon::Error) span { (format::sentence(fault)) } } }
        }
    }
}

fn fields(look: &Look<'_>, row: &Row, path: &Path, id: &str) -> Markup {
    let is_own = |field: &&Field| field.name.starts_with("attribute.");
    let (own, common): (Vec<_>, Vec<_>) = look.offered.0.iter().partition(is_own);
    let option = |field: &Field| html! { option value=(field.name) selected[field.name == row.field] { (field.label) } };
    let is_offered = row.field.is_empty() || look.offered.get(&row.field).is_some();
    let select = control("select", "field", format!("{id}-field"), "Field")
        .flag("autofocus", look.focus == Some(path));
    changing(redraws(look.url), select.element("select", &html! {
        @if row.field.is_empty() { option value="" selected { "Choose a field…" } }
        // One that is archived or was never there: it stays until another is chosen.
        @if !is_offered { option value=(row.field) selected { (look.words.catalog.get(&row.field).map_or(&row.field, |field| &field.label)) } }
        @for field in common { (option(field)) }
        @if !own.is_empty() { optgroup label="Attributes" { @for field in own { (option(field)) } } }
    }))
}

fn operators(look: &Look<'_>, field: &Field, chosen: Option<Operator>, id: &str) -> Markup {
    let is_time = matches!(field.kind, Kind::Time | Kind::Date);
    let select = control(
        "select",
        "operator",
        format!("{id}-operator"),
        format!("How {} is compared", field.label),
    );
    changing(redraws(look.url), select.element("select", &html! { @for operator in field.kind.operators() {
        option value=(operator.text()) selected[Some(*operator) == chosen] { (operator.words(is_time)) }
    } }))
}

fn values(look: &Look<'_>, field: &Field, row: &Row, id: &str) -> Markup {
    let takes = row.operator.map_or(Takes::One, Operator::takes);
    let choices = choices(look.words, field);
    let first = row.values.first().cloned().unwrap_or_default();
    match (takes, &field.kind) {
        (Takes::Nothing, _) => html! {},
        (_, Kind::Time | Kind::Date) => time(look, field, &first, id),
        (Takes::Several, _) => several(look, field, row, &choices, id),
        (Takes::One, _) if !choices.is_empty() && !takes_part(row.operator) => {
            let known = choices.iter().any(|(value, _)| *value == first.text);
            changing(refreshes(look.url), control("select", "value", format!("{id}-value"), &field.label).element("select", &html! {
                @if first.text.is_empty() { option value="" selected { "Choose…" } }
                @else if !known { option value=(first.text) selected { (look.words.name(&field.name, &first.text)) } }
                @for (value, label) in &choices { option value=(value) selected[*value == first.text] { (label) } }
            }))
        }
        (Takes::One, kind) => input(look, field, kind, &first.text, format!("{id}-value")),
    }
}

/// Whether it is compared with a part of a text, which may be anything.
fn takes_part(operator: Option<Operator>) -> bool {
    matches!(
        operator,
        Some(Operator::Contains | Operator::NotContains | Operator::StartsWith)
    )
}

fn input(look: &Look<'_>, field: &Field, kind: &Kind, value: &str, id: String) -> Markup {
    let is_number = matches!(kind, Kind::Number);
    let input = control("input", "value", id, &field.label)
        .set("type", "text")
        .set("value", value)
        .set("autocomplete", "off")
        .set_some("inputmode", is_number.then_some("decimal"));
    typing(refreshes(look.url), input.void_element("input"))
}

/// The values that a field can have, with what people call them; none if it can have any.
fn choices(words: &Words, field: &Field) -> Vec<(String, String)> {
    match &field.kind {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| (choice.clone(), words.name(&field.name, choice)))
            .collect(),
        Kind::Boolean => [("true", "Yes"), ("false", "No")]
            .map(|(value, label)| (value.to_owned(), label.to_owned()))
            .into(),
        _ => words.known.get(&field.name).cloned().unwrap_or_default(),
    }
}

/// Any number of values: ticks where there are few, else those that are chosen and one more to choose.
fn several(look: &Look<'_>, field: &Field, row: &Row, choices: &[(String, String)], id: &str) -> Markup {
    let is_chosen = |value: &str| row.values.iter().any(|entered| entered.text == value);
    let tick = |value: &str, label: &str, index: usize, does: Attributes| {
        let id = format!("{id}-value-{index}");
        let tickbox = Attributes::new()
            .set("type", "checkbox")
            .set("name", "value")
            .set("id", id)
            .set("value", value);
        changing(
            does,
            html! { label class="pick" { (tickbox.flag("checked", is_chosen(value)).void_element("input")) span { (label) } } },
        )
    };
    if !choices.is_empty()
        && choices.len() <= TICKED
        && row
            .values
            .iter()
            .all(|entered| choices.iter().any(|(value, _)| *value == entered.text))
    {
        return html! { div class="picks" {
            @for (index, (value, label)) in choices.iter().enumerate() { (tick(value, label, index, refreshes(look.url))) }
        } };
    }
    let anew = |class: &str| {
        control(
            class,
            "value",
            format!("{id}-value"),
            format!("Add to {}", field.label),
        )
    };
    html! {
        @if !row.values.is_empty() { div class="picks" {
            @for (index, Entered { text, .. }) in row.values.iter().enumerate() {
                (tick(text, &look.words.name(&field.name, text), index, redraws(look.url)))
            }
        } }
        @if choices.is_empty() {
            (changing(redraws(look.url), anew("input").set("type", "text").set("value", "").set("placeholder", "Add…").set("autocomplete", "off").void_element("input")))
        } @else {
            (changing(redraws(look.url), anew("select").element("select", &html! {
                option value="" { @if row.values.is_empty() { "Choose…" } @else { "Add another…" } }
                @for (value, label) in choices.iter().filter(|(value, _)| !is_chosen(value)) { option value=(value) { (label) } }
            })))
        }
    }
}

/// A day, or a time said from now.
fn time(look: &Look<'_>, field: &Field, entered: &Entered, id: &str) -> Markup {
    let function = Function::named(&entered.when);
    // A day that is one goes into a date field, a moment of it stays as it is written.
    let is_day =
        entered.text.is_empty() || chrono::NaiveDate::parse_from_str(&entered.text, "%Y-%m-%d").is_ok();
    let value = |kind: &'static str, class: &str, label: &str| {
        let input = control(class, "value", format!("{id}-value"), label)
            .set("type", kind)
            .set("value", &entered.text)
            .set_some("min", (kind == "number").then_some("0"));
        typing(refreshes(look.url), input.void_element("input"))
    };
    let select = control(
        "select",
        "when",
        format!("{id}-when"),
        format!("When {}", field.label),
    );
    html! {
        @if function.is_some_and(Function::takes_number) { (value("number", "input builder-number", "How many")) }
        (changing(redraws(look.url), select.element("select", &html! {
            option value="" selected[function.is_none()] { "this day" }
            @for known in Function::ALL.into_iter().filter(|known| matches!(field.kind, Kind::Time) || !known.is_moment()) {
                option value=(known.name()) selected[Some(known) == function] { (when(known)) }
            }
        })))
        @if function.is_none() {
            @if is_day { (value("date", "input", "Day")) } @else { (value("text", "input", "Moment")) }
        }
    }
}

/// A time from now, the number that belongs to it standing beside.
fn when(function: Function) -> &'static str {
    match function {
        Function::Now => "now",
        Function::Today => "today",
        Function::DaysAgo => "days ago",
        Function::WeeksAgo => "weeks ago",
        Function::MonthsAgo => "months ago",
        Function::YearsAgo => "years ago",
        Function::HoursAgo => "hours ago",
        Function::DaysFromNow => "days from now",
        Function::StartOfMonth => "first of this month",
        Function::StartOfYear => "first of this year",
    }
}
