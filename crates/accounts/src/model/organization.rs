//! An organization and its settings.

use chrono::{DateTime, Utc};
use regulars_kernel::{Currency, Faults, Locale, Result, TimeZone, ids::OrganizationId, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MAX_NAME: usize = 120;

/// An organization: one shop and everything it knows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Grows with every change; also the ETag.
    #[schema(example = 3)]
    pub version: i32,
    /// The short name used on the command line.
    #[schema(example = "acme")]
    pub slug: String,
    /// The name people read.
    #[schema(example = "Acme GmbH")]
    pub name: String,
    /// The currency of its figures, ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// The time zone of its days, IANA.
    #[schema(value_type = String, example = "Europe/Berlin")]
    pub time_zone: TimeZone,
    /// How numbers and dates are written, BCP 47.
    #[schema(value_type = String, example = "de-DE")]
    pub locale: Locale,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What it takes to create an organization; as typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct NewOrganization {
    /// The name people read.
    pub name: String,
    /// The short name; made from the name if absent.
    pub slug: Option<String>,
    /// ISO 4217; `EUR` if absent.
    pub currency: Option<String>,
    /// IANA; `UTC` if absent.
    pub time_zone: Option<String>,
    /// BCP 47; `en` if absent.
    pub locale: Option<String>,
}

/// Changes of the settings; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme GmbH", "currency": "EUR", "time_zone": "Europe/Berlin", "locale": "de-DE"}))]
pub struct OrganizationPatch {
    /// The name people read, up to 120 characters.
    #[schema(max_length = 120)]
    pub name: Option<String>,
    /// The short name used on the command line: lower-case letters, digits and hyphens, up to 63.
    #[schema(max_length = 63, pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    pub slug: Option<String>,
    /// The currency of its figures, ISO 4217.
    pub currency: Option<String>,
    /// The time zone of its days, IANA.
    pub time_zone: Option<String>,
    /// How numbers and dates are written, BCP 47.
    pub locale: Option<String>,
}

/// An organization's settings, checked.
#[derive(Clone, Debug)]
pub struct ValidOrganization {
    /// The name people read.
    pub name: String,
    /// The short name.
    pub slug: String,
    /// The currency of its figures.
    pub currency: Currency,
    /// The time zone of its days.
    pub time_zone: TimeZone,
    /// How numbers and dates are written.
    pub locale: Locale,
}

impl NewOrganization {
    /// The short name that was asked for, or one made from the name.
    pub fn short_name(&self) -> String {
        match self
            .slug
            .as_deref()
            .map(str::trim)
            .filter(|slug| !slug.is_empty())
        {
            Some(slug) => slug.to_owned(),
            None => slug_from(&self.name),
        }
    }

    /// Checks everything, noting each fault.
    pub fn check(&self, faults: &mut Faults) -> Option<ValidOrganization> {
        let name = check_name(&self.name, faults);
        let slug = self.short_name();
        let slug = check_slug(&slug, faults);
        let or = |value: &Option<String>, default: &str| {
            value
                .as_deref()
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .unwrap_or(default)
                .to_owned()
        };
        let currency = faults.take(
            "/currency",
            "currency_unknown",
            Currency::parse(&or(&self.currency, "EUR")),
        );
        let time_zone = faults.take(
            "/time_zone",
            "time_zone_unknown",
            TimeZone::parse(&or(&self.time_zone, "UTC")),
        );
        let locale = faults.take(
            "/locale",
            "locale_invalid",
            Locale::parse(&or(&self.locale, "en")),
        );
        Some(ValidOrganization {
            name: name?,
            slug: slug?,
            currency: currency?,
            time_zone: time_zone?,
            locale: locale?,
        })
    }
}

impl OrganizationPatch {
    /// Puts the changes over what is there.
    pub fn apply(&self, current: &Organization) -> Result<ValidOrganization> {
        let mut faults = Faults::new();
        let mut valid = ValidOrganization {
            name: current.name.clone(),
            slug: current.slug.clone(),
            currency: current.currency,
            time_zone: current.time_zone,
            locale: current.locale.clone(),
        };
        if let Some(name) = self.name.as_ref().and_then(|name| check_name(name, &mut faults)) {
            valid.name = name;
        }
        if let Some(slug) = self
            .slug
            .as_ref()
            .and_then(|slug| check_slug(slug.trim(), &mut faults))
        {
            valid.slug = slug;
        }
        if let Some(text) = &self.currency
            && let Some(currency) = faults.take("/currency", "currency_unknown", Currency::parse(text))
        {
            valid.currency = currency;
        }
        if let Some(text) = &self.time_zone
            && let Some(zone) = faults.take("/time_zone", "time_zone_unknown", TimeZone::parse(text))
        {
            valid.time_zone = zone;
        }
        if let Some(text) = &self.locale
            && let Some(locale) = faults.take("/locale", "locale_invalid", Locale::parse(text))
        {
            valid.locale = locale;
        }
        faults.check()?;
        Ok(valid)
    }
}

fn check_name(name: &str, faults: &mut Faults) -> Option<String> {
    match text::clean_line(name, MAX_NAME) {
        Ok(name) if name.is_empty() => {
            faults.add("/name", "required", "the organization needs a name");
            None
        }
        Ok(name) => Some(name),
        Err(why) => {
            faults.add("/name", why.code(), why.to_string());
            None
        }
    }
}

fn check_slug(slug: &str, faults: &mut Faults) -> Option<String> {
    let fits = slug.len() <= 63
        && slug
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && slug.bytes().next().is_some_and(|byte| byte != b'-');
    if !fits {
        faults.add(
            "/slug",
            "slug_invalid",
            "use up to 63 lower-case letters, digits and hyphens, not beginning with a hyphen",
        );
    }
    fits.then(|| slug.to_owned())
}

/// A short name made from a name: `Maison Lumière` → `maison-lumiere`; `organization` if nothing is left.
pub fn slug_from(name: &str) -> String {
    let mut slug = String::new();
    for letter in text::fold(name).chars() {
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(63);
    let slug = slug.trim_matches('-');
    if slug.is_empty() {
        "organization".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_from_any_name() {
        assert_eq!(slug_from("Maison Lumière & Söhne!"), "maison-lumiere-sohne");
        assert_eq!(slug_from("株式会社"), "organization");
        let mut faults = Faults::new();
        for name in ["a", "-x-", &"long name ".repeat(20), "ẞ"] {
            check_slug(&slug_from(name), &mut faults);
        }
        assert_eq!(faults, Faults::new());
    }

    #[test]
    fn every_fault_of_a_new_organization_is_named() {
        let mut faults = Faults::new();
        let new = NewOrganization {
            name: " ".into(),
            slug: Some("Ü".into()),
            currency: Some("EURO".into()),
            time_zone: Some("Berlin".into()),
            locale: Some("!".into()),
        };
        assert!(new.check(&mut faults).is_none());
        let places: Vec<_> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/name", "/slug", "/currency", "/time_zone", "/locale"]);
    }
}
