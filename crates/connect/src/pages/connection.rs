//! One connection: its address, what arrived last, what fails, how to set it up, its secrets and settings.

use axum::response::IntoResponse;
use maud::{Markup, html};
use regulars_kernel::{Faults, Permission, ids::ConnectionId};
use regulars_web::{
    PageCall, PageResult, Params, Path,
    pages::{
        Align, Button, Icon, Shell, button, card, column, confirm_attributes, data_table, empty_state, facts,
        format, link_button, page, page_header, text_field, time_tag,
    },
};

use super::{
    asked::Asked,
    connections::{PLACE, actions_menu, off_notice},
    guidance::guidance,
    parts::{UNCHANGED, connection_badge, count_link, mark_of, received_cell, state_badge, topic_cell},
    pull::pull_card,
};
use crate::{
    model::{Connection, FailureGroup, Pull, SecretInfo, WebhookEvent, WebhookFilter},
    ops,
};

/// Messages that are shown as the last.
const LAST: usize = 10;

/// A connection with what came through it.
struct View<'a> {
    one: &'a Connection,
    last: &'a [WebhookEvent],
    failures: &'a [FailureGroup],
    pull: Option<&'a Pull>,
    /// Where the server is.
    server: &'a str,
    may_edit: bool,
    shell: &'a Shell,
}

pub async fn show(call: PageCall, Path(id): Path<ConnectionId>, mut params: Params) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut faults = Faults::new();
    let seen = params.one("seen", &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    let filter = WebhookFilter {
        connection_id: Some(id),
        ..WebhookFilter::default()
    };
    let (last, _) = ops::newest(&mut tx, &filter, LAST).await?;
    let failures = ops::failures(&mut tx, id).await?;
    let pull = ops::pulls::last_pull(&mut tx, id).await?;
    drop(tx);
    let may_edit = call.caller.may(Permission::ConnectionsWrite);
    let shell = call
        .bare_shell()
        .at(PLACE.nav)
        .crumb(PLACE.name, PLACE.href)
        .titled(&one.name);
    let view = View {
        one: &one,
        last: &last,
        failures: &failures,
        pull: pull.as_ref(),
        server: &call.state.config.public_url,
        may_edit,
        shell: &shell,
    };
    if call.is_fragment() {
        if seen == Some(view.mark()) {
            return Ok(UNCHANGED.into_response());
        }
        return Ok(view.traffic().into_response());
    }
    let actions = html! { @if may_edit { (actions_menu(&one, false)) } };
    Ok(page(&shell, actions, view.page()).into_response())
}

