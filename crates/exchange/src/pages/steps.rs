//! The steps of an import: map, check, import, and what came of it.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_customers::model::AttributeDefinition;
use regulars_jobs::Job;
use regulars_kernel::{Country, Fault};
use regulars_web::pages::{
    Align, Attributes, Choice, Icon, Locale, Tone, badge, button, checkbox_field, column, confirm_attributes,
    data_table, empty_state, form_errors, format, link_button, notice, page_header, progress_bar,
    select_field, stat, stats, status_badge, text_field, time_tag,
};
use serde_json::Value;

use super::views::state_word;
use crate::{
    mapping::{ColumnMapping, Confidence, Target},
    model::{Counts, Import, ImportState, MatchKey, Mode, Outcome, Plan, Reason, Sample},
};

/// What stands in the top bar: ways to give up.
pub(super) fn actions(import: &Import) -> Markup {
    let at = |end: &str| format!("/imports/{}/{end}", import.id);
    let post = |url: String| Attributes::new().set("hx-post", url).set("hx-swap", "none");
    html! {
        @if matches!(import.state, ImportState::Planning | ImportState::Applying) {
            (button("Cancel import").icon(Icon::Stop).attrs(post(at("cancel"))).attrs(confirm_attributes("Cancel the import?", "It stops at the next batch. Customers that were imported until then stay.", "Cancel import", None)))
        } @else {
            (button("Delete").ghost().icon(Icon::Trash).attrs(post(at("delete"))).attrs(confirm_attributes("Delete the import?", "The file and its error list are removed. Customers stay as they are.", "Delete import", None)))
        }
    }
}

fn header(import: &Import, lead: &str) -> Markup {
    let beside = html! { (status_badge(state_word(import.state))) span class="muted" { (format::bytes(u64::try_from(import.file_bytes).unwrap_or(0))) } };
    html! { (page_header(&import.file_name, beside, lead)) (trail(import.state)) }
}

/// Which step this is.
fn trail(state: ImportState) -> Markup {
    let now = match state {
        ImportState::Uploaded | ImportState::Failed => 0,
        ImportState::Planning | ImportState::Planned => 1,
        ImportState::Applying => 2,
        ImportState::Done | ImportState::Cancelled => 3,
    };
    html! {
        ol class="tag-list" aria-label="Steps" {
            @for (at, name) in ["Map columns", "Check", "Import", "Result"].iter().enumerate() {
                li aria-current=[(at == now).then_some("step")] { (badge(name, if at == now { Tone::Blue } else { Tone::Neutral })) }
            }
        }
    }
}

