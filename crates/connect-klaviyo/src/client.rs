//! Klaviyo's API, as much of it as a pull needs: pages of profiles.
//!
//! The key goes to one origin alone, that which the operator chose: no redirect is followed, and a next page elsewhere is none.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use regulars_kernel::{Error, Result, Secret, clock};
use reqwest::{StatusCode, header, redirect::Policy};
use serde_json::Value;
use url::Url;

use crate::json;

/// Where Klaviyo is.
pub const DEFAULT_URL: &str = "https://a.klaviyo.com";
/// The revision of the API that is spoken.
pub const REVISION: &str = "2026-07-15";

const PATH: &str = "/api/profiles";
/// Profiles of a page, the most that there may be.
const PAGE_SIZE: &str = "100";
/// Bytes of a page at most.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an answer.
    pub answer: Duration,
    /// After the first failure; twice as long after each one more.
    pub first_wait: Duration,
    /// Failures in a row before the job rests and its queue tries again.
    pub failures: u32,
    /// Longer waits that Klaviyo asks for are not sat out: the job ends, and another goes on then.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_mins(1),
            first_wait: Duration::from_secs(1),
            failures: 5,
            longest_wait: Duration::from_mins(1),
        }
    }
}

/// A page of profiles.
#[derive(Debug)]
pub struct Page {
    /// The profiles, as they came.
    pub profiles: Vec<Value>,
    /// The page behind it.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Klaviyo wants to be left alone for so long.
    Wait(Duration),
    /// It may be there in a moment.
    Passing(String),
    /// There is no such page, or not any more.
    NoSuchPage(String),
    /// It will not be there.
    Refused(String),
}

/// Asks Klaviyo.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    http: reqwest::Client,
    pub(crate) patience: Patience,
}