impl View<'_> {
    fn page(&self) -> Markup {
        let one = self.one;
        html! {
            (page_header(&one.name, connection_badge(one), ""))
            (off_notice(one, self.shell.time_zone))
            (self.address())
            (self.traffic())
            div class="connection-more" {
                (self.steps())
                div class="column" { (self.secrets()) (self.settings()) }
            }
        }
    }

    fn address(&self) -> Markup {
        let address = format!("{}{}", self.server, self.one.webhook_path);
        let hint = format!(
            "Where {} is to send its messages. It must be reached by HTTPS from outside.",
            self.one.provider.title()
        );
        html! {
            div class="copied-field" {
                (text_field("address", "Address").value(address).hint(hint).attr("readonly", "").attr("spellcheck", "false").autocomplete("off"))
                (button("Copy").icon(Icon::Copy).attr("data-copy-from", "field-address").attr("aria-label", "Copy the address"))
            }
        }
    }

    fn mark(&self) -> String {
        let last: Vec<_> = self
            .last
            .iter()
            .map(|event| (event.id.0, event.state.name(), event.attempts))
            .collect();
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|group| (group.newest.0, group.count))
            .collect();
        let one = self.one;
        let pull = self.pull.map(|pull| (pull.state, pull.pages, pull.job_id.0));
        mark_of((last, failures, one.waiting, one.retrying, one.dead, pull))
    }

    /// What arrives and what fails; asks for itself again.
    fn traffic(&self) -> Markup {
        let one = self.one;
        let here = format!("{}/{}?seen={}", PLACE.href, one.id, self.mark());
        html! {
            div id="traffic" class="column" data-looks-again hx-get=(here) hx-trigger="live, inboxChanged from:document" hx-swap="outerHTML" {
                (self.numbers())
                (pull_card(one, self.pull, self.may_edit, self.shell))
                @if !self.failures.is_empty() { (self.what_fails()) }
                (self.arrived_last())
            }
        }
    }

    fn numbers(&self) -> Markup {
        let (one, locale) = (self.one, self.shell.locale);
        let count = |label: &str, count, state: &str, what: &str| html! { dl class="stat" { dt { (label) } dd { (count_link(count, one.id, state, what, locale)) } } };
        html! {
            div class="stats" {
                dl class="stat" { dt { "Last arrival" } dd { @match one.last_event_at { Some(at) => (time_tag(at, self.shell.time_zone)), None => span class="muted" { "never" } } } }
                (count("Waiting", one.waiting, "queued", "wait"))
                (count("Retrying", one.retrying, "retrying", "are tried again"))
                (count("Failed", one.dead, "dead", "failed"))
            }
        }
    }

    fn what_fails(&self) -> Markup {
        let head = html! {
            (column("What fails", Align::Start, false)) (column("Newest", Align::End, true)) (column("Messages", Align::End, false))
        };
        let body = html! {
            @for group in self.failures {
                @let asked = Asked { state: "dead".into(), connection: self.one.id.to_string(), topic: group.topic.clone(), ..Asked::default() };
                tr {
                    td { div class="message-lines" { a href=(asked.address()) { (group.topic) } span class="muted wraps" { (group.error) } } }
                    td class="cell-number cell-wide" { (time_tag(group.received_at, self.shell.time_zone)) }
                    td class="cell-number" { (format::integer(group.count, self.shell.locale)) }
                }
            }
        };
        data_table("What fails", head, body)
    }

    fn arrived_last(&self) -> Markup {
        if self.last.is_empty() {
            let text = format!(
                "Set {} up as described below. What it sends stands here a moment later.",
                self.one.provider.title()
            );
            return html! { div class="table-frame" { (empty_state(Icon::Inbox, "Nothing has arrived yet", &text, html! {})) } };
        }
        let head = html! { (column("Arrived last", Align::Start, false)) (column("State", Align::Start, false)) (column("When", Align::End, false)) };
        let body = html! {
            @for event in self.last {
                tr data-row data-row-preview={ (super::asked::HREF) "/" (event.id) } { (topic_cell(event)) td { (state_badge(event)) } (received_cell(event, self.shell.time_zone)) }
            }
        };
        html! {
            (data_table("Arrived last", head, body))
            p class="form-actions" { a class="link" href={ (super::asked::HREF) "?connection=" (self.one.id) } { "Everything that arrived" } }
        }
    }

    fn steps(&self) -> Markup {
        let words = guidance(self.one.provider);
        let title = format!("Set up in {}", self.one.provider.title());
        let body = html! {
            ol class="setup-steps" { @for step in words.steps { li { (step) } } }
            @if !words.past.is_empty() {
                h3 { "Bring your past orders" }
                p class="muted" { "Webhooks tell of what happens from now on. What was before comes by file." }
                ol class="setup-steps" { @for step in words.past { li { (step) } } }
                div class="form-actions" { (link_button("Import a file", "/imports/new")) }
            }
            table class="setup-topics" aria-label="Topics to subscribe to" {
                thead { tr { th scope="col" { "Topics" } th scope="col" { "What they do here" } } }
                tbody { @for (topics, what) in words.topics {
                    tr { td { @for topic in topics.split(", ") { code { (topic) } " " } } td { (what) } }
                } }
            }
            p class="form-hint" { (words.others) }
        };
        card(&title, html! {}, body)
    }

    fn secrets(&self) -> Markup {
        let (one, zone) = (self.one, self.shell.time_zone);
        let new = format!("{}/{}/secrets/new", PLACE.href, one.id);
        let add = html! { @if self.may_edit { (link_button("New secret", &new).small().ghost().opens_sheet(&new)) } };
        let body = html! {
            ul class="secrets" {
                @for secret in &one.secrets {
                    li {
                        span class="person-lines" {
                            b { (secret_words(secret)) }
                            span class="muted" {
                                "given " (time_tag(secret.created_at, zone))
                                @if let Some(ends) = secret.expires_at { ", ends " (time_tag(ends, zone)) } @else { ", holds" }
                            }
                        }
                        @if self.may_edit && secret.expires_at.is_some() { (self.end_secret(secret)) }
                    }
                }
            }
            p class="form-hint" { (guidance(one.provider).secret) }
        };
        card("Secrets", add, body)
    }

    fn end_secret(&self, secret: &SecretInfo) -> Markup {
        let question = confirm_attributes(
            "End this secret now?",
            "What is still signed with it is refused at once.",
            "End now",
            None,
        );
        let action = format!("{}/{}/secrets/{}/end", PLACE.href, self.one.id, secret.id);
        let label = format!("End now: {}", secret_words(secret));
        let press: Button = button("End now")
            .small()
            .ghost()
            .submit()
            .attr("aria-label", label);
        html! { form method="post" action=(action) { (press.attrs(question)) } }
    }

    fn settings(&self) -> Markup {
        let one = self.one;
        let edit = format!("{}/{}/edit", PLACE.href, one.id);
        let aside =
            html! { @if self.may_edit { (link_button("Edit", &edit).small().ghost().opens_sheet(&edit)) } };
        let mut pairs = vec![("Other system", html! { (one.provider.title()) })];
        for setting in guidance(one.provider).settings {
            let value = one.settings.get(setting.name).and_then(|value| value.as_str());
            pairs.push((setting.label, html! { (value.unwrap_or_default()) }));
        }
        pairs.push(("Made", time_tag(one.created_at, self.shell.time_zone)));
        card("Settings", aside, facts(&pairs))
    }
}

