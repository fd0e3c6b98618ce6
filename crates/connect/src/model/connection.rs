//! A connection to another system, and the secrets by which its messages are known.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::{Currency, Error, Faults, Patch, Result, Secret, ids::ConnectionId, text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ApiKeyInfo;
use crate::signature;

const MAX_NAME: usize = 120;
/// Characters of a secret at most.
pub const MAX_SECRET: usize = 500;
/// Hours that an old secret goes on to hold where nothing is said.
const OVERLAP_HOURS: u32 = 24;
const MOST_OVERLAP_HOURS: u32 = 24 * 30;

/// A system that sends webhooks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Provider {
    /// Shopify.
    Shopify,
    /// Stripe.
    Stripe,
    /// Adyen.
    Adyen,
    /// Klaviyo.
    Klaviyo,
}

impl Provider {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Shopify, Self::Stripe, Self::Adyen, Self::Klaviyo];

    /// The name in addresses and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::Stripe => "stripe",
            Self::Adyen => "adyen",
            Self::Klaviyo => "klaviyo",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Shopify => "Shopify",
            Self::Stripe => "Stripe",
            Self::Adyen => "Adyen",
            Self::Klaviyo => "Klaviyo",
        }
    }

    /// The kind of the job that reads what the provider has through its API; none if it tells by webhooks alone.
    pub fn pull_kind(self) -> Option<&'static str> {
        match self {
            Self::Klaviyo => Some("klaviyo.pull"),
            Self::Shopify | Self::Stripe | Self::Adyen => None,
        }
    }

    /// The provider of this name.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .iter()
            .find(|one| one.name() == text)
            .copied()
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|one| one.name()).collect();
                format!("“{text}” is no provider; there are {}", names.join(", "))
            })
    }
}

