//! The parts of the OpenAPI document that belong to no room: what the API is, how to authenticate, how errors look.
//!
//! An operation lists its errors by naming one of the types here among its responses:
//! `responses((status = 200, body = Customer), CommonErrors)`. Everything that follows from what it says of itself is
//! added to every operation alike: `If-Match`, `Idempotency-Key`, headers of answers, examples.

mod complete;
pub(crate) mod examples;
mod headers;
mod problems;

use utoipa::{
    OpenApi,
    openapi::{
        self, ComponentsBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

pub use self::problems::{ActErrors, CommonErrors, ListErrors, OneErrors};
use crate::{problem::ProblemBody, state::AppState};

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
the same answer, marked `Idempotent-Replayed: true`, for 24 hours; with another request 409. Uploads are compared \
by their content, too.

**Changing** is guarded by `If-Match` with the resource's `ETag`; `PATCH` is a JSON merge patch (RFC 7396): absent \
keeps, `null` clears. `GET` of one resource takes `If-None-Match` and answers 304.

**Limits.** Every answer has `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds); a 429 has \
`Retry-After`. Bodies may have 1 MB, those that take many things at once 10 MB, uploads 1 GB.";

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

/// Adds what is the same for many operations.
pub(crate) fn finished(mut document: openapi::OpenApi) -> openapi::OpenApi {
    complete::complete(&mut document);
    document
}
