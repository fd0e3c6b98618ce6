//! The page of the mirror: where it stands, what was done lately, and how it is set up. Handlers and what they show; no
//! rules, no SQL.

use axum::{
    Extension, Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use regulars_accounts::face::{FormFace, Place, back, faults_of, success};
use regulars_kernel::{Error, Fault, Patch, Permission, Result};
use regulars_web::{
    AppState, Form, PageCall, PageResult,
    pages::{
        Align, Attributes, Icon, Nav, Shell, Tone, badge, button, card, column, confirm_attributes,
        data_table, empty_state, facts, format, format::sentence, icon_button, link_button, menu,
        menu_divider, menu_item, menu_link, notice, number_field, page, page_header, progress_bar,
        text_field, textarea_field, time_tag,
    },
    redirect_with,
};
use serde_json::Value;

use crate::{
    customer_line,
    model::{Comparison, Count, LogEntry, LogKind, MirrorInput, Shown, ShownSettings, State},
    ops,
    routes::Emulator,
};

const PLACE: Place = Place {
    nav: Nav::Firestore,
    name: "Firestore",
    href: "/settings/firestore",
};
const EDIT: &str = "/settings/firestore/edit";

/// The room's pages.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/firestore", get(show).post(save))
        .route("/settings/firestore/edit", get(edit))
        .route("/settings/firestore/verify", post(verify))
        .route("/settings/firestore/repair", post(repair))
        .route("/settings/firestore/load", post(load))
        .route("/settings/firestore/pause", post(pause))
        .route("/settings/firestore/resume", post(resume))
        .route("/settings/firestore/delete", post(delete))
        .route("/customers/{id}/firestore", get(customer_line::show))
}

fn is_emulator(place: Option<Extension<Emulator>>) -> bool {
    place.is_some_and(|Extension(Emulator(is_emulator))| is_emulator)
}

async fn show(call: PageCall, place: Option<Extension<Emulator>>) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let mirror = ops::show(&mut tx, is_emulator(place)).await?;
    drop(tx);
    let may_edit = call.caller.may(Permission::ConnectionsWrite);
    let shell = call.shell(PLACE.nav, PLACE.name);
    let Some(settings) = &mirror.settings else {
        let content = html! {
            (page_header(PLACE.name, html! {}, ABOUT))
            div class="table-frame" {
                (empty_state(Icon::Connection, "No mirror yet", "Let apps and sites read customers from your own Firestore: one document each, written anew after every change.", html! {
                    @if may_edit { (link_button("Set up the mirror", EDIT).primary().opens_sheet(EDIT)) }
                }))
            }
        };
        return Ok(page(&shell, html! {}, content).into_response());
    };
    let status = status(&mirror, settings, may_edit, &shell);
    if call.is_fragment() {
        return Ok(status.into_response());
    }
    let actions = html! { @if may_edit { (actions(&mirror, settings)) } };
    let content = html! {
        (page_header(PLACE.name, html! {}, ABOUT))
        (status)
        (set_up_card(&mirror, settings, may_edit, &shell))
    };
    Ok(page(&shell, actions, content).into_response())
}

const ABOUT: &str = "Customers as documents in Google's Firestore, written after each change.";

fn actions(mirror: &Shown, settings: &ShownSettings) -> Markup {
    let post = |end: &str| {
        Attributes::new()
            .set("hx-post", format!("{}{end}", PLACE.href))
            .set("hx-swap", "none")
    };
    let sheet = Attributes::new()
        .set("hx-get", EDIT)
        .set("hx-target", "#sheet-body");
    let mend = confirm_attributes(
        "Mend the mirror?",
        "Whatever differs is written anew, and documents in the collection that belong to no customer are deleted, whoever wrote them.",
        "Mend",
        None,
    );
    let gone = confirm_attributes(
        "Take the mirror away?",
        "Nothing is written any more, and the key and the log are forgotten. The documents stay at Firestore.",
        "Take away",
        Some(&settings.collection),
    );
    menu(
        "firestore",
        icon_button(Icon::More, "Actions for the mirror"),
        true,
        html! {
            (menu_item(Icon::Check, "Compare", false, post("/verify")))
            (menu_item(Icon::Refresh, "Mend…", false, post("/repair").and(mend)))
            (menu_item(Icon::Customers, "Write all again", false, post("/load")))
            (menu_divider())
            (menu_link(Icon::Edit, "Change", EDIT, sheet))
            @if mirror.state == State::Paused { (menu_item(Icon::Check, "Go on", false, post("/resume"))) }
            @else { (menu_item(Icon::Stop, "Pause", false, post("/pause"))) }
            (menu_divider())
            (menu_item(Icon::Trash, "Take away…", true, post("/delete").and(gone)))
        },
    )
}

