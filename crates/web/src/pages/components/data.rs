//! Parts that show: badges, tags, avatars, cards, numbers, facts, the timeline.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::tone::{Tone, avatar_class};
use crate::pages::{Icon, time_tag};

/// A word on a coloured ground.
pub fn badge(text: &str, tone: Tone) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// A status in its own colour; `at_risk` reads "at risk".
pub fn status_badge(status: &str) -> Markup {
    badge(&status.replace('_', " "), Tone::of_status(status))
}

/// A tag with its colour as a dot.
pub fn tag(name: &str, tone: Tone) -> Markup {
    html! { span class={ "tag " (tone.class()) } title=(name) { span { (name) } } }
}

/// The first tags of many, and how many more there are.
pub fn tag_list<'a>(tags: impl IntoIterator<Item = (&'a str, Tone)>, shown: usize) -> Markup {
    let all: Vec<_> = tags.into_iter().collect();
    let rest = all.get(shown..).unwrap_or_default();
    let names: Vec<_> = rest.iter().map(|(name, _)| *name).collect();
    html! {
        div class="tag-list" {
            @for (name, tone) in all.iter().take(shown) { (tag(name, *tone)) }
            @if !rest.is_empty() { span class="tag-more" title=(names.join(", ")) { "+" (rest.len()) } }
        }
    }
}

/// The first letters of the first and last word: "Ada King Byron" → "AB".
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Initials on a ground whose colour comes from the text. `size` is `"sm"`, `"md"` or `"lg"`.
pub fn avatar(name: &str, size: &str) -> Markup {
    let letters = initials(name);
    html! {
        span class={ "avatar-mark " (avatar_class(name)) } data-size=(size) aria-hidden="true" {
            @if letters.is_empty() { "–" } @else { (letters) }
        }
    }
}

/// Avatar, linked name and a second line, as the first cell of a row. The link is the row's `data-row-link`.
pub fn person(name: &str, second: &str, href: &str) -> Markup {
    html! {
        div class="person" {
            (avatar(name, "md"))
            div class="person-lines" {
                a href=(href) data-row-link { (name) }
                @if !second.is_empty() { span title=(second) { (second) } }
            }
        }
    }
}

/// A bordered panel with a heading, something at the heading's end, and a body.
pub fn card(title: &str, aside: Markup, body: Markup) -> Markup {
    html! {
        section class="panel" {
            header { h2 { (title) } @if !aside.0.is_empty() { div class="panel-aside" { (aside) } } }
            div class="panel-body" { (body) }
        }
    }
}

/// Terms and what they are for this record.
pub fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! { dl class="facts" { @for (term, value) in pairs { dt { (term) } dd { @if value.0.is_empty() { span class="muted" { "–" } } @else { (value) } } } } }
}

/// One number of [`stats`]: what it is, the number, a few words below.
pub fn stat(label: &str, value: &str, note: &str) -> Markup {
    html! { dl class="stat" { dt { (label) } dd { (value) } @if !note.is_empty() { dd { (note) } } } }
}

/// A band of [`stat`]s.
pub fn stats(all: &[Markup]) -> Markup {
    html! { div class="stats" { @for one in all { (one) } } }
}

/// A change, in the colour of whether it is good (above 0), bad (below) or neither, and since when.
pub fn trend(change: &str, good: i64, since: &str) -> Markup {
    let tone = match good {
        1.. => Tone::Green,
        0 => Tone::Neutral,
        _ => Tone::Red,
    };
    html! { b class={ "tabular trend " (tone.class()) } { (change) } " " span class="muted" { (since) } }
}

/// A score of 0 to 100 as number and short bar, in the colour of how good it is.
pub fn metric_bar(score: u8, label: &str) -> Markup {
    let tone = match score {
        0..40 => Tone::Red,
        40..70 => Tone::Amber,
        _ => Tone::Green,
    };
    html! { span class="metric" title=(label) { (score) (bar(score, tone)) } }
}

/// A labelled share of 0 to 100 over the full width, as in lists of factors.
pub fn meter(label: &str, score: u8) -> Markup {
    html! { div class="metric-wide" { span class="muted" { (label) } (bar(score, Tone::Blue)) span class="cell-number tabular" { (score) } } }
}

fn bar(score: u8, tone: Tone) -> Markup {
    html! {
        svg class=(tone.class()) viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect class="metric-track" width="100" height="4" {}
            rect class="metric-fill" width=(score.min(100)) height="4" {}
        }
    }
}

/// A key on the keyboard.
pub fn kbd(key: &str) -> Markup {
    html! { kbd class="kbd" { (key) } }
}

/// A link out of the pages, only for schemes that cannot run script; anything else is shown as text.
pub fn external_link(url: &str) -> Markup {
    let shown = url
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let lower = url.trim().to_ascii_lowercase();
    if ["https://", "http://", "mailto:", "tel:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
    {
        html! { a class="link" href=(url.trim()) rel="noopener noreferrer nofollow" target="_blank" { (shown) } }
    } else {
        html! { (url) }
    }
}

/// Something that happened, for [`timeline`].
#[derive(Clone, Debug)]
pub struct TimelineItem {
    /// What kind of thing.
    pub icon: Icon,
    /// Its colour.
    pub tone: Tone,
    /// Whom it concerns, with the address, where that is not said by the page.
    pub about: Option<(String, String)>,
    /// What happened: the part that is read first.
    pub title: String,
    /// More about it, in the same line.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Something below the line: changes, a note's body. Empty for none.
    pub detail: Markup,
}

/// What happened, newest first.
pub fn timeline(items: &[TimelineItem], zone: Tz) -> Markup {
    html! {
        ol class="timeline" { @for item in items {
            li {
                span class={ "timeline-icon " (item.tone.class()) } { (item.icon) }
                p class="timeline-text" {
                    @if let Some((name, href)) = &item.about { a href=(href) { b { (name) } } " " (item.title) } @else { b { (item.title) } }
                    " " (item.text)
                }
                (time_tag(item.at, zone))
                @if !item.detail.0.is_empty() { div class="timeline-detail" { (item.detail) } }
            }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_survive_any_name() {
        assert_eq!(initials("Ada King Byron"), "AB");
        assert_eq!(initials("łukasz"), "Ł");
        assert_eq!(initials("ß & Söhne"), "SSS");
        assert_eq!(initials("… !"), "");
        assert_eq!(initials("张 伟"), "张伟");
    }

    #[test]
    fn links_that_could_run_script_are_text() {
        assert!(
            !external_link("javascript:alert(1)")
                .into_string()
                .contains("href")
        );
        assert!(
            !external_link(" JavaScript:alert(1)")
                .into_string()
                .contains("href")
        );
        assert!(
            external_link("https://example.com/")
                .into_string()
                .contains(">example.com</a>")
        );
    }
}
