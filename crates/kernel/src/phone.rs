//! Phone numbers in E.164, by Google's rules (libphonenumber).
//!
//! A number is kept only if it is possible for its country: numbering plans change faster than their tables, so a
//! number of a range that the tables do not know yet is kept too. Never calls, never looks up a carrier.

use std::{fmt, str::FromStr};

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat, Region, ValidationError,
};
use serde::{Deserialize, Serialize};

use crate::country::Country;

/// A phone number in E.164, as in `+4930123456`. Personal data: `Debug` is redacted and there is no `Display`.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(try_from = "String")]
#[sqlx(transparent)]
#[schema(value_type = String, example = "+4930123456", pattern = r"^\+[1-9][0-9]{2,14}$")]
pub struct Phone(String);

/// Longest number: + and fifteen digits.
pub const MAX_PHONE: usize = 16;

impl Phone {
    /// Understands a number as people write it. Without a leading `+` (or the country's international prefix) it is
    /// read as one of the hinted country. One leading apostrophe is dropped: spreadsheets put it there so that the
    /// number stays text. An extension is not kept.
    pub fn parse(text: &str, hint: Option<&Country>) -> Result<Self, PhoneError> {
        let text = text.trim();
        let text = text.strip_prefix(['\'', '’']).unwrap_or(text).trim();
        let fail = |why| PhoneError {
            given: text.chars().take(60).collect(),
            why,
            country: hint
                .copied()
                .filter(|_| !text.starts_with(['+', '＋']) && !text.starts_with("00")),
        };
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        // Longer than any number with every separator (libphonenumber's own limit); also bounds the work.
        if text.len() > 250 {
            return Err(fail("it is too long"));
        }
        let region = hint.and_then(|country| Region::from_code(country.as_str()).ok());
        let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|error| {
            fail(match error {
                ParseError::InvalidCountryCode if region.is_none() => {
                    "its country is missing: begin with + and the calling code, as in +49, or say the country"
                }
                ParseError::InvalidCountryCode => "its country calling code does not exist",
                ParseError::NotANumber(_) => "it is not made of digits",
                ParseError::TooShortAfterIdd | ParseError::TooShortNsn => "it is too short",
                ParseError::TooLongNsn => "it is too long",
            })
        })?;
        match number.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => return Err(fail("its area code is missing")),
            Err(ValidationError::TooShort) => return Err(fail("it is too short")),
            Err(ValidationError::TooLong) => return Err(fail("it is too long")),
            Err(_) => return Err(fail("no number of that country has this length")),
        }
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        // E.164 section 6.1; some national plans allow more, but such a number cannot be dialled from abroad.
        if e164.len() > MAX_PHONE {
            return Err(fail("it is too long"));
        }
        Ok(Self(e164))
    }

    /// A number that [`Phone::parse`] gave once and the database kept: numbering plans may have changed since, but what is
    /// stored is shown.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The number in E.164; never to be logged.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As written inside its country: `030 123456`.
    pub fn national_format(&self) -> String {
        self.format(PhoneNumberFormat::National)
    }

    /// As written abroad: `+49 30 123456`.
    pub fn international_format(&self) -> String {
        self.format(PhoneNumberFormat::International)
    }

    /// The country it belongs to, where the calling code and range tell.
    pub fn country(&self) -> Option<Country> {
        let region = self.number()?.get_region_code()?;
        Country::from_code(region.as_region_str().as_str())
    }

    /// The digits without the `+`, by which people search.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }

    fn number(&self) -> Option<PhoneNumber> {
        PhoneNumber::from_str(&self.0).ok()
    }

    fn format(&self, format: PhoneNumberFormat) -> String {
        self.number()
            .map_or_else(|| self.0.clone(), |number| number.format_as(format).into_owned())
    }
}

/// For serde, whose errors reach logs: the reason alone.
impl TryFrom<String> for Phone {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text, None).map_err(|error| error.why)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.0.chars().take(3).collect::<String>())
    }
}

/// Why a text is not a phone number. `Display` quotes the text for the person who typed it; `Debug` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneError {
    given: String,
    why: &'static str,
    /// As whose it was read, because it did not say.
    country: Option<Country>,
}

