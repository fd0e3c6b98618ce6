//! What the pages of this room share: states in words, rows of messages, and pieces that are drawn anew only if they
//! changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono_tz::Tz;
use http::StatusCode;
use maud::{Markup, html};
use regulars_kernel::{Total, ids::ConnectionId};
use regulars_web::pages::{Locale, Tone, badge, format, time_tag};

use super::asked::HREF;
use crate::model::{Connection, WebhookEvent, WebhookState};

/// What a state is called for people.
pub fn state_title(state: WebhookState) -> &'static str {
    match state {
        WebhookState::Queued => "Waiting",
        WebhookState::Done => "Processed",
        WebhookState::Ignored => "Ignored",
        WebhookState::Dead => "Failed",
        WebhookState::Discarded => "Put aside",
    }
}

/// Where a message stands.
pub fn state_badge(event: &WebhookEvent) -> Markup {
    let tone = match event.state {
        WebhookState::Queued if event.attempts > 0 => return badge("Retrying", Tone::Amber),
        WebhookState::Queued => Tone::Blue,
        WebhookState::Done => Tone::Green,
        WebhookState::Dead => Tone::Red,
        WebhookState::Ignored | WebhookState::Discarded => Tone::Neutral,
    };
    badge(state_title(event.state), tone)
}

/// How a connection does.
pub fn connection_badge(connection: &Connection) -> Markup {
    if connection.disabled_at.is_some() {
        badge("Off", Tone::Neutral)
    } else if connection.dead > 0 {
        badge("Failing", Tone::Red)
    } else if connection.last_event_at.is_none() {
        badge("Nothing yet", Tone::Amber)
    } else {
        badge("On", Tone::Green)
    }
}

/// A message's place: its topic, which opens it, and why it failed.
pub fn topic_cell(event: &WebhookEvent) -> Markup {
    let href = format!("{HREF}/{}", event.id);
    html! {
        td {
            div class="message-lines" {
                a id={ "message-" (event.id) } href=(href) hx-get=(href) hx-target="#sheet-body" data-row-link { (event.topic) }
                @if let Some(error) = &event.error { span class="muted" title=(error) { (error) } }
            }
        }
    }
}

/// When it came.
pub fn received_cell(event: &WebhookEvent, zone: Tz) -> Markup {
    html! { td class="cell-number" { (time_tag(event.received_at, zone)) } }
}

/// A number of messages that leads to them; up to 1,000 are counted.
pub fn count_link(count: i64, connection: ConnectionId, state: &str, what: &str, locale: Locale) -> Markup {
    html! {
        @if count == 0 { span class="muted" { "0" } }
        @else {
            a class="quiet-link" href={ (HREF) "?state=" (state) "&connection=" (connection) } title={ "Those that " (what) } {
                (format::integer(count, locale)) @if count >= 1000 { "+" }
            }
        }
    }
}

/// A total in words: `12`, or `more than 10,000`.
pub fn total_words(total: Total, locale: Locale) -> String {
    let number = format::integer(total.value, locale);
    if total.exact {
        number
    } else {
        format!("more than {number}")
    }
}

/// A mark of what a piece of a page shows, to be told again when the piece is asked for again.
pub fn mark_of(shown: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The answer that leaves a piece as it is.
pub const UNCHANGED: StatusCode = StatusCode::NO_CONTENT;
