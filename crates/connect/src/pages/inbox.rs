//! The inbox: what arrived, the failed first, narrowed by what the address says; and what is done with all that match.

use axum::response::IntoResponse;
use maud::{Markup, html};
use regulars_accounts::face::success;
use regulars_kernel::{Error, Faults, Permission, Total, ids::ConnectionId};
use regulars_web::{
    Form, PageCall, PageResult, Params,
    pages::{
        Align, Attributes, Choice, Flash, FlashKind, Icon, Nav, Shell, Tab, button, column,
        confirm_attributes, data_table, date_field, format, link_button, page, page_header, select_field,
        table_empty, tabs,
    },
    redirect_with,
};

use super::{
    asked::{Asked, HREF, RETRYING, read_place, write_place},
    parts::{UNCHANGED, mark_of, received_cell, state_badge, state_title, topic_cell, total_words},
};
use crate::{
    model::{Counts, Place, Played, WebhookEvent, WebhookState},
    ops,
};

const PER_PAGE: usize = 50;

/// A page of the inbox.
struct View<'a> {
    asked: &'a Asked,
    after: &'a str,
    rows: &'a [WebhookEvent],
    next: Option<Place>,
    total: Total,
    counts: Counts,
    names: &'a [(ConnectionId, String)],
    may_edit: bool,
    shell: &'a Shell,
}

pub async fn list(call: PageCall, mut params: Params) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut faults = Faults::new();
    let asked = Asked::of(&mut params, &mut faults);
    let seen = params.one("seen", &mut faults);
    let after = params.one("after", &mut faults).unwrap_or_default();
    let shell = call.shell(Nav::Inbox, "Inbox");
    let filter = asked.filter(shell.time_zone, &mut faults);
    let place = if after.is_empty() {
        None
    } else {
        read_place(&after, &mut faults)
    };
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let (rows, next) = ops::list_dead_first(&mut tx, &filter, place, PER_PAGE).await?;
    let total = ops::count(&mut tx, &filter).await?;
    let counts = ops::counts(&mut tx, &filter).await?;
    let names = ops::connection_names(&mut tx).await?;
    let view = View {
        asked: &asked,
        after: &after,
        rows: &rows,
        next,
        total,
        counts,
        names: &names,
        may_edit: call.caller.may(Permission::ConnectionsWrite),
        shell: &shell,
    };
    if call.is_fragment() {
        if seen == Some(view.mark()) {
            return Ok(UNCHANGED.into_response());
        }
        return Ok(view.list().into_response());
    }
    let topics = ops::topics(&mut tx).await?;
    drop(tx);
    let content = html! {
        (page_header("Inbox", html! {}, "What other systems sent, and what became of it."))
        (view.filters(&topics))
        (view.list())
    };
    Ok(page(&shell, html! {}, content).into_response())
}

