//! `/exports`: customers as files.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_customer_pages::{fault_in_words, in_words};
use regulars_customers::find::{self, Context};
use regulars_database::Tx;
use regulars_kernel::{Error, Fault, Page, Permission, Result, ids::ExportId};
use regulars_web::{
    PageCall, PageResult, Path, Query,
    pages::{
        Align, Attributes, Choice, Icon, Nav, Shell, button, column, confirm_attributes, data_table,
        form_errors, format, icon_button, link_button, menu_column, page, page_header, pagination,
        select_field, status_badge, table_empty, time_tag,
    },
};

use super::{
    Form,
    imports::{At, told},
    views::place,
};
use crate::{
    api::exports::file,
    model::{Export, ExportFormat, ExportState},
    ops, store,
};

const PER_PAGE: u64 = 50;

pub(super) async fn list(call: PageCall, Query(at): Query<At>) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.read().await?;
    let all = store::exports::list(&mut tx, &at.request()).await?;
    let mut asked = Vec::with_capacity(all.data.len());
    for export in &all.data {
        asked.push(which(&mut tx, export).await?);
    }
    let shell = call.shell(Nav::Exports, "Exports");
    let actions = html! { (link_button("New export", "/exports/new").primary().key("n")) };
    Ok(page(&shell, actions, table(&all, &asked, at.number(), &shell)).into_response())
}

/// `asked` says of each what it takes.
pub(super) fn table(all: &Page<Export>, asked: &[String], number: u64, shell: &Shell) -> Markup {
    let head = html! {
        (column("Customers", Align::Start, false)) (column("State", Align::Start, false)) (column("Format", Align::Start, true)) (column("Rows", Align::End, true))
        (column("Size", Align::End, true)) (column("Asked for", Align::Start, true)) (menu_column(false))
    };
    let body = html! {
        @for (export, asked) in all.data.iter().zip(asked) { (line(export, asked, shell)) }
        @if all.data.is_empty() {
            (table_empty(7, Icon::Exports, "No exports yet", "Take all customers, or those that a filter selects, as CSV or JSON Lines.", html! { (link_button("New export", "/exports/new")) }))
        }
    };
    html! {
        (page_header("Exports", html! {}, "Files are kept for seven days. Each export is written into the audit log."))
        div class="column" { (data_table("Exports", head, body)) @if number > 1 || !all.data.is_empty() { (pagination(&place("/exports", all.data.len(), all.page.next_cursor.is_some(), all.page.total.value, number, PER_PAGE), ["export", "exports"], shell.locale)) } }
    }
}

/// One export; asks again every second while it is written.
fn line(export: &Export, asked: &str, shell: &Shell) -> Markup {
    let is_busy = matches!(export.state, ExportState::Queued | ExportState::Running);
    let at = |end: &str| format!("/exports/{}/{end}", export.id);
    let gone = confirm_attributes(
        "Delete the export?",
        "The file is removed. Customers stay as they are.",
        "Delete export",
        None,
    );
    html! {
        tr hx-get=[is_busy.then(|| at("row"))] hx-trigger=[is_busy.then_some("every 1s")] hx-swap=[is_busy.then_some("outerHTML")] {
            td { (asked) @if let Some(error) = &export.error { div class="muted" { (error) } } }
            td { (status_badge(export.state.as_str())) }
            td class="cell-wide" { (format_word(export.format)) }
            td class="cell-number cell-wide" { @if export.state == ExportState::Done { (format::integer(export.rows, shell.locale)) } }
            td class="cell-number cell-wide" { @if export.state == ExportState::Done { (format::bytes(u64::try_from(export.bytes).unwrap_or(0))) } }
            td class="cell-wide" { (time_tag(export.created_at, shell.time_zone)) }
            td class="cell-menu" {
                @if export.state == ExportState::Done { (link_button("Download", at("download")).small().icon(Icon::Exports).attr("download", "")) }
                (icon_button(Icon::Trash, "Delete the export").small().attrs(Attributes::new().set("hx-post", at("delete")).set("hx-swap", "none")).attrs(gone))
            }
        }
    }
}

fn format_word(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "CSV",
        ExportFormat::Jsonl => "JSON Lines",
    }
}

/// Which customers, in words.
async fn which(tx: &mut Tx, export: &Export) -> Result<String> {
    let kept = export.query.as_object().cloned().unwrap_or_default();
    let phrases = in_words(tx, &ops::exports::query_string(&kept)?).await?;
    Ok(if phrases.is_empty() {
        "All customers".to_owned()
    } else {
        phrases.join(" · ")
    })
}

pub(super) async fn row(call: PageCall, Path(id): Path<ExportId>) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.read().await?;
    let export = store::exports::get(&mut tx, id, false).await?;
    let asked = which(&mut tx, &export).await?;
    Ok(line(&export, &asked, &call.bare_shell()).into_response())
}

