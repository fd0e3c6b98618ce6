//! A search as words and patterns, and how well a customer answers it. No database here.
//!
//! **Score**, best first: 100 the e-mail address, phone or code itself · 90 the whole name · 80 the name begins with
//! it · 70 every word is there as a word · 60 every word begins one · 50 to 59 a word is one typo away, the more likely
//! the typo the better · 40 every word is somewhere inside · 20 to 29 a word is two typos away. Several words count as the
//! worst of them, then as their sum. Ties go by name, then id.

use regulars_kernel::{Country, Phone, symspell, text::fold};

/// Words beyond these are not looked at: who typed ten found whom they meant.
const MAX_WORDS: usize = 10;

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Folded, its white space single.
    pub folded: String,
    /// Its words, each once.
    pub list: Vec<String>,
    /// E-mail address that it may be, in lower case.
    pub email: Option<String>,
    /// Phone number that it may be.
    pub phone: Option<String>,
    /// Codes that it may be.
    pub codes: Vec<String>,
}

impl Words {
    pub(super) fn parse(q: &str, country: Option<&Country>) -> Self {
        let folded = fold(q).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut list: Vec<String> = Vec::new();
        let phone = if is_phone_like(q) {
            Phone::parse(q, country).ok()
        } else {
            None
        };
        if is_phone_like(q) {
            list.push(national_digits(q));
        } else {
            for word in folded.split(' ').filter(|word| !word.is_empty()) {
                if !list.iter().any(|known| known == word) && list.len() < MAX_WORDS {
                    list.push(word.to_owned());
                }
            }
        }
        let email = q.contains('@').then(|| q.to_lowercase());
        let mut codes = vec![q.to_owned(), q.to_uppercase()];
        codes.dedup();
        Self {
            folded,
            list,
            email,
            phone: phone.map(|phone| phone.as_str().to_owned()),
            codes,
        }
    }

    /// Each word anywhere; words of one or two letters at the beginning of one, since they are everywhere.
    pub(super) fn infix(&self) -> Vec<Vec<String>> {
        let mut patterns: Vec<Vec<String>> = self.list.iter().map(|word| vec![infix(word)]).collect();
        // A number with “(0)” in it has other digits than its international form.
        if let (Some(phone), Some(first)) = (&self.phone, patterns.first_mut()) {
            first.push(format!("%{}%", &phone[1..]));
        }
        patterns
    }

    /// Each word at the beginning of one.
    pub(super) fn prefix(&self) -> Vec<Vec<String>> {
        self.list
            .iter()
            .map(|word| vec![format!("% {}%", escape(word))])
            .collect()
    }

    /// Each word as a whole.
    pub(super) fn whole(&self) -> Vec<Vec<String>> {
        self.list
            .iter()
            .map(|word| vec![format!("% {} %", escape(word))])
            .collect()
    }

    /// How well a customer answers; 0 if not at all. `near` holds, for each word, names that a typo may have meant
    /// with their [`typo_score`].
    pub(super) fn score(&self, sort_name: &str, search_text: &str, near: &[Vec<(String, u8)>]) -> Score {
        if sort_name == self.folded {
            return Score(90, 0);
        }
        if sort_name.starts_with(&self.folded) {
            return Score(80, 0);
        }
        let scores = self.list.iter().enumerate().map(|(at, word)| {
            let near = near.get(at).map_or(&[][..], Vec::as_slice);
            let typo = near
                .iter()
                .filter(|(token, _)| word_score(token, search_text) == 70)
                .map(|(_, score)| *score);
            typo.max().unwrap_or(0).max(word_score(word, search_text))
        });
        let (worst, sum) = scores.fold((u8::MAX, 0), |(worst, sum), score| {
            (worst.min(score), sum + u16::from(score))
        });
        let worst = if self.list.is_empty() { 0 } else { worst };
        match &self.phone {
            Some(phone) if search_text.contains(&phone[1..]) => Score(worst.max(40), sum),
            _ => Score(worst, sum),
        }
    }
}

/// How well a customer answers: by the worst word, then by all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score(pub u8, pub u16);

/// However alike, two edits are worse than one, and one is worse than a part of a word.
const _: () = assert!(20 + symspell::MAX_LIKENESS < 50 && 50 + symspell::MAX_LIKENESS < 60);

/// How well a name answers a word that is a typo of it; none if it is the word itself or more than `most` edits away.
pub(super) fn typo_score(word: &str, name: &str, most: usize) -> Option<u8> {
    let base = match symspell::distance(word, name) {
        0 => return None,
        distance if distance > most => return None,
        1 => 50,
        _ => 20,
    };
    Some(base + symspell::likeness(word, name))
}

