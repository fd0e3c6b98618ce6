//! Errors as answers: problem+json (RFC 9457) for the API, an error page for people.
//!
//! A 500 shows a request id and nothing else; its cause is logged without personal data. Errors of PostgreSQL are
//! first turned into what the caller did, by [`classify`] and the constraints that rooms register.

mod constraints;
mod kinds;

use axum::response::{IntoResponse, Response};
pub use constraints::without_personal_data;
use http::{HeaderValue, StatusCode, header};
use regulars_kernel::{Error, Fault};
use serde::Serialize;

pub use constraints::{Constraint, classify, register_constraints};
pub(crate) use kinds::METHOD_NOT_ALLOWED;
pub use kinds::{KINDS, Kind};

use crate::{
    answer::bytes_json,
    context::{self, Face},
    pages::{self, Shell},
};

/// An error on its way out. Everything that converts into the kernel's error converts into it, so `?` works.
#[derive(Debug)]
pub struct Problem(pub Error);

/// What API handlers return.
pub type ApiResult<T = Response> = std::result::Result<T, Problem>;

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// An error as the API gives it (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/api/docs/errors#invalid",
    "title": "Some values are invalid",
    "status": 422,
    "detail": "/email: “ada@” is not an e-mail address: nothing after the @",
    "request_id": "0198c0de-0000-7000-8000-000000000000",
    "errors": [{
        "pointer": "/email",
        "code": "email_invalid",
        "message": "“ada@” is not an e-mail address: nothing after the @"
    }]
}))]
pub struct ProblemBody {
    /// Where this kind of error is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words; the same for every error of the kind.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The id to name when asking for help; also in the log and in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_id: Option<std::sync::Arc<str>>,
    /// Every fault that was found, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
}

impl ProblemBody {
    /// The body of an error of a kind.
    pub(crate) fn new(
        kind: &'static Kind,
        detail: Option<String>,
        errors: Vec<Fault>,
        request_id: Option<std::sync::Arc<str>>,
    ) -> Self {
        Self {
            kind: format!("/api/docs/errors#{}", kind.code),
            title: kind.title,
            status: kind.status.as_u16(),
            detail,
            request_id,
            errors,
        }
    }
}

/// Longest `detail`; the faults say the same in full.
const DETAIL_LENGTH: usize = 500;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        render(self.0, context::face())
    }
}

/// The answer for an error, in a face.
pub(crate) fn render(error: Error, face: Face) -> Response {
    let error = classify(error);
    let kind = Kind::of(&error);
    let detail = match &error {
        Error::Internal(cause) => {
            tracing::error!(
                request_id = context::request_id().as_deref(),
                cause = %constraints::without_personal_data(cause.as_ref()),
                "a request failed"
            );
            None
        }
        error => Some(shortened(error.to_string())),
    };
    let retry_after = match &error {
        Error::TooMany { retry_after } => Some(*retry_after),
        Error::Unavailable(_) => Some(1),
        _ => None,
    };
    let faults = match error {
        Error::Malformed(faults) | Error::Invalid(faults) => faults.0,
        Error::Conflict(fault) => vec![fault],
        _ => Vec::new(),
    };
    let mut answer = answer(kind, detail, faults, face);
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if kind.status == StatusCode::UNAUTHORIZED {
        // RFC 9110 §11.6.1: a 401 names a scheme.
        answer.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"regulars\""),
        );
    }
    answer
}

fn shortened(mut text: String) -> String {
    if text.len() > DETAIL_LENGTH {
        text.truncate(text.floor_char_boundary(DETAIL_LENGTH));
        text.push('…');
    }
    text
}

/// An answer of a kind, in a face.
pub(crate) fn answer(
    kind: &'static Kind,
    detail: Option<String>,
    errors: Vec<Fault>,
    face: Face,
) -> Response {
    let request_id = context::request_id();
    let mut answer = match face {
        Face::Api => {
            let body = ProblemBody::new(kind, detail, errors, request_id);
            let bytes = serde_json::to_vec(&body).unwrap_or_default();
            let mut answer = bytes_json(kind.status, bytes);
            answer.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            );
            answer
        }
        Face::Page => {
            let text = detail.as_deref().unwrap_or(kind.meaning);
            let content = pages::shell::error_content(kind.title, text, request_id.as_deref());
            let page = match context::caller().filter(|caller| caller.user.is_some()) {
                // Who is signed in keeps the sidebar to go on with.
                Some(caller) => pages::page(&Shell::of(&caller).titled(kind.title), maud::html! {}, content),
                None => pages::bare_page(kind.title, content),
            };
            (kind.status, page).into_response()
        }
        Face::Fragment => {
            let text = detail.as_deref().unwrap_or(kind.meaning);
            let body = maud::html! { p { (text) } };
            (kind.status, pages::notice(pages::Tone::Red, kind.title, body)).into_response()
        }
    };
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
