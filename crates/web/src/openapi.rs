//! The parts of the OpenAPI document that belong to no room: what the API is, how to authenticate, how errors look.
//!
//! An operation lists its errors by naming one of the types here among its responses:
//! `responses((status = 200, body = Customer), CommonErrors)`.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, OpenApi, ToSchema,
    openapi::{
        self, ComponentsBuilder, Content, Ref, RefOr, Required, ResponseBuilder,
        header::HeaderBuilder,
        path::{ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    problem::{KINDS, ProblemBody},
    state::AppState,
};

/// The name of the session cookie as the accounts room sets it over https.
pub const SESSION_COOKIE: &str = "__Host-regulars";

const DESCRIPTION: &str = "\
The customer system for commerce.

**Authentication.** Send `Authorization: Bearer rk_…` with an API key. Browsers use the session cookie.

**Values.** JSON in `snake_case`; times are RFC 3339 in UTC; ids are UUIDs; money is `{\"amount\": \"12.30\", \
\"currency\": \"EUR\"}`; countries are ISO 3166, currencies ISO 4217, phones E.164. Unknown fields and parameters are \
refused by name.

**Errors** are `application/problem+json` (RFC 9457) and name every fault at once.

**Creating** takes an `Idempotency-Key` (1 to 200 visible ASCII characters): the same key with the same request gives \
the same answer, marked `Idempotent-Replayed: true`, for 24 hours; with another request 409. Of uploads the content is \
not compared.

**Changing** is guarded by `If-Match` with the resource's `ETag`; `PATCH` is a JSON merge patch (RFC 7396): absent \
keeps, `null` clears. `GET` of one resource takes `If-None-Match` and answers 304.

**Limits.** Every answer has `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds); a 429 has \
`Retry-After`. Bodies may have 1 MB, uploads 1 GB.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Regulars", description = DESCRIPTION, license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ProblemBody)),
    security(("key" = []), ("session" = [])),
)]
struct Base;

/// The rooms' routes below `/api/v1`, with the document's own parts.
pub(crate) fn with_document(api: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    let mut base = Base::openapi();
    let components = base
        .components
        .get_or_insert_with(|| ComponentsBuilder::new().build());
    components.add_security_scheme(
        "key",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("An API key, `rk_…`"))
                .build(),
        ),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            SESSION_COOKIE,
            "The cookie of a signed-in person; over plain http its name is `regulars`",
        ))),
    );
    OpenApiRouter::with_openapi(base).nest("/api/v1", api)
}

/// The whole document of some routes, as the server would give it.
pub fn document(api: OpenApiRouter<AppState>) -> openapi::OpenApi {
    finished(with_document(api).split_for_parts().1)
}

/// Adds what is the same for every operation: POST takes an Idempotency-Key.
pub(crate) fn finished(mut document: openapi::OpenApi) -> openapi::OpenApi {
    for item in document.paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            let parameter = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The same key with the same request gives the same answer, once done",
                ))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(SchemaType::Type(Type::String))
                        .min_length(Some(1))
                        .max_length(Some(200))
                        .pattern(Some("^[!-~]+$")),
                ))
                .build();
            post.parameters.get_or_insert_default().push(parameter.into());
        }
    }
    document
}

/// A response that is a problem.
pub fn problem_response(description: impl Into<String>) -> RefOr<openapi::Response> {
    let content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    RefOr::T(
        ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build(),
    )
}

fn problems(statuses: &[u16]) -> BTreeMap<String, RefOr<openapi::Response>> {
    KINDS
        .iter()
        .filter(|kind| statuses.contains(&kind.status.as_u16()))
        .map(|kind| {
            let mut response = problem_response(kind.title);
            if let (RefOr::T(response), 429 | 503) = (&mut response, kind.status.as_u16()) {
                response.headers.insert(
                    "Retry-After".to_owned(),
                    HeaderBuilder::new()
                        .schema(Some(
                            ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)),
                        ))
                        .description(Some("Seconds to wait"))
                        .build()
                        .into(),
                );
            }
            (kind.status.as_str().to_owned(), response)
        })
        .collect()
}

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident: $($status:literal)+;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
                problems(&[$($status),+])
            }
        }
    )+};
}

errors! {
    /// Everything that an operation with a body may answer.
    CommonErrors: 400 401 403 404 409 412 413 415 422 429 503;
    /// What an operation that reads a list may answer.
    ListErrors: 400 401 403 422 429 503;
    /// What an operation that reads or deletes one thing may answer.
    OneErrors: 400 401 403 404 409 412 422 429 503;
}
