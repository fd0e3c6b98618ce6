//! Signing in and out.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use maud::{Markup, html};
use regulars_kernel::{Error, Faults, Secret};
use regulars_web::{
    AppState, PageError, PageResult, Params,
    pages::{Tone, bare_page, button, email_field, notice, password_field},
    safe_next,
};

use super::{
    face::no_store,
    form::{Form, Visitor},
};
use crate::{cookies, ops};

pub async fn show(State(state): State<AppState>, visitor: Visitor, uri: Uri) -> PageResult {
    // Whatever else the address holds is left aside: nobody is kept from signing in by it.
    let params = Params::parse(uri.query().unwrap_or_default());
    let next = params
        .ok()
        .and_then(|mut params| params.one("next", &mut Faults::new()))
        .unwrap_or_default();
    let next = local(&next);
    if visitor
        .caller
        .as_ref()
        .is_some_and(|caller| caller.user.is_some())
    {
        return Ok(see_other(next, None));
    }
    let face = if ops::has_users(&state.database).await? {
        form_page("", next, None)
    } else {
        nobody_page()
    };
    Ok(no_store(face.into_response()))
}

pub async fn submit(State(state): State<AppState>, visitor: Visitor, mut form: Form) -> PageResult {
    let (email, password) = (form.text("email"), form.secret("password"));
    let next = form.text("next");
    let next = local(&next);
    let done = ops::sign_in(
        &state.database,
        &email,
        password,
        visitor.token.as_deref(),
        &visitor.device,
    )
    .await;
    let (status, words) = match done {
        Ok(signed_in) => return Ok(signed_in_to(&signed_in.token, next, &state)),
        Err(Error::Unauthorized(why)) => (StatusCode::UNPROCESSABLE_ENTITY, why.into_owned()),
        Err(Error::TooMany { retry_after }) => {
            let words = format!("Too many attempts from your network. Try again in {retry_after} seconds.");
            let mut answer = (
                StatusCode::TOO_MANY_REQUESTS,
                form_page(&email, next, Some(&words)),
            )
                .into_response();
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after.into());
            return Ok(no_store(answer));
        }
        Err(Error::Unavailable(why)) => (StatusCode::SERVICE_UNAVAILABLE, why.into_owned()),
        Err(error) => return Err(PageError::Error(error)),
    };
    Ok(no_store(
        (status, form_page(&email, next, Some(&words))).into_response(),
    ))
}

/// Only pages of ours, and not the way out or in again.
fn local(next: &str) -> &str {
    let next = safe_next(next);
    if next.starts_with("/sign-") { "/" } else { next }
}

fn form_page(email: &str, next: &str, wrong: Option<&str>) -> Markup {
    bare_page(
        "Sign in",
        html! {
            h1 { "Sign in" }
            @if let Some(words) = wrong { div role="alert" { (notice(Tone::Red, "", html! { (words) })) } }
            form class="form" method="post" action="/sign-in" novalidate {
                input type="hidden" name="next" value=(next);
                @let address = email_field("email", "E-mail").value(email).required().autocomplete("username");
                @let password = password_field("password", "Password").required().autocomplete("current-password");
                @if email.is_empty() { (address.autofocus()) (password) } @else { (address) (password.autofocus()) }
                div class="form-actions" { (button("Sign in").primary().submit()) }
            }
            p class="form-hint" {
                "Forgot your password? Ask an administrator of your organization for a new link, or make one on the server: "
                code { "regulars user link" }
            }
        },
    )
}

/// Before the first owner there is nobody who could sign in.
fn nobody_page() -> Markup {
    bare_page(
        "Welcome",
        html! {
            h1 { "Welcome to Regulars" }
            p class="muted" { "There is no owner yet, so nobody can sign in. The server printed a link that creates the owner when it was started, in its terminal or its log:" }
            p { code { "First start: create the owner at …/setup/…" } }
            p class="muted" { "Open that link. If you cannot find it, or it does not work any more, restart the server: it prints a new one." }
        },
    )
}

/// Goes on with the session's cookie set.
pub fn signed_in_to(token: &Secret<String>, next: &str, state: &AppState) -> Response {
    see_other(next, Some(cookies::set(token, state.config.secure_cookies)))
}

fn see_other(to: &str, cookie: Option<HeaderValue>) -> Response {
    let mut answer = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(header::LOCATION, to);
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    no_store(answer)
}

pub async fn sign_out(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap) -> PageResult {
    if let Some(caller) = &visitor.caller
        && let (Some(user), Some(session)) = (&caller.user, caller.session_id)
    {
        let mut tx = state.database.begin(caller.scope()).await?;
        tx.set_request_id(visitor.device.request_id.as_str());
        ops::sign_out(&mut tx, user.id, session).await?;
        tx.commit().await?;
    }
    let mut answer = see_other("/sign-in", Some(cookies::clear(state.config.secure_cookies)));
    if headers.contains_key("hx-request") {
        *answer.status_mut() = StatusCode::OK;
        answer
            .headers_mut()
            .insert("hx-redirect", HeaderValue::from_static("/sign-in"));
    }
    Ok(answer)
}