fn state_badge(state: State) -> Markup {
    let (words, tone) = match state {
        State::Off => ("Off", Tone::Neutral),
        State::Paused => ("Paused", Tone::Amber),
        State::Failing => ("Failing", Tone::Red),
        State::Loading => ("Loading", Tone::Blue),
        State::Mirroring => ("Writing", Tone::Blue),
        State::Current => ("Current", Tone::Green),
    };
    badge(words, tone)
}

fn number(count: Count, shell: &Shell) -> String {
    let number = format::integer(count.value, shell.locale);
    if count.exact { number } else { format!("{number}+") }
}

fn lag(seconds: Option<f64>) -> String {
    match seconds {
        None => "none".into(),
        Some(seconds) if seconds < 1.0 => "under 1 s".into(),
        Some(seconds) if seconds < 120.0 => format!("{seconds:.0} s"),
        Some(seconds) if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        Some(seconds) => format!("{:.0} h", seconds / 3_600.0),
    }
}

/// Where it stands and what was done; asks for itself again.
fn status(mirror: &Shown, settings: &ShownSettings, may_edit: bool, shell: &Shell) -> Markup {
    let zone = shell.time_zone;
    html! {
        div id="mirror" class="column" data-looks-again hx-get=(PLACE.href) hx-trigger="live, every 5s" hx-swap="outerHTML" {
            @if let Some(since) = settings.paused_at {
                (notice(Tone::Amber, "Paused", html! { "Since " (time_tag(since, zone)) ". Changes are kept and written when it goes on." }))
            }
            @if let Some(error) = &mirror.error {
                (notice(Tone::Red, "Nothing can be written", html! {
                    (sentence(error))
                    @if let Some(since) = mirror.failing_since { " Since " (time_tag(since, zone)) "." }
                    @if let Some(next) = mirror.next_attempt_at { " It is tried again by itself " (time_tag(next, zone)) "." }
                }))
            }
            div class="stats" {
                dl class="stat" { dt { "State" } dd { (state_badge(mirror.state)) } }
                dl class="stat" { dt { "Waiting" } dd { (number(mirror.pending, shell)) } }
                dl class="stat" { dt { "Lag" } dd { (lag(mirror.lag_seconds)) } }
                dl class="stat" { dt { "Refused" } dd { (number(mirror.refused, shell)) } }
                dl class="stat" { dt { "Last written" } dd { @match mirror.mirrored_at { Some(at) => (time_tag(at, zone)), None => span class="muted" { "never" } } } }
            }
            @if let Some(load) = mirror.load.as_ref().filter(|load| load.finished_at.is_none()) {
                @let words = match load.total {
                    Some(total) => format!("{} of {}", format::integer(load.done, shell.locale), format::integer(total, shell.locale)),
                    None => "about to begin".into(),
                };
                (progress_bar("First load", load.done.unsigned_abs(), load.total.map(i64::unsigned_abs), &words))
            }
            (comparison_card(mirror, may_edit, shell))
            (log_table(&mirror.log, shell))
        }
    }
}

fn press(end: &str, label: &str, question: Option<Attributes>) -> Markup {
    let button = button(label).small().submit();
    html! {
        form method="post" action={ (PLACE.href) (end) } {
            @match question { Some(question) => (button.attrs(question)), None => (button) }
        }
    }
}