/// A connection to another system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Grows with every change; also the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// The other system.
    pub provider: Provider,
    /// What people call it.
    #[schema(example = "Main shop")]
    pub name: String,
    /// What the provider's part of Regulars wants to know, such as Shopify's `shop`.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"shop": "acme.myshopify.com"}))]
    pub settings: Map<String, Value>,
    /// Where the other system sends its messages, below this server's address.
    #[schema(example = "/webhooks/shopify/AZqN…")]
    pub webhook_path: String,
    /// The secrets that hold, the newest first, without their text.
    pub secrets: Vec<SecretInfo>,
    /// With what its API is asked, without the text; null if there is none.
    pub api_key: Option<ApiKeyInfo>,
    /// When something came last.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Since when what is sent to it is refused; null while it is taken.
    pub disabled_at: Option<DateTime<Utc>>,
    /// How many messages wait to be processed, up to 1,000.
    pub waiting: i64,
    /// How many of those have failed and are tried again, up to 1,000.
    pub retrying: i64,
    /// How many messages could not be processed and wait for a person, up to 1,000.
    pub dead: i64,
    /// Why the last of those could not.
    #[schema(example = "the body is not JSON: line 1, column 30")]
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A secret without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecretInfo {
    /// Its id.
    pub id: Uuid,
    /// Its last four characters, if it is long enough to tell them.
    #[schema(example = "x7Qa")]
    pub hint: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// When it ends to hold; null for the one that holds until another takes its place.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What it takes to make a connection.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"provider": "shopify", "name": "Main shop", "secret": "shpss_…", "settings": {"shop": "acme.myshopify.com"}}))]
pub struct NewConnection {
    /// The other system.
    #[schema(value_type = Provider)]
    pub provider: String,
    /// What people call it, up to 120 characters; the provider's name if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What the other system signs its messages with, up to 500 characters. It is not shown again.
    #[schema(value_type = String, max_length = 500)]
    pub secret: Secret<String>,
    /// With what the other system's API is asked, up to 500 characters; only Klaviyo's is. It is not shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub api_key: Option<Secret<String>>,
    /// See [`Connection::settings`].
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    pub settings: Map<String, Value>,
}

/// A connection whose fields are in order.
pub(crate) struct ValidConnection {
    pub provider: Provider,
    pub name: String,
    pub secret: Secret<String>,
    pub api_key: Option<Secret<String>>,
    pub settings: Map<String, Value>,
}

impl NewConnection {
    pub(crate) fn check(&self) -> Result<ValidConnection> {
        let mut faults = Faults::new();
        let provider = faults.take(
            "/provider",
            "choice_unknown",
            Provider::parse(self.provider.trim()),
        );
        let name = match &self.name {
            Some(name) => checked_name(name, &mut faults),
            None => provider.map(|provider| provider.title().to_owned()),
        };
        let secret = checked_secret(&self.secret, "/secret", &mut faults);
        let api_key = self
            .api_key
            .as_ref()
            .and_then(|key| checked_api_key(provider, key, &mut faults));
        if let Some(provider) = provider {
            check_settings(provider, &self.settings, &mut faults);
            if let Some(secret) = &secret {
                check_secret_of(provider, secret, &mut faults);
            }
        }
        match (provider, name, secret) {
            (Some(provider), Some(name), Some(secret)) if faults.0.is_empty() => Ok(ValidConnection {
                provider,
                name,
                secret,
                api_key,
                settings: self.settings.clone(),
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

/// What is to be changed of a connection, as a merge patch.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Main shop"}))]
pub struct ConnectionPatch {
    /// What people call it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    pub name: Patch<String>,
    /// The settings, merged: null takes one away.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub settings: Patch<Map<String, Value>>,
    /// Whether what is sent to it is refused.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// With what the other system's API is asked; null takes the key away.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub api_key: Patch<Secret<String>>,
}

impl ConnectionPatch {
    /// The name and settings that come of it.
    pub(crate) fn apply(&self, before: &Connection) -> Result<(String, Map<String, Value>)> {
        let mut faults = Faults::new();
        let name = match &self.name {
            Patch::Keep => Some(before.name.clone()),
            Patch::Clear => {
                faults.add("/name", "missing", "a connection has a name");
                None
            }
            Patch::Set(name) => checked_name(name, &mut faults),
        };
        let mut settings = before.settings.clone();
        match &self.settings {
            Patch::Keep => {}
            Patch::Clear => settings.clear(),
            Patch::Set(changes) => {
                for (key, value) in changes {
                    if value.is_null() {
                        settings.shift_remove(key);
                    } else {
                        settings.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        check_settings(before.provider, &settings, &mut faults);
        match name {
            Some(name) if faults.0.is_empty() => Ok((name, settings)),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

impl ConnectionPatch {
    /// The API key that is given, if one is.
    pub(crate) fn checked_api_key(&self, provider: Provider) -> Result<Patch<Secret<String>>> {
        let mut faults = Faults::new();
        let key = match &self.api_key {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(key) => {
                checked_api_key(Some(provider), key, &mut faults).map_or(Patch::Keep, Patch::Set)
            }
        };
        faults.check()?;
        Ok(key)
    }
}

/// A secret that takes over.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"secret": "shpss_…", "overlap_hours": 24}))]
pub struct NewSecret {
    /// What the other system signs its messages with from now on.
    #[schema(value_type = String, max_length = 500)]
    pub secret: Secret<String>,
    /// How long what was signed with the former one is taken too, 0 to 720 hours; 24 if absent.
    #[serde(default)]
    #[schema(maximum = 720)]
    pub overlap_hours: Option<u32>,
}

/// A secret that is in order.
pub(crate) struct ValidSecret {
    pub secret: Secret<String>,
    pub overlap: TimeDelta,
}

impl NewSecret {
    pub(crate) fn check(&self) -> Result<ValidSecret> {
        let mut faults = Faults::new();
        let secret = checked_secret(&self.secret, "/secret", &mut faults);
        let hours = self.overlap_hours.unwrap_or(OVERLAP_HOURS);
        if hours > MOST_OVERLAP_HOURS {
            let message = format!("at most {MOST_OVERLAP_HOURS} hours");
            faults.add("/overlap_hours", "too_large", message);
        }
        match secret {
            Some(secret) if faults.0.is_empty() => Ok(ValidSecret {
                secret,
                overlap: TimeDelta::hours(hours.into()),
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

fn checked_name(name: &str, faults: &mut Faults) -> Option<String> {
    match text::clean_line(name, MAX_NAME) {
        Ok(name) if name.is_empty() => {
            faults.add("/name", "missing", "a connection has a name");
            None
        }
        Ok(name) => Some(name),
        Err(error) => {
            faults.add("/name", error.code(), error.to_string());
            None
        }
    }
}

fn checked_secret(secret: &Secret<String>, pointer: &str, faults: &mut Faults) -> Option<Secret<String>> {
    match text::clean_line(secret.expose(), MAX_SECRET) {
        Ok(secret) if secret.is_empty() => {
            faults.add(
                pointer,
                "missing",
                "the secret is missing: without it no message can be told from a forged one",
            );
            None
        }
        Ok(secret) => Some(Secret::new(secret)),
        Err(error) => {
            faults.add(pointer, error.code(), error.to_string());
            None
        }
    }
}

/// An API key, which stands in a header.
fn checked_api_key(
    provider: Option<Provider>,
    key: &Secret<String>,
    faults: &mut Faults,
) -> Option<Secret<String>> {
    if let Some(provider) = provider
        && provider.pull_kind().is_none()
    {
        let message = format!(
            "{} is not asked by its API: it tells by webhooks alone",
            provider.title()
        );
        faults.add("/api_key", "field_unknown", message);
        return None;
    }
    let key = key.expose().trim();
    if key.is_empty() || key.len() > MAX_SECRET || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "an API key has 1 to 500 letters, digits and signs, without spaces";
        faults.add("/api_key", "api_key_invalid", message);
        return None;
    }
    Some(Secret::new(key.to_owned()))
}

/// Whether a provider can sign with this secret; what it is given as is not always what it is.
pub(crate) fn check_secret_of(provider: Provider, secret: &Secret<String>, faults: &mut Faults) {
    if provider == Provider::Adyen && signature::from_hex(secret.expose()).is_none() {
        faults.add(
            "/secret",
            "secret_invalid",
            "Adyen's HMAC key is hexadecimal digits, as its Customer Area shows it",
        );
    }
}

/// The settings that a provider's part of Regulars knows, and of those that have few values these.
pub(crate) fn known_settings(provider: Provider) -> &'static [(&'static str, &'static [&'static str])] {
    const TESTS: (&str, &[&str]) = ("test_payments", &["show", "count", "ignore"]);
    match provider {
        Provider::Shopify => &[("shop", &[]), ("currency", &[])],
        Provider::Stripe => &[("account", &[]), ("order_key", &[]), ("order_source", &[]), TESTS],
        Provider::Adyen => &[
            ("merchant_account", &[]),
            ("order_source", &[]),
            ("capture", &["manual", "automatic"]),
            TESTS,
        ],
        Provider::Klaviyo => &[("currency", &[])],
    }
}

/// Whether a text is the name of a host, as `X-Shopify-Shop-Domain` has it.
fn is_host(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// The settings of each provider are few and known, so a misspelt one is named.
fn check_settings(provider: Provider, settings: &Map<String, Value>, faults: &mut Faults) {
    let known = known_settings(provider);
    for (key, value) in settings {
        let pointer = format!("/settings/{key}");
        let Some((_, values)) = known.iter().find(|(name, _)| name == key) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "{} has no setting of this name; it has {}",
                provider.title(),
                names.join(", ")
            );
            faults.add(pointer, "field_unknown", message);
            continue;
        };
        match value.as_str() {
            Some(text) if !text.trim().is_empty() && text.len() <= 200 => {
                if !values.is_empty() && !values.contains(&text) {
                    let message = format!("it is one of {}", values.join(", "));
                    faults.add(pointer, "choice_unknown", message);
                } else if key == "shop" && !is_host(text) {
                    let message = "it is the shop's own domain at Shopify, such as acme.myshopify.com";
                    faults.add(pointer, "shop_invalid", message);
                } else if key == "currency" {
                    faults.take(&pointer, "currency_invalid", Currency::parse(text));
                }
            }
            _ => faults.add(pointer, "wrong_type", "a text of 1 to 200 characters is wanted"),
        }
    }
}
