//! API keys: what programs sign in with.

use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use maud::{Markup, html};
use regulars_kernel::{Error, Fault, PageRequest, Patch, Permission, Role, Start, clock, ids::KeyId};
use regulars_web::{
    PageCall, PageResult, Path, Query,
    pages::{
        self, Align, Attributes, Choice, Icon, Nav, checkbox_field, column, confirm_attributes, data_table,
        format, icon_button, link_button, menu, menu_column, menu_divider, menu_item, menu_link,
        number_field, page, page_header, pagination, select_field, status_badge, table_empty, text_field,
        textarea_field, time_tag,
    },
    redirect_with,
};

use super::{
    face::{FormFace, Once, Place, back, faults_of, steps, success},
    form::Form,
    members::{At, role_words},
};
use crate::{
    model::{ApiKey, KeyKind, KeyPatch, KeyState, NewKey, Power},
    ops,
    publishable::RATE_PER_MINUTE,
};

const PLACE: Place = Place {
    nav: Nav::Keys,
    name: "API keys",
    href: "/settings/keys",
};
const PER_PAGE: u32 = 100;
const KEY_FOR_PAGES: &str = "/settings/keys/new?kind=publishable";

async fn table(call: &PageCall, number: u32, refresh: bool) -> Result<Markup, Error> {
    let mut tx = call.read().await?;
    let request = PageRequest {
        limit: PER_PAGE,
        start: Start::Page(number),
    };
    let (keys, next, total) = ops::list_keys(&mut tx, &request).await?;
    let may_edit = call.caller.may(Permission::AccountsWrite);
    let shell = call.bare_shell();
    let head = html! {
        (column("Key", Align::Start, false)) (column("May", Align::Start, true)) (column("State", Align::Start, false))
        (column("Last used", Align::Start, true)) (column("Created", Align::Start, true)) (column("Expires", Align::Start, true))
        @if may_edit { (menu_column(false)) }
    };
    let time = |at| html! { @match at { Some(at) => (time_tag(at, shell.time_zone)), None => span class="muted" { "never" } } };
    let body = html! {
        @for key in &keys {
            tr data-row {
                td {
                    div class="person-lines" {
                        @if may_edit && key.state != KeyState::Revoked { a href={ (PLACE.href) "/" (key.id) } data-row-link { (key.name) } } @else { b { (key.name) } }
                        span class="muted" { @if key.kind == KeyKind::Publishable { "pk_…" } @else { "rk_…" } (key.hint) }
                    }
                }
                td class="cell-wide" title=(scope_names(key).join(", ")) {
                    (key.role.name()) @if !key.scopes.is_empty() { span class="muted" { ", only " (key.scopes.len()) @if key.scopes.len() == 1 { " permission" } @else { " permissions" } } }
                }
                td { (status_badge(key.state.name())) }
                td class="cell-wide" { (time(key.last_used_at)) }
                td class="cell-wide" { (time(Some(key.created_at))) }
                td class="cell-wide" { (time(key.expires_at)) }
                @if may_edit { td class="cell-menu" { @if key.state != KeyState::Revoked { (row_menu(key)) } } }
            }
        }
        @if keys.is_empty() {
            (table_empty(6 + usize::from(may_edit), Icon::Key, "No API keys yet", "Programs use a key to reach the API. Each gets its own, so that it can be revoked alone.", html! {
                @if may_edit { (link_button("New key", "/settings/keys/new").opens_sheet("/settings/keys/new")) }
            }))
        }
    };
    let steps = steps(PLACE.href, number, PER_PAGE, keys.len(), next.is_some(), total);
    Ok(html! {
        div id="keys" class="column" hx-swap-oob=[refresh.then_some("true")] {
            (data_table("API keys", head, body))
            (pagination(&steps, ["key", "keys"], shell.locale))
        }
    })
}

fn scope_names(key: &ApiKey) -> Vec<&'static str> {
    key.scopes.iter().map(|permission| permission.name()).collect()
}

