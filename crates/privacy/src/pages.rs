//! The page of duties: what is due first, and saying that one is done. Handlers and what they show; no rules, no SQL.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use regulars_accounts::face::{FormFace, Place, faults_of, steps, success};
use regulars_kernel::{Fault, PageRequest, Permission, Start, clock, ids::PrivacyDutyId, paging::MAX_PAGE};
use regulars_web::{
    AppState, Form, PageCall, PageResult, Params, Path,
    pages::{
        Align, Icon, Nav, Tab, Tone, badge, button, column, data_table, facts, format::exact, link_button,
        menu_column, page, page_header, pagination, table_empty, tabs, textarea_field, time_tag,
    },
    redirect_with,
};

use crate::{
    model::{Done, Duty, DutyFilter, DutyKind, DutyState},
    ops,
};

const PLACE: Place = Place {
    nav: Nav::Privacy,
    name: "Privacy duties",
    href: "/settings/privacy",
};
const PER_PAGE: u32 = 50;

/// The room's pages.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(PLACE.href, get(list))
        .route("/settings/privacy/{id}", get(show).post(finish))
        .route("/settings/privacy/{id}/reopen", post(reopen))
}

fn kind_words(kind: DutyKind) -> (&'static str, &'static str) {
    match kind {
        DutyKind::Access => (
            "Give them their data",
            "Export what is known of them, and give it to whoever runs the shop.",
        ),
        DutyKind::Erasure => (
            "Erase them",
            "Erase what is known of them, here and wherever it went.",
        ),
        DutyKind::ShopErasure => (
            "Erase the shop's data",
            "The shop no longer uses the app: erase what came from it.",
        ),
    }
}

/// Whom it is about, in the words of who asked.
fn whom(duty: &Duty) -> String {
    let subject = &duty.subject;
    let named = [
        &subject.email,
        &subject.phone,
        &subject.external_id,
        &subject.shop,
    ];
    let named = named.into_iter().flatten().find(|text| !text.is_empty());
    named.cloned().unwrap_or_else(|| duty.reference.clone())
}

fn due(duty: &Duty, call: &PageCall, now: DateTime<Utc>) -> Markup {
    let shell = call.bare_shell();
    html! {
        (exact(duty.due_at, shell.time_zone))
        @if duty.state == DutyState::Open && duty.due_at < now { " " (badge("late", Tone::Red)) }
    }
}

async fn list(call: PageCall, mut params: Params) -> PageResult {
    call.require(Permission::PrivacyRead)?;
    let mut faults = regulars_kernel::Faults::new();
    let is_done = params.one("state", &mut faults).as_deref() == Some("done");
    let number = params.one("page", &mut faults).and_then(|text| text.parse().ok());
    params.finish(faults)?;
    let number: u32 = number.unwrap_or(1).clamp(1, MAX_PAGE);
    let state = if is_done { DutyState::Done } else { DutyState::Open };
    let filter = DutyFilter {
        states: vec![state.to_string()],
        ..DutyFilter::default()
    };
    let request = PageRequest {
        limit: PER_PAGE,
        start: Start::Page(number),
    };
    let mut tx = call.read().await?;
    let found = ops::list(&mut tx, &filter, &request).await?;
    let table = table(&call, &found.data, is_done);
    let href = if is_done {
        "/settings/privacy?state=done"
    } else {
        PLACE.href
    };
    let more = found.page.next_cursor.is_some();
    let steps = steps(href, number, PER_PAGE, found.data.len(), more, found.page.total);
    let all = [
        ("Open", PLACE.href, !is_done),
        ("Done", "/settings/privacy?state=done", is_done),
    ];
    let all = all.map(|(label, href, current)| Tab {
        label: label.into(),
        href: href.into(),
        count: None,
        current,
    });
    let content = html! {
        (page_header(PLACE.name, html! {}, "What is owed to people who asked for their data or for erasure, and by when."))
        (tabs("State", &all))
        (table)
        (pagination(&steps, ["duty", "duties"], call.bare_shell().locale))
    };
    Ok(page(&call.shell(PLACE.nav, PLACE.name), html! {}, content).into_response())
}

