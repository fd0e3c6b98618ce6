//! The steps of an import: map, check, import, and what came of it.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_jobs::Job;
use regulars_web::pages::{
    Align, Attributes, Icon, Locale, Tone, badge, button, column, confirm_attributes, data_table,
    empty_state, format, link_button, notice, page_header, progress_bar, stat, stats, status_badge, time_tag,
};
use serde_json::Value;

use super::views::{counted, several, state_word};
use crate::model::{Counts, Import, ImportKind, ImportState, Outcome, Plan, Reason, Sample};

/// What stands in the top bar: ways to give up.
pub(super) fn actions(import: &Import) -> Markup {
    let at = |end: &str| format!("/imports/{}/{end}", import.id);
    let post = |url: String| Attributes::new().set("hx-post", url).set("hx-swap", "none");
    html! {
        @if matches!(import.state, ImportState::Planning | ImportState::Applying) {
            (button("Cancel import").icon(Icon::Stop).attrs(post(at("cancel"))).attrs(confirm_attributes("Cancel the import?", "It stops at the next batch. What was imported until then stays.", "Cancel import", None)))
        } @else {
            (button("Delete").ghost().icon(Icon::Trash).attrs(post(at("delete"))).attrs(confirm_attributes("Delete the import?", "The file and its error list are removed. What it brought stays as it is.", "Delete import", None)))
        }
    }
}

pub(super) fn header(import: &Import, lead: &str) -> Markup {
    let beside = html! { (badge(several(import.kind), Tone::Neutral)) (status_badge(state_word(import.state))) span class="muted" { (format::bytes(u64::try_from(import.file_bytes).unwrap_or(0))) } };
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

/// Work in progress; asks again every second.
pub(super) fn working(import: &Import, job: Option<&Job>, locale: Locale) -> Markup {
    let is_plan = import.state == ImportState::Planning;
    // The command line notes only how far it has applied; a job tells everything.
    let by_hand = import.job_id.is_none();
    let planned = import
        .plan
        .as_ref()
        .map(|plan| plan.rows.max(plan.counts.total()) as i64);
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
                form method="post" action={ "/imports/" (import.id) "/apply" } { (button(format!("Import {} {}", format::integer(work as i64, locale), counted(import.kind, work))).primary().submit().disabled(work == 0)) }
                form method="post" action={ "/imports/" (import.id) "/remap" } { (button("Back to the columns").submit()) }
            }
            @for outcome in [Outcome::Invalid, Outcome::Conflict, Outcome::Update, Outcome::Create, Outcome::Skip] {
                (samples(outcome, import.kind, plan, locale))
            }
        }
    }
}

fn error_notice(import: &Import, rows: u64, locale: Locale, is_future: bool) -> Markup {
    let one = counted(import.kind, rows);
    let title = match (rows, is_future) {
        (1, true) => format!("1 {one} will not be imported"),
        (1, false) => format!("1 {one} was not imported"),
        (_, true) => format!(
            "{} {one} will not be imported",
            format::integer(rows as i64, locale)
        ),
        (_, false) => format!("{} {one} were not imported", format::integer(rows as i64, locale)),
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

fn outcome_words(outcome: Outcome, kind: ImportKind) -> &'static str {
    match outcome {
        Outcome::Create => match kind {
            ImportKind::Customers => "New customers",
            ImportKind::Orders => "New orders",
            ImportKind::Products => "New products",
            ImportKind::Carts => "New carts",
            ImportKind::Wishlists => "New wishlists",
        },
        Outcome::Update => "Changes",
        Outcome::Skip => "Nothing to do",
        Outcome::Conflict => "Conflicts",
        Outcome::Invalid => match kind {
            ImportKind::Customers => "Invalid rows",
            ImportKind::Orders => "Invalid orders",
            ImportKind::Products => "Invalid products",
            ImportKind::Carts => "Invalid carts",
            ImportKind::Wishlists => "Invalid wishlists",
        },
    }
}

fn samples(outcome: Outcome, kind: ImportKind, plan: &Plan, locale: Locale) -> Markup {
    let shown = plan.samples.get(&outcome).map(Vec::as_slice).unwrap_or_default();
    let head = html! { (column("Line", Align::End, false)) (column(if kind == ImportKind::Customers { "Who" } else { "Which" }, Align::Start, false)) (column("What", Align::Start, false)) };
    let all = plan.counts.of(outcome);
    html! {
        @if !shown.is_empty() {
            details open[matches!(outcome, Outcome::Invalid | Outcome::Conflict)] {
                summary { b { (outcome_words(outcome, kind)) } " " span class="muted tabular" { (shown.len()) " of " (format::integer(all as i64, locale)) } }
                (data_table(outcome_words(outcome, kind), head, html! { @for sample in shown { (row(sample, kind)) } }))
            }
        }
    }
}

fn row(sample: &Sample, kind: ImportKind) -> Markup {
    let known = match (kind, sample.customer_id, sample.record_id) {
        (ImportKind::Customers, Some(id), _) => Some(format!("/customers/{id}")),
        (ImportKind::Orders, _, Some(id)) => Some(format!("/orders/{id}")),
        (ImportKind::Products, _, Some(id)) => Some(format!("/products/{id}")),
        (ImportKind::Carts, _, Some(id)) => Some(format!("/carts/{id}")),
        _ => None,
    };
    html! {
        tr {
            td class="cell-number" { (sample.line) }
            td { @match &known { Some(at) => a class="link" href=(at) { (sample.who) }, None => (sample.who) } }
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

/// Where what was imported can be seen.
fn see(kind: ImportKind, since: &str) -> Markup {
    match kind {
        ImportKind::Customers => {
            html! { (link_button("See the customers", format!("/customers?{since}")).primary()) }
        }
        ImportKind::Orders => html! { (link_button("See the orders", "/orders").primary()) },
        ImportKind::Products => html! { (link_button("See the products", "/products").primary()) },
        ImportKind::Carts => html! { (link_button("See the carts", "/carts").primary()) },
        // They stand on the pages of their customers.
        ImportKind::Wishlists => html! {},
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
                    @if counts.create + counts.update > 0 { (see(import.kind, &format!("updated_from={since}&updated_to={until}"))) }
                    @if import.state == ImportState::Failed { form method="post" action={ "/imports/" (import.id) "/apply" } { (button("Go on").submit()) } }
                    (link_button("Import another file", "/imports/new"))
                }
            }
            @if let Some(at) = import.finished_at { p class="muted" { "Finished " (time_tag(at, zone)) } }
        }
    }
}