fn row_menu(key: &ApiKey) -> Markup {
    let at = |end: &str| format!("{}/{}{end}", PLACE.href, key.id);
    let gone = confirm_attributes(
        &format!("Revoke {}?", key.name),
        "Programs that use it are refused at once. It cannot be brought back.",
        "Revoke",
        None,
    );
    menu(
        &format!("key-{}", key.id),
        icon_button(Icon::More, format!("Actions for {}", key.name)).small(),
        true,
        html! {
            (menu_link(Icon::Edit, "Edit", &at(""), Attributes::new().set("hx-get", at("")).set("hx-target", "#sheet-body")))
            (menu_divider())
            (menu_item(Icon::Stop, "Revoke…", true, Attributes::new().set("hx-post", at("/revoke")).set("hx-swap", "none").and(gone)))
        },
    )
}

pub async fn list(call: PageCall, Query(at): Query<At>) -> PageResult {
    call.require(Permission::AccountsRead)?;
    let table = table(&call, at.number(), false).await?;
    let actions = html! {
        @if call.caller.may(Permission::AccountsWrite) { (pages::shell::new_button("New key", "/settings/keys/new", "n")) }
    };
    let content = html! {
        (page_header("API keys", html! { @if call.caller.may(Permission::AccountsWrite) { (link_button("New key for pages", KEY_FOR_PAGES).small().opens_sheet(KEY_FOR_PAGES)) } }, "What programs sign in with, and pages of a shop tell with. A key's text is shown once, when it is made."))
        (table)
    };
    Ok(page(&call.shell(PLACE.nav, PLACE.name), actions, content).into_response())
}

#[derive(Default)]
struct Typed {
    name: String,
    role: String,
    expires: String,
    scopes: Vec<String>,
    /// Of a publishable key, one a line.
    origins: String,
    rate: String,
}

impl Typed {
    fn read(form: &mut Form) -> Self {
        Self {
            name: form.text("name"),
            role: form.text("role"),
            expires: form.text("expires_at"),
            scopes: form.ticked_below("scope/"),
            origins: form.text("origins"),
            rate: form.text("rate_per_minute"),
        }
    }

