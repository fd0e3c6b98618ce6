//! One's own account: name, password, where one is signed in, and the organizations one belongs to.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use maud::{Markup, html};
use regulars_kernel::{
    Error, Fault, Faults,
    ids::{SessionId, UserId},
};
use regulars_web::{
    AppState, CallerUser, PageCall, PageResult, Path,
    pages::{
        Align, Nav, Tone, badge, button, card, column, confirm_attributes, data_table, form_errors, page,
        page_header, password_field, text_field, time_tag,
    },
    redirect_with,
};

use super::{
    face::{Place, back, faults_of, success},
    form::{Form, device},
};
use crate::{cookies, model::SessionInfo, ops, passwords};

const PLACE: Place = Place {
    nav: Nav::Sessions,
    name: "Your account",
    href: "/settings/sessions",
};

fn user(call: &PageCall) -> Result<&CallerUser, Error> {
    call.caller
        .user
        .as_ref()
        .ok_or(Error::Refused("pages are for people".into()))
}

pub async fn list(call: PageCall) -> PageResult {
    let name = user(&call)?.name.clone();
    Ok(show(&call, &name, &[], &[]).await?)
}

async fn show(
    call: &PageCall,
    name: &str,
    name_faults: &[Fault],
    password_faults: &[Fault],
) -> Result<Response, Error> {
    let user = user(call)?;
    let mut tx = call.read().await?;
    let sessions = ops::list_own_sessions(&mut tx, user.id, call.caller.session_id).await?;
    let organizations = ops::organizations_of(&mut tx, user.id).await?;
    tx.rollback().await?;
    let content = html! {
        (page_header("Your account", html! {}, &user.email))
        div class="columns" {
            div class="column" {
                section class="column" {
                    h2 { "Where you are signed in" }
                    (session_table(call, &sessions))
                    p class="form-hint" { "A session ends after 12 hours without use, and after 30 days in any case." }
                }
                @if organizations.len() > 1 {
                    (card("Your organizations", html! {}, html! {
                        @for (id, role, name) in &organizations {
                            form class="form-actions" method="post" action="/switch-organization" {
                                input type="hidden" name="organization" value=(id);
                                b class="truncate-line" { (name) } span class="muted" { (role.name()) }
                                @if *id == call.caller.organization_id { (badge("here", Tone::Green)) } @else { (button("Switch").small().submit().attr("aria-label", format!("Switch to {name}"))) }
                            }
                        }
                    }))
                }
            }
            div class="column" {
                (card("Name", html! {}, html! {
                    form class="form" method="post" action="/settings/name" novalidate {
                        (text_field("name", "Your name").value(name).autocomplete("name").faults(name_faults))
                        div class="form-actions" { (button("Save name").submit()) }
                    }
                }))
                (card("Password", html! {}, html! {
                    form class="form" method="post" action="/settings/password" novalidate {
                        (form_errors(password_faults))
                        input type="text" name="username" value=(user.email) autocomplete="username" hidden;
                        (password_field("current_password", "Current password").required().autocomplete("current-password").faults(password_faults))
                        (password_field("new_password", "New password").required().autocomplete("new-password").hint("At least 12 characters. You are signed out everywhere else.").faults(password_faults))
                        (password_field("new_password_repeated", "New password again").required().autocomplete("new-password").faults(password_faults))
                        div class="form-actions" { (button("Change password").submit()) }
                    }
                }))
            }
        }
    };
    let others = html! {
        @if sessions.len() > 1 {
            form method="post" action="/settings/sessions/others/revoke" {
                (button("Sign out everywhere else").submit().attrs(confirm_attributes("Sign out everywhere else?", "All your other sessions end at once.", "Sign out", None)))
            }
        }
    };
    let status = if name_faults.is_empty() && password_faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((
        status,
        page(&call.shell(PLACE.nav, "Your account"), others, content),
    )
        .into_response())
}

fn session_table(call: &PageCall, sessions: &[SessionInfo]) -> Markup {
    let zone = call.bare_shell().time_zone;
    let head = html! {
        (column("Device", Align::Start, false)) (column("IP address", Align::Start, true)) (column("Last used", Align::Start, false))
        (column("Signed in", Align::Start, true)) (column("", Align::Start, false))
    };
    let body = html! {
        @for session in sessions {
            tr {
                td title=(session.user_agent) { (session.device()) }
                td class="cell-wide" { (session.ip) }
                td { (time_tag(session.last_seen_at, zone)) }
                td class="cell-wide" { (time_tag(session.created_at, zone)) }
                td {
                    @if session.current { (badge("this device", Tone::Green)) }
                    @else {
                        form method="post" action={ (PLACE.href) "/" (session.id) "/revoke" } {
                            (button("Sign out").small().ghost().submit().attr("aria-label", format!("Sign out {}", session.device())))
                        }
                    }
                }
            }
        }
    };
    data_table("Your sessions", head, body)
}

pub async fn revoke(call: PageCall, Path(id): Path<SessionId>) -> PageResult {
    let user = user(&call)?.id;
    let mut tx = call.write().await?;
    ops::revoke_own_session(&mut tx, user, id).await?;
    tx.commit().await?;
    Ok(back(&call, PLACE, Ok(()), |()| {
        "That session has ended.".to_owned()
    })?)
}

pub async fn revoke_others(call: PageCall) -> PageResult {
    let user = user(&call)?.id;
    let mut tx = call.write().await?;
    let count = ops::revoke_other_sessions(&mut tx, user, call.caller.session_id).await?;
    tx.commit().await?;
    let words = if count == 1 {
        "One session has ended.".to_owned()
    } else {
        format!("{count} sessions have ended.")
    };
    Ok(back(&call, PLACE, Ok(()), |()| words)?)
}

pub async fn change_name(call: PageCall, mut form: Form) -> PageResult {
    let user: UserId = user(&call)?.id;
    let name = form.text("name");
    let mut tx = call.write().await?;
    match ops::update_own_name(&mut tx, user, &name, |_| Ok(())).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(redirect_with(&call, PLACE.href, &success("Saved.")))
        }
        Err(error) => {
            drop(tx);
            Ok(show(&call, &name, &faults_of(error)?, &[]).await?)
        }
    }
}

pub async fn change_password(
    State(state): State<AppState>,
    call: PageCall,
    headers: HeaderMap,
    mut form: Form,
) -> PageResult {
    let user = user(&call)?;
    let (current, new, again) = (
        form.secret("current_password"),
        form.secret("new_password"),
        form.secret("new_password_repeated"),
    );
    let mut faults = Faults::new();
    passwords::check_twice(&new, &again, &user.email, "/new_password", &mut faults);
    if !faults.0.is_empty() {
        return Ok(show(&call, &user.name, &[], &faults.0).await?);
    }
    let device = device(&call, &headers);
    match ops::change_password(
        &state.database,
        call.caller.scope(),
        user.id,
        current,
        new,
        &device,
    )
    .await
    {
        Ok(signed_in) => {
            let words = "Your password is changed, and you are signed out everywhere else.";
            let mut answer = redirect_with(&call, PLACE.href, &success(words));
            let cookie = cookies::set(&signed_in.token, state.config.secure_cookies);
            answer.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(answer)
        }
        Err(error) => Ok(show(&call, &user.name, &[], &faults_of(error)?).await?),
    }
}
