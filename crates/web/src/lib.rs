//! The edge: what every route shares, so that a handler is one call of a use case.
//!
//! Requests come in through [`app`], which puts request ids, limits, timeouts, CSRF, idempotency, compression, metrics
//! and security headers around the rooms' routes. Handlers take a [`Call`] (or a [`PageCall`]) and the extractors
//! [`Json`], [`Query`], [`Params`] and [`Path`]; they answer [`ApiResult`] or [`PageResult`], and every error becomes
//! problem+json (RFC 9457) or an error page.
//!
//! What it never does: know a room's resource, decide who somebody is (the accounts room does and attaches a
//! [`Caller`]), or hold business rules.

mod answer;
mod app;
mod bare;
mod call;
mod caller;
mod client;
mod context;
mod csrf;
mod docs;
mod edge;
pub mod etag;
mod extract;
mod flash;
mod form;
mod help;
pub mod idempotency;
pub mod openapi;
mod page_call;
pub mod pages;
mod params;
pub mod problem;
mod query;
mod rate_limit;
mod request_id;
mod security_headers;
mod state;

pub use answer::{json, json_with_digest, json_with_etag, status_json};
pub use app::{app, around};
pub use call::Call;
pub use caller::{Caller, CallerUser, OrganizationInfo};
pub use client::{ClientIp, Network};
pub use context::{Face, RequestId};
pub use extract::{Json, OptionalJson, Path, read_item};
pub use flash::{cookie, redirect, redirect_with, with_toast};
pub use form::{Form, FormBody};
pub use openapi::{ActErrors, CommonErrors, ListErrors, OneErrors};
pub use page_call::{PageCall, PageError, PageResult, safe_next};
pub use params::Params;
pub use problem::{ApiResult, Problem, without_personal_data};
pub use query::Query;
pub use regulars_kernel::Result;
pub use state::{AppState, WebConfig};
