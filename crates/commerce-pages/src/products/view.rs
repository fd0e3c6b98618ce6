//! Products as HTML. It is given everything; it asks nobody.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::model::{Product, ProductJson, Variant};
use regulars_kernel::{Fault, Money};
use regulars_web::pages::{
    Align, Icon, ListState, Locale, Page, Tone, badge, card, column, copy_button, data_table, external_link,
    facts, format, link_button, notice, page_header, pagination, search_box, table_empty, table_error,
    time_tag,
};

use super::PATH;
use crate::words;

/// Columns of the list.
const COLUMNS: usize = 6;

/// Why the table has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// There are some.
    Rows,
    /// No title begins so.
    NoMatch,
    /// The organization has no products at all.
    NoProducts,
    /// What is asked for is wrong; the faults say how.
    Faulty,
}

/// Everything the list shows.
pub(super) struct ListView {
    pub state: ListState,
    pub products: Vec<ProductJson>,
    pub face: Face,
    pub page: Page,
    pub faults: Vec<Fault>,
    pub locale: Locale,
}

/// Header, search, table.
pub(super) fn content(view: &ListView) -> Markup {
    html! {
        (page_header("Products", html! {}, ""))
        div class="toolbar" {
            form class="list-search" method="get" action=(PATH) { (search_box(view.state.get("q"), "Beginning of a title", PATH, "#list")) }
            (total(view, false))
        }
        (list(view))
    }
}

/// What a search as one types gets.
pub(super) fn fragment(view: &ListView) -> Markup {
    html! { (list(view)) (total(view, true)) }
}

fn total(view: &ListView, beside: bool) -> Markup {
    html! {
        div class="toolbar-end" id="list-total" hx-swap-oob=[beside.then_some("true")] {
            @if let (Face::Rows, Some(total)) = (view.face, view.page.total) {
                span class="tabular" role="status" {
                    @if view.page.about { "more than " }
                    (words::counted(i64::try_from(total).unwrap_or(i64::MAX), "product", "products", view.locale))
                }
            }
        }
    }
}

fn list(view: &ListView) -> Markup {
    let head = html! {
        (column("Product", Align::Start, false)) (column("Category", Align::Start, true)) (column("Status", Align::Start, false))
        (column("Variants", Align::End, true)) (column("Stock", Align::End, true)) (column("Price", Align::End, false))
    };
    let body = html! { @match view.face {
        Face::Rows => @for product in &view.products { (line(view, product)) },
        Face::NoMatch => (table_empty(COLUMNS, Icon::Search, "No title begins so", "The search looks at the beginning of titles.", html! { (link_button("Show all products", PATH)) })),
        Face::NoProducts => (table_empty(COLUMNS, Icon::Products, "No products yet", "They come from your shop: by a connection, or by the API.", html! { (link_button("API docs", "/api/docs")) })),
        Face::Faulty => (table_error(COLUMNS, "Nothing was looked up.", None)),
    } };
    html! {
        div id="list" class="list" {
            @if !view.faults.is_empty() { (notice(Tone::Red, "This address asks for something that cannot be", html! {
                ul { @for fault in &view.faults { li { (format::sentence(&fault.message)) } } }
                div class="form-actions" { (link_button("Show all products", PATH).small()) }
            })) }
            (data_table("Products", head, body))
            @if view.face == Face::Rows { (pagination(&view.page, ["product", "products"], view.locale)) }
        }
    }
}

fn line(view: &ListView, product: &ProductJson) -> Markup {
    let prices: Vec<&Money> = product
        .variants
        .iter()
        .filter_map(|one| one.price.as_ref())
        .collect();
    let stock = stock(product.variants.iter().map(|one| one.stock));
    let brand = product.brand.as_deref().unwrap_or_default();
    html! {
        tr data-row {
            td class="cell-cut" { div class="person-lines" {
                a href=(view.state.leading_to(&format!("{PATH}/{}", product.id))) data-row-link title=(product.title) { (product.title) }
                @if !brand.is_empty() { span { (brand) } }
            } }
            td class="cell-wide cell-muted" { (product.category.as_deref().unwrap_or("–")) }
            td { (words::product_status(product.status)) }
            td class="cell-number cell-wide tabular" { (format::integer(product.variants.len() as i64, view.locale)) }
            td class="cell-number cell-wide tabular" { (in_stock(stock, view.locale)) }
            td class="cell-number tabular" { (range(&prices, view.locale)) }
        }
    }
}

/// How many there are; none where nobody counts.
fn stock(all: impl Iterator<Item = Option<i32>>) -> Option<i64> {
    all.flatten().map(i64::from).reduce(|sum, one| sum + one)
}

fn in_stock(stock: Option<i64>, locale: Locale) -> Markup {
    html! {
        @match stock {
            None => span class="muted" { "–" },
            Some(count) if count <= 0 => (badge("out of stock", Tone::Orange)),
            Some(count) => (format::integer(count, locale)),
        }
    }
}