fn comparison_card(mirror: &Shown, may_edit: bool, shell: &Shell) -> Markup {
    let last = mirror.last_verify.as_ref();
    let found = last.and_then(comparison);
    let is_under_way = mirror
        .log
        .iter()
        .any(|one| matches!(one.kind, LogKind::Verify | LogKind::Repair) && one.finished_at.is_none());
    let aside = html! {
        @if may_edit && !is_under_way { (press("/verify", "Compare", None)) }
        @if is_under_way { span class="muted" { "Comparing…" } }
    };
    let count = |count: u64| html! { (format::integer(count.cast_signed(), shell.locale)) };
    let body = html! {
        @match (last, &found) {
            (Some(entry), Some(found)) => {
                (facts(&[
                    ("Compared", html! { (time_tag(entry.started_at, shell.time_zone)) @if entry.kind == LogKind::Repair { ", and mended" } }),
                    ("Equal", count(found.equal)),
                    ("Different", count(found.different)),
                    ("Missing", count(found.missing)),
                    ("Superfluous", count(found.superfluous)),
                    ("About to be written", count(found.pending)),
                ]))
                @if !found.examples.is_empty() {
                    ul class="plain-list" {
                        @for one in found.examples.iter().take(5) {
                            li {
                                @if one.fault == "superfluous" { code { (one.id) } } @else { a class="link" href={ "/customers/" (one.id) } { code { (one.id) } } }
                                " " (one.fault) @if !one.fields.is_empty() { ": " (one.fields.join(", ")) }
                            }
                        }
                    }
                }
                @if may_edit && entry.kind == LogKind::Verify && found.wrong() > 0 && !is_under_way {
                    div class="form-actions" { (press("/repair", "Mend…", Some(confirm_attributes("Mend the mirror?", "Whatever differs is written anew, and documents in the collection that belong to no customer are deleted, whoever wrote them.", "Mend", None)))) }
                }
            }
            _ => p class="form-hint" { "Not compared yet. Comparing reads every document and changes nothing." },
        }
    };
    card("Comparison", aside, body)
}

fn comparison(entry: &LogEntry) -> Option<Comparison> {
    serde_json::from_value(entry.result.clone()?).ok()
}

fn log_words(entry: &LogEntry, shell: &Shell) -> String {
    let number = |count: u64| format::integer(count.cast_signed(), shell.locale);
    if let Some(error) = &entry.error {
        return sentence(error);
    }
    let Some(result) = &entry.result else {
        return "Under way".into();
    };
    match (entry.kind, comparison(entry)) {
        (LogKind::Verify | LogKind::Repair, Some(found)) if found.wrong() == 0 => {
            format!("{} equal", number(found.equal))
        }
        (LogKind::Repair, Some(found)) => format!("{} mended", number(found.repaired)),
        (LogKind::Verify, Some(found)) => format!("{} not as they should be", number(found.wrong())),
        _ => format!(
            "{} customers",
            number(result["customers"].as_u64().unwrap_or_default())
        ),
    }
}

fn log_table(log: &[LogEntry], shell: &Shell) -> Markup {
    if log.is_empty() {
        return html! {};
    }
    let head = html! { (column("Lately", Align::Start, false)) (column("What came of it", Align::Start, false)) (column("When", Align::End, false)) };
    let body = html! {
        @for entry in log {
            tr {
                td { (match entry.kind { LogKind::Load => "All customers", LogKind::Verify => "Comparison", LogKind::Repair => "Mending", LogKind::Trouble => "Trouble", LogKind::Refused => "Refused" }) }
                td { span class="wraps" { (log_words(entry, shell)) } }
                td class="cell-number" { (time_tag(entry.started_at, shell.time_zone)) }
            }
        }
    };
    data_table("Lately", head, body)
}

fn set_up_card(mirror: &Shown, settings: &ShownSettings, may_edit: bool, shell: &Shell) -> Markup {
    let aside = html! { @if may_edit { (link_button("Change", EDIT).small().ghost().opens_sheet(EDIT)) } };
    let speed = match settings.writes_per_second {
        Some(writes) => format!(
            "{} writes a second at most",
            format::integer(i64::from(writes), shell.locale)
        ),
        None if mirror.emulator => "as fast as the emulator goes".into(),
        None => "500 writes a second, half as much more every five minutes".into(),
    };
    let body = facts(&[
        (
            "Project",
            html! { (settings.project_id) @if mirror.emulator { " " (badge("emulator", Tone::Amber)) } },
        ),
        ("Database", html! { (settings.database_id) }),
        ("Collection", html! { (settings.collection) }),
        ("Speed", html! { (speed) }),
        (
            "Service account",
            html! {
                @if let Some(key) = &settings.credentials {
                    span class="wraps" { (key.client_email) }
                    span class="muted" { ", key given " (time_tag(key.created_at, shell.time_zone)) }
                } @else { span class="muted" { "none" } }
            },
        ),
    ]);
    card("Set-up", aside, body)
}

/// What was entered, or what there is.
struct Entered {
    project: String,
    database: String,
    collection: String,
    writes: String,
}

