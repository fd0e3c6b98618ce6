//! Messages that outlive an answer: in a short-lived cookie over a redirect, or in `HX-Trigger` for htmx.

use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    page_call::{PageCall, safe_next},
    pages::{Flash, FlashKind, toast_header},
};

const COOKIE: &str = "regulars_flash";
const HX_TRIGGER: HeaderName = HeaderName::from_static("hx-trigger");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
/// Longest text that a cookie carries.
const LONGEST: usize = 500;

#[derive(Serialize, Deserialize)]
struct Kept(u8, String, Option<String>);

/// Goes to another page: 303, or `HX-Redirect` where htmx asked.
pub fn redirect(call: &PageCall, to: &str) -> Response {
    if call.is_fragment() {
        let mut answer = StatusCode::OK.into_response();
        if let Ok(value) = HeaderValue::from_str(to) {
            answer.headers_mut().insert(HX_REDIRECT, value);
        }
        answer
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
    }
}

/// Goes to another page, which then shows the message.
pub fn redirect_with(call: &PageCall, to: &str, flash: &Flash) -> Response {
    let mut answer = redirect(call, to);
    let secure = if call.state.config.secure_cookies {
        "; Secure"
    } else {
        ""
    };
    let kind = match flash.kind {
        FlashKind::Success => 0,
        FlashKind::Error => 1,
        FlashKind::Info => 2,
    };
    let text: String = flash.text.chars().take(LONGEST).collect();
    if let Ok(json) = serde_json::to_vec(&Kept(kind, text, flash.undo.clone())) {
        let value = URL_SAFE_NO_PAD.encode(json);
        let cookie = format!("{COOKIE}={value}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

/// Shows a toast with a piece of a page, and fires further events such as `closeSheet`.
pub fn with_toast(answer: impl IntoResponse, flash: &Flash, events: &[&str]) -> Response {
    let mut answer = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&toast_header(flash, events)) {
        answer.headers_mut().insert(HX_TRIGGER, value);
    }
    answer
}

/// The value of a cookie of this name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The message of the page before.
pub(crate) fn read(headers: &HeaderMap) -> Option<Flash> {
    let json = URL_SAFE_NO_PAD.decode(cookie(headers, COOKIE)?).ok()?;
    let Kept(kind, text, undo) = serde_json::from_slice(&json).ok()?;
    Some(Flash {
        kind: match kind {
            0 => FlashKind::Success,
            1 => FlashKind::Error,
            _ => FlashKind::Info,
        },
        text,
        undo: undo.filter(|undo| safe_next(undo) == undo),
    })
}

/// Whether an answer to this request should forget the message.
pub(crate) fn is_pending(headers: &HeaderMap) -> bool {
    cookie(headers, COOKIE).is_some() && !headers.contains_key("hx-request")
}

/// Forgets the message that this page has shown.
pub(crate) fn forget(answer: &mut Response) {
    let is_page = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if is_page && !answer.headers().contains_key(header::SET_COOKIE) {
        answer.headers_mut().append(
            header::SET_COOKIE,
            HeaderValue::from_static("regulars_flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        );
    }
}
