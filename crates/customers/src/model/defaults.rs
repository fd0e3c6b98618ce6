//! What an input is read with besides itself: the organization's settings and today's date.

use chrono::NaiveDate;
use regulars_kernel::{Country, Currency, Email, Faults, Locale, Patch, Phone, text};
use serde::{Deserialize, Deserializer};

/// What an input is read with besides itself.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The organization's currency.
    pub currency: Currency,
    /// The country of numbers without a calling code, where no address says another.
    pub country: Option<Country>,
    /// Today, in UTC.
    pub today: NaiveDate,
}

impl Defaults {
    /// Of an organization with this currency and locale, on this day.
    pub fn new(currency: Currency, locale: &Locale, today: NaiveDate) -> Self {
        Self {
            currency,
            country: locale.country(),
            today,
        }
    }
}

/// Longest name of a person, company, street and the like, in characters.
pub const MAX_NAME: usize = 200;
/// Longest note, in characters.
pub const MAX_NOTE: usize = 10_000;

/// Reads one line of text into a field; blank text clears it.
pub(crate) fn line(
    field: &mut Option<String>,
    patch: &Patch<String>,
    max: usize,
    pointer: &str,
    faults: &mut Faults,
) {
    set_text(field, patch, pointer, faults, |given| {
        text::clean_line(given, max)
    });
}

/// Reads several lines of text into a field; blank text clears it.
pub(crate) fn lines(
    field: &mut Option<String>,
    patch: &Patch<String>,
    max: usize,
    pointer: &str,
    faults: &mut Faults,
) {
    set_text(field, patch, pointer, faults, |given| text::clean(given, max));
}

fn set_text(
    field: &mut Option<String>,
    patch: &Patch<String>,
    pointer: &str,
    faults: &mut Faults,
    clean: impl Fn(&str) -> Result<String, text::TextError>,
) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => *field = None,
        Patch::Set(given) => match clean(given) {
            Ok(cleaned) => *field = Some(cleaned).filter(|cleaned| !cleaned.is_empty()),
            Err(error) => faults.add(pointer, error.code(), error.to_string()),
        },
    }
}

/// Reads a value that has a parser into a field; blank text clears it.
pub(crate) fn parsed<T, E: std::fmt::Display>(
    field: &mut Option<T>,
    patch: &Patch<String>,
    pointer: &str,
    code: &'static str,
    faults: &mut Faults,
    parse: impl Fn(&str) -> Result<T, E>,
) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => *field = None,
        Patch::Set(given) if given.trim().is_empty() => *field = None,
        Patch::Set(given) => {
            if let Some(value) = faults.take(pointer, code, parse(given)) {
                *field = Some(value);
            }
        }
    }
}

/// Reads a field that always has a value; clearing it gives the default.
pub(crate) fn choice<T: super::Choice + Default>(
    field: &mut T,
    patch: &Patch<String>,
    pointer: &str,
    faults: &mut Faults,
) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => *field = T::default(),
        Patch::Set(given) => {
            if let Some(value) = faults.take(pointer, "choice_unknown", T::parse(given.trim())) {
                *field = value;
            }
        }
    }
}

/// Reads a phone number, with the country as hint.
pub(crate) fn phone(
    field: &mut Option<Phone>,
    patch: &Patch<String>,
    hint: Option<&Country>,
    pointer: &str,
    faults: &mut Faults,
) {
    parsed(field, patch, pointer, "phone_invalid", faults, |given| {
        Phone::parse(given, hint)
    });
}

/// Rows reach us as JSON of the database; what is stored is not judged again.
pub(crate) fn stored_phone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Phone>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Phone::from_stored))
}

/// As [`stored_phone`].
pub(crate) fn stored_email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Email>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Email::from_stored))
}
