//! One message, as a page and in the side sheet: what it is, what became of it, and what it says.

use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use http::StatusCode;
use maud::{Markup, html};
use regulars_accounts::face::{no_store, success};
use regulars_kernel::{Permission, ids::WebhookEventId};

use regulars_web::{
    PageCall, PageResult, Path, Query,
    pages::{
        Button, Icon, Nav, Tone, button, card, copy_button, facts, format, icon_button, link_button, notice,
        page, page_header, sheet, time_tag,
    },
    redirect_with, with_toast,
};
use serde::Deserialize;
use serde_json::Value;

use super::{asked::HREF, parts::state_badge};
use crate::{
    model::{MAX_ATTEMPTS, Replay, WebhookEvent, WebhookEventDetail, WebhookState},
    ops,
};

/// Characters of a content that a page shows at most.
const SHOWN: usize = 200_000;

/// What a page that waits for its message has seen of it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seen {
    attempts: Option<i32>,
}

pub async fn show(call: PageCall, Path(id): Path<WebhookEventId>, Query(seen): Query<Seen>) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let detail = ops::get_event(&mut tx, id, false).await?;
    if let Some(attempts) = seen.attempts {
        let still = detail.event.state == WebhookState::Queued && detail.event.attempts == attempts;
        return Ok(if still {
            StatusCode::NO_CONTENT.into_response()
        } else {
            [("hx-refresh", "true")].into_response()
        });
    }
    let name = ops::connection_name(&mut tx, detail.event.connection_id).await?;
    drop(tx);
    Ok(answer(&call, &detail, &name))
}

/// With personal data, which is written into the audit log.
pub async fn reveal(call: PageCall, Path(id): Path<WebhookEventId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let detail = ops::get_event(&mut tx, id, true).await?;
    let name = ops::connection_name(&mut tx, detail.event.connection_id).await?;
    tx.commit().await?;
    Ok(no_store(answer(&call, &detail, &name)))
}

pub async fn replay(call: PageCall, Path(id): Path<WebhookEventId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::replay_event(&mut tx, id, &Replay::default()).await?;
    tx.commit().await?;
    Ok(done(&call, id, "It will be processed again."))
}

pub async fn discard(call: PageCall, Path(id): Path<WebhookEventId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    ops::discard_event(&mut tx, id).await?;
    tx.commit().await?;
    Ok(done(&call, id, "It was put aside."))
}

/// Back to where it was done: the list behind the sheet, or the message's page.
pub fn done(call: &PageCall, id: WebhookEventId, words: &str) -> Response {
    if call.is_fragment() {
        with_toast(html! {}, &success(words), &["closeSheet", "inboxChanged"])
    } else {
        redirect_with(call, &format!("{HREF}/{id}"), &success(words))
    }
}

fn answer(call: &PageCall, detail: &WebhookEventDetail, connection: &str) -> Response {
    let shell = call
        .bare_shell()
        .at(Nav::Inbox)
        .crumb("Inbox", HREF)
        .titled(&detail.event.topic);
    let view = View {
        detail,
        connection,
        in_sheet: call.is_fragment(),
        may_edit: call.caller.may(Permission::ConnectionsWrite),
        zone: shell.time_zone,
    };
    if call.is_fragment() {
        return sheet(&detail.event.topic, None, view.sheet(), view.actions()).into_response();
    }
    let content = html! {
        (page_header(&detail.event.topic, state_badge(&detail.event), ""))
        // Not beside what was revealed: that page is the answer to a form, which a reload would send again.
        @if detail.event.state == WebhookState::Queued && detail.masked {
            div hidden hx-get={ (HREF) "/" (detail.event.id) "?attempts=" (detail.event.attempts) } hx-trigger="every 2s" hx-swap="none" {}
        }
        div class="message narrow-page" { (view.body()) }
    };
    page(&shell, view.actions(), content).into_response()
}

struct View<'a> {
    detail: &'a WebhookEventDetail,
    connection: &'a str,
    in_sheet: bool,
    may_edit: bool,
    zone: Tz,
}

