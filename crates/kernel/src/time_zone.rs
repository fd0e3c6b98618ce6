//! Time zones of the IANA database.
//!
//! The database is compiled in (chrono-tz); the machine's own is never read.

use std::fmt;

use crate::value::text_value;

/// An IANA time zone such as `Europe/Berlin`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, utoipa::ToSchema)]
#[schema(value_type = String, example = "Europe/Berlin")]
pub struct TimeZone(pub chrono_tz::Tz);

text_value!(TimeZone, TimeZoneError);

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(chrono_tz::Tz::UTC);

    /// Understands the name of a zone, in any case.
    pub fn parse(text: &str) -> Result<Self, TimeZoneError> {
        let text = text.trim();
        let exact = text.parse::<chrono_tz::Tz>().ok().map(Self);
        exact
            .or_else(|| Self::all().find(|zone| zone.as_str().eq_ignore_ascii_case(text)))
            .ok_or_else(|| TimeZoneError(text.chars().take(60).collect()))
    }

    /// Its name.
    pub fn as_str(&self) -> &'static str {
        self.0.name()
    }

    /// All of them, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        chrono_tz::TZ_VARIANTS.iter().copied().map(Self)
    }
}

/// Why a text is not a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneError(String);

impl fmt::Display for TimeZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "“{}” is not a time zone; use an IANA name such as Europe/Berlin",
            self.0
        )
    }
}

impl std::error::Error for TimeZoneError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_understood_by_its_name() {
        for zone in TimeZone::all() {
            assert_eq!(TimeZone::parse(zone.as_str()), Ok(zone));
        }
        assert_eq!(
            TimeZone::parse(" europe/berlin ").unwrap().as_str(),
            "Europe/Berlin"
        );
        assert_eq!(TimeZone::parse("UTC"), Ok(TimeZone::UTC));
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "Berlin", "+01:00", "Europe/Atlantis", "Europe/Berlin\0"] {
            assert!(TimeZone::parse(text).is_err(), "{text}");
        }
    }
}