    fn origins(&self) -> Vec<String> {
        let lines = self.origins.lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// None where none is said; what is no number is refused like one that is out of bounds.
    fn rate(&self) -> Option<i32> {
        let rate = self.rate.trim();
        (!rate.is_empty()).then(|| rate.parse().unwrap_or(0))
    }
}

/// The fields of a key that pages hold.
fn page_fields(call: &PageCall, typed: &Typed, faults: &[Fault]) -> Markup {
    let usual = format::integer(i64::from(RATE_PER_MINUTE), call.bare_shell().locale);
    // A fault of one origin is shown at the field that has them all.
    let mut at_field = faults.to_vec();
    for fault in &mut at_field {
        if fault.pointer.starts_with("/origins/") {
            "/origins".clone_into(&mut fault.pointer);
        }
    }
    html! {
        (textarea_field("origins", "Pages that use it").value(&typed.origins).required().faults(&at_field)
            .hint("Their origins, one a line, as in https://shop.example"))
        (number_field("rate_per_minute", "Requests a minute").value(&typed.rate).faults(&at_field).autocomplete("off")
            .hint(format!("All browsers together; {usual} if nothing is said")))
    }
}

fn scope_fields(chosen: &[String], may: impl Fn(Permission) -> bool) -> Markup {
    html! {
        fieldset class="form" {
            legend { "Only these permissions" }
            p class="form-hint" { "None ticked: everything its role may do." }
            @for permission in Permission::ALL.iter().copied().filter(|permission| may(*permission)) {
                (checkbox_field(format!("scope/{}", permission.name()), permission.name(), chosen.iter().any(|name| name == permission.name())).hint(permission.meaning().replace('`', "")))
            }
        }
    }
}

fn create_face(call: &PageCall, kind: KeyKind, typed: &Typed, faults: &[Fault]) -> Response {
    let power = Power::from(&*call.caller);
    let roles = Role::ALL
        .into_iter()
        .rev()
        .filter(|role| power.require_covers(&Power::of(*role)).is_ok())
        .map(|role| Choice::new(role.name(), format!("{} – {}", role.name(), role_words(role))))
        .collect();
    let expiries = [
        ("", "Never"),
        ("30", "In 30 days"),
        ("90", "In 90 days"),
        ("365", "In a year"),
    ]
    .map(|(value, label)| Choice::new(value, label))
    .into();
    if kind == KeyKind::Publishable {
        return FormFace {
            title: "New key for pages",
            action: PLACE.href,
            button: "Create key",
            faults,
            fields: html! {
                input type="hidden" name="kind" value="publishable";
                p class="muted" { "For the pages of a shop that tell what visitors do: everybody who opens them can read it, so it may tell of activities and nothing else." }
                (text_field("name", "What is it for?").value(&typed.name).required().hint("As in “web shop”").autocomplete("off").faults(faults).autofocus())
                (page_fields(call, typed, faults))
                (select_field("expires_at", "Expires", expiries).value(&typed.expires).faults(faults))
            },
        }
        .answer(call, PLACE);
    }
    FormFace {
        title: "New API key",
        action: PLACE.href,
        button: "Create key",
        faults,
        fields: html! {
            p class="muted" { "For programs. Pages of a shop get " a class="link" href={ (PLACE.href) "/new?kind=publishable" } { "a key for pages" } "." }
            (text_field("name", "What is it for?").value(&typed.name).required().hint("As in “warehouse sync”").autocomplete("off").faults(faults).autofocus())
            (select_field("role", "Role", roles).value(&typed.role).required().faults(faults))
            (select_field("expires_at", "Expires", expiries).value(&typed.expires).faults(faults))
            (scope_fields(&typed.scopes, |permission| power.may(permission)))
        },
    }
    .answer(call, PLACE)
}

/// Which kind of key is wanted.
#[derive(serde::Deserialize)]
pub struct Wanted {
    #[serde(default)]
    kind: String,
}

fn kind_of(name: &str) -> KeyKind {
    if name == "publishable" {
        KeyKind::Publishable
    } else {
        KeyKind::Secret
    }
}

pub async fn show_create(call: PageCall, Query(wanted): Query<Wanted>) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let kind = kind_of(&wanted.kind);
    let typed = Typed {
        role: "agent".into(),
        // A page that tells nothing any more is seen by nobody.
        expires: if kind == KeyKind::Secret {
            "365".into()
        } else {
            String::new()
        },
        ..Typed::default()
    };
    Ok(create_face(&call, kind, &typed, &[]))
}

pub async fn create(call: PageCall, mut form: Form) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let kind = kind_of(&form.text("kind"));
    let typed = Typed::read(&mut form);
    let days = typed
        .expires
        .parse::<i64>()
        .ok()
        .filter(|days| (1..=3_650).contains(days));
    let new = NewKey {
        name: typed.name.clone(),
        role: typed.role.clone(),
        scopes: typed.scopes.clone(),
        expires_at: days.map(|days| clock::now() + TimeDelta::days(days)),
        kind,
        origins: typed.origins(),
        rate_per_minute: typed.rate(),
    };
    let mut tx = call.write().await?;
    let created = match ops::create_key(&mut tx, &Power::from(&*call.caller), &new).await {
        Ok(created) => created,
        Err(error) => return Ok(create_face(&call, kind, &typed, &faults_of(error)?)),
    };
    tx.commit().await?;
    let behind = if call.is_fragment() {
        table(&call, 1, true).await?
    } else {
        html! {}
    };
    let once = Once {
        title: &created.record.name,
        label: "Key",
        secret: created.key.as_deref().unwrap_or_default(),
        words: match kind {
            KeyKind::Secret => html! { "Put it where the program keeps its secrets. Nobody can read it again, you included." },
            KeyKind::Publishable => html! { "Put it into the pages of the shop, with the script that tells what visitors do:"
                pre class="code-block" tabindex="0" role="region" aria-label="Script for the pages" { code { (script_tag(call.state.config.public_url.trim_end_matches('/'), created.key.as_deref().unwrap_or_default())) } } },
        },
        beside: created.identity_secret.as_deref().map(|secret| {
            let words = html! { "With this the shop's server signs who somebody is. It belongs on that server and into no page." };
            ("Secret for signing", secret, words)
        }),
        behind,
    };
    Ok(once.answer(&call, PLACE))
}

