//! Time zones of the IANA database.
//!
//! The database is compiled in (chrono-tz); the machine's own is never read.

use std::fmt;

use crate::value::text_value;

/// An IANA time zone such as `Europe/Berlin`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, utoipa::ToSchema)]
#[schema(value_type = String, example = "Europe/Berlin")]
pub struct TimeZone(pub chrono_tz::Tz);

/// The names of `zone.tab` of the IANA database, version 2025b, and UTC.
const OFFERED: &str = include_str!("time_zones.txt");

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

    /// Those to choose from, by name: one or more for each country and UTC, without the old names that the database keeps for
    /// them (`US/Pacific`, `Asia/Calcutta`).
    pub fn offered() -> impl Iterator<Item = Self> {
        OFFERED.lines().filter_map(|name| name.parse().ok().map(Self))
    }

    /// All of them, by name, old names too.
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
    fn what_is_offered_are_zones_by_the_names_of_now() {
        let offered: Vec<_> = TimeZone::offered().collect();
        assert_eq!(offered.len(), OFFERED.lines().count(), "all of them are known");
        let is_offered = |name: &str| offered.iter().any(|zone| zone.as_str() == name);
        for name in [
            "UTC",
            "Europe/Berlin",
            "Europe/Amsterdam",
            "America/Los_Angeles",
            "Asia/Kolkata",
        ] {
            assert!(is_offered(name), "{name}");
        }
        for name in [
            "US/Pacific",
            "Asia/Calcutta",
            "Europe/Kiev",
            "GMT+0",
            "EST",
            "PRC",
        ] {
            assert!(!is_offered(name) && TimeZone::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "Berlin", "+01:00", "Europe/Atlantis", "Europe/Berlin\0"] {
            assert!(TimeZone::parse(text).is_err(), "{text}");
        }
    }
}
