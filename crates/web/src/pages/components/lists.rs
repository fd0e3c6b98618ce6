//! Around a list: page header, search, chips, tabs, paging, the bulk bar.

use maud::{Markup, html};

use super::{Attributes, icon_button, link_button};
use crate::pages::{Icon, Locale, format};

/// The page's name, something beside it (tabs, a badge), and one sentence below it if not empty.
pub fn page_header(title: &str, beside: Markup, lead: &str) -> Markup {
    html! {
        header class="page-header" {
            h1 { (title) }
            (beside)
            @if !lead.is_empty() { p class="page-lead" { (lead) } }
        }
    }
}

/// The search field of a list; `/` focuses it. It sends its form as the person types: `url` answers with the list that
/// replaces `target`, and the address bar follows.
pub fn search_box(value: &str, placeholder: &str, url: &str, target: &str) -> Markup {
    html! {
        div class="search" role="search" {
            (Icon::Search)
            input class="input" type="search" name="q" value=(value) placeholder=(placeholder) aria-label=(placeholder)
                autocomplete="off" spellcheck="false" data-search
                hx-get=(url) hx-target=(target) hx-trigger="input changed delay:150ms, search" hx-sync="this:replace"
                hx-swap="outerHTML" hx-replace-url="true" hx-include="closest form";
            kbd class="kbd" aria-hidden="true" { "/" }
        }
    }
}

/// A filter in force: leads to the sheet that changes it, and to the list without it.
pub fn filter_chip(name: &str, relation: &str, value: &str, sheet: &str, without: &str) -> Markup {
    let parts = [name, relation, value]
        .into_iter()
        .filter(|part| !part.is_empty());
    let words = parts.collect::<Vec<_>>().join(" ");
    html! {
        span class="chip" {
            a class="chip-words" href=(sheet) hx-get=(sheet) hx-target="#sheet-body" title=(words) { (name) " " (relation) " " b { (value) } }
            a class="chip-remove" href=(without) aria-label={ "Remove filter " (words) } { span class="icon-sm" { (Icon::Close) } }
        }
    }
}

/// A tab: words, address, a count if there is one, and whether it is the open one.
#[derive(Clone, Debug)]
pub struct Tab {
    /// What it shows.
    pub label: String,
    /// Where.
    pub href: String,
    /// How many things are there.
    pub count: Option<String>,
    /// Whether it is open.
    pub current: bool,
}

fn tab_links(all: &[Tab]) -> Markup {
    html! { @for tab in all {
        a href=(tab.href) aria-current=[tab.current.then_some("page")] {
            (tab.label) @if let Some(count) = &tab.count { span class="count" { (count) } }
        }
    } }
}

/// Sections of a record, as links, so that the address holds which is open.
pub fn tabs(label: &str, all: &[Tab]) -> Markup {
    html! { nav class="tab-bar" aria-label=(label) { (tab_links(all)) } }
}

/// Saved views beside a list's name.
pub fn view_tabs(all: &[Tab]) -> Markup {
    html! { nav class="view-bar" aria-label="Views" { (tab_links(all)) } }
}

/// Where a list is: the numbers of its first and last row, how many there are, and the addresses beside it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Number of the first row shown, from 1; 0 if there is none.
    pub first: u64,
    /// Number of the last row shown.
    pub last: u64,
    /// How many there are, if known.
    pub total: Option<u64>,
    /// Whether the total is an estimate.
    pub about: bool,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

/// "1–25 of 12,345 customers" with the ways back and forth, "14 customers" where all are shown. `nouns` are for one and for
/// several: `["customer", "customers"]`.
pub fn pagination(page: &Page, nouns: [&str; 2], locale: Locale) -> Markup {
    let number = |value: u64| format::integer(i64::try_from(value).unwrap_or(i64::MAX), locale);
    html! {
        div class="pager" {
            span class="tabular" {
                @match page.total {
                    _ if page.last == 0 => { "No " (nouns[1]) },
                    Some(total) if !page.about && page.first == 1 && page.last >= total => { (number(total)) " " (nouns[usize::from(total != 1)]) },
                    total => {
                        (number(page.first)) "–" (number(page.last))
                        @if let Some(total) = total { " of " @if page.about { "about " } (number(total)) }
                        " " (nouns[1])
                    },
                }
            }
            @if page.previous.is_some() || page.next.is_some() {
                nav aria-label="Pages" {
                    (step("Previous", Icon::ChevronLeft, page.previous.as_deref(), "prev"))
                    (step("Next", Icon::ChevronRight, page.next.as_deref(), "next"))
                }
            }
        }
    }
}

fn step(label: &str, icon: Icon, href: Option<&str>, relation: &str) -> Markup {
    if let Some(href) = href {
        html! { (link_button(label, href).small().icon(icon).attr("rel", relation)) }
    } else {
        html! { (super::button(label).small().icon(icon).disabled(true)) }
    }
}

/// What can be done with the chosen rows; hidden until there are some. Put it inside the `<form data-selection>` of the
/// table. `everything` says how many there are in all ("all 12,345"), when more match than this page shows; the number
/// chosen stands for `{selected}` in what a `data-confirm` inside the form asks.
pub fn bulk_bar(actions: Markup, everything: Option<&str>) -> Markup {
    // One button for both ways, as wide as the longer of its words, so that what stands beside it stays where it is.
    let all = everything.map(|words| {
        Attributes::new()
            .set("type", "button")
            .set("class", "link bulk-everything")
            .set("aria-pressed", "false")
            .set("data-bulk-everything", words)
            .element(
                "button",
                &html! {
                    span { "Select " (words) " that match" }
                    span { "Only those on this page" }
                },
            )
    });
    html! {
        div class="bulk-bar" data-bulk-bar hidden role="region" aria-label="Chosen rows" {
            span class="bulk-count tabular" role="status" { span data-bulk-count data-widest=[everything] { "0" } " selected" }
            @if let Some(all) = all { (all) }
            input type="hidden" name="all" value="" data-bulk-scope;
            hr;
            (actions)
            (icon_button(Icon::Close, "Clear selection (Esc)").small().attr("data-bulk-clear", ""))
        }
    }
}
