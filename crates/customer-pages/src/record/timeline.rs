//! What happened to a customer, day by day.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use maud::{Markup, html};
use regulars_web::pages::{Icon, TimelineItem, button, empty_state, format, timeline};
use serde_json::Value;

use super::{super::words, view::RecordView};

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub kind: String,
    pub data: Value,
    /// Who did it, by name.
    pub actor: String,
    pub at: DateTime<Utc>,
}

/// A part of the timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    pub items: Vec<Happening>,
    /// The kinds shown, by the group's name; empty for all.
    pub group: String,
    /// Where to go on.
    pub next: Option<String>,
}

/// The open timeline with its filter.
pub(crate) fn section(view: &RecordView, part: &Timeline) -> Markup {
    let href = view.href();
    let group = |name: &str, label: &str| {
        let to = if name.is_empty() {
            href.clone()
        } else {
            format!("{href}?events={name}")
        };
        html! { a href=(to) aria-current=[(part.group == name).then_some("true")] { (label) } }
    };
    html! {
        nav class="view-bar" aria-label="Kinds of events" {
            (group("", "Everything"))
            @for (name, label, _) in words::EVENT_GROUPS { (group(name, label)) }
        }
        @if part.items.is_empty() { (empty_state(Icon::Event, "Nothing happened yet", if part.group.is_empty() { "Each change to this customer will stand here." } else { "Nothing of this kind." }, html! {})) }
        @else { div class="days" { (more(view, part)) } }
    }
}

/// What happened last, in short.
pub(super) fn latest(view: &RecordView, part: &Timeline) -> Markup {
    let items: Vec<TimelineItem> = part.items.iter().map(|one| item(view, one)).collect();
    timeline(&items, view.zone)
}

/// A part of the timeline as days, ending in the way to the next part. It replaces the button that asked for it.
pub(crate) fn more(view: &RecordView, part: &Timeline) -> Markup {
    let mut days: Vec<(NaiveDate, Vec<TimelineItem>)> = Vec::new();
    for happening in &part.items {
        let day = happening.at.with_timezone(&view.zone).date_naive();
        let item = item(view, happening);
        match days.last_mut() {
            Some((last, items)) if *last == day => items.push(item),
            _ => days.push((day, vec![item])),
        }
    }
    let today = view.now.with_timezone(&view.zone).date_naive();
    html! {
        @for (day, items) in &days {
            section class="day" {
                h3 { (day_name(*day, today)) }
                (timeline(items, view.zone))
            }
        }
        @if let Some(next) = &part.next {
            div class="more" {
                (button("Older").attr("hx-get", format!("{}/timeline?events={}&cursor={next}", view.href(), part.group))
                    .attr("hx-target", "closest .more").attr("hx-swap", "outerHTML"))
            }
        }
    }
}

fn item(view: &RecordView, happening: &Happening) -> TimelineItem {
    if let Some(told) = regulars_commerce_pages::tell(&happening.kind, &happening.data, view.locale) {
        // The shop told of it; who carried that here says nothing.
        let (name, href) = told.order;
        let (about, title) = match href {
            Some(href) => (Some((name, href)), told.title),
            None => (None, format!("{name} {}", told.title)),
        };
        return TimelineItem {
            icon: told.icon,
            tone: told.tone,
            about,
            title,
            text: told.text,
            at: happening.at,
            detail: told.detail,
        };
    }
    let told = words::tell(&happening.kind, &happening.data);
    let by = words::by(&happening.actor, happening.data.get("import_id").is_some());
    let text = [told.text, by]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    TimelineItem {
        icon: told.icon,
        tone: told.tone,
        about: None,
        title: told.title,
        text,
        at: happening.at,
        detail: told.detail,
    }
}

fn day_name(day: NaiveDate, today: NaiveDate) -> String {
    match (today - day).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ if day.year() == today.year() => day.format("%A, %-d %B").to_string(),
        _ => format::long_date(day),
    }
}