impl View<'_> {
    fn filters(&self, topics: &[String]) -> Markup {
        let asked = self.asked;
        let mut connections = vec![Choice::new("", "Any connection")];
        connections.extend(
            self.names
                .iter()
                .map(|(id, name)| Choice::new(id.to_string(), name)),
        );
        let mut offered = vec![Choice::new("", "Any topic")];
        offered.extend(topics.iter().map(|topic| Choice::new(topic, topic)));
        // What the address asks for stands in the form, whether there is any of it or not.
        for (choices, value) in [
            (&mut connections, &asked.connection),
            (&mut offered, &asked.topic),
        ] {
            if !choices.iter().any(|choice| choice.value == *value) {
                choices.push(Choice::new(value, value));
            }
        }
        html! {
            form class="form inbox-filters" method="get" action=(HREF) role="search" aria-label="Narrow the inbox" {
                @if !asked.state.is_empty() { input type="hidden" name="state" value=(asked.state); }
                (select_field("connection", "Connection", connections).value(&asked.connection))
                (select_field("topic", "Topic", offered).value(&asked.topic))
                (date_field("from", "From").value(&asked.from))
                (date_field("to", "To, that day included").value(&asked.to))
                div class="form-actions" {
                    (button("Filter").submit().icon(Icon::Filter))
                    @if asked.is_narrow() { (link_button("Show all", Asked::default().with_state(&asked.state).address()).ghost()) }
                }
            }
        }
    }

    fn mark(&self) -> String {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|event| (event.id.0, event.state.name(), event.attempts, &event.error))
            .collect();
        let counts = [self.counts.dead, self.counts.retrying, self.counts.queued].map(|total| total.value);
        mark_of((rows, counts, self.total.value, self.next.is_some()))
    }

    /// The list with all that changes by itself; it asks for itself again.
    fn list(&self) -> Markup {
        let join = |href: String, name: &str, value: &str| {
            let sign = if href.contains('?') { '&' } else { '?' };
            format!("{href}{sign}{name}={value}")
        };
        let mut here = self.asked.address();
        if !self.after.is_empty() {
            here = join(here, "after", self.after);
        }
        let next = self
            .next
            .map(|place| join(self.asked.address(), "after", &write_place(place)));
        html! {
            div id="inbox" class="column" data-looks-again hx-get=(join(here, "seen", &self.mark())) hx-trigger="live, inboxChanged from:document" hx-swap="outerHTML" {
                (tabs("Messages by state", &self.tabs()))
                @if self.may_edit { (self.bulk()) }
                (self.table())
                div class="pager" {
                    span class="tabular" {
                        (total_words(self.total, self.shell.locale)) " " (if self.total.exact && self.total.value == 1 { "message" } else { "messages" })
                    }
                    @if next.is_some() || !self.after.is_empty() {
                        nav aria-label="Pages" {
                            @if !self.after.is_empty() { (link_button("Newest", self.asked.address()).small().icon(Icon::ChevronLeft)) }
                            @if let Some(next) = next { (link_button("Older", next).small().icon(Icon::ChevronRight).attr("rel", "next")) }
                        }
                    }
                }
            }
        }
    }

    fn tabs(&self) -> Vec<Tab> {
        let tab = |label: &str, state: &str, count: Option<Total>| Tab {
            label: label.into(),
            href: self.asked.with_state(state).address(),
            count: count.map(|total| {
                let number = format::integer(total.value, self.shell.locale);
                if total.exact { number } else { number + "+" }
            }),
            current: self.asked.state == state,
        };
        let of = |state: WebhookState, count| tab(state_title(state), state.name(), count);
        vec![
            tab("All", "", None),
            of(WebhookState::Dead, Some(self.counts.dead)),
            tab("Retrying", RETRYING, Some(self.counts.retrying)),
            of(WebhookState::Queued, Some(self.counts.queued)),
            of(WebhookState::Done, None),
            of(WebhookState::Ignored, None),
            of(WebhookState::Discarded, None),
        ]
    }

    /// What can be done with all that match; only with those of one state, so that nobody replays a year by accident.
    fn bulk(&self) -> Markup {
        let state = self.asked.state.as_str();
        html! {
            @if self.total.value > 0 && (may_replay(state) || may_discard(state)) {
                div class="form-actions inbox-bulk" {
                    @if may_replay(state) { (self.bulk_form("replay", "Replay all", Icon::Refresh, "Replay", "They are processed again, the oldest first.")) }
                    @if may_discard(state) { (self.bulk_form("discard", "Put all aside", Icon::Stop, "Put aside", "They are not tried any more. They can still be replayed.")) }
                }
            }
        }
    }

    fn bulk_form(&self, verb: &str, label: &str, icon: Icon, ask: &str, text: &str) -> Markup {
        let words = total_words(self.total, self.shell.locale);
        let noun = if self.total.value == 1 {
            "message"
        } else {
            "messages"
        };
        let upto = if self.total.exact {
            ""
        } else {
            " One time takes the oldest 10,000."
        };
        let question = confirm_attributes(
            &format!("{ask} {words} {noun}?"),
            &format!("{text}{upto}"),
            label,
            None,
        );
        let action = format!("{HREF}/{verb}");
        let inside = html! {
            @for (name, value) in self.asked.pairs() { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
            (button(label).small().icon(icon).submit())
        };
        Attributes::new()
            .set("method", "post")
            .set("action", action)
            .and(question)
            .element("form", &inside)
    }

    fn table(&self) -> Markup {
        let head = html! {
            (column("Message", Align::Start, false)) (column("State", Align::Start, false)) (column("Connection", Align::Start, true))
            (column("Attempts", Align::End, true)) (column("Received", Align::End, false))
        };
        let name = |id| {
            self.names
                .iter()
                .find(|(one, _)| *one == id)
                .map(|(_, name)| name.as_str())
        };
        let body = html! {
            @for event in self.rows {
                tr data-row data-row-preview={ (HREF) "/" (event.id) } {
                    (topic_cell(event))
                    td { (state_badge(event)) }
                    td class="cell-wide" { @match name(event.connection_id) { Some(name) => (name), None => span class="muted" { (event.provider.title()) } } }
                    td class="cell-number cell-wide" { @if event.attempts > 0 { (event.attempts) } @else { span class="muted" { "0" } } }
                    (received_cell(event, self.shell.time_zone))
                }
            }
            @if self.rows.is_empty() { (self.nothing()) }
        };
        data_table("Messages", head, body)
    }

    fn nothing(&self) -> Markup {
        let all = html! { (link_button("Show everything", HREF)) };
        match (self.asked.state.as_str(), self.asked.is_narrow()) {
            ("", false) => table_empty(
                5,
                Icon::Inbox,
                "Nothing has arrived yet",
                "What your connections send stands here.",
                html! { (link_button("Connections", "/settings/connections")) },
            ),
            ("dead", false) => table_empty(
                5,
                Icon::Success,
                "Nothing failed",
                "What cannot be processed waits here for you.",
                all,
            ),
            _ => table_empty(
                5,
                Icon::Inbox,
                "Nothing matches",
                "No message is in this state, or the filters are too narrow.",
                all,
            ),
        }
    }
}

