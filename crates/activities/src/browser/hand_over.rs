//! Which requests are a browser's: they go to routes of their own, in front of everything that asks who calls.

use axum::{Router, body::Body, extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use regulars_accounts::PUBLISHABLE_PREFIX;
use tower::ServiceExt;

use super::{PATH, SCRIPT};

/// The middleware around all routes. What a browser sends to the activities goes to `browsers`, its key in the header where
/// keys stand, and out of the address.
pub async fn hand_over(browsers: Router, mut request: Request, next: Next) -> Response {
    if request.uri().path() == SCRIPT {
        let mut answer = next.run(request).await;
        // Pages of other origins load it; nothing else of ours may be.
        let headers = answer.headers_mut();
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return answer;
    }
    if request.uri().path() != PATH {
        return next.run(request).await;
    }
    if let Some(key) = key_of(request.uri())
        && let Ok(value) = HeaderValue::from_str(&format!("Bearer {key}"))
    {
        request.headers_mut().insert(header::AUTHORIZATION, value);
        *request.uri_mut() = Uri::from_static(PATH);
    }
    let is_theirs = request.method() == Method::OPTIONS
        || request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .is_some_and(|(_, key)| key.trim_start().starts_with(PUBLISHABLE_PREFIX));
    if !is_theirs {
        return next.run(request).await;
    }
    match browsers.oneshot(request).await {
        Ok(answer) => answer.map(Body::new),
        Err(never) => match never {},
    }
}

/// The key in an address. Letters, digits, `-` and `_` need no escape.
fn key_of(uri: &Uri) -> Option<String> {
    let key = uri
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))?;
    key.starts_with(PUBLISHABLE_PREFIX).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_an_address_is_a_publishable_one() {
        let key = |uri: &str| key_of(&uri.parse().unwrap());
        assert_eq!(
            key("/api/v1/activities?key=pk_abc-_1").as_deref(),
            Some("pk_abc-_1")
        );
        assert_eq!(key("/api/v1/activities?a=1&key=pk_x&b").as_deref(), Some("pk_x"));
        assert_eq!(
            key("/api/v1/activities?key=rk_abc"),
            None,
            "one that is secret does not belong there"
        );
        assert_eq!(key("/api/v1/activities?monkey=pk_abc"), None);
        assert_eq!(key("/api/v1/activities"), None);
    }
}