fn face(call: &PageCall, mirror: &Shown, entered: &Entered, faults: &[Fault]) -> Response {
    let has_key = mirror
        .settings
        .as_ref()
        .is_some_and(|settings| settings.credentials.is_some());
    let key = if mirror.emulator {
        "This server writes to an emulator, which needs none."
    } else if has_key {
        "Left empty: the one there is stays."
    } else {
        "The whole JSON file of a service account with the role Cloud Datastore User. It is not shown again."
    };
    FormFace {
        title: if mirror.settings.is_some() { "Change the mirror" } else { "Set up the mirror" },
        action: PLACE.href,
        button: if mirror.settings.is_some() { "Save" } else { "Set up" },
        faults,
        fields: html! {
            (text_field("project_id", "Project").value(&entered.project).required().hint("The project's id at Google, as in my-shop-123456.").autocomplete("off").attr("spellcheck", "false").faults(faults).autofocus())
            (text_field("database_id", "Database").value(&entered.database).hint("(default), unless the project has several.").autocomplete("off").attr("spellcheck", "false").faults(faults))
            (text_field("collection", "Collection").value(&entered.collection).hint("Gets one document for each customer. Best one that nobody else writes to.").autocomplete("off").attr("spellcheck", "false").faults(faults))
            (number_field("writes_per_second", "Writes a second").value(&entered.writes).hint("Left empty: as Google advises for a new collection.").faults(faults))
            (textarea_field("credentials", "Key file").hint(key).attr("spellcheck", "false").autocomplete("off").faults(faults))
        },
    }
    .answer(call, PLACE)
}

async fn edit(call: PageCall, place: Option<Extension<Emulator>>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.read().await?;
    let mirror = ops::show(&mut tx, is_emulator(place)).await?;
    let settings = mirror.settings.as_ref();
    let entered = Entered {
        project: settings.map(|s| s.project_id.clone()).unwrap_or_default(),
        database: settings.map_or_else(|| "(default)".into(), |s| s.database_id.clone()),
        collection: settings.map_or_else(|| "customers".into(), |s| s.collection.clone()),
        writes: settings
            .and_then(|s| s.writes_per_second)
            .map(|writes| writes.to_string())
            .unwrap_or_default(),
    };
    Ok(face(&call, &mirror, &entered, &[]))
}

async fn save(call: PageCall, place: Option<Extension<Emulator>>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let entered = Entered {
        project: form.text("project_id"),
        database: form.text("database_id"),
        collection: form.text("collection"),
        writes: form.text("writes_per_second"),
    };
    let key = form.filled("credentials");
    let emulator = is_emulator(place);
    let or_clear = |text: &str| match text.trim() {
        "" => Patch::Clear,
        text => Patch::Set(text.to_owned()),
    };
    let input = MirrorInput {
        project_id: or_clear(&entered.project),
        database_id: or_clear(&entered.database),
        collection: or_clear(&entered.collection),
        writes_per_second: match entered.writes.trim() {
            "" => Patch::Clear,
            // What is no number is out of every range.
            text => Patch::Set(text.parse().unwrap_or(0)),
        },
        credentials: key.map_or(Patch::Keep, |text| Patch::Set(Value::String(text))),
        paused: Patch::Keep,
    };
    let mut tx = call.write().await?;
    let before = ops::show(&mut tx, emulator).await?;
    match ops::set_up(&mut tx, &input, emulator, |_| Ok(())).await {
        Ok(()) => {
            tx.commit().await?;
            let words = if before.settings.is_some() {
                "The mirror was changed."
            } else {
                "The mirror is set up. All customers are being written."
            };
            Ok(redirect_with(&call, PLACE.href, &success(words)))
        }
        Err(error) => Ok(face(&call, &before, &entered, &faults_of(error)?)),
    }
}

/// Does something and comes back with words about it.
async fn act(
    call: PageCall,
    what: impl AsyncFnOnce(&mut regulars_database::Tx) -> Result<(), Error>,
    words: &'static str,
) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let done = what(&mut tx).await;
    if done.is_ok() {
        tx.commit().await?;
    }
    Ok(back(&call, PLACE, done, |()| words.to_owned())?)
}

async fn verify(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::compare(tx, LogKind::Verify).await.map(|_| ()),
        "Comparing has begun.",
    )
    .await
}

async fn repair(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::compare(tx, LogKind::Repair).await.map(|_| ()),
        "Mending has begun.",
    )
    .await
}

async fn load(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::load_all(tx).await.map(|_| ()),
        "All customers are being written again.",
    )
    .await
}

async fn pause(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::set_paused(tx, true).await,
        "The mirror rests. Changes are kept.",
    )
    .await
}

async fn resume(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::set_paused(tx, false).await,
        "The mirror goes on.",
    )
    .await
}

async fn delete(call: PageCall) -> PageResult {
    act(
        call,
        async |tx| ops::take_away(tx, |_| Ok(())).await,
        "The mirror was taken away. The documents stay at Firestore.",
    )
    .await
}
