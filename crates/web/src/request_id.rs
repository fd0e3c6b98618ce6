//! Request ids: a sane one that the client or a proxy sent is kept, so that logs can be joined; else one is made.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A new one.
pub(crate) fn fresh() -> Arc<str> {
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    Arc::from(
        &*regulars_kernel::ids::new_uuid()
            .hyphenated()
            .encode_lower(&mut buffer),
    )
}

/// The sent one, if it cannot do harm in a log or a page, or a new one.
pub(crate) fn of(headers: &HeaderMap) -> Arc<str> {
    headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (8..=128).contains(&id.len()) && id.bytes().all(is_sane))
        .map_or_else(fresh, Arc::from)
}

fn is_sane(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':')
}
