//! Refuses requests that another site makes a browser send (CSRF), by what the browser itself says about their origin.
//!
//! The rules are those of <https://words.filippo.io/csrf/>: `Sec-Fetch-Site` decides where there is one, `Origin`
//! otherwise; a request with neither does not come from a browser page. Requests with an `Authorization` header are
//! let through, since a browser does not add one by itself.

use http::{HeaderMap, Method, Uri, header};

use crate::context::is_unsafe;

/// Whether the request comes from another site and may change something.
pub(crate) fn is_cross_site(method: &Method, uri: &Uri, headers: &HeaderMap, public_url: &str) -> bool {
    if !is_unsafe(method) || headers.contains_key(header::AUTHORIZATION) {
        return false;
    }
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    if origin == Some(public_url) {
        return false;
    }
    match headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => return false,
        Some(_) => return true,
        None => {}
    }
    // Browsers from before 2023.
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let from = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    from.is_none() || from != host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: Method, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        is_cross_site(&method, &Uri::from_static("/x"), &headers, "https://crm.example")
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        assert!(refused(Method::POST, &[("sec-fetch-site", "cross-site")]));
        assert!(refused(Method::DELETE, &[("sec-fetch-site", "same-site")]));
        assert!(refused(
            Method::POST,
            &[("origin", "https://evil.example"), ("host", "crm.example")]
        ));
        assert!(refused(
            Method::POST,
            &[("origin", "null"), ("host", "crm.example")]
        ));
    }

    #[test]
    fn our_own_pages_programs_and_reading_pass() {
        assert!(!refused(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!refused(Method::POST, &[("sec-fetch-site", "none")]));
        assert!(!refused(
            Method::POST,
            &[("origin", "https://crm.example"), ("sec-fetch-site", "same-site")]
        ));
        assert!(!refused(
            Method::POST,
            &[("origin", "http://localhost:1"), ("host", "localhost:1")]
        ));
        assert!(!refused(Method::POST, &[]));
        assert!(!refused(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!refused(
            Method::POST,
            &[("sec-fetch-site", "cross-site"), ("authorization", "Bearer rk_x")]
        ));
    }
}
