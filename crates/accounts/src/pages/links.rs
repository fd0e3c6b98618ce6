//! The pages that one-time links open: the first owner's set-up, and setting a password.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use maud::{Markup, html};
use regulars_kernel::{
    Error, Fault, Faults,
    ids::{SessionId, UserId},
};
use regulars_web::{
    AppState, PageResult,
    pages::{bare_page, button, email_field, form_errors, link_button, password_field, text_field},
};

use super::{
    face::{faults_of, no_store},
    form::{Form, Visitor},
    organization::{Settings, settings_fields},
    sign_in::signed_in_to,
};
use crate::{
    model::{Asked, NewOrganization},
    ops,
    passwords::{self, MAX_PASSWORD, MIN_PASSWORD},
};

const REPEATED: &str = "password_repeated";

/// The same face for links that never were, are used up, or have expired.
fn ended() -> Response {
    ended_with(&html! {
        "Ask whoever gave it to you for a new one, an administrator of your organization, or whoever runs the server: "
        code { "regulars user link" } " prints one."
    })
}

/// The set-up's link comes from the server itself.
fn set_up_ended() -> Response {
    ended_with(
        &html! { "As long as nobody can sign in, the server prints a new one whenever it is started, in its terminal or its log." },
    )
}

fn ended_with(way_on: &Markup) -> Response {
    let content = html! {
        h1 { "This link does not work" }
        p class="muted" { "It is incomplete or mistyped, was used already, or its time is over." }
        p class="muted" { (way_on) }
        div class="form-actions" { (link_button("Sign in", "/sign-in").primary()) }
    };
    no_store((StatusCode::NOT_FOUND, bare_page("No such link", content)).into_response())
}