impl PhoneError {
    /// The reason alone, without what was typed; fit for logs.
    pub fn why(&self) -> &'static str {
        self.why
    }
}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given, why, country } = self;
        match country {
            None => write!(f, "“{given}” is not a phone number: {why}"),
            Some(country) => write!(
                f,
                "“{given}” is not a phone number: {why} (read with the country {}; for another begin with + and its calling code)",
                country.name()
            ),
        }
    }
}

impl fmt::Debug for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PhoneError").field(&self.why).finish()
    }
}

impl std::error::Error for PhoneError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, country: &str) -> Result<String, &'static str> {
        let hint = Country::from_code(country);
        Phone::parse(text, hint.as_ref())
            .map(|phone| phone.0)
            .map_err(|error| error.why())
    }

    #[test]
    fn numbers_become_e164() {
        for (text, country, e164) in [
            ("030 123456", "DE", "+4930123456"),
            ("(202) 555-0173", "US", "+12025550173"),
            ("+44 20 7183 8750", "DE", "+442071838750"),
            ("0044 20 7183 8750", "DE", "+442071838750"),
            ("'+4930123456", "", "+4930123456"),
            ("’030 123456", "DE", "+4930123456"),
            ("+39 06 69821", "", "+390669821"),
            ("tel:+4930123456", "", "+4930123456"),
            ("０３０ １２３４５６", "DE", "+4930123456"),
        ] {
            assert_eq!(parse(text, country).as_deref(), Ok(e164), "{text}");
        }
    }

    #[test]
    fn the_sentence_says_what_is_wrong() {
        for (text, country, why) in [
            ("", "DE", "it is empty"),
            (
                "030 123456",
                "",
                "its country is missing: begin with + and the calling code, as in +49, or say the country",
            ),
            ("+999 123456", "DE", "its country calling code does not exist"),
            ("call me", "DE", "it is not made of digits"),
            ("555-0173", "US", "its area code is missing"),
            ("+1 202 555 01733", "", "it is too long"),
            (
                "''030 123456",
                "",
                "its country is missing: begin with + and the calling code, as in +49, or say the country",
            ),
        ] {
            assert_eq!(parse(text, country), Err(why), "{text}");
        }
        let here = Phone::parse("555-0173", Country::from_code("US").as_ref()).unwrap_err();
        assert_eq!(
            here.to_string(),
            "“555-0173” is not a phone number: its area code is missing (read with the country United States; for another \
             begin with + and its calling code)"
        );
        let error = Phone::parse("call me", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "“call me” is not a phone number: it is not made of digits"
        );
    }

    #[test]
    fn a_number_can_be_shown_and_knows_its_country() {
        let phone = Phone::parse("+442071838750", None).unwrap();
        assert_eq!(phone.national_format(), "020 7183 8750");
        assert_eq!(phone.international_format(), "+44 20 7183 8750");
        assert_eq!(phone.country().unwrap().as_str(), "GB");
        assert_eq!(phone.digits(), "442071838750");
    }

    #[test]
    fn debug_output_names_nobody() {
        assert_eq!(
            format!("{:?}", Phone::parse("+442071838750", None).unwrap()),
            "+44…"
        );
        assert!(!format!("{:?}", Phone::parse("0123", None).unwrap_err()).contains("0123"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_a_number_is_stable(text in ".{0,60}") {
            if let Ok(phone) = Phone::parse(&text, Country::from_code("DE").as_ref()) {
                prop_assert_eq!(Phone::parse(phone.as_str(), None), Ok(phone));
            }
        }

        #[test]
        fn digits_are_answered_and_a_number_is_stable(text in "\\+?[0-9 ()/.-]{3,24}", at in 0usize..249) {
            let country = Country::all().nth(at);
            if let Ok(phone) = Phone::parse(&text, country.as_ref()) {
                prop_assert_eq!(Phone::parse(phone.as_str(), None), Ok(phone.clone()));
                prop_assert!(!phone.national_format().is_empty());
            }
        }
    }
}
