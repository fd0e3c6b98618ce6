//! Locales: BCP 47 language tags such as `de` or `de-DE`.
//!
//! Checks the form (RFC 5646 `langtag` without extensions) and the region against ISO 3166; does not translate.

use std::fmt;

use crate::{country::Country, value::text_value};

/// A language tag in its usual case: `de`, `de-DE`, `zh-Hant-TW`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = String, example = "de-DE")]
pub struct Locale(String);

text_value!(Locale, LocaleError);

impl Locale {
    /// Understands language, optional script, region and variants; `_` counts as `-`, and case is put right
    /// (RFC 5646 section 2.1.1).
    pub fn parse(text: &str) -> Result<Self, LocaleError> {
        let text = text.trim();
        let fail = || LocaleError(text.chars().take(40).collect());
        if text.len() > 35 {
            return Err(fail());
        }
        let mut parts = text.split(['-', '_']).peekable();
        let language = parts.next().unwrap_or_default();
        if !(letters(language) && (2..=3).contains(&language.len())) {
            return Err(fail());
        }
        let mut tag = language.to_ascii_lowercase();
        if let Some(script) = parts.next_if(|part| part.len() == 4 && letters(part)) {
            tag.push('-');
            tag.push_str(&script[..1].to_ascii_uppercase());
            tag.push_str(&script[1..].to_ascii_lowercase());
        }
        if let Some(region) = parts.next_if(|part| is_region(part)) {
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        for variant in parts {
            if !is_variant(variant) {
                return Err(fail());
            }
            tag.push('-');
            tag.push_str(&variant.to_ascii_lowercase());
        }
        Ok(Self(tag))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, as in `de`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// The region, where the tag names a country.
    pub fn country(&self) -> Option<Country> {
        self.0
            .split('-')
            .skip(1)
            .filter(|part| part.len() == 2)
            .find_map(Country::from_code)
    }

    /// `German (Germany)`; the tag itself where the language is not a common one.
    pub fn name(&self) -> String {
        match (language_name(self.language()), self.country()) {
            (Some(language), Some(country)) => format!("{language} ({})", country.name()),
            (Some(language), None) => language.to_owned(),
            (None, _) => self.0.clone(),
        }
    }
}

/// Why a text is not a locale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocaleError(String);

impl fmt::Display for LocaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” is not a locale; use a BCP 47 tag such as de-DE", self.0)
    }
}

impl std::error::Error for LocaleError {}

/// The English name of a common language, by its ISO 639 code.
pub fn language_name(code: &str) -> Option<&'static str> {
    LANGUAGES.iter().find(|row| row.0 == code).map(|row| row.1)
}

fn letters(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_region(part: &str) -> bool {
    let numeric = part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
    numeric || (part.len() == 2 && Country::from_code(&part.to_ascii_uppercase()).is_some())
}

fn is_variant(part: &str) -> bool {
    let long = (5..=8).contains(&part.len());
    let dated = part.len() == 4 && part.as_bytes()[0].is_ascii_digit();
    (long || dated) && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Languages common among shops' customers.
#[rustfmt::skip]
const LANGUAGES: [(&str, &str); 64] = [
    ("af", "Afrikaans"), ("am", "Amharic"), ("ar", "Arabic"), ("az", "Azerbaijani"), ("be", "Belarusian"),
    ("bg", "Bulgarian"), ("bn", "Bengali"), ("bs", "Bosnian"), ("ca", "Catalan"), ("cs", "Czech"), ("cy", "Welsh"),
    ("da", "Danish"), ("de", "German"), ("el", "Greek"), ("en", "English"), ("es", "Spanish"), ("et", "Estonian"),
    ("eu", "Basque"), ("fa", "Persian"), ("fi", "Finnish"), ("fil", "Filipino"), ("fr", "French"), ("ga", "Irish"),
    ("gl", "Galician"), ("gu", "Gujarati"), ("he", "Hebrew"), ("hi", "Hindi"), ("hr", "Croatian"), ("hu", "Hungarian"),
    ("hy", "Armenian"), ("id", "Indonesian"), ("is", "Icelandic"), ("it", "Italian"), ("ja", "Japanese"),
    ("ka", "Georgian"), ("kk", "Kazakh"), ("ko", "Korean"), ("lb", "Luxembourgish"), ("lt", "Lithuanian"),
    ("lv", "Latvian"), ("mk", "Macedonian"), ("ms", "Malay"), ("mt", "Maltese"), ("nb", "Norwegian Bokmål"),
    ("nl", "Dutch"), ("nn", "Norwegian Nynorsk"), ("no", "Norwegian"), ("pl", "Polish"), ("pt", "Portuguese"),
    ("ro", "Romanian"), ("ru", "Russian"), ("sk", "Slovak"), ("sl", "Slovenian"), ("sq", "Albanian"), ("sr", "Serbian"),
    ("sv", "Swedish"), ("sw", "Swahili"), ("ta", "Tamil"), ("th", "Thai"), ("tr", "Turkish"), ("uk", "Ukrainian"),
    ("ur", "Urdu"), ("vi", "Vietnamese"), ("zh", "Chinese"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_understood_and_their_case_put_right() {
        for (given, tag) in [
            ("de", "de"),
            ("de-DE", "de-DE"),
            (" DE_de ", "de-DE"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("fil-PH", "fil-PH"),
        ] {
            assert_eq!(Locale::parse(given).unwrap().as_str(), tag);
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in [
            "", "d", "german", "de-", "-DE", "de-XX", "de--DE", "de DE", "dé-DE", "de-DE-x", "12-DE",
        ] {
            assert!(Locale::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_has_an_english_name() {
        assert_eq!(Locale::parse("de-DE").unwrap().name(), "German (Germany)");
        assert_eq!(Locale::parse("fr").unwrap().name(), "French");
        assert_eq!(Locale::parse("zh-Hant-TW").unwrap().name(), "Chinese (Taiwan)");
        assert_eq!(Locale::parse("gsw-CH").unwrap().name(), "gsw-CH");
    }

    proptest! {
        #[test]
        fn an_understood_tag_is_understood_again_unchanged(text in "[a-zA-Z0-9_-]{0,14}") {
            if let Ok(locale) = Locale::parse(&text) {
                prop_assert_eq!(Locale::parse(locale.as_str()), Ok(locale));
            }
        }

        #[test]
        fn any_text_is_answered(text in ".{0,50}") {
            let _ = Locale::parse(&text);
        }
    }
}
