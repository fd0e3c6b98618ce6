//! What is read through a provider's API: with which key, and how far the last pull came.

use axum::response::Response;
use maud::{Markup, html};
use regulars_accounts::face::{FormFace, faults_of, success};
use regulars_kernel::{Fault, Patch, Permission, ids::ConnectionId};
use regulars_web::{
    Form, PageCall, PageResult, Path,
    pages::{
        Flash, FlashKind, Shell, Tone, badge, button, card, confirm_attributes, facts, format,
        format::sentence, link_button, password_field, time_tag,
    },
    redirect_with,
};

use super::connections::PLACE;
use crate::{
    model::{Connection, ConnectionPatch, NewPull, Pull, PullState},
    ops::{self, pulls},
};

const KEY_HINT: &str = "A private API key of your Klaviyo account that may read profiles: Settings → API keys. It is not shown again.";

/// The card on the connection's page; nothing for who tells by webhooks alone.
pub fn pull_card(one: &Connection, last: Option<&Pull>, may_edit: bool, shell: &Shell) -> Markup {
    if one.provider.pull_kind().is_none() {
        return html! {};
    }
    let key = format!("{}/{}/api-key/new", PLACE.href, one.id);
    let label = if one.api_key.is_some() {
        "New API key"
    } else {
        "Give an API key"
    };
    let aside = html! { @if may_edit { (link_button(label, &key).small().ghost().opens_sheet(&key)) } };
    let mut pairs = vec![("API key", key_words(one, may_edit, shell))];
    if let Some(pull) = last {
        pairs.extend(progress(pull, shell));
    }
    let is_under_way = last.is_some_and(|pull| pull.state.is_under_way());
    let body = html! {
        (facts(&pairs))
        @if let Some(why) = last.filter(|pull| pull.state != PullState::Done).and_then(|pull| pull.error.as_deref()) {
            p class="form-hint" { (sentence(why)) }
        }
        @if may_edit && one.api_key.is_some() && one.disabled_at.is_none() && !is_under_way {
            div class="form-actions" {
                @if last.is_some_and(|pull| pull.state == PullState::Done) { (press(one, "Pull all again", true)) }
                (press(one, go_on(last), false))
            }
        }
        p class="form-hint" { "Reads who there is already, and later who changed. What is newer here stays." }
    };
    card("Profiles", aside, body)
}

/// What pressing the button does.
fn go_on(last: Option<&Pull>) -> &'static str {
    match last {
        Some(pull) if pull.state != PullState::Done => "Go on pulling",
        _ => "Pull profiles",
    }
}

fn press(one: &Connection, label: &str, everything: bool) -> Markup {
    let action = format!("{}/{}/pull", PLACE.href, one.id);
    html! {
        form method="post" action=(action) {
            @if everything { input type="hidden" name="everything" value="true"; }
            (button(label).small().submit())
        }
    }
}

fn key_words(one: &Connection, may_edit: bool, shell: &Shell) -> Markup {
    let Some(key) = &one.api_key else {
        return html! { span class="muted" { "none yet" } };
    };
    let question = confirm_attributes(
        "Forget the API key?",
        "Profiles cannot be pulled until another is given. What was pulled stays.",
        "Forget it",
        None,
    );
    html! {
        span { @match &key.hint { Some(hint) => { "…" (hint) } None => "a short key" } }
        span class="muted" { ", given " (time_tag(key.created_at, shell.time_zone)) }
        @if may_edit {
            form method="post" action={ (PLACE.href) "/" (one.id) "/api-key/delete" } {
                (button("Forget").small().ghost().submit().attr("aria-label", "Forget the API key").attrs(question))
            }
        }
    }
}

fn progress(pull: &Pull, shell: &Shell) -> Vec<(&'static str, Markup)> {
    let number = |count: i32| html! { (format::integer(i64::from(count), shell.locale)) };
    let (words, tone) = match pull.state {
        PullState::Queued => ("Waits", Tone::Blue),
        PullState::Running => ("Reads", Tone::Blue),
        PullState::Done => ("Done", Tone::Green),
        PullState::Failed => ("Failed", Tone::Red),
        PullState::Cancelled => ("Stopped", Tone::Neutral),
    };
    let mut pairs = vec![
        (
            "Last pull",
            html! { (badge(words, tone)) " " (time_tag(pull.started_at, shell.time_zone)) },
        ),
        ("Read", number(pull.seen)),
        ("New here", number(pull.created)),
    ];
    if pull.failed > 0 {
        pairs.push(("Not taken over", number(pull.failed)));
    }
    pairs.push((
        "Which",
        html! {
            @if let Some(since) = pull.since { "changed after " (time_tag(since, shell.time_zone)) } @else { "all" }
        },
    ));
    pairs
}

