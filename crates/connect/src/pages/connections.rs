//! The list of connections, and what is done with one of them.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use regulars_accounts::face::{FormFace, Place, back, faults_of, success};
use regulars_kernel::{Error, Fault, PageRequest, Patch, Permission, Start, ids::ConnectionId};
use regulars_web::{
    Form, PageCall, PageResult, Path,
    pages::{
        self, Align, Attributes, Choice, Icon, Nav, column, confirm_attributes, data_table, icon_button,
        link_button, menu, menu_column, menu_divider, menu_item, menu_link, notice, page, page_header,
        password_field, select_field, table_empty, text_field, time_tag,
    },
    redirect_with,
};
use serde_json::{Map, Value};

use super::{
    guidance::guidance,
    parts::{connection_badge, count_link},
};
use crate::{
    model::{Connection, ConnectionPatch, NewConnection, Provider},
    ops,
};

/// The place in the sidebar.
pub const PLACE: Place = Place {
    nav: Nav::Connections,
    name: "Connections",
    href: "/settings/connections",
};
/// As many as anybody has; the API pages further.
const MOST: u32 = 200;

pub async fn list(call: PageCall) -> PageResult {
    call.require(Permission::ConnectionsRead)?;
    let mut tx = call.read().await?;
    let request = PageRequest {
        limit: MOST,
        start: Start::First,
    };
    let found = ops::list_connections(&mut tx, &request).await?;
    drop(tx);
    let may_edit = call.caller.may(Permission::ConnectionsWrite);
    let shell = call.shell(PLACE.nav, PLACE.name);
    let head = html! {
        (column("Connection", Align::Start, false)) (column("State", Align::Start, false)) (column("Last arrival", Align::Start, true))
        (column("Waiting", Align::End, true)) (column("Retrying", Align::End, true)) (column("Failed", Align::End, false))
        @if may_edit { (menu_column(false)) }
    };
    let body = html! {
        @for one in &found.data {
            tr data-row {
                td {
                    div class="person-lines" {
                        a href={ (PLACE.href) "/" (one.id) } data-row-link { (one.name) }
                        @if one.name != one.provider.title() { span class="muted" { (one.provider.title()) } }
                    }
                }
                td { (connection_badge(one)) }
                td class="cell-wide" { @match one.last_event_at { Some(at) => (time_tag(at, shell.time_zone)), None => span class="muted" { "never" } } }
                td class="cell-number cell-wide" { (count_link(one.waiting, one.id, "queued", "wait", shell.locale)) }
                td class="cell-number cell-wide" { (count_link(one.retrying, one.id, "retrying", "are tried again", shell.locale)) }
                td class="cell-number" { (count_link(one.dead, one.id, "dead", "failed", shell.locale)) }
                @if may_edit { td class="cell-menu" { (actions_menu(one, true)) } }
            }
        }
        @if found.data.is_empty() {
            (table_empty(6 + usize::from(may_edit), Icon::Connection, "No connections yet", "Let a shop tell what happens there: who signs up, what is ordered, paid, sent and refunded.", html! {
                @if may_edit { (link_button("New connection", "/settings/connections/new").opens_sheet("/settings/connections/new")) }
            }))
        }
    };
    let actions = html! { @if may_edit { (pages::shell::new_button("New connection", "/settings/connections/new", "n")) } };
    let content = html! {
        (page_header(PLACE.name, html! {}, "Other systems that send what happens there."))
        (data_table(PLACE.name, head, body))
    };
    Ok(page(&shell, actions, content).into_response())
}

