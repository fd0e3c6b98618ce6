//! The answers that are problems: one of each kind among the document's components, with an example of its real shape.
//! Operations refer to them.

use std::collections::BTreeMap;

use regulars_kernel::Fault;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use super::headers;
use crate::problem::{KINDS, Kind, METHOD_NOT_ALLOWED, ProblemBody};

/// The id that every example names.
const REQUEST_ID: &str = "0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f";

/// Every kind that an operation of the document may answer, by the name of its component.
pub(super) fn components() -> impl Iterator<Item = (String, RefOr<Response>)> {
    // A method that is not in the document is nobody's answer.
    KINDS
        .iter()
        .filter(|kind| **kind != &METHOD_NOT_ALLOWED)
        .map(|kind| (component(kind), response(kind).into()))
}

/// A reference to the response of a status.
pub(super) fn of_status(status: u16) -> Option<RefOr<Response>> {
    let kind = KINDS.iter().find(|kind| kind.status.as_u16() == status)?;
    Some(Ref::from_response_name(component(kind)).into())
}

/// The name of a kind's component: `not_found` becomes `NotFound`.
fn component(kind: &Kind) -> String {
    let parts = kind.code.split('_').filter_map(|word| word.split_at_checked(1));
    parts.fold(String::new(), |mut name, (first, rest)| {
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
        name
    })
}

fn response(kind: &'static Kind) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemBody::name())))
        .example(serde_json::to_value(example(kind)).ok())
        .build();
    let mut response = ResponseBuilder::new()
        .description(format!("{}. {}", kind.title, kind.meaning))
        .content("application/problem+json", content)
        .build();
    headers::of_every_answer(&mut response.headers);
    match kind.status.as_u16() {
        401 => headers::add(&mut response.headers, "WWW-Authenticate"),
        429 | 503 => headers::add(&mut response.headers, "Retry-After"),
        _ => {}
    }
    response
}

fn example(kind: &'static Kind) -> ProblemBody {
    let fault = |pointer: &str, code: &'static str, message: &str| {
        let fault = Fault {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        };
        (Some(format!("{pointer}: {message}")), vec![fault])
    };
    let (detail, errors) = match kind.code {
        "malformed" => fault(
            "?colour",
            "parameter_unknown",
            "there is no parameter “colour” here",
        ),
        "unauthorized" => told("the API key is not known, revoked, or expired"),
        "forbidden" => told("this needs the permission customers:write"),
        "not_found" => told("no such customer"),
        "conflict" => fault(
            "/email",
            "email_taken",
            "another customer has this e-mail address",
        ),
        "stale" => told("it was changed meanwhile: its version is 4"),
        "too_large" => told("a body may have 1048576 bytes"),
        "wrong_media_type" => told("send application/json"),
        "invalid" => fault(
            "/email",
            "email_invalid",
            "“ada@” is not an e-mail address: nothing after the @",
        ),
        "too_many_requests" => told("too many requests; try again in 12 s"),
        "unavailable" => told("the server is stopping"),
        // What went wrong is in the log, not in the answer.
        _ => (None, Vec::new()),
    };
    ProblemBody::new(kind, detail, errors, Some(REQUEST_ID.into()))
}

fn told(detail: &str) -> (Option<String>, Vec<Fault>) {
    (Some(detail.to_owned()), Vec::new())
}

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident: $($status:literal)+;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let statuses = [$($status),+].into_iter();
                statuses.filter_map(|status| Some((status.to_string(), of_status(status)?))).collect()
            }
        }
    )+};
}

errors! {
    /// What an operation with a body may answer.
    CommonErrors: 400 401 403 404 409 413 415 422 429 500 503;
    /// What an operation that reads a list may answer.
    ListErrors: 400 401 403 422 429 500 503;
    /// What an operation that reads one thing, or what is below it, may answer.
    OneErrors: 400 401 403 404 422 429 500 503;
    /// What an operation without a body that changes something, or needs a certain state of it, may answer.
    ActErrors: 400 401 403 404 409 422 429 500 503;
}
