//! The API's documentation: the OpenAPI document, and pages drawn from it. Everything is made once, at the start, and is
//! public; nothing is loaded from elsewhere and nothing needs script.

mod schema;
mod view;

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;

/// A text that does not change while the server runs.
#[derive(Clone)]
struct Fixed {
    media_type: &'static str,
    body: Bytes,
    tag: HeaderValue,
}

impl Fixed {
    fn new(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let digest = Sha256::digest(&body);
        let short = u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"));
        let tag =
            HeaderValue::from_str(&format!("W/\"{short:016x}\"")).expect("hexadecimal is allowed in headers");
        Self {
            media_type,
            body,
            tag,
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let status = if crate::etag::is_known(headers, &self.tag) {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        let mut answer = if status == StatusCode::OK {
            Body::from(self.body.clone()).into_response()
        } else {
            status.into_response()
        };
        let out = answer.headers_mut();
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        out.insert(header::ETAG, self.tag.clone());
        out.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, no-cache"),
        );
        answer
    }
}

/// `/api/openapi.json`, `/api/docs` and `/api/docs/errors`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let json = serde_json::to_value(document).unwrap_or_default();
    let html = "text/html; charset=utf-8";
    let pages = [
        (
            "/api/openapi.json",
            Fixed::new(
                "application/json",
                serde_json::to_vec_pretty(&json).unwrap_or_default(),
            ),
        ),
        (
            "/api/docs",
            Fixed::new(html, view::reference(&json).into_string()),
        ),
        ("/api/docs/errors", Fixed::new(html, view::errors().into_string())),
    ];
    pages.into_iter().fold(Router::new(), |router, (path, fixed)| {
        router.route(
            path,
            get(move |headers: HeaderMap| async move { fixed.answer(&headers) }),
        )
    })
}