/// What is done with a connection, as a menu.
pub fn actions_menu(one: &Connection, small: bool) -> Markup {
    let at = |end: &str| format!("{}/{}{end}", PLACE.href, one.id);
    let sheet = |end: &str| {
        Attributes::new()
            .set("hx-get", at(end))
            .set("hx-target", "#sheet-body")
    };
    let post = |end: &str| Attributes::new().set("hx-post", at(end)).set("hx-swap", "none");
    let off = confirm_attributes(
        &format!("Switch {} off?", one.name),
        "Whatever is sent to it is refused until it is switched on again. Most systems try again for some hours and then give up.",
        "Switch off",
        None,
    );
    let gone = confirm_attributes(
        &format!("Delete {}?", one.name),
        "Whatever is sent to it is refused from now on, and its secrets are forgotten. What came through it stays. It cannot be brought back.",
        "Delete",
        Some(&one.name),
    );
    let opener = icon_button(Icon::More, format!("Actions for {}", one.name));
    menu(
        &format!("connection-{}", one.id),
        if small { opener.small() } else { opener },
        true,
        html! {
            (menu_link(Icon::Edit, "Edit", &at("/edit"), sheet("/edit")))
            (menu_link(Icon::Key, "New secret", &at("/secrets/new"), sheet("/secrets/new")))
            @if one.disabled_at.is_some() { (menu_item(Icon::Check, "Switch on", false, post("/enable"))) }
            @else { (menu_item(Icon::Stop, "Switch off…", false, post("/disable").and(off))) }
            (menu_divider())
            (menu_item(Icon::Trash, "Delete…", true, post("/delete").and(gone)))
        },
    )
}

/// The settings of a provider as fields.
fn setting_fields(provider: Provider, settings: &Map<String, Value>, faults: &[Fault]) -> Markup {
    html! {
        @for setting in guidance(provider).settings {
            @let value = settings.get(setting.name).and_then(Value::as_str).unwrap_or_default();
            (text_field(format!("settings/{}", setting.name), setting.label).value(value).hint(setting.hint).autocomplete("off").attr("spellcheck", "false").faults(faults))
        }
    }
}

/// What was entered of a provider's settings; empty ones are absent.
fn settings_of(provider: Provider, form: &mut Form) -> Map<String, Value> {
    let mut settings = Map::new();
    for setting in guidance(provider).settings {
        if let Some(text) = form.filled(&format!("settings/{}", setting.name)) {
            settings.insert(setting.name.to_owned(), text.trim().into());
        }
    }
    settings
}

fn create_face(
    call: &PageCall,
    provider: &str,
    name: &str,
    settings: &Map<String, Value>,
    faults: &[Fault],
) -> Response {
    let choices = Provider::ALL
        .iter()
        .map(|one| Choice::new(one.name(), one.title()))
        .collect();
    let chosen = Provider::parse(provider).unwrap_or(Provider::ALL[0]);
    // Which fields there are follows from the provider; what was typed goes along.
    let again = format!("{}/new", PLACE.href);
    FormFace {
        title: "New connection",
        action: PLACE.href,
        button: "Create connection",
        faults,
        fields: html! {
            @if call.is_fragment() {
                (select_field("provider", "Other system", choices).value(chosen.name()).required().faults(faults)
                    .attr("hx-get", again).attr("hx-target", "#sheet-body").attr("hx-trigger", "change").attr("hx-include", "#sheet [name=name]"))
            } @else {
                (select_field("provider", "Other system", choices).value(chosen.name()).required().faults(faults))
            }
            (text_field("name", "Name").value(name).hint("As in “Main shop”. Left empty: the other system's name.").autocomplete("off").faults(faults).autofocus())
            (password_field("secret", "Secret").required().hint(guidance(chosen).secret).autocomplete("off").faults(faults))
            (setting_fields(chosen, settings, faults))
        },
    }
    .answer(call, PLACE)
}

pub async fn show_create(call: PageCall, mut params: regulars_web::Params) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut faults = regulars_kernel::Faults::new();
    let [provider, name] = ["provider", "name"].map(|name| params.one(name, &mut faults).unwrap_or_default());
    params.finish(faults)?;
    Ok(create_face(&call, &provider, &name, &Map::new(), &[]))
}

