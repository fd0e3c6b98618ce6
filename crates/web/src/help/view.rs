//! The guides as HTML: the list, and one with the way to the others.

use std::sync::LazyLock;

use maud::{Markup, html};

use super::{
    NAME,
    guide::Guide,
    markdown::{Rendered, render},
};
use crate::pages::page_header;

/// Every guide as it is shown. They do not change while the server runs.
static RENDERED: LazyLock<Vec<Rendered>> =
    LazyLock::new(|| Guide::ALL.iter().map(|guide| render(guide.text())).collect());

/// A guide as it is shown.
pub(super) fn rendered(guide: Guide) -> &'static Rendered {
    &RENDERED[guide as usize]
}

/// All guides.
pub(super) fn list() -> Markup {
    html! {
        (page_header(NAME, html! {}, "How things are done here, in words and pictures. The question mark above each page leads to its guide."))
        ul class="guide-list" {
            @for guide in Guide::ALL {
                li {
                    a class="guide-card" href=(guide.href()) {
                        (guide.icon())
                        span { b { (guide.title()) } span class="muted" { (guide.about()) } }
                    }
                }
            }
        }
    }
}

/// One guide.
pub(super) fn guide(guide: Guide) -> Markup {
    let shown = rendered(guide);
    html! {
        div class="guide-page" {
            article class="guide" {
                h1 { (guide.title()) }
                (shown.body)
            }
            nav class="guide-nav" aria-label=(NAME) {
                h2 { (NAME) }
                ul {
                    @for other in Guide::ALL {
                        li {
                            a href=(other.href()) aria-current=[(other == guide).then_some("page")] { (other.title()) }
                            @if other == guide && shown.headings.len() > 1 {
                                ul { @for heading in &shown.headings { li { a href={ "#" (heading.id) } { (heading.words) } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}
