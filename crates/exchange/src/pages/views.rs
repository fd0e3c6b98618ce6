//! The list of imports and the upload.

use maud::{Markup, html};
use regulars_kernel::Page;
use regulars_web::pages::{
    self, Align, Icon, Shell, button, column, data_table, file_drop, format, link_button, page_header,
    pagination, status_badge, table_empty, time_tag,
};

use crate::model::{Import, ImportKind, ImportState, Outcome};

/// What a file brings.
pub(super) fn several(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Customers => "Customers",
        ImportKind::Orders => "Orders",
        ImportKind::Products => "Products",
        ImportKind::Carts => "Carts",
        ImportKind::Wishlists => "Wishlists",
    }
}

/// What is counted of it, in the middle of a sentence.
pub(super) fn counted(kind: ImportKind, number: u64) -> &'static str {
    match (kind, number) {
        (ImportKind::Customers, 1) => "row",
        (ImportKind::Customers, _) => "rows",
        (ImportKind::Orders, 1) => "order",
        (ImportKind::Orders, _) => "orders",
        (ImportKind::Products, 1) => "product",
        (ImportKind::Products, _) => "products",
        (ImportKind::Carts, 1) => "cart",
        (ImportKind::Carts, _) => "carts",
        (ImportKind::Wishlists, 1) => "wishlist",
        (ImportKind::Wishlists, _) => "wishlists",
    }
}

/// What a state is called.
pub(super) fn state_word(state: ImportState) -> &'static str {
    match state {
        ImportState::Uploaded => "mapping",
        ImportState::Planning => "checking",
        ImportState::Planned => "ready",
        ImportState::Applying => "importing",
        ImportState::Done => "done",
        ImportState::Failed => "failed",
        ImportState::Cancelled => "cancelled",
    }
}

/// How many rows had an outcome, or would have.
fn count(import: &Import, outcome: Outcome) -> Option<u64> {
    let counts = import.result.or(import.plan.as_ref().map(|plan| plan.counts))?;
    Some(counts.of(outcome))
}

/// All imports, latest first.
pub(super) fn list(all: &Page<Import>, number: u64, per_page: u64, shell: &Shell) -> Markup {
    let head = html! {
        (column("File", Align::Start, false)) (column("State", Align::Start, false)) (column("New", Align::End, true)) (column("Changed", Align::End, true))
        (column("Refused", Align::End, true)) (column("Uploaded", Align::Start, true))
    };
    let cell = |import: &Import, outcomes: &[Outcome]| {
        let known: Option<u64> = outcomes.iter().map(|outcome| count(import, *outcome)).sum();
        html! { td class="cell-number cell-wide" { @match known { Some(rows) => (format::integer(rows as i64, shell.locale)), None => span class="muted" { "–" } } } }
    };
    let body = html! {
        @for import in &all.data {
            tr data-row {
                td { div class="person-lines" {
                    a href={ "/imports/" (import.id) } data-row-link { (import.file_name) }
                    span class="muted" { (several(import.kind)) " · " (format::bytes(u64::try_from(import.file_bytes).unwrap_or(0))) }
                } }
                td { (status_badge(state_word(import.state))) }
                (cell(import, &[Outcome::Create])) (cell(import, &[Outcome::Update])) (cell(import, &[Outcome::Conflict, Outcome::Invalid]))
                td class="cell-wide" { (time_tag(import.created_at, shell.time_zone)) }
            }
        }
        @if all.data.is_empty() {
            (table_empty(6, Icon::Imports, "Nothing imported yet", "Bring a file from a shop, a newsletter tool or a spreadsheet. You see what will happen before anything does.", html! { (link_button("Import a file", "/imports/new")) }))
        }
    };
    html! {
        (page_header("Imports", html! {}, "Files that become customers, orders, products, carts or wishlists: upload, say what the columns mean, check, import."))
        div class="column" { (data_table("Imports", head, body)) @if number > 1 || !all.data.is_empty() { (pagination(&place("/imports", all.data.len(), all.page.next_cursor.is_some(), all.page.total.value, number, per_page), ["import", "imports"], shell.locale)) } }
    }
}

/// Where a list is, in numbers.
pub(super) fn place(
    href: &str,
    shown: usize,
    has_more: bool,
    total: i64,
    number: u64,
    per_page: u64,
) -> pages::Page {
    let before = (number - 1) * per_page;
    let shown = shown as u64;
    pages::Page {
        first: if shown == 0 { 0 } else { before + 1 },
        last: if shown == 0 { 0 } else { before + shown },
        total: u64::try_from(total).ok(),
        about: false,
        previous: (number > 1).then(|| format!("{href}?page={}", number - 1)),
        next: has_more.then(|| format!("{href}?page={}", number + 1)),
    }
}

/// The form that takes a file, with what was wrong with the last one.
pub(super) fn upload(told: Option<Markup>) -> Markup {
    html! {
        (page_header("Import a file", html! {}, "Nothing is imported before you have seen what will happen."))
        form class="form narrow" data-upload method="post" action="/imports" enctype="multipart/form-data" {
            @if let Some(told) = told { (told) }
            (file_drop("file", "Drop a file here or choose one", "CSV, JSON, JSON Lines or XLSX, up to 1 GB", ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.xlsx"))
            div class="form-actions" { (button("Upload").primary().submit()) (link_button("Cancel", "/imports").ghost()) }
        }
        div class="narrow muted" {
            p { "Exports of Shopify, Klaviyo, Mailchimp and HubSpot are recognised and mapped automatically; so are our own." }
            p { "Of Shopify that is its customers, its orders and its products: import them in this order. What a file brings can be changed in the next step." }
        }
    }
}