/// What the columns mean.
pub(super) fn map(
    import: &Import,
    suggested: Option<&[ColumnMapping]>,
    definitions: &[AttributeDefinition],
    faults: &[Fault],
) -> Markup {
    let lead = "Match each column to a field. Nothing is imported yet.";
    let head = html! { (column("Column", Align::Start, false)) (column("Values", Align::Start, true)) (column("Means", Align::Start, false)) };
    html! {
        (header(import, lead))
        @if import.state == ImportState::Failed {
            (notice(Tone::Red, "The last attempt was given up", html! { (import.error.as_deref().unwrap_or("No reason was given.")) }))
        }
        form class="column" method="post" action={ "/imports/" (import.id) "/check" } novalidate data-warn-unsaved {
            (form_errors(faults))
            (data_table("Columns", head, html! {
                @for (number, name) in import.columns.iter().enumerate() {
                    @let known = suggested.and_then(|all| all.get(number));
                    tr {
                        td { b { (name) } @if let Some(known) = known { " " (sure(known.confidence)) } }
                        td class="cell-wide muted" { @for (at, example) in known.map(|known| known.examples.as_slice()).unwrap_or_default().iter().enumerate() { @if at > 0 { " · " } (example) } }
                        td { (target_select(number, name, import, known, definitions)) }
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

fn target_select(
    number: usize,
    header: &str,
    import: &Import,
    known: Option<&ColumnMapping>,
    definitions: &[AttributeDefinition],
) -> Markup {
    let chosen = import
        .mapping
        .columns
        .get(header)
        .map_or_else(|| "ignore".to_owned(), Target::to_string);
    let mut options: Vec<(String, String)> = Target::choices()
        .map(|(name, label)| (name.to_owned(), label.to_owned()))
        .collect();
    for definition in definitions.iter().filter(|one| one.archived_at.is_none()) {
        let label = format!("Attribute: {}", definition.label);
        options.push((format!("attribute.{}", definition.name), label));
    }
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
            (select_field("mode", "Customers", modes).value(import.mode.as_str()))
            (select_field("date_order", "Dates such as 3/4/2024", orders).value(order.as_str().unwrap_or("certain")))
            (select_field("default_country", "Default country of phone numbers", countries).value(mapping.default_country.as_deref().unwrap_or_default()))
            (text_field("source", "Where the ids come from").value(&mapping.source).hint("As in shopify or erp. Files that number people in different ways need different names"))
            (text_field("time_zone", "Default time zone").value(mapping.time_zone.as_deref().unwrap_or_default()).hint("As in Europe/Berlin; UTC if empty"))
            (checkbox_field("clear_empty", "Empty cells empty the field", mapping.clear_empty).hint("Otherwise they leave it as it is."))
        }
        fieldset class="form" {
            legend class="form-legend" { "A customer is recognised by" }
            @for (key, label) in [(MatchKey::ExternalId, "Id in the source"), (MatchKey::Email, "E-mail address"), (MatchKey::Phone, "Phone, if nothing else matches"), (MatchKey::Code, "Our code (C-000123)")] {
                div class="form-check" {
                    input type="checkbox" class="input" id={ "match-" (key.as_str()) } name="match_by" value=(key.as_str()) checked[import.match_by.contains(&key)];
                    label for={ "match-" (key.as_str()) } { (label) }
                }
            }
        }
    }
}

/// Work in progress; asks again every second.
pub(super) fn working(import: &Import, job: Option<&Job>, locale: Locale) -> Markup {
    let is_plan = import.state == ImportState::Planning;
    // The command line notes only how far it has applied; a job tells everything.
    let by_hand = import.job_id.is_none();
    let planned = import.plan.as_ref().map(|plan| plan.counts.total() as i64);
    let (done, total) = match job {
        Some(job) => (job.progress.done, job.progress.total),
        None if by_hand && !is_plan => (import.applied_rows, planned),
        None => (0, None),
    };
    let number = |value: i64| {
        if is_plan && total.is_some() {
            format::bytes(u64::try_from(value).unwrap_or(0))
        } else {
            format::integer(value, locale)
        }
    };
    let words = match total {
        Some(total) => format!("{} of {}", number(done), number(total)),
        None if done > 0 => format!("{} {}", number(done), if done == 1 { "row" } else { "rows" }),
        None if by_hand => "the command line is at it".to_owned(),
        None => "waiting for a free worker".to_owned(),
    };
    let label = if is_plan { "Checking the file" } else { "Importing" };
    html! {
        div id="step" class="column" hx-get={ "/imports/" (import.id) "/progress" } hx-trigger="every 1s" hx-swap="outerHTML" {
            (header(import, if is_plan { "Every row is looked at; nothing is changed." } else { "You can leave this page; the work goes on." }))
            (progress_bar(label, u64::try_from(done).unwrap_or(0), total.and_then(|total| u64::try_from(total).ok()), &words))
            @if let Some(counts) = import.result.filter(|_| !is_plan) { (cards(&counts, locale, false)) }
        }
    }
}

/// The job is gone though the work is not over.
pub(super) fn stalled(import: &Import) -> Markup {
    html! {
        (header(import, ""))
        (notice(Tone::Amber, "The work was interrupted", html! { "Nothing is lost: it goes on exactly where it stopped." }))
        form method="post" action={ "/imports/" (import.id) (if import.state == ImportState::Planning { "/remap" } else { "/apply" }) } {
            (button(if import.state == ImportState::Planning { "Back to the columns" } else { "Go on" }).primary().submit())
        }
    }
}

fn cards(counts: &Counts, locale: Locale, is_future: bool) -> Markup {
    let number = |value: u64| format::integer(value as i64, locale);
    let words = if is_future {
        [
            "to create",
            "to update",
            "nothing to do",
            "cannot be done",
            "cannot be read",
        ]
    } else {
        ["created", "updated", "nothing to do", "not done", "not readable"]
    };
    stats(&[
        stat("New", &number(counts.create), words[0]),
        stat("Changed", &number(counts.update), words[1]),
        stat("Unchanged", &number(counts.skip), words[2]),
        stat("Conflicts", &number(counts.conflict), words[3]),
        stat("Invalid", &number(counts.invalid), words[4]),
    ])
}

/// What will happen.
pub(super) fn checked(import: &Import, locale: Locale) -> Markup {
    let empty = Plan::default();
    let plan = import.plan.as_ref().unwrap_or(&empty);
    let work = plan.counts.create + plan.counts.update;
    let refused = plan.counts.conflict + plan.counts.invalid;
    html! {
        (header(import, "This is what will happen. Nothing has been changed yet."))
        div class="column" {
            (cards(&plan.counts, locale, true))
            (definitions(plan, "These are not defined yet and will be"))
            @if refused > 0 { (error_notice(import, refused, locale, true)) }
            div class="form-actions" {
                form method="post" action={ "/imports/" (import.id) "/apply" } { (button(format!("Import {} {}", format::integer(work as i64, locale), if work == 1 { "row" } else { "rows" })).primary().submit().disabled(work == 0)) }
                form method="post" action={ "/imports/" (import.id) "/remap" } { (button("Back to the columns").submit()) }
            }
            @for outcome in [Outcome::Invalid, Outcome::Conflict, Outcome::Update, Outcome::Create, Outcome::Skip] {
                (samples(outcome, plan, locale))
            }
        }
    }
}

fn error_notice(import: &Import, rows: u64, locale: Locale, is_future: bool) -> Markup {
    let title = match (rows, is_future) {
        (1, true) => "1 row will not be imported".to_owned(),
        (1, false) => "1 row was not imported".to_owned(),
        (_, true) => format!(
            "{} rows will not be imported",
            format::integer(rows as i64, locale)
        ),
        (_, false) => format!("{} rows were not imported", format::integer(rows as i64, locale)),
    };
    notice(
        Tone::Amber,
        &title,
        html! { a class="link" href={ "/imports/" (import.id) "/errors.csv" } { "Download them with the reasons" } ", mend them, and import that file." },
    )
}

/// The attributes and tags that the import brings.
fn definitions(plan: &Plan, lead: &str) -> Markup {
    html! {
        @if !plan.new_attributes.is_empty() {
            (notice(Tone::Blue, "New attributes", html! { (lead) ", as text: " (plan.new_attributes.join(", ")) "." }))
        }
        @if !plan.new_tags.is_empty() {
            (notice(Tone::Blue, "New tags", html! { (lead) ": " (plan.new_tags.join(", ")) "." }))
        }
    }
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Create => "New customers",
        Outcome::Update => "Changes",
        Outcome::Skip => "Nothing to do",
        Outcome::Conflict => "Conflicts",
        Outcome::Invalid => "Invalid rows",
    }
}

fn samples(outcome: Outcome, plan: &Plan, locale: Locale) -> Markup {
    let shown = plan.samples.get(&outcome).map(Vec::as_slice).unwrap_or_default();
    let head = html! { (column("Line", Align::End, false)) (column("Who", Align::Start, false)) (column("What", Align::Start, false)) };
    let all = plan.counts.of(outcome);
    html! {
        @if !shown.is_empty() {
            details open[matches!(outcome, Outcome::Invalid | Outcome::Conflict)] {
                summary { b { (outcome_words(outcome)) } " " span class="muted tabular" { (shown.len()) " of " (format::integer(all as i64, locale)) } }
                (data_table(outcome_words(outcome), head, html! { @for sample in shown { (row(sample)) } }))
            }
        }
    }
}

fn row(sample: &Sample) -> Markup {
    html! {
        tr {
            td class="cell-number" { (sample.line) }
            td { @match sample.customer_id { Some(id) => a class="link" href={ "/customers/" (id) } { (sample.who) }, None => (sample.who) } }
            td {
                @for reason in &sample.reasons { div { (reason_words(reason)) } }
                @if let Some(changes) = sample.changes.as_ref().and_then(Value::as_object) {
                    @for (field, change) in changes { div { span class="muted" { (field.replace('_', " ")) ": " } (plain(&change["from"])) " → " (plain(&change["to"])) } }
                }
                @if sample.reasons.is_empty() && sample.changes.is_none() { span class="muted" { "–" } }
            }
        }
    }
}

fn reason_words(reason: &Reason) -> String {
    match &reason.column {
        Some(column) => format!("{column}: {}", reason.message),
        None => reason.message.clone(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => parts.values().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// What came of it.
pub(super) fn over(import: &Import, locale: Locale, zone: Tz) -> Markup {
    let counts = import.result.unwrap_or_default();
    let refused = counts.conflict + counts.invalid;
    let lead = match import.state {
        ImportState::Done => "The import is done.",
        ImportState::Failed => "The import was given up. What was imported until then stays.",
        _ => "The import was cancelled. What was imported until then stays.",
    };
    let since = import.created_at.format("%Y-%m-%dT%H:%M:%SZ");
    let until = import.finished_at.unwrap_or(import.updated_at) + chrono::TimeDelta::seconds(1);
    let until = until.format("%Y-%m-%dT%H:%M:%SZ");
    html! {
        (header(import, lead))
        div class="column" {
            @if let Some(error) = &import.error { (notice(Tone::Red, "", html! { (error) })) }
            @if import.result.is_none() {
                (empty_state(Icon::Imports, "Nothing was imported", "Upload the file again to start over.", html! { (link_button("Import a file", "/imports/new")) }))
            } @else {
                (cards(&counts, locale, false))
                @if let Some(plan) = import.plan.as_ref().filter(|_| import.state == ImportState::Done) { (definitions(plan, "The import has defined these")) }
                @if refused > 0 { (error_notice(import, refused, locale, false)) }
                div class="form-actions" {
                    @if counts.create + counts.update > 0 { (link_button("See the customers", format!("/customers?updated_from={since}&updated_to={until}")).primary()) }
                    @if import.state == ImportState::Failed { form method="post" action={ "/imports/" (import.id) "/apply" } { (button("Go on").submit()) } }
                    (link_button("Import another file", "/imports/new"))
                }
            }
            @if let Some(at) = import.finished_at { p class="muted" { "Finished " (time_tag(at, zone)) } }
        }
    }
}