fn face(call: &PageCall, one: &Connection, faults: &[Fault]) -> Response {
    FormFace {
        title: "API key",
        action: &format!("{}/{}/api-key", PLACE.href, one.id),
        button: "Save",
        faults,
        fields: html! {
            p class="muted" { (one.name) ": the new key takes the place of the former one." }
            (password_field("api_key", "API key").required().hint(KEY_HINT).autocomplete("off").faults(faults).autofocus())
        },
    }
    .answer(call, PLACE)
}

pub async fn show_key(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let mut tx = call.read().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    Ok(face(&call, &one, &[]))
}

pub async fn set_key(call: PageCall, Path(id): Path<ConnectionId>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let patch = ConnectionPatch {
        api_key: Patch::Set(form.secret("api_key")),
        ..ConnectionPatch::default()
    };
    let mut tx = call.write().await?;
    let one = ops::get_connection(&mut tx, id).await?;
    if let Err(error) = ops::update_connection(&mut tx, id, &patch, |_| Ok(())).await {
        return Ok(face(&call, &one, &faults_of(error)?));
    }
    tx.commit().await?;
    Ok(to_connection(
        &call,
        id,
        &success("The API key is kept. Profiles can be pulled."),
    ))
}

pub async fn forget_key(call: PageCall, Path(id): Path<ConnectionId>) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let patch = ConnectionPatch {
        api_key: Patch::Clear,
        ..ConnectionPatch::default()
    };
    let mut tx = call.write().await?;
    ops::update_connection(&mut tx, id, &patch, |_| Ok(())).await?;
    tx.commit().await?;
    Ok(to_connection(&call, id, &success("The API key is forgotten.")))
}

pub async fn start(call: PageCall, Path(id): Path<ConnectionId>, mut form: Form) -> PageResult {
    call.require(Permission::ConnectionsWrite)?;
    let new = NewPull {
        everything: form.text("everything") == "true",
    };
    let mut tx = call.write().await?;
    let flash = match pulls::start_pull(&mut tx, id, new).await {
        Ok(_) => {
            tx.commit().await?;
            success("The profiles are being pulled.")
        }
        Err(error) => {
            let faults = faults_of(error)?;
            let sentences: Vec<_> = faults.iter().map(|fault| sentence(&fault.message)).collect();
            Flash {
                kind: FlashKind::Error,
                text: sentences.join(" "),
                undo: None,
            }
        }
    };
    Ok(to_connection(&call, id, &flash))
}

fn to_connection(call: &PageCall, id: ConnectionId, flash: &Flash) -> Response {
    redirect_with(call, &format!("{}/{id}", PLACE.href), flash)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use regulars_kernel::{
        Role,
        ids::{JobId, PullId},
    };
    use regulars_web::pages::samples;
    use serde_json::Map;

    use super::*;
    use crate::model::{ApiKeyInfo, Provider};

    #[test]
    fn a_pull_is_shown_whatever_its_texts_are_and_nobody_else_is_offered_one() {
        let at = DateTime::UNIX_EPOCH;
        let shell = Shell::new("Acme", "Ada", "ada@example.com", Role::Owner);
        for text in samples::ALL {
            let mut one = Connection {
                id: ConnectionId::new(),
                version: 1,
                provider: Provider::Klaviyo,
                name: text.to_owned(),
                settings: Map::new(),
                webhook_path: String::new(),
                secrets: Vec::new(),
                api_key: Some(ApiKeyInfo {
                    hint: Some(text.to_owned()),
                    created_at: at,
                }),
                last_event_at: None,
                disabled_at: None,
                waiting: 0,
                retrying: 0,
                dead: 0,
                last_error: None,
                created_at: at,
                updated_at: at,
            };
            let mut pull = Pull {
                id: PullId::new(),
                connection_id: one.id,
                job_id: JobId::new(),
                state: PullState::Failed,
                since: Some(at),
                newest: None,
                pages: 1,
                seen: 1_200,
                created: 3,
                failed: 1,
                error: Some(text.to_owned()),
                started_at: at,
                finished_at: None,
            };
            let shown = pull_card(&one, Some(&pull), true, &shell).into_string();
            samples::assert_harmless(&shown);
            assert!(shown.contains("Go on pulling") && shown.contains("Not taken over"));
            pull.state = PullState::Running;
            let shown = pull_card(&one, Some(&pull), true, &shell).into_string();
            assert!(
                !shown.contains("/pull\""),
                "while one is under way no other is begun"
            );
            let shown = pull_card(&one, None, false, &shell).into_string();
            assert!(!shown.contains("<form"), "who may not change is offered nothing");
            one.provider = Provider::Shopify;
            assert!(pull_card(&one, None, true, &shell).into_string().is_empty());
        }
    }
}
