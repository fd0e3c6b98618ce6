//! The kinds of errors there are, each with its status and words. The documentation page lists them from here.

use http::StatusCode;
use regulars_kernel::Error;

/// A kind of error.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The end of the problem's `type`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The problem's `title`.
    pub title: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal, $status:ident, $title:literal, $meaning:literal;)+) => {
        $(pub(crate) static $name: Kind = Kind { code: $code, status: StatusCode::$status, title: $title, meaning: $meaning };)+
        /// Every kind, by status.
        pub static KINDS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    MALFORMED = "malformed", BAD_REQUEST, "The request could not be understood",
        "The body is not JSON, has fields that do not exist, or a query parameter is wrong. `errors` names each place. Mend the request; the same one will fail again.";
    UNAUTHORIZED = "unauthorized", UNAUTHORIZED, "Credentials are missing or wrong",
        "Send `Authorization: Bearer rk_…` with a key that is neither expired nor revoked, or sign in.";
    FORBIDDEN = "forbidden", FORBIDDEN, "Not allowed",
        "The key or person is known but lacks a permission, which `detail` names. A request from another site with a session cookie is refused with this, too.";
    NOT_FOUND = "not_found", NOT_FOUND, "Not found",
        "There is nothing here, it was deleted, or it belongs to another organization.";
    METHOD_NOT_ALLOWED = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "The address exists, but not for this method. The `Allow` header names those it takes.";
    CONFLICT = "conflict", CONFLICT, "It clashes with what is there",
        "For example an e-mail address that another customer has, or an Idempotency-Key that was used for another request. `errors` names the place and has a code for programs.";
    STALE = "stale", PRECONDITION_FAILED, "It was changed meanwhile",
        "`If-Match` named another version than the current one. Read it again, look at what changed, and send your change with the new ETag.";
    TOO_LARGE = "too_large", PAYLOAD_TOO_LARGE, "Too large",
        "Bodies may have 1 MB, those that take many things at once 10 MB, uploads 1 GB.";
    WRONG_MEDIA_TYPE = "wrong_media_type", UNSUPPORTED_MEDIA_TYPE, "Wrong media type",
        "The `Content-Type` is not one that this address takes; `detail` says which it does.";
    INVALID = "invalid", UNPROCESSABLE_ENTITY, "Some values are invalid",
        "The request was understood, but values in it are wrong. `errors` names every one of them with its place.";
    TOO_MANY = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests",
        "Wait as many seconds as `Retry-After` says. The `RateLimit-…` headers of every answer tell how much is left.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side",
        "It is our fault and in our log under the request id. As a rule nothing was changed; look before you send it again.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Not available just now",
        "The server is busy, stopping, two changes met in the same place, or the request took longer than 30 seconds and was stopped. As a rule nothing was changed; a request that was stopped, or whose database went away, may have been done all the same. Try again after `Retry-After` seconds, a POST with the `Idempotency-Key` of the first attempt.";
}

impl Kind {
    /// The kind of an error.
    pub fn of(error: &Error) -> &'static Self {
        match error {
            Error::Malformed(_) => &MALFORMED,
            Error::Unauthorized(_) => &UNAUTHORIZED,
            Error::Forbidden(_) | Error::Refused(_) => &FORBIDDEN,
            Error::NotFound(_) => &NOT_FOUND,
            Error::Conflict(_) => &CONFLICT,
            Error::Stale { .. } => &STALE,
            Error::TooLarge(_) => &TOO_LARGE,
            Error::WrongMediaType(_) => &WRONG_MEDIA_TYPE,
            Error::Invalid(_) => &INVALID,
            Error::TooMany { .. } => &TOO_MANY,
            Error::Unavailable(_) => &UNAVAILABLE,
            Error::Internal(_) => &INTERNAL,
        }
    }
}
