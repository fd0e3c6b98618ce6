//! Answers of the API: JSON, with an ETag where the resource has a version.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use regulars_kernel::Error;
use serde::Serialize;

use crate::{etag, problem::Problem};

/// 200 with JSON.
pub fn json<T: Serialize + ?Sized>(body: &T) -> Response {
    status_json(StatusCode::OK, body)
}

/// Any status with JSON.
pub fn status_json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_json(status, bytes),
        Err(error) => Problem(Error::from(error)).into_response(),
    }
}

/// 200 with JSON and the version as ETag. For a representation that changes only when the version does: the edge
/// answers a matching `If-None-Match` with 304.
pub fn json_with_etag<T: Serialize + ?Sized>(version: i32, body: &T) -> Response {
    let mut answer = json(body);
    answer
        .headers_mut()
        .insert(header::ETAG, etag::of_version(version));
    answer
}

/// 200 with JSON and an ETag of the version and a digest of the body. For a representation that also shows what the
/// version does not cover, such as included rows or computed numbers. `If-Match` takes it like the plain one.
pub fn json_with_digest<T: Serialize + ?Sized>(version: i32, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let tag = etag::of_version_and_body(version, &bytes);
            let mut answer = bytes_json(StatusCode::OK, bytes);
            answer.headers_mut().insert(header::ETAG, tag);
            answer
        }
        Err(error) => Problem(Error::from(error)).into_response(),
    }
}

pub(crate) fn bytes_json(status: StatusCode, bytes: impl Into<Body>) -> Response {
    let mut answer = Response::new(bytes.into());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