impl View<'_> {
    fn sheet(&self) -> Markup {
        let event = &self.detail.event;
        html! {
            div class="sheet-line" {
                (state_badge(event))
                (link_button("Open as a page", format!("{HREF}/{}", event.id)).small().ghost().icon(Icon::External))
            }
            div class="message" { (self.body()) }
        }
    }

    fn body(&self) -> Markup {
        html! { (self.error()) (self.facts()) (self.result()) (self.payload()) (self.original()) }
    }

    fn error(&self) -> Markup {
        let event = &self.detail.event;
        let (tone, title) = match event.state {
            WebhookState::Dead => (Tone::Red, "Why it failed"),
            WebhookState::Queued => (Tone::Amber, "Why the last attempt failed"),
            WebhookState::Ignored => (Tone::Neutral, "Why nothing answers to it"),
            WebhookState::Done | WebhookState::Discarded => (Tone::Neutral, "Why it failed before"),
        };
        html! { @if let Some(error) = &event.error { (notice(tone, title, html! { (format::sentence(error)) })) } }
    }

    fn facts(&self) -> Markup {
        let event = &self.detail.event;
        let time = |at: Option<_>| html! { @if let Some(at) = at { (time_tag(at, self.zone)) } };
        let mut pairs = vec![
            (
                "Connection",
                html! { a class="quiet-link" href={ "/settings/connections/" (event.connection_id) } { (self.connection) } },
            ),
            ("Said", time(event.said_at)),
            ("Received", time(Some(event.received_at))),
            ("Processed", time(event.processed_at)),
            (
                "Attempts",
                html! { @if event.attempts == 0 { "None failed" } @else { (event.attempts) " of " (MAX_ATTEMPTS) " failed" } },
            ),
        ];
        if event.next_attempt_at.is_some() && event.attempts > 0 {
            pairs.push(("Next attempt", time(event.next_attempt_at)));
        }
        pairs.push((
            "Its id there",
            html! { code class="wraps" { (event.delivery_id) } " " (copy_button(&event.delivery_id, "Copy its id")) },
        ));
        pairs.push((
            "Size",
            html! { (format::bytes(u64::try_from(event.bytes).unwrap_or_default())) },
        ));
        if event.mended {
            pairs.push((
                "Mended",
                html! { "Somebody put another content in the place of what came" },
            ));
        }
        for (name, value) in self.detail.about.as_object().into_iter().flatten() {
            if let Some(text) = value.as_str() {
                pairs.push((name, html! { span class="wraps" { (text) } }));
            }
        }
        let pairs: Vec<(String, Markup)> = pairs
            .into_iter()
            .map(|(name, value)| (format::capitalized(&name.replace('_', " ")), value))
            .collect();
        let pairs: Vec<(&str, Markup)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        facts(&pairs)
    }

    fn result(&self) -> Markup {
        html! {
            @if let Some(result) = &self.detail.result {
                (card("What it changed", html! {}, html! { (code_block("What it changed", &pretty(result))) }))
            }
        }
    }

    fn payload(&self) -> Markup {
        let text = pretty(&self.detail.payload);
        let shown: String = text.chars().take(SHOWN).collect();
        let is_cut = shown.len() < text.len();
        let aside = html! {
            @if self.detail.masked {
                @if self.may_edit { (self.act("reveal", button("Show personal data").icon(Icon::Show).small().ghost())) }
            } @else { (copy_button(&shown, "Copy the content")) }
        };
        let body = html! {
            @if self.detail.masked { p class="form-hint" { "Personal data is masked. To show it is written into the audit log." } }
            @else { p class="form-hint" { "Personal data is shown. That stands in the audit log." } }
            (code_block("Content", &shown))
            @if is_cut { p class="form-hint" { "It is longer; the API gives all of it." } }
        };
        card("Content", aside, body)
    }

    /// What came, where somebody put another content in its place.
    fn original(&self) -> Markup {
        html! {
            @if let Some(original) = &self.detail.original {
                (card("What came", html! {}, html! { (code_block("What came", &pretty(original).chars().take(SHOWN).collect::<String>())) }))
            }
        }
    }

    fn actions(&self) -> Markup {
        let event = &self.detail.event;
        let (again, aside) = possible(event);
        html! {
            @if self.in_sheet {
                span class="preview-steps" data-preview=(event.id) {
                    (icon_button(Icon::ArrowUp, "Previous in the list (k)").small().attr("data-preview-step", "-1"))
                    (icon_button(Icon::ArrowDown, "Next in the list (j)").small().attr("data-preview-step", "1"))
                }
            }
            @if self.may_edit {
                @if aside { (self.act("discard", button("Put aside").ghost())) }
                (self.act("mend/open", button("Mend").icon(Icon::Edit)))
                @if again { (self.act("replay", button("Replay").icon(Icon::Refresh).primary())) }
            }
        }
    }

    /// A button that does something with the message: in the sheet by htmx, on the page as a form of its own.
    fn act(&self, verb: &str, press: Button) -> Markup {
        let action = format!("{HREF}/{}/{verb}", self.detail.event.id);
        if !self.in_sheet {
            return html! { form method="post" action=(action) { (press.submit()) } };
        }
        let target = if matches!(verb, "replay" | "discard") {
            "none"
        } else {
            "#sheet-body"
        };
        html! { (press.posts(action, target)) }
    }
}

/// Whether a message can be played again, and put aside.
fn possible(event: &WebhookEvent) -> (bool, bool) {
    let is_retrying = event.state == WebhookState::Queued && event.attempts > 0;
    let again = event.state != WebhookState::Queued || is_retrying;
    let aside = is_retrying || matches!(event.state, WebhookState::Dead | WebhookState::Ignored);
    (again, aside)
}

/// A content for people: JSON in lines, anything else as it is.
pub fn pretty(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn code_block(label: &str, text: &str) -> Markup {
    html! { pre class="code-block" tabindex="0" role="region" aria-label=(label) { code { (text) } } }
}
