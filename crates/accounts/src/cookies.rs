//! The session cookie: its name, its attributes, and reading it.
//!
//! With https it carries the `__Host-` prefix (RFC 6265bis), so that no sibling domain and no plain http can set it.

use http::{HeaderMap, HeaderValue, header};
use regulars_kernel::Secret;

use crate::model::ABSOLUTE;

/// The cookie's name.
pub fn name(secure: bool) -> &'static str {
    if secure { "__Host-regulars" } else { "regulars" }
}

/// The session token in a request's cookies.
pub fn session_token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let name = name(secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// A `Set-Cookie` header that carries a session.
pub fn set(token: &Secret<String>, secure: bool) -> HeaderValue {
    write(token.expose(), ABSOLUTE.num_seconds(), secure)
}

/// A `Set-Cookie` header that takes it away.
pub fn clear(secure: bool) -> HeaderValue {
    write("", 0, secure)
}

fn write(value: &str, max_age: i64, secure: bool) -> HeaderValue {
    let name = name(secure);
    let mut text = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax");
    if secure {
        text.push_str("; Secure");
    }
    let mut header = HeaderValue::from_str(&text).expect("a token is base64url, which headers allow");
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http() {
        let token = Secret::new("abc".to_owned());
        assert_eq!(
            set(&token, true).to_str().unwrap(),
            "__Host-regulars=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            clear(false).to_str().unwrap(),
            "regulars=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "theme=dark; regulars=abc=; x".parse().unwrap());
        assert_eq!(session_token(&headers, false), Some("abc="));
        assert_eq!(session_token(&headers, true), None);
        headers.insert(header::COOKIE, "regulars=".parse().unwrap());
        assert_eq!(session_token(&headers, false), None);
    }
}