impl Client {
    /// One that asks there.
    pub fn new(base: &str, patience: Patience) -> Result<Self> {
        let base = Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| Error::internal("Klaviyo's address is no http or https address"))?;
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|why| Error::internal(why.to_string()))?
                .with_root_certificates(roots)
                .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(patience.answer)
            .user_agent(concat!("Regulars/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|why| Error::internal(why.to_string()))?;
        Ok(Self { base, http, patience })
    }

    /// The first page of those that changed after a time, or of all, the oldest change first.
    pub fn first_page(&self, since: Option<DateTime<Utc>>) -> Url {
        let mut url = self.base.clone();
        url.set_path(&self.path());
        url.set_fragment(None);
        {
            let mut query = url.query_pairs_mut();
            query
                .clear()
                .append_pair("page[size]", PAGE_SIZE)
                .append_pair("additional-fields[profile]", "subscriptions,predictive_analytics")
                .append_pair("sort", "updated");
            if let Some(since) = since {
                let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
                query.append_pair("filter", &format!("greater-than(updated,{since})"));
            }
        }
        url
    }

    /// A page that an answer named; none if it is anywhere else than the first one.
    pub fn named_page(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_there = url.origin() == self.base.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().trim_end_matches('/') == self.path();
        is_there.then_some(url)
    }

    fn path(&self) -> String {
        format!("{}{PATH}", self.base.path().trim_end_matches('/'))
    }

    /// Reads a page.
    pub async fn page(&self, key: &Secret<String>, url: Url) -> std::result::Result<Page, Trouble> {
        let mut authorization = header::HeaderValue::try_from(format!("Klaviyo-API-Key {}", key.expose()))
            .map_err(|_| Trouble::Refused("the API key cannot stand in a header".into()))?;
        authorization.set_sensitive(true);
        let asked = self
            .http
            .get(url.clone())
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/vnd.api+json")
            .header("revision", REVISION);
        let mut answer = asked.send().await.map_err(passing)?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(trouble(status, answer.headers(), clock::now()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(passing)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Trouble::Refused("Klaviyo's answer is larger than 32 MB".into()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut told: Value = serde_json::from_slice(&body)
            .map_err(|_| Trouble::Passing("Klaviyo's answer is not JSON".into()))?;
        let Some(Value::Array(profiles)) = told.get_mut("data").map(Value::take) else {
            return Err(Trouble::Refused(
                "Klaviyo's answer has no list of profiles".into(),
            ));
        };
        let next = match &told["links"]["next"] {
            Value::Null => None,
            Value::String(text) => {
                let next = self.named_page(text).filter(|next| *next != url);
                let next = next.ok_or_else(|| {
                    Trouble::Refused("Klaviyo's answer names a next page that is not one of its own".into())
                })?;
                Some(next.to_string())
            }
            _ => {
                return Err(Trouble::Refused(
                    "Klaviyo's answer names no page as the next".into(),
                ));
            }
        };
        Ok(Page { profiles, next })
    }
}

/// What kept an answer away. The address stays out of it: cursors are long, and nobody can read them.
fn passing(why: reqwest::Error) -> Trouble {
    Trouble::Passing(if why.is_timeout() {
        "Klaviyo did not answer in time".into()
    } else if why.is_connect() {
        "Klaviyo cannot be reached".into()
    } else {
        "the connection to Klaviyo broke off".into()
    })
}

fn trouble(status: StatusCode, headers: &header::HeaderMap, now: DateTime<Utc>) -> Trouble {
    let code = status.as_u16();
    let asked_for = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| retry_after(text, now));
    match code {
        429 => Trouble::Wait(asked_for.unwrap_or(Duration::from_secs(10))),
        503 if asked_for.is_some() => Trouble::Wait(asked_for.unwrap_or_default()),
        408 | 500..=599 => Trouble::Passing(format!("Klaviyo answered {code}")),
        400 | 404 | 410 => Trouble::NoSuchPage(format!("Klaviyo answered {code}")),
        401 | 403 => Trouble::Refused(format!(
            "Klaviyo refuses the API key ({code}): it must be a private key that may read profiles"
        )),
        _ => Trouble::Refused(format!("Klaviyo answered {code}")),
    }
}

/// Seconds, or a time; a day at most.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let wait = match text.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => (DateTime::parse_from_rfc2822(text.trim()).ok()?.to_utc() - now)
            .to_std()
            .unwrap_or_default(),
    };
    Some(wait.min(Duration::from_hours(24)))
}

/// When a profile changed last.
pub fn updated(profile: &Value) -> Option<DateTime<Utc>> {
    json::time(&profile["attributes"]["updated"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_nowhere_else() {
        let client = Client::new(DEFAULT_URL, Patience::default()).unwrap();
        let first = client.first_page(None);
        assert_eq!(client.named_page(first.as_str()), Some(first));
        assert!(
            client
                .named_page("https://a.klaviyo.com/api/profiles/?page%5Bcursor%5D=x")
                .is_some()
        );
        for elsewhere in [
            "",
            "/api/profiles?page%5Bcursor%5D=x",
            "http://a.klaviyo.com/api/profiles",
            "https://a.klaviyo.com:8443/api/profiles",
            "https://a.klaviyo.com.example/api/profiles",
            "https://a.klaviyo.com@example.com/api/profiles",
            "https://x:y@a.klaviyo.com/api/profiles",
            "https://a.klaviyo.com/api/accounts",
            "https://a.klaviyo.com/api/profiles/../accounts",
        ] {
            assert_eq!(client.named_page(elsewhere), None, "{elsewhere}");
        }
        for wrong in ["", "a.klaviyo.com", "file:///etc/passwd", "ftp://a.klaviyo.com"] {
            assert!(Client::new(wrong, Patience::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn how_long_to_wait_is_told_in_seconds_or_as_a_time() {
        let now = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z")
            .unwrap()
            .to_utc();
        let wait = |text: &str| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(wait("Wed, 31 Dec 2025 00:00:00 GMT"), Some(0));
        assert_eq!(wait("999999999"), Some(24 * 3600));
        assert_eq!(wait("soon"), None);
    }
}
