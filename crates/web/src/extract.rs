//! Bodies and paths. Faults are problem+json, all of them in one answer.
//!
//! A type for [`Json`] has `#[serde(deny_unknown_fields)]`, so that a misspelt field is refused and not lost.

mod faults;
mod object;

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header, request::Parts};
use http_body_util::BodyExt;
use regulars_kernel::{Error, Faults, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{problem::Problem, state::AppState};

/// Most faults that one answer names.
pub(crate) const MOST_FAULTS: usize = 50;

/// A JSON body of up to 1 MB, 10 MB where it is many things at once.
///
/// Not JSON, or unknown fields: 400. Wrong types, missing fields, unknown choices, NUL characters: 422. Too large: 413.
/// Another media type: 415.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem(Error::WrongMediaType(
                "send the body with Content-Type: application/json".into(),
            )));
        }
        let limit = state.config.limit(request.method(), request.extensions().get());
        let bytes = read_body(request, limit).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// Like [`Json`], but an absent body (no bytes) gives the default: for `POST` that needs no body.
#[derive(Clone, Copy, Debug, Default)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes = read_body(request, state.config.body_limit).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(T::default()));
        }
        if !json {
            return Err(Problem(Error::WrongMediaType(
                "send the body with Content-Type: application/json".into(),
            )));
        }
        Ok(Self(parse(&bytes)?))
    }
}

/// Bytes of a body that is too large which are read on and dropped, so that its sender comes to read why: many write all before
/// they read anything, and a closed connection is all that they would see.
const PASSED_OVER: usize = 64 << 20;
const PASSED_OVER_FOR: Duration = Duration::from_secs(5);

/// Reads a body up to a limit.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    let mut is_too_large = announced.is_some_and(|length| length > limit);
    while !is_too_large {
        match body.frame().await {
            None => return Ok(bytes.freeze()),
            Some(Err(_)) => {
                return Err(Error::malformed(
                    "",
                    "body_broken",
                    "the body ended before it was complete",
                ));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    is_too_large = data.len() > limit - bytes.len();
                    bytes.extend_from_slice(if is_too_large { &[] } else { &data });
                }
            }
        }
    }
    drop(bytes);
    let rest = async {
        let mut passed = 0;
        while let Some(Ok(frame)) = body.frame().await {
            passed += frame.data_ref().map_or(0, Bytes::len);
            if passed > PASSED_OVER {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(PASSED_OVER_FOR, rest).await;
    Err(Error::TooLarge(format!("the body may have {limit} bytes").into()))
}

/// `application/json` and `application/*+json`, merge patches included.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads a value from the text of a body.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if let Err(error) = std::str::from_utf8(bytes) {
        let message = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        return Err(Error::malformed("", "utf8_invalid", message));
    }
    // By way of a tree: a key that stands twice counts with its last value, as RFC 8259 §4 lets readers do.
    let tree: Value = serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("this is not JSON: {error}");
        Error::malformed("", "json_invalid", message)
    })?;
    let mut faults = Faults::new();
    find_nul(&tree, &mut String::new(), &mut faults);
    if !faults.0.is_empty() {
        return Err(Error::Invalid(faults));
    }
    match serde_path_to_error::deserialize(object::Body(&tree)) {
        Ok(value) => Ok(value),
        Err(error) => Err(faults::collect::<T>(tree, error, bytes.len())),
    }
}

/// Reads one item of a body that was read as a tree, so that an item that does not fit is told by itself.
pub fn read_item<T: DeserializeOwned>(tree: Value) -> Result<T> {
    match serde_path_to_error::deserialize(object::Body(&tree)) {
        Ok(value) => Ok(value),
        Err(error) => {
            let size = tree.to_string().len();
            Err(faults::collect::<T>(tree, error, size))
        }
    }
}

/// PostgreSQL keeps no NUL in text, so no field may have one.
fn find_nul(value: &Value, pointer: &mut String, faults: &mut Faults) {
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            faults.add(pointer.as_str(), "text_nul", "text must not hold NUL characters");
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if matches!(item, Value::String(_) | Value::Array(_) | Value::Object(_)) {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                    find_nul(item, pointer, faults);
                    pointer.truncate(length);
                }
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                pointer.push('/');
                pointer.push_str(&escaped(name));
                if name.contains('\0') {
                    faults.add(pointer.as_str(), "text_nul", "names must not hold NUL characters");
                }
                find_nul(field, pointer, faults);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
    faults.0.truncate(MOST_FAULTS);
}

/// A name as a part of a JSON pointer (RFC 6901 §3).
pub(crate) fn escaped(name: &str) -> std::borrow::Cow<'_, str> {
    if name.contains(['~', '/']) {
        name.replace('~', "~0").replace('/', "~1").into()
    } else {
        name.into()
    }
}

/// Parts of the path, as axum's; a part that cannot be what it should be means that there is nothing here: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Problem(Error::NotFound(
                "resource: a part of the address is no id",
            ))),
            Err(error) => Err(Problem(error.into())),
        }
    }
}