fn table(call: &PageCall, duties: &[Duty], is_done: bool) -> Markup {
    let may_write = call.caller.may(Permission::PrivacyWrite);
    let now = clock::now();
    let shell = call.bare_shell();
    let head = html! {
        (column("What is owed", Align::Start, false)) (column("Asked by", Align::Start, true))
        (column("Asked for", Align::Start, true)) (column(if is_done { "Done" } else { "Due" }, Align::Start, false))
        @if may_write { (menu_column(false)) }
    };
    let body = html! {
        @for duty in duties {
            @let href = format!("{}/{}", PLACE.href, duty.id);
            tr data-row {
                td { div class="person-lines" {
                    a href=(href) data-row-link hx-get=(href) hx-target="#sheet-body" { (kind_words(duty.kind).0) }
                    span class="muted" { (whom(duty)) }
                } }
                td class="cell-wide" { (duty.source) }
                td class="cell-wide" { (time_tag(duty.received_at, shell.time_zone)) }
                td { @match duty.done_at { Some(at) => (time_tag(at, shell.time_zone)), None => (due(duty, call, now)) } }
                @if may_write { td class="cell-menu" {
                    @if is_done {
                        form method="post" action={ (href) "/reopen" } { (button("Reopen").small().submit()) }
                    } @else {
                        (link_button("Done…", &href).small().opens_sheet(&href))
                    }
                } }
            }
        }
        @if duties.is_empty() {
            (table_empty(4 + usize::from(may_write), Icon::Shield, if is_done { "Nothing was done yet" } else { "Nothing is owed" },
                "Requests for data and for erasure that a connected shop passes on stand here, each with the day by which it is due.", html! {}))
        }
    };
    data_table(PLACE.name, head, body)
}

fn face(call: &PageCall, duty: &Duty, note: &str, faults: &[Fault]) -> Response {
    let (title, words) = kind_words(duty.kind);
    let subject = &duty.subject;
    let zone = call.bare_shell().time_zone;
    let mut pairs: Vec<(&str, Markup)> = Vec::new();
    if let Some(id) = duty.customer_id {
        pairs.push((
            "Customer",
            html! { a href={ "/customers/" (id) } { "Open the record" } },
        ));
    }
    for (label, text) in [
        ("E-mail", &subject.email),
        ("Phone", &subject.phone),
        ("Id there", &subject.external_id),
        ("Shop", &subject.shop),
    ] {
        pairs.extend(text.as_ref().map(|text| (label, html! { (text) })));
    }
    if !subject.orders.is_empty() {
        pairs.push(("Orders there", html! { (subject.orders.join(", ")) }));
    }
    pairs.push(("Asked for", html! { (exact(duty.received_at, zone)) }));
    pairs.push(("Due", due(duty, call, clock::now())));
    if let Some(at) = duty.done_at {
        pairs.push(("Done", html! { (exact(at, zone)) }));
        pairs.extend(duty.note.as_ref().map(|note| ("How", html! { (note) })));
    }
    let is_open = duty.state == DutyState::Open;
    let href = format!("{}/{}", PLACE.href, duty.id);
    FormFace {
        title,
        action: &if is_open { href } else { href + "/reopen" },
        button: if is_open { "Done" } else { "Reopen" },
        faults,
        fields: html! {
            p class="muted" { (words) }
            (facts(&pairs))
            @if is_open {
                (textarea_field("note", "How it was done").value(note).hint("As in “Sent by e-mail to the shop's owner”. It stays on the duty.").faults(faults).autofocus())
            }
        },
    }
    .answer(call, PLACE)
}

async fn show(call: PageCall, Path(id): Path<PrivacyDutyId>) -> PageResult {
    call.require(Permission::PrivacyRead)?;
    let mut tx = call.read().await?;
    let duty = ops::get(&mut tx, id).await?;
    Ok(face(&call, &duty, "", &[]))
}

async fn finish(call: PageCall, Path(id): Path<PrivacyDutyId>, mut form: Form) -> PageResult {
    call.require(Permission::PrivacyWrite)?;
    let done = Done {
        note: form.filled("note"),
    };
    let mut tx = call.write().await?;
    let duty = ops::get(&mut tx, id).await?;
    if let Err(error) = ops::finish(&mut tx, id, &done).await {
        let note = done.note.as_deref().unwrap_or_default();
        return Ok(face(&call, &duty, note, &faults_of(error)?));
    }
    tx.commit().await?;
    Ok(redirect_with(&call, PLACE.href, &success("The duty is done.")))
}

async fn reopen(call: PageCall, Path(id): Path<PrivacyDutyId>) -> PageResult {
    call.require(Permission::PrivacyWrite)?;
    let mut tx = call.write().await?;
    ops::reopen(&mut tx, id).await?;
    tx.commit().await?;
    Ok(redirect_with(
        &call,
        PLACE.href,
        &success("The duty is open again."),
    ))
}
