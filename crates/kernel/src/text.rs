//! Free text: what is accepted as it is, and the folded form by which it is found.
//!
//! Accepted text is stored unchanged but for outer white space; whoever shows it escapes it. Nothing here escapes.

use std::{collections::HashSet, fmt};

use unicode_normalization::UnicodeNormalization;

/// Text of several lines, trimmed: refuses NUL, which PostgreSQL cannot store, and what is too long. Every other
/// character is kept, control characters included: they are harmless where output is escaped.
pub fn clean(text: &str, max_chars: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    let length = text.chars().count();
    if length > max_chars {
        return Err(TextError::TooLong {
            length,
            limit: max_chars,
        });
    }
    Ok(text.to_owned())
}

/// Text of one line, such as a name: as [`clean`], and refuses line feeds and carriage returns.
pub fn clean_line(text: &str, max_chars: usize) -> Result<String, TextError> {
    let text = clean(text, max_chars)?;
    if text.contains(['\n', '\r']) {
        Err(TextError::LineBreak)
    } else {
        Ok(text)
    }
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Has U+0000.
    Nul,
    /// A line break where one line is wanted.
    LineBreak,
    /// More characters than the field holds.
    TooLong {
        /// Characters given.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
}

impl TextError {
    /// The code of the fault, as listed in docs/errors.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nul => "text_has_nul",
            Self::LineBreak => "text_has_line_break",
            Self::TooLong { .. } => "too_long",
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("the text has a NUL character, which cannot be stored"),
            Self::LineBreak => f.write_str("the text has a line break where only one line is possible"),
            Self::TooLong { length, limit } => {
                write!(
                    f,
                    "the text has {length} characters; at most {limit} are possible"
                )
            }
        }
    }
}

impl std::error::Error for TextError {}

/// Letters and signs that no Unicode decomposition maps to what people type instead. All are in lower case.
pub const FOLD_PAIRS: &[(char, &str)] = &[
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ı', "i"),
    ('ĸ', "k"),
    ('ł', "l"),
    ('ŋ', "n"),
    ('þ', "th"),
    ('ŧ', "t"),
    ('ς', "σ"),
    ('’', "'"),
    ('‘', "'"),
    ('ʼ', "'"),
    ('‐', "-"),
    ('–', "-"),
    ('—', "-"),
];

/// The form by which text is found: NFKD, combining marks of the five "combining diacritical marks" blocks removed,
/// each character in lower case, then [`FOLD_PAIRS`].
///
/// The database's search function must give the same, so every step is one that SQL has too: `normalize(…, NFKD)`,
/// `regexp_replace(…, '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g')`, `lower` under a
/// Unicode collation, and one `replace` or `translate` per pair. Vowel signs of other scripts are letters' parts, not
/// accents, and stay.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text
        .nfkd()
        .filter(|&c| !is_accent(c))
        .flat_map(char::to_lowercase)
    {
        match FOLD_PAIRS.iter().find(|pair| pair.0 == c) {
            Some(pair) => folded.push_str(pair.1),
            None => folded.push(c),
        }
    }
    folded
}

fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The words of a text by which it is found: folded, letters and digits only, at least two characters, each once, in
/// their order.
pub fn search_tokens(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut seen = HashSet::new();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|token| token.chars().nth(1).is_some() && seen.insert(*token))
        .map(str::to_owned)
        .collect()
}

/// One or two capital letters for an avatar: of the name, else the company, else the e-mail address; `?` if there is
/// nothing to take.
pub fn initials(
    first: Option<&str>,
    last: Option<&str>,
    company: Option<&str>,
    email: Option<&str>,
) -> String {
    let of_name: String = [first, last].into_iter().flatten().filter_map(initial).collect();
    if !of_name.is_empty() {
        return of_name;
    }
    let of_company: String = company
        .into_iter()
        .flat_map(str::split_whitespace)
        .filter_map(initial)
        .take(2)
        .collect();
    if !of_company.is_empty() {
        return of_company;
    }
    email.and_then(initial).unwrap_or('?').to_string()
}

