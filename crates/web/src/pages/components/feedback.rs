//! Parts that answer: empty and error faces, notices, flashes, toasts, progress, skeletons.

use std::fmt::Write;

use maud::{Markup, Render, html};

use super::{button, tone::Tone};
use crate::pages::Icon;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashKind {
    /// Done.
    Success,
    /// Not done.
    Error,
    /// To know.
    Info,
}

impl FlashKind {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Info => "info",
        }
    }
}

/// A message for the page after a redirect: a toast where there is script, a notice where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// What it is about.
    pub kind: FlashKind,
    /// One sentence.
    pub text: String,
    /// Address to post to for undoing what was done.
    pub undo: Option<String>,
}

impl Render for Flash {
    fn render(&self) -> Markup {
        let tone = match self.kind {
            FlashKind::Success => Tone::Green,
            FlashKind::Error => Tone::Red,
            FlashKind::Info => Tone::Blue,
        };
        html! {
            div class={ "notice " (tone.class()) } role="status" data-flash=(self.kind.name()) data-undo=[self.undo.as_deref()] {
                p { (self.text) }
            }
        }
    }
}

/// The value of an `HX-Trigger` header that shows a toast and fires further events, such as `["closeSheet"]`.
/// Everything beyond ASCII is written as JSON escapes, as headers carry nothing else.
pub fn toast_header(flash: &Flash, events: &[&str]) -> String {
    let mut out = format!(
        "{{\"toast\":{{\"kind\":\"{}\",\"text\":{}",
        flash.kind.name(),
        json_string(&flash.text)
    );
    if let Some(undo) = &flash.undo {
        out.push_str(",\"undo\":");
        out.push_str(&json_string(undo));
    }
    out.push('}');
    for event in events {
        out.push(',');
        out.push_str(&json_string(event));
        out.push_str(":true");
    }
    out.push('}');
    out
}

fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(letter @ ('"' | '\\')) => {
                out.push('\\');
                out.push(letter);
            }
            Some(letter @ ' '..='~') => out.push(letter),
            _ => write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail"),
        }
    }
    out.push('"');
    out
}

/// Nothing here yet: what would be here and the one thing to do about it.
pub fn empty_state(icon: Icon, title: &str, text: &str, action: Markup) -> Markup {
    html! {
        div class="empty-state" {
            span class="empty-icon" { (icon) }
            h2 { (title) }
            p { (text) }
            @if !action.0.is_empty() { div class="empty-action" { (action) } }
        }
    }
}

/// Something could not be loaded; `retry` is the address to ask again, swapped over this element.
pub fn error_state(text: &str, retry: Option<&str>) -> Markup {
    html! {
        div class="empty-state" role="alert" {
            span class="empty-icon" { (Icon::Warning) }
            h2 { "This could not be loaded" }
            p { (text) }
            @if let Some(url) = retry {
                div class="empty-action" {
                    (button("Try again").icon(Icon::Refresh).attr("hx-get", url).attr("hx-target", "closest .empty-state").attr("hx-swap", "outerHTML"))
                }
            }
        }
    }
}

/// A coloured box with a sentence that stays on the page.
pub fn notice(tone: Tone, title: &str, body: Markup) -> Markup {
    let icon = match tone {
        Tone::Red | Tone::Orange => Icon::Error,
        Tone::Amber => Icon::Warning,
        Tone::Green => Icon::Success,
        _ => Icon::Info,
    };
    html! {
        div class={ "notice " (tone.class()) } {
            (icon)
            @if !title.is_empty() { strong { (title) } }
            @if !body.0.is_empty() { div { (body) } }
        }
    }
}

/// How far work is: `done` of `total` with words for it; unknown total runs without end.
pub fn progress_bar(label: &str, done: u64, total: Option<u64>, words: &str) -> Markup {
    html! {
        div class="progress-row" {
            span { (label) }
            span class="muted tabular" { (words) }
            @match total {
                Some(total) => progress class="bar" value=(done.min(total)) max=(total.max(1)) aria-label=(label) { (words) },
                None => progress class="bar" aria-label=(label) { (words) },
            }
        }
    }
}

/// Grey lines while something loads.
pub fn skeleton_lines(count: usize) -> Markup {
    html! {
        div class="form" aria-busy="true" aria-label="Loading" role="status" {
            @for length in ["long", "medium", "short"].iter().cycle().take(count) {
                span class="skeleton-line" data-length=(length) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toast_header_is_ascii_json_whatever_the_text() {
        let flash = Flash {
            kind: FlashKind::Success,
            text: "Łukasz “A\\B”\r\nX: 1 😀".into(),
            undo: Some("/u".into()),
        };
        let header = toast_header(&flash, &["closeSheet"]);
        assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let back: serde_json::Value = serde_json::from_str(&header).unwrap();
        assert_eq!(back["toast"]["text"], flash.text);
        assert_eq!(back["toast"]["undo"], "/u");
        assert_eq!(back["closeSheet"], true);
    }
}
