//! Countries: ISO 3166-1 alpha-2 codes with English names.
//!
//! Names are the common English ones (as in the IANA time zone database's `iso3166.tab`), not the diplomatic forms.
//! Nothing here knows about currencies or languages.

mod table;

use std::{collections::HashMap, fmt, sync::LazyLock};

use self::table::{ALIASES, TABLE};
use crate::{text::fold, value::text_value};

/// A country or territory of ISO 3166-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, example = "DE", pattern = "^[A-Z]{2}$")]
pub struct Country(&'static str);

text_value!(Country, CountryError);

impl Country {
    /// Understands an alpha-2 or alpha-3 code, an English name, or a common other name, in any case and with or
    /// without accents: `DE`, `deu`, `Germany`, `Deutschland`.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let text = text.trim();
        LOOKUP
            .get(&text.to_ascii_lowercase())
            .or_else(|| LOOKUP.get(&key(text)))
            .copied()
            .ok_or_else(|| CountryError(text.chars().take(60).collect()))
    }

    /// Understands only an alpha-2 code in upper case, as stored.
    pub fn from_code(code: &str) -> Option<Self> {
        TABLE
            .binary_search_by_key(&code, |row| row.0)
            .ok()
            .map(|at| Self(TABLE[at].0))
    }

    /// The alpha-2 code.
    pub fn as_str(&self) -> &'static str {
        self.0
    }

    /// The English name.
    pub fn name(&self) -> &'static str {
        TABLE
            .binary_search_by_key(&self.0, |row| row.0)
            .map_or(self.0, |at| TABLE[at].2)
    }

    /// All of them with their names, in the order of their codes.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        TABLE.iter().map(|row| Self(row.0))
    }

    /// All of them by name, for people to choose from.
    pub fn by_name() -> Vec<Self> {
        let mut all: Vec<Self> = Self::all().collect();
        all.sort_by_cached_key(|country| crate::text::fold(country.name()));
        all
    }
}

/// Why a text is not a country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountryError(String);

impl fmt::Display for CountryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "“{}” is not a country; use a two-letter ISO 3166 code such as DE, or its English name",
            self.0
        )
    }
}

impl std::error::Error for CountryError {}

/// Letters and digits of the folded text, with “and” and “the” left out, so that `Bosnia & Herzegovina` and
/// `Bosnia and Herzegovina` meet.
fn key(text: &str) -> String {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !matches!(*word, "and" | "the"))
        .map(|word| if word == "st" { "saint" } else { word })
        .collect()
}

static LOOKUP: LazyLock<HashMap<String, Country>> = LazyLock::new(|| {
    let mut lookup = HashMap::with_capacity(1000);
    // Codes first, as they are: no name or alias may ever shadow one, and AND (Andorra) is no “and”.
    for row in &TABLE {
        lookup.insert(row.0.to_ascii_lowercase(), Country(row.0));
        lookup.insert(row.1.to_ascii_lowercase(), Country(row.0));
    }
    for (name, code) in TABLE
        .iter()
        .map(|row| (row.2, row.0))
        .chain(ALIASES.iter().copied())
    {
        lookup.entry(key(name)).or_insert(Country(code));
    }
    lookup
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn there_are_249_countries_in_the_order_of_their_codes() {
        assert_eq!(Country::all().len(), 249);
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn people_choose_by_name_whatever_its_accents() {
        let names: Vec<_> = Country::by_name().iter().map(Country::name).collect();
        let at = |name: &str| names.iter().position(|known| *known == name).unwrap();
        assert_eq!(names.len(), 249);
        assert!(at("Åland Islands") < at("Albania") && at("Germany") < at("Ghana"));
        assert!(at("Côte d’Ivoire") < at("Croatia"));
    }

    #[test]
    fn every_code_and_name_is_understood_as_its_country() {
        for row in &TABLE {
            for text in [row.0, row.1, row.2] {
                assert_eq!(Country::parse(text).unwrap().as_str(), row.0, "{text}");
                assert_eq!(
                    Country::parse(&format!(" {} ", text.to_lowercase()))
                        .unwrap()
                        .as_str(),
                    row.0,
                    "{text}"
                );
            }
            assert_eq!(Country::from_code(row.0).unwrap().name(), row.2);
        }
    }

    #[test]
    fn every_other_name_points_to_its_country() {
        for (name, code) in ALIASES {
            assert_eq!(Country::parse(name).map(|c| c.as_str()), Ok(code), "{name}");
        }
        for (name, code) in [
            ("usa", "US"),
            ("Bosnia & Herzegovina", "BA"),
            ("St. Lucia", "LC"),
            ("Cote d'Ivoire", "CI"),
        ] {
            assert_eq!(Country::parse(name).map(|c| c.as_str()), Ok(code), "{name}");
        }
    }

    #[test]
    fn what_is_no_country_is_refused_with_a_sentence() {
        for text in ["", "XX", "Atlantis", "&", "the"] {
            assert!(Country::parse(text).is_err(), "{text}");
        }
        assert!(
            Country::parse("Atlantis")
                .unwrap_err()
                .to_string()
                .starts_with("“Atlantis” is not a country")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,80}") {
            let _ = Country::parse(&text);
        }
    }
}