fn status(faults: &[Fault]) -> StatusCode {
    if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn new_password(faults: &[Fault]) -> Markup {
    let hint = format!("{MIN_PASSWORD} to {MAX_PASSWORD} characters; a sentence is easy to remember.");
    html! {
        (password_field("password", "Password").required().autocomplete("new-password").hint(hint).faults(faults))
        (password_field(REPEATED, "Password again").required().autocomplete("new-password").faults(faults))
    }
}

pub async fn show_set_password(
    State(state): State<AppState>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> PageResult {
    if let Some(email) = ops::link_owner(&state.database, &token).await? {
        return Ok(password_page(&token, &email, &[]));
    }
    Ok(match ops::asked(&state.database, &token).await? {
        Some((user, asked)) => invitation_page(&token, user, &asked, &visitor),
        None => ended(),
    })
}

/// What somebody with an account is asked. Only they are told who asks.
fn invitation_page(token: &str, invited: UserId, asked: &Asked, visitor: &Visitor) -> Response {
    let signed_in = visitor.caller.as_ref().and_then(|caller| caller.user.as_ref());
    if signed_in.is_none_or(|user| user.id != invited) {
        let again = format!("/sign-in?next=/set-password/{token}");
        let content = html! {
            h1 { "You are invited" }
            @if signed_in.is_some() {
                p class="muted" { "Somebody else is signed in here. Sign out, and open the link again to sign in as the person it was made for." }
                form class="form-actions" method="post" action="/sign-out" { (button("Sign out").primary().submit()) }
            } @else {
                p class="muted" { "Sign in to see who invites you. If you have no password yet, use the link of your first invitation before this one." }
                div class="form-actions" { (link_button("Sign in", &again).primary()) }
            }
        };
        return no_store(bare_page("Invitation", content).into_response());
    }
    let at = |verb: &str| format!("/set-password/{token}/{verb}");
    let content = html! {
        h1 { (asked.organization) " invites you" }
        p class="muted" { "As " b { (asked.role.name()) } ", with " b { (asked.email) } ". You keep your password and your other organizations." }
        div class="form-actions" {
            form method="post" action=(at("accept")) { (button("Accept").primary().submit()) }
            form method="post" action=(at("decline")) { (button("Decline").submit()) }
        }
    };
    no_store(bare_page("Invitation", content).into_response())
}

/// The signed-in person of a request, and their session.
fn person(visitor: &Visitor) -> Option<(UserId, SessionId)> {
    let caller = visitor.caller.as_ref()?;
    Some((caller.user.as_ref()?.id, caller.session_id?))
}

pub async fn accept(
    State(state): State<AppState>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> PageResult {
    let Some((user, session)) = person(&visitor) else {
        return Ok(ended());
    };
    let device = &visitor.device;
    let organization = match ops::accept_invitation(&state.database, &token, user, device).await {
        Ok(organization) => organization,
        Err(Error::NotFound(_)) => return Ok(ended()),
        Err(error) => return Err(error.into()),
    };
    let cookie = ops::switch_organization(&state.database, user, session, organization, device).await?;
    Ok(signed_in_to(&cookie, "/", &state))
}

pub async fn decline(
    State(state): State<AppState>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> PageResult {
    let Some((user, _)) = person(&visitor) else {
        return Ok(ended());
    };
    match ops::decline_invitation(&state.database, &token, user, &visitor.device).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(Error::NotFound(_)) => Ok(ended()),
        Err(error) => Err(error.into()),
    }
}

fn password_page(token: &str, email: &str, faults: &[Fault]) -> Response {
    let content = html! {
        h1 { "Choose a password" }
        p class="muted" { "For " b { (email) } ". Everywhere else you will be signed out." }
        form class="form" method="post" action={ "/set-password/" (token) } novalidate {
            (form_errors(faults))
            input type="text" name="username" value=(email) autocomplete="username" hidden;
            (new_password(faults))
            div class="form-actions" { (button("Set password and sign in").primary().submit()) }
        }
    };
    no_store((status(faults), bare_page("Choose a password", content)).into_response())
}

pub async fn set_password(
    State(state): State<AppState>,
    Path(token): Path<String>,
    visitor: Visitor,
    mut form: Form,
) -> PageResult {
    let Some(email) = ops::link_owner(&state.database, &token).await? else {
        return Ok(ended());
    };
    let (password, again) = (form.secret("password"), form.secret(REPEATED));
    let mut faults = Faults::new();
    passwords::check_twice(&password, &again, &email, "/password", &mut faults);
    if !faults.0.is_empty() {
        return Ok(password_page(&token, &email, &faults.0));
    }
    match ops::set_password(&state.database, &token, password, &visitor.device).await {
        Ok(signed_in) => Ok(signed_in_to(&signed_in.token, "/", &state)),
        Err(Error::NotFound(_)) => Ok(ended()),
        Err(error) => Ok(password_page(&token, &email, &faults_of(error)?)),
    }
}

/// What was typed into the set-up form, without the password.
#[derive(Default)]
struct SetUp {
    organization: String,
    settings: Settings,
    name: String,
    email: String,
}

pub async fn show_set_up(State(state): State<AppState>, Path(token): Path<String>) -> PageResult {
    if !ops::first_owner_link_works(&state.database, &token).await? {
        return Ok(set_up_ended());
    }
    let typed = SetUp {
        settings: Settings {
            currency: "EUR".into(),
            time_zone: "UTC".into(),
            locale: "en".into(),
            ..Settings::default()
        },
        ..SetUp::default()
    };
    Ok(set_up_page(&token, &typed, &[]))
}

fn set_up_page(token: &str, typed: &SetUp, faults: &[Fault]) -> Response {
    let content = html! {
        h1 { "Welcome to Regulars" }
        p class="muted" { "Two things and you are in: your organization, and you as its owner." }
        form class="form" method="post" action={ "/setup/" (token) } novalidate data-warn-unsaved {
            (form_errors(faults))
            (text_field("organization", "Organization").value(&typed.organization).required().autocomplete("organization").faults(faults).autofocus())
            (settings_fields(&typed.settings, faults, true))
            (text_field("name", "Your name").value(&typed.name).autocomplete("name").faults(faults))
            (email_field("email", "Your e-mail").value(&typed.email).required().autocomplete("username").faults(faults))
            (new_password(faults))
            div class="form-actions" { (button("Create organization").primary().submit()) }
        }
    };
    no_store((status(faults), bare_page("Set-up", content)).into_response())
}

pub async fn set_up(
    State(state): State<AppState>,
    Path(token): Path<String>,
    visitor: Visitor,
    mut form: Form,
) -> PageResult {
    if !ops::first_owner_link_works(&state.database, &token).await? {
        return Ok(set_up_ended());
    }
    let typed = SetUp {
        organization: form.text("organization"),
        settings: Settings::of(&mut form),
        name: form.text("name"),
        email: form.text("email"),
    };
    let (password, again) = (form.secret("password"), form.secret(REPEATED));
    let organization = NewOrganization {
        name: typed.organization.clone(),
        slug: None,
        currency: Some(typed.settings.currency.clone()),
        time_zone: Some(typed.settings.time_zone.clone()),
        locale: Some(typed.settings.locale.clone()),
    };
    let person = (typed.name.as_str(), typed.email.as_str());
    let mut faults = Faults::new();
    ops::check_set_up(&organization, person, &mut faults);
    passwords::check_twice(&password, &again, &typed.email, "/password", &mut faults);
    if !faults.0.is_empty() {
        return Ok(set_up_page(&token, &typed, &faults.0));
    }
    match ops::set_up(
        &state.database,
        &token,
        &organization,
        person,
        password,
        &visitor.device,
    )
    .await
    {
        Ok(signed_in) => Ok(signed_in_to(&signed_in.token, "/", &state)),
        Err(Error::NotFound(_)) => Ok(set_up_ended()),
        Err(error) => Ok(set_up_page(&token, &typed, &faults_of(error)?)),
    }
}