/// From the cheapest to the dearest, where they are of one currency.
fn range(prices: &[&Money], locale: Locale) -> Markup {
    let least = prices.iter().min_by_key(|price| price.amount());
    let most = prices.iter().max_by_key(|price| price.amount());
    html! {
        @match (least, most) {
            (Some(least), Some(most)) if least.currency() != most.currency() => span class="muted" { "several" },
            (Some(least), Some(most)) if least.amount() == most.amount() => (words::money(least, locale)),
            (Some(least), Some(most)) => { (words::money(least, locale)) "–" (words::money(most, locale)) },
            _ => span class="muted" { "–" },
        }
    }
}

/// Everything that is shown of a product.
pub(super) struct ProductView {
    pub product: Product,
    pub locale: Locale,
    pub zone: Tz,
}

/// The product's page.
pub(super) fn product(view: &ProductView) -> Markup {
    let product = &view.product;
    let kind = [product.brand.as_deref(), product.category.as_deref()];
    html! {
        div class="record" {
            header class="record-head" {
                div class="record-name" {
                    div class="record-title" { h1 { (product.title) } (words::product_status(product.status)) }
                    p class="record-facts" { @for word in kind.into_iter().flatten() { span { (word) } } }
                }
            }
            div class="columns" {
                div class="column" { (variants(view)) (by_location(view)) }
                aside class="column" aria-label="About this product" { (card("Details", html! {}, details(view))) }
            }
        }
    }
}

fn variants(view: &ProductView) -> Markup {
    let all = &view.product.variants;
    let has_barcodes = all.iter().any(|one| one.barcode.is_some());
    let head = html! {
        (column("Variant", Align::Start, false)) (column("SKU", Align::Start, true))
        @if has_barcodes { (column("Barcode", Align::Start, true)) }
        (column("Stock", Align::End, false)) (column("Price", Align::End, false))
    };
    let body = html! { @for one in all {
        tr {
            td { (one.title.as_deref().unwrap_or(&view.product.title)) }
            td class="cell-wide cell-muted" { (one.sku.as_deref().unwrap_or("–")) }
            @if has_barcodes { td class="cell-wide cell-muted tabular" { (one.barcode.as_deref().unwrap_or("–")) } }
            td class="cell-number tabular" { (in_stock(one.in_stock().map(i64::from), view.locale)) }
            td class="cell-number tabular" { (price(one, view.locale)) }
        }
    } };
    html! {
        section class="panel order-part" {
            header { h2 { "Variants" } }
            @if all.is_empty() { div class="panel-body" { p class="muted" { "No variants are known." } } } @else { (data_table("Variants", head, body)) }
        }
    }
}

/// How many of each variant are where, as far as that was told.
fn by_location(view: &ProductView) -> Markup {
    let all = &view.product.variants;
    let head = html! { (column("Location", Align::Start, false)) (column("Variant", Align::Start, false)) (column("Available", Align::End, false)) };
    let body = html! { @for one in all { @for level in one.levels.iter().flatten() {
        tr {
            td { (level.location_name.as_deref().unwrap_or(&level.location_external_id)) }
            td class="cell-muted" { (one.title.as_deref().unwrap_or(&view.product.title)) }
            td class="cell-number tabular" { (in_stock(level.available.map(i64::from), view.locale)) }
        }
    } } };
    html! {
        @if all.iter().any(|one| one.levels.as_ref().is_some_and(|levels| !levels.is_empty())) {
            section class="panel order-part" { header { h2 { "Stock by location" } } (data_table("Stock by location", head, body)) }
        }
    }
}

/// What it costs, and before, if that was more.
fn price(one: &Variant, locale: Locale) -> Markup {
    let money = |amount| words::amount(amount, one.currency, locale);
    let before = one
        .compare_at_price
        .filter(|before| one.price.is_some_and(|price| *before > price));
    html! {
        div class="amount" {
            @match one.price { Some(price) => span { (money(price)) }, None => span class="muted" { "–" } }
            @if let Some(before) = before { del class="muted" { (money(before)) } }
        }
    }
}

fn details(view: &ProductView) -> Markup {
    let product = &view.product;
    let mut all = vec![
        ("Source", html! { (words::sentence(&product.source)) }),
        (
            "Id there",
            html! { span class="fact-value" { (product.external_id) (copy_button(&product.external_id, "Copy id")) } },
        ),
    ];
    if let Some(handle) = &product.handle {
        all.push(("Handle", html! { (handle) }));
    }
    if !product.tags.is_empty() {
        all.push((
            "Tags",
            html! { div class="tag-list" { @for tag in &product.tags { (badge(tag, Tone::Neutral)) } } },
        ));
    }
    if let Some(image) = &product.image_url {
        all.push(("Picture", external_link(image)));
    }
    all.push(("Changed", time_tag(product.updated_at, view.zone)));
    facts(&all)
}