/// The form; filters stand in the address, as the customer list writes them.
pub(super) async fn new(call: PageCall, RawQuery(raw): RawQuery) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let query = query_of(&raw.unwrap_or_default());
    let mut tx = call.read().await?;
    let phrases = in_words(&mut tx, &query).await?;
    let asked = find::query_of(form_urlencoded::parse(query.as_bytes()).into_owned());
    match ops::exports::check(&mut tx, &asked, &Context::of(&call.caller.organization)).await {
        Ok(()) => Ok(form(&call, &query, &phrases, &[]).into_response()),
        Err(error) => {
            let form = form(&call, &query, &phrases, &faults_of(error)?);
            Ok((http::StatusCode::BAD_REQUEST, form).into_response())
        }
    }
}

fn faults_of(error: Error) -> Result<Vec<Fault>> {
    match error {
        Error::Malformed(faults) | Error::Invalid(faults) => {
            Ok(faults.0.iter().map(in_words_of_the_list).collect())
        }
        Error::Conflict(fault) => Ok(vec![fault]),
        other => Err(other),
    }
}

/// What is asked for is a list's address, so it is told as the list does.
fn in_words_of_the_list(fault: &Fault) -> Fault {
    Fault {
        message: fault_in_words(fault),
        ..fault.clone()
    }
}

/// What narrows the list, of its whole address: an export knows no order, no page and no open view.
fn query_of(raw: &str) -> String {
    const NOT_KEPT: [&str; 7] = ["sort", "view", "cursor", "page", "at", "limit", "count"];
    let pairs = form_urlencoded::parse(raw.as_bytes())
        .filter(|(name, value)| !value.trim().is_empty() && !NOT_KEPT.contains(&name.as_ref()));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn form(call: &PageCall, query: &str, phrases: &[String], faults: &[Fault]) -> Markup {
    let shell = call
        .bare_shell()
        .at(Nav::Exports)
        .crumb("Exports", "/exports")
        .titled("New export");
    let formats = [
        ("csv", "CSV, for spreadsheets"),
        ("jsonl", "JSON Lines, for programs"),
    ]
    .map(|(name, label)| Choice::new(name, label))
    .into();
    let list = |words: &'static str| {
        let href = if query.is_empty() {
            "/customers".to_owned()
        } else {
            format!("/customers?{query}")
        };
        html! { a class="link" href=(href) { (words) } }
    };
    page(
        &shell,
        html! {},
        html! {
            (page_header("New export", html! {}, "All fields, the default address, tags, attributes and consents. An import reads the file back unchanged."))
            form class="form narrow" method="post" action="/exports" {
                (form_errors(faults))
                @if phrases.is_empty() { p { "All customers. To take some of them, filter the " (list("customer list")) " and export from there." } }
                @else {
                    p { "Customers matching all of these. " (list("See them in the list")) }
                    ul class="chip-row" { @for phrase in phrases { li class="chip" { span class="chip-words" { (phrase) } } } }
                }
                input type="hidden" name="query" value=(query);
                (select_field("format", "Format", formats).value("csv"))
                div class="form-actions" { (button("Export").primary().submit()) (link_button("Cancel", "/exports").ghost()) }
            }
        },
    )
}

pub(super) async fn create(call: PageCall, mut typed: Form) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let raw = typed.text("query");
    let format = ExportFormat::parse(&typed.text("format")).unwrap_or(ExportFormat::Csv);
    let raw = query_of(&raw);
    let query = find::query_of(form_urlencoded::parse(raw.as_bytes()).into_owned());
    let mut tx = call.write().await?;
    let context = Context::of(&call.caller.organization);
    let quota = call.state.config.kept_files;
    match ops::exports::create(&mut tx, format, &query, &context, quota).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(told(&call, "/exports", "The export is being written."))
        }
        Err(error) => {
            let faults = faults_of(error)?;
            let phrases = in_words(&mut tx, &raw).await?;
            let form = form(&call, &raw, &phrases, &faults);
            Ok((http::StatusCode::UNPROCESSABLE_ENTITY, form).into_response())
        }
    }
}

pub(super) async fn delete(call: PageCall, Path(id): Path<ExportId>) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    let mut tx = call.write().await?;
    ops::exports::delete(&mut tx, id, &call.state.config.storage_dir).await?;
    tx.commit().await?;
    Ok(told(&call, "/exports", "The export is deleted."))
}

pub(super) async fn download(call: PageCall, Path(id): Path<ExportId>) -> PageResult {
    call.require(Permission::ExportsWrite)?;
    Ok(file(call.call(), id).await?)
}