/// The first letter or digit, composed and in upper case.
fn initial(text: &str) -> Option<char> {
    text.nfc()
        .find(|c| c.is_alphanumeric())
        .map(|c| c.to_uppercase().next().unwrap_or(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_kept_but_for_outer_white_space() {
        assert_eq!(clean(" a\tb\r\nc \n", 10).unwrap(), "a\tb\r\nc");
        assert_eq!(
            clean_line("\u{a0}O’Brien\u{202e}\u{7} ", 20).unwrap(),
            "O’Brien\u{202e}\u{7}"
        );
    }

    #[test]
    fn nul_line_breaks_and_length_are_refused_with_a_sentence() {
        assert_eq!(clean("a\0b", 10), Err(TextError::Nul));
        assert_eq!(clean_line("a\nb", 10), Err(TextError::LineBreak));
        assert_eq!(clean("äöü", 3).as_deref(), Ok("äöü"));
        let error = clean("äöüß", 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the text has 4 characters; at most 3 are possible"
        );
    }

    #[test]
    fn every_naughty_string_is_kept_unchanged() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/fixtures/names/blns/blns.json"
        );
        let Ok(json) = std::fs::read_to_string(path) else {
            println!("skipped: every_naughty_string_is_kept_unchanged needs the shared fixtures");
            return;
        };
        let strings: Vec<String> = serde_json::from_str(&json).unwrap();
        assert!(strings.len() > 400);
        for string in strings {
            assert_eq!(clean(&string, 1000).unwrap(), string.trim());
            assert_eq!(clean_line(&string, 1000).unwrap(), string.trim());
            let _ = (
                fold(&string),
                search_tokens(&string),
                initials(Some(&string), None, None, None),
            );
        }
    }

    #[test]
    fn folding_drops_accents_and_case() {
        for (text, folded) in [
            ("Müller", "muller"),
            ("STRAẞE Straße", "strasse strasse"),
            (
                "Łódź Øre Æther Œuvre Đặng Þór",
                "lodz ore aether oeuvre dang thor",
            ),
            ("İstanbul ISPARTA ısı", "istanbul isparta isi"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("Σίσυφος", "σισυφοσ"),
            ("ﬁnal Ⅻ ａｂｃ", "final xii abc"),
            ("O’Brien – Smith‐Jones", "o'brien - smith-jones"),
            ("Ёлкин", "елкин"),
            ("हिन्दी", "हिन्दी"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn tokens_are_the_words_each_once() {
        assert_eq!(
            search_tokens("Anna-Maria  O'Brien anna, J. 42"),
            ["anna", "maria", "brien", "42"]
        );
        assert_eq!(search_tokens("ada@example.com"), ["ada", "example", "com"]);
        assert_eq!(search_tokens(" - ! "), Vec::<String>::new());
    }

    #[test]
    fn initials_come_from_the_best_name_there_is() {
        assert_eq!(initials(Some("ada"), Some("Byron"), Some("Acme"), None), "AB");
        assert_eq!(initials(Some("(E\u{301}mile)"), None, None, None), "É");
        assert_eq!(initials(None, Some(""), Some("Acme Rocket & Sons"), None), "AR");
        assert_eq!(initials(None, None, None, Some("zoe@example.com")), "Z");
        assert_eq!(initials(None, None, None, None), "?");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn folding_ignores_normal_form_and_tokens_are_folded(text in ".{0,60}") {
            prop_assert_eq!(fold(&text.nfc().collect::<String>()), fold(&text.nfd().collect::<String>()));
            for token in search_tokens(&text) {
                prop_assert_eq!(&fold(&token), &token);
            }
        }

        #[test]
        fn clean_text_is_clean_again(text in "(?s).{0,60}") {
            if let Ok(cleaned) = clean(&text, 40) {
                prop_assert_eq!(cleaned.as_str(), text.trim());
            }
        }
    }
}