/// What is queued is processed anyway, unless it failed and waits for its time.
fn may_replay(state: &str) -> bool {
    matches!(state, "dead" | "done" | "ignored" | "discarded" | RETRYING)
}

fn may_discard(state: &str) -> bool {
    matches!(state, "dead" | RETRYING)
}

/// What a bulk form asks for.
fn sent(
    call: &PageCall,
    form: &mut Form,
    may: fn(&str) -> bool,
) -> Result<(Asked, crate::model::WebhookFilter), Error> {
    let asked = Asked::sent(form);
    let mut faults = Faults::new();
    let filter = asked.filter(call.bare_shell().time_zone, &mut faults);
    if !may(&asked.state) {
        faults.add(
            "/state",
            "choice_unknown",
            "choose one state of which all can be taken",
        );
    }
    if faults.0.is_empty() {
        Ok((asked, filter))
    } else {
        Err(Error::Invalid(faults))
    }
}

fn told(played: Played, words: &str) -> Flash {
    let count = played.replayed;
    let noun = if count == 1 { "message" } else { "messages" };
    let more = if played.more {
        " There are more: press the button again."
    } else {
        ""
    };
    if count == 0 {
        return Flash {
            kind: FlashKind::Info,
            text: "There was nothing left to do.".into(),
            undo: None,
        };
    }
    success(format!("{count} {noun} {words}.{more}"))
}

pub async fn replay_all(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let (asked, filter) = sent(&call, &mut form, may_replay)?;
    let mut tx = call.write().await?;
    let played = ops::replay_matching(&mut tx, &filter).await?;
    tx.commit().await?;
    Ok(redirect_with(
        &call,
        &asked.address(),
        &told(played, "will be processed again"),
    ))
}

pub async fn discard_all(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let (asked, filter) = sent(&call, &mut form, may_discard)?;
    let mut tx = call.write().await?;
    let played = ops::discard_matching(&mut tx, &filter).await?;
    tx.commit().await?;
    Ok(redirect_with(&call, &asked.address(), &told(played, "put aside")))
}
