//! What an error needs to know of its request: the id to name and the face to show. Set once around each request, so
//! that every error type can turn itself into an answer. It carries nothing that business code may depend on.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, Method};

use crate::caller::Caller;

/// The id of a request, as in the answer's `X-Request-Id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// How errors are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// problem+json.
    #[default]
    Api,
    /// A whole HTML page.
    Page,
    /// A piece of HTML for htmx.
    Fragment,
}

impl Face {
    /// The API answers JSON, everything else HTML unless only JSON is wanted.
    pub fn of(path: &str, headers: &HeaderMap) -> Self {
        // Whatever a provider's sender says that it accepts, its log shows people what it was answered.
        let api = path == "/api" || path.starts_with("/api/") || path.starts_with("/webhooks/");
        if api && !path.starts_with("/api/docs") {
            return Self::Api;
        }
        if headers.contains_key("hx-request") {
            return Self::Fragment;
        }
        let accept = headers
            .get(http::header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if accept.contains("json") && !accept.contains("html") {
            Self::Api
        } else {
            Self::Page
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub request_id: Arc<str>,
    pub face: Face,
    /// Who asks, once that is known; an error page then has their sidebar.
    pub caller: OnceLock<Arc<Caller>>,
}

tokio::task_local! {
    /// The request that this task works on.
    pub(crate) static CONTEXT: Context;
}

/// The request id, if a request is being answered.
pub(crate) fn request_id() -> Option<Arc<str>> {
    CONTEXT.try_with(|context| context.request_id.clone()).ok()
}

/// The face, JSON outside of requests.
pub(crate) fn face() -> Face {
    CONTEXT.try_with(|context| context.face).unwrap_or_default()
}

/// Notes who asks.
pub(crate) fn set_caller(caller: &Arc<Caller>) {
    let _ = CONTEXT.try_with(|context| context.caller.set(caller.clone()));
}

/// Who asks, if that is known.
pub(crate) fn caller() -> Option<Arc<Caller>> {
    CONTEXT
        .try_with(|context| context.caller.get().cloned())
        .ok()
        .flatten()
}

/// Whether a method may change something.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