/// Words end at everything that is neither letter nor digit: `smith` is a word of `anna-smith` and `a.smith@example.com`.
fn word_score(word: &str, text: &str) -> u8 {
    let mut best = 0;
    for (at, _) in text.match_indices(word) {
        let begins = !text[..at].ends_with(char::is_alphanumeric);
        let ends = !text[at + word.len()..].starts_with(char::is_alphanumeric);
        best = best.max(match (begins, ends) {
            (true, true) => return 70,
            (true, false) => 60,
            _ => 40,
        });
    }
    best
}

fn infix(word: &str) -> String {
    let start = if word.chars().count() < 3 { "% " } else { "%" };
    format!("{start}{}%", escape(word))
}

/// LIKE's own signs, as themselves.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// What a pattern of ours (`%x%`, `% x%` or `% x %`) looks for: whoever contains it matches.
pub(super) fn needle(pattern: &str) -> String {
    let inner = pattern
        .strip_prefix('%')
        .and_then(|rest| rest.strip_suffix('%'))
        .unwrap_or(pattern);
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}

fn is_phone_like(q: &str) -> bool {
    q.chars().filter(char::is_ascii_digit).count() >= 4
        && q.chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-()/.".contains(c))
}

/// The digits without the trunk zero or the international prefix, as they stand inside an E.164 number.
fn national_digits(q: &str) -> String {
    let digits: String = q.chars().filter(char::is_ascii_digit).collect();
    let bare = if q.trim_start().starts_with('+') {
        &digits
    } else {
        digits
            .strip_prefix("00")
            .or_else(|| digits.strip_prefix('0'))
            .unwrap_or(&digits)
    };
    bare.to_owned()
}

/// How many typos a word may have; words with digits or signs in them are no names.
pub(super) fn typos(word: &str) -> usize {
    if word.chars().all(char::is_alphabetic) {
        symspell::max_distance(word.chars().count())
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        text.contains(&needle(pattern))
    }

    const ADA: &str = " ada byron ada@example.com 4930123456 c-000123 ";

    fn score(q: &str) -> u8 {
        Words::parse(q, Country::from_code("DE").as_ref())
            .score("ada byron", ADA, &[])
            .0
    }

    #[test]
    fn better_matches_score_higher() {
        let scores = ["Ada Byron", "ada b", "byron ada", "byr ada", "yron ada", "bob"].map(score);
        assert_eq!(scores, [90, 80, 70, 60, 40, 0]);
        let near = vec![vec![(
            "byron".to_owned(),
            typo_score("biron", "byron", 1).unwrap(),
        )]];
        let typo = Words::parse("biron", None).score("ada byron", ADA, &near).0;
        assert!((50..60).contains(&typo), "{typo}");
    }

    #[test]
    fn phones_are_found_in_every_writing() {
        for q in [
            "030 123456",
            "+49 30 123456",
            "0049 30 123456",
            "(030) 123-456",
            "+49 (0)30 123456",
            "30123456",
        ] {
            let words = Words::parse(q, Country::from_code("DE").as_ref());
            assert!(
                words.infix()[0].iter().any(|pattern| matches(pattern, ADA)),
                "{q}"
            );
            assert!(score(q) >= 40, "{q}");
        }
        assert_eq!(
            Words::parse("030 123456", Country::from_code("DE").as_ref())
                .phone
                .as_deref(),
            Some("+4930123456")
        );
    }

    #[test]
    fn signs_of_patterns_are_only_signs() {
        assert_eq!(Words::parse("100%_\\", None).infix(), [["%100\\%\\_\\\\%"]]);
        assert!(matches("%100\\%%", " 100% "));
        assert!(!matches("%100\\%%", " 1000 "));
    }

    #[test]
    fn short_words_must_begin_one() {
        assert_eq!(Words::parse("li wei", None).infix(), [["% li%"], ["%wei%"]]);
    }

    proptest! {
        #[test]
        fn any_text_is_understood(q in ".{0,200}", text in ".{0,80}") {
            let words = Words::parse(&q, None);
            prop_assert!(words.list.len() <= MAX_WORDS);
            let score = words.score(&text, &text, &[]);
            prop_assert!(score.0 <= 90);
            for pattern in words.infix().concat() { let _ = matches(&pattern, &text); }
        }
    }
}
