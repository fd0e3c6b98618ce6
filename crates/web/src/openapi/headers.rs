//! Headers of answers and of requests that many operations share.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::{
    Header, Ref, RefOr, Required,
    header::HeaderBuilder,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{Object, ObjectBuilder, SchemaType, Type},
};

/// Headers of answers: name, type, example, meaning.
fn known() -> [(&'static str, Type, Value, &'static str); 10] {
    use Type::{Integer, String};
    [
        (
            "X-Request-Id",
            String,
            json!("0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f"),
            "The id to name when asking for help; the request's own if it sent one",
        ),
        (
            "RateLimit-Limit",
            Integer,
            json!(600),
            "Requests a minute. The three are absent where the server sets no limit",
        ),
        (
            "RateLimit-Remaining",
            Integer,
            json!(598),
            "Requests left just now",
        ),
        (
            "RateLimit-Reset",
            Integer,
            json!(1),
            "Seconds until the whole budget is back",
        ),
        (
            "Retry-After",
            Integer,
            json!(12),
            "Seconds to wait before trying again",
        ),
        (
            "WWW-Authenticate",
            String,
            json!("Bearer realm=\"regulars\""),
            "How to authenticate",
        ),
        (
            "ETag",
            String,
            json!("\"v3\""),
            "The version, for `If-Match` and `If-None-Match`",
        ),
        (
            "Location",
            String,
            json!("/api/v1/jobs/0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f"),
            "With 201 the address of what was made, with 202 that of the job that does the work",
        ),
        (
            "Idempotent-Replayed",
            String,
            json!("true"),
            "Present where this is the stored answer of an earlier request with the same `Idempotency-Key`",
        ),
        (
            "Content-Disposition",
            String,
            json!("attachment; filename=\"customers.csv\""),
            "The name to save it under",
        ),
    ]
}

/// The headers as components, by name.
pub(super) fn components() -> impl Iterator<Item = (String, RefOr<Header>)> {
    known().into_iter().map(|(name, kind, example, meaning)| {
        let header = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(SchemaType::Type(kind))))
            .example(Some(example))
            .description(Some(meaning))
            .build();
        (name.to_owned(), header.into())
    })
}

/// Adds a header by its name, unless the answer speaks of it itself.
pub(super) fn add(headers: &mut BTreeMap<String, RefOr<Header>>, name: &str) {
    headers
        .entry(name.to_owned())
        .or_insert_with(|| RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
}

/// Adds what every answer has.
pub(super) fn of_every_answer(headers: &mut BTreeMap<String, RefOr<Header>>) {
    for name in [
        "X-Request-Id",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
    ] {
        add(headers, name);
    }
}

/// `Idempotency-Key` of a POST.
pub(super) fn idempotency_key() -> Parameter {
    let schema = text()
        .min_length(Some(1))
        .max_length(Some(200))
        .pattern(Some("^[!-~]+$"))
        .build();
    parameter(
        "Idempotency-Key",
        "The same key with the same request gives the same answer, once done",
        schema,
    )
}

/// `If-Match` of a change.
pub(super) fn if_match() -> Parameter {
    parameter(
        "If-Match",
        "The `ETag` of what is meant to be changed, or `*`; 412 if it is another version by now",
        tags(),
    )
}

/// `If-None-Match` of a read.
pub(super) fn if_none_match() -> Parameter {
    parameter(
        "If-None-Match",
        "The `ETag` of what is known already; 304 if it is still the same",
        tags(),
    )
}

/// Entity tags with commas, or `*` (RFC 9110 §13.1).
fn tags() -> Object {
    text()
        .pattern(Some(r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#))
        .examples([json!("\"v3\"")])
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

fn parameter(name: &str, description: &str, schema: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