pub async fn create(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let provider = form.text("provider");
    let settings = match Provider::parse(&provider) {
        Ok(known) => settings_of(known, &mut form),
        Err(_) => Map::new(),
    };
    let new = NewConnection {
        provider,
        name: form.filled("name"),
        secret: form.secret("secret"),
        api_key: None,
        settings,
    };
    let mut tx = call.write().await?;
    let made = match ops::create_connection(&mut tx, &new).await {
        Ok(made) => made,
        Err(error) => {
            let name = new.name.as_deref().unwrap_or_default();
            return Ok(create_face(
                &call,
                &new.provider,
                name,
                &new.settings,
                &faults_of(error)?,
            ));
        }
    };
    tx.commit().await?;
    Ok(redirect_with(
        &call,
        &format!("{}/{}", PLACE.href, made.id),
        &success(format!(
            "{} was made. What to do in {} stands below.",
            made.name,
            made.provider.title()
        )),
    ))
}

fn edit_face(
    call: &PageCall,
    one: &Connection,
    name: &str,
    settings: &Map<String, Value>,
    faults: &[Fault],
) -> Response {
    FormFace {
        title: &one.name,
        action: &format!("{}/{}", PLACE.href, one.id),
        button: "Save",
        faults,
        fields: html! {
            input type="hidden" name="version" value=(one.version);
            (text_field("name", "Name").value(name).required().autocomplete("off").faults(faults))
            (setting_fields(one.provider, settings, faults))
        },
    }
    .answer(call, PLACE)
}

pub async fn show_edit(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.read().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    Ok(edit_face(&call, &one, &one.name, &one.settings, &[]))
}

pub async fn edit(call: PageCall, Path(id): Path<ConnectionId>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let name = form.text("name");
    let opened: Option<i32> = form.text("version").parse().ok();
    let mut tx = call.write().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    let settings = settings_of(one.provider, &mut form);
    // What the form does not show stays; what was emptied goes.
    let mut changes = settings.clone();
    for setting in guidance(one.provider).settings {
        changes.entry(setting.name).or_insert(Value::Null);
    }
    let patch = ConnectionPatch {
        name: Patch::Set(name.clone()),
        settings: Patch::Set(changes),
        ..ConnectionPatch::default()
    };
    let guard = |current| match opened {
        Some(version) if version != current => Err(Error::Stale { current }),
        _ => Ok(()),
    };
    match ops::update_connection(&mut tx, id, &patch, guard).await {
        Ok(saved) => {
            tx.commit().await?;
            let text = format!("{} was changed.", saved.name);
            Ok(redirect_with(
                &call,
                &format!("{}/{id}", PLACE.href),
                &success(text),
            ))
        }
        Err(error) => Ok(edit_face(&call, &one, &name, &settings, &faults_of(error)?)),
    }
}

async fn turn(call: &PageCall, id: ConnectionId, disabled: bool, words: &str) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let patch = ConnectionPatch {
        disabled: Some(disabled),
        ..ConnectionPatch::default()
    };
    let mut tx = call.write().await?;
    let changed = ops::update_connection(&mut tx, id, &patch, |_| Ok(())).await?;
    tx.commit().await?;
    let flash = success(format!("{} {words}", changed.name));
    Ok(redirect_with(call, &format!("{}/{id}", PLACE.href), &flash))
}

pub async fn disable(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    turn(&call, id, true, "is switched off. What is sent to it is refused.").await
}

pub async fn enable(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    turn(&call, id, false, "is switched on.").await
}

pub async fn delete(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.write().await?;
    let name = ops::get_connection(&mut tx, id).await?.name;
    let done = ops::delete_connection(&mut tx, id, |_| Ok(())).await;
    if done.is_ok() {
        tx.commit().await?;
    }
    Ok(back(&call, PLACE, done, |()| {
        format!("{name} was deleted. What came through it stays in the inbox.")
    })?)
}

/// That it is switched off, on its page.
pub fn off_notice(one: &Connection, zone: chrono_tz::Tz) -> Markup {
    html! {
        @if let Some(since) = one.disabled_at {
            (notice(pages::Tone::Amber, "Switched off", html! { "What is sent to it has been refused since " (time_tag(since, zone)) "." }))
        }
    }
}