/// A secret by its last letters; a short one tells none.
fn secret_words(secret: &SecretInfo) -> String {
    match &secret.hint {
        Some(hint) => format!("…{hint}"),
        None => "A short secret".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use regulars_kernel::{Role, ids::WebhookEventId};
    use regulars_web::pages::samples;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::model::{Provider, WebhookState};

    #[test]
    fn a_connection_is_shown_whatever_its_texts_are() {
        let at = DateTime::UNIX_EPOCH;
        for text in samples::ALL {
            let secret = |ends| SecretInfo {
                id: Uuid::nil(),
                hint: Some(text.to_owned()),
                created_at: at,
                expires_at: ends,
            };
            let one = Connection {
                id: ConnectionId::new(),
                version: 1,
                provider: Provider::Shopify,
                name: text.to_owned(),
                settings: json!({"shop": text}).as_object().unwrap().clone(),
                webhook_path: format!("/webhooks/shopify/{text}"),
                secrets: vec![secret(None), secret(Some(at))],
                api_key: None,
                last_event_at: Some(at),
                disabled_at: Some(at),
                waiting: 1,
                retrying: 1,
                dead: 1000,
                last_error: None,
                created_at: at,
                updated_at: at,
            };
            let event = WebhookEvent {
                id: WebhookEventId::new(),
                connection_id: one.id,
                provider: Provider::Shopify,
                topic: text.to_owned(),
                delivery_id: text.to_owned(),
                state: WebhookState::Dead,
                attempts: 1,
                next_attempt_at: None,
                error: Some(text.to_owned()),
                said_at: None,
                received_at: at,
                processed_at: None,
                bytes: 2,
                mended: false,
            };
            let group = FailureGroup {
                topic: text.to_owned(),
                error: text.to_owned(),
                count: 3,
                newest: event.id,
                received_at: at,
            };
            let shell = Shell::new("Acme", "Ada", "ada@example.com", Role::Owner).titled(text);
            let view = View {
                one: &one,
                last: &[event],
                failures: &[group],
                pull: None,
                server: "https://crm.example",
                may_edit: true,
                shell: &shell,
            };
            let shown = view.page().into_string();
            samples::assert_harmless(&shown);
            assert!(shown.contains("1,000+") && shown.contains("End now") && shown.contains("Switched off"));
            // The newest secret holds until another takes its place.
            assert_eq!(shown.matches("/end\"").count(), 1);
        }
    }
}
