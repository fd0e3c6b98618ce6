//! What the columns of a file mean, to be said by a person.

use maud::{Markup, html};
use regulars_customers::model::AttributeDefinition;
use regulars_kernel::{Country, Fault};
use regulars_web::pages::{
    Align, Choice, Tone, badge, button, checkbox_field, column, data_table, form_errors, link_button, notice,
    select_field, text_field,
};

use super::{steps::header, views::several};
use crate::{
    mapping::{ColumnMapping, Confidence, Target},
    model::{Import, ImportKind, ImportState, MatchKey, Mode},
};

/// What the columns mean.
pub(super) fn map(
    import: &Import,
    kinds: &[ImportKind],
    suggested: Option<&[ColumnMapping]>,
    fields: &[(String, String)],
    faults: &[Fault],
) -> Markup {
    let lead = "Match each column to a field. Nothing is imported yet.";
    let head = html! { (column("Column", Align::Start, false)) (column("Values", Align::Start, true)) (column("Means", Align::Start, false)) };
    html! {
        (header(import, lead))
        @if import.state == ImportState::Failed {
            (notice(Tone::Red, "The last attempt was given up", html! { (import.error.as_deref().unwrap_or("No reason was given.")) }))
        }
        (brings(import, kinds))
        form class="column" method="post" action={ "/imports/" (import.id) "/check" } novalidate data-warn-unsaved {
            (form_errors(faults))
            (data_table("Columns", head, html! {
                @for (number, name) in import.columns.iter().enumerate() {
                    @let known = suggested.and_then(|all| all.get(number));
                    tr {
                        td { b { (name) } @if let Some(known) = known { " " (sure(known.confidence)) } }
                        td class="cell-wide muted" { @for (at, example) in known.map(|known| known.examples.as_slice()).unwrap_or_default().iter().enumerate() { @if at > 0 { " · " } (example) } }
                        td { (target_select(number, name, import, known, fields)) }
                    }
                }
            }))
            (settings(import))
            div class="form-actions" { (button("Check the file").primary().submit()) (link_button("Back to imports", "/imports").ghost()) }
        }
    }
}

fn sure(confidence: Confidence) -> Markup {
    match confidence {
        Confidence::Certain => badge("certain", Tone::Green),
        Confidence::Likely => badge("likely", Tone::Blue),
        Confidence::Guess => badge("own attribute", Tone::Neutral),
    }
}

/// What the file brings, to be changed where it was taken for something else.
fn brings(import: &Import, kinds: &[ImportKind]) -> Markup {
    let choices: Vec<Choice> = kinds
        .iter()
        .map(|kind| Choice::new(kind.as_str(), several(*kind)))
        .collect();
    html! {
        @if kinds.len() > 1 {
            form class="form narrow" method="post" action={ "/imports/" (import.id) "/kind" } {
                (select_field("kind", "The file brings", choices).value(import.kind.as_str()).hint(match import.kind {
                    ImportKind::Customers => "One customer in each row.",
                    ImportKind::Orders => "Rows of one order follow each other, one for each line.",
                    ImportKind::Products => "Rows of one product follow each other, one for each variant.",
                    ImportKind::Carts => "Rows of one cart follow each other, one for each thing in it.",
                    ImportKind::Wishlists => "Rows of one wishlist follow each other, one for each wish.",
                }))
                div class="form-actions" { (button("Change").submit()) }
            }
        }
    }
}

/// The fields of customers, with the attributes that are defined.
pub(super) fn customer_fields(definitions: &[AttributeDefinition]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Target::choices()
        .map(|(name, label)| (name.to_owned(), label.to_owned()))
        .collect();
    for definition in definitions.iter().filter(|one| one.archived_at.is_none()) {
        let label = format!("Attribute: {}", definition.label);
        fields.push((format!("attribute.{}", definition.name), label));
    }
    fields
}

fn target_select(
    number: usize,
    header: &str,
    import: &Import,
    known: Option<&ColumnMapping>,
    fields: &[(String, String)],
) -> Markup {
    let chosen = import
        .mapping
        .columns
        .get(header)
        .map_or_else(|| "ignore".to_owned(), Target::to_string);
    let mut options = fields.to_vec();
    let own = known.map(|known| known.target.to_string());
    for extra in own.iter().chain([&chosen]) {
        if options.iter().all(|(name, _)| name != extra) {
            let label = match extra.split_once('.') {
                Some(("attribute", name)) => format!("New attribute: {name}"),
                Some(("external_id", source)) => format!("Id in {source}"),
                _ => extra.clone(),
            };
            options.push((extra.clone(), label));
        }
    }
    html! {
        select class="select" name={ "column-" (number) } aria-label={ "What the column " (header) " means" } {
            @for (name, label) in &options { option value=(name) selected[*name == chosen] { (label) } }
        }
    }
}

fn settings(import: &Import) -> Markup {
    let mapping = &import.mapping;
    let is_customers = import.kind == ImportKind::Customers;
    let label = several(import.kind);
    let modes = [
        (Mode::Upsert, "Create new ones and update known ones"),
        (Mode::Create, "Only create new ones"),
        (Mode::Update, "Only update known ones"),
    ]
    .map(|(mode, label)| Choice::new(mode.as_str(), label))
    .into();
    let orders = [
        ("certain", "Refuse what can be read in two ways"),
        ("dmy", "Day first: 31/12/2024"),
        ("mdy", "Month first: 12/31/2024"),
    ]
    .map(|(order, label)| Choice::new(order, label))
    .into();
    let order = serde_json::to_value(mapping.date_order).unwrap_or_default();
    let countries = std::iter::once(Choice::new("", "None: numbers need a country code"))
        .chain(
            Country::by_name()
                .into_iter()
                .map(|country| Choice::new(country.as_str(), country.name())),
        )
        .collect();
    html! {
        div class="form-grid" {
            (select_field("mode", label, modes).value(import.mode.as_str()))
            (select_field("date_order", "Dates such as 3/4/2024", orders).value(order.as_str().unwrap_or("certain")))
            @if is_customers { (select_field("default_country", "Default country of phone numbers", countries).value(mapping.default_country.as_deref().unwrap_or_default())) }
            (text_field("source", "Where the ids come from").value(&mapping.source).hint("As in shopify or erp. Files that number them in different ways need different names"))
            (text_field("time_zone", "Default time zone").value(mapping.time_zone.as_deref().unwrap_or_default()).hint("As in Europe/Berlin; UTC if empty"))
            (checkbox_field("clear_empty", "Empty cells empty the field", mapping.clear_empty).hint("Otherwise they leave it as it is."))
        }
        @if is_customers { fieldset class="form" {
            legend class="form-legend" { "A customer is recognised by" }
            @for (key, label) in [(MatchKey::ExternalId, "Id in the source"), (MatchKey::Email, "E-mail address"), (MatchKey::Phone, "Phone, if nothing else matches"), (MatchKey::Code, "Our code (C-000123)")] {
                div class="form-check" {
                    input type="checkbox" class="input" id={ "match-" (key.as_str()) } name="match_by" value=(key.as_str()) checked[import.match_by.contains(&key)];
                    label for={ "match-" (key.as_str()) } { (label) }
                }
            }
        } }
    }
}