/// What a page loads to tell what its visitors do.
fn script_tag(address: &str, key: &str) -> String {
    format!(
        r#"<script src="{address}/p/regulars.js" async onload="regulars.init({{key: '{key}', endpoint: '{address}'}})"></script>"#
    )
}

fn edit_face(call: &PageCall, key: &ApiKey, typed: &Typed, faults: &[Fault]) -> Response {
    FormFace {
        title: &key.name,
        action: &format!("{}/{}", PLACE.href, key.id),
        button: "Save",
        faults,
        fields: html! {
            @if key.kind == KeyKind::Publishable { p class="muted" { "pk_…" (key.hint) } } @else { p class="muted" { "rk_…" (key.hint) " · " (key.role.name()) } }
            input type="hidden" name="version" value=(key.version);
            (text_field("name", "What is it for?").value(&typed.name).required().autocomplete("off").faults(faults))
            @if key.kind == KeyKind::Publishable { (page_fields(call, typed, faults)) } @else { (scope_fields(&typed.scopes, |permission| key.role.may(permission))) }
        },
    }
    .answer(call, PLACE)
}

pub async fn show_edit(call: PageCall, Path(id): Path<KeyId>) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.read().await?;
    let key = ops::get_key(&mut tx, id).await?;
    let typed = Typed {
        name: key.name.clone(),
        scopes: scope_names(&key).into_iter().map(str::to_owned).collect(),
        origins: key.origins.join("\n"),
        rate: key
            .rate_per_minute
            .map(|rate| rate.to_string())
            .unwrap_or_default(),
        ..Typed::default()
    };
    Ok(edit_face(&call, &key, &typed, &[]))
}

pub async fn edit(call: PageCall, Path(id): Path<KeyId>, mut form: Form) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let typed = Typed::read(&mut form);
    let opened: Option<i32> = form.text("version").parse().ok();
    let guard = |current| match opened {
        Some(version) if version != current => Err(Error::Stale { current }),
        _ => Ok(()),
    };
    let mut tx = call.write().await?;
    let is_for_pages = ops::get_key(&mut tx, id).await?.kind == KeyKind::Publishable;
    let patch = KeyPatch {
        name: Some(typed.name.clone()),
        scopes: (!is_for_pages).then(|| typed.scopes.clone()),
        origins: is_for_pages.then(|| typed.origins()),
        rate_per_minute: if is_for_pages {
            typed.rate().into()
        } else {
            Patch::Keep
        },
        ..KeyPatch::default()
    };
    match ops::update_key(&mut tx, &Power::from(&*call.caller), id, &patch, guard).await {
        Ok(key) => {
            tx.commit().await?;
            Ok(redirect_with(
                &call,
                PLACE.href,
                &success(format!("{} was changed.", key.name)),
            ))
        }
        Err(error) => {
            let faults = faults_of(error)?;
            drop(tx);
            let mut tx = call.read().await?;
            let key = ops::get_key(&mut tx, id).await?;
            Ok(edit_face(&call, &key, &typed, &faults))
        }
    }
}

pub async fn revoke(call: PageCall, Path(id): Path<KeyId>) -> PageResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let done = ops::revoke_key(&mut tx, &Power::from(&*call.caller), id, |_| Ok(())).await;
    if done.is_ok() {
        tx.commit().await?;
    }
    Ok(back(&call, PLACE, done, |key| {
        format!("{} was revoked.", key.name)
    })?)
}
