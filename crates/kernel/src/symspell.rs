//! Finding misspelt words by deletions.
//!
//! Wolf Garbe's symmetric delete algorithm (SymSpell, 2012): a dictionary holds every word under itself and under
//! each form with one character deleted. A misspelt word and the word that was meant share such a form whenever they
//! differ by one insertion, deletion, substitution or transposition; [`distance`] then judges the candidates. The
//! dictionary itself is a table elsewhere; nothing here stores anything.

use std::collections::HashSet;

/// Longer words are cut to this many characters before deleting: names differ early, and it caps the rows per word.
pub const MAX_TOKEN: usize = 24;

/// The forms under which a word is filed and looked up: itself and each with one character deleted, each form once.
/// Words of fewer than three characters only as themselves, since one letter fits everybody.
pub fn deletes(token: &str) -> Vec<String> {
    let chars: Vec<char> = token.chars().take(MAX_TOKEN).collect();
    let word: String = chars.iter().collect();
    let mut forms = vec![word];
    if chars.len() < 3 {
        return forms;
    }
    let mut seen = HashSet::from([forms[0].clone()]);
    for gap in 0..chars.len() {
        let form: String = chars[..gap].iter().chain(&chars[gap + 1..]).collect();
        if seen.insert(form.clone()) {
            forms.push(form);
        }
    }
    forms
}

/// How many edits lie between two words: insertions, deletions, substitutions and transpositions of neighbours, no
/// stretch edited twice (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

/// How probable it is that who typed one word meant the other, among words equally many edits away: from 0 to
/// [`MAX_LIKENESS`]. People seldom mistake the first letter; they forget that a letter is doubled, swap neighbours, and
/// confuse vowels, in this order.
pub fn likeness(typed: &str, meant: &str) -> u8 {
    let first = if typed.chars().next() == meant.chars().next() {
        4
    } else {
        0
    };
    let same = |change: fn(&mut Vec<char>)| {
        let [typed, meant] = [typed, meant].map(|word| {
            let mut letters = word.chars().collect();
            change(&mut letters);
            letters
        });
        typed == meant
    };
    first
        + if same(Vec::dedup) {
            5
        } else if same(|letters| letters.sort_unstable()) {
            3
        } else if same(|letters| {
            letters.retain(|letter| !matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y'));
        }) {
            2
        } else {
            0
        }
}

/// What [`likeness`] answers at most.
pub const MAX_LIKENESS: u8 = 9;

/// How many edits a typed word of so many characters may be off: none below 3, one up to 7, two beyond.
///
/// Deletions of one character find every word at distance 1 and some at 2; those are welcome in long words, where
/// they seldom mean somebody else.
pub fn max_distance(chars: usize) -> usize {
    match chars {
        0..3 => 0,
        3..8 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meet(a: &str, b: &str) -> bool {
        let forms: HashSet<_> = deletes(a).into_iter().collect();
        deletes(b).iter().any(|form| forms.contains(form))
    }

    #[test]
    fn a_word_is_filed_under_itself_and_each_deletion_once() {
        assert_eq!(deletes("alan"), ["alan", "lan", "aan", "aln", "ala"]);
        assert_eq!(deletes("anna"), ["anna", "nna", "ana", "ann"]);
        assert_eq!(deletes("ab"), ["ab"]);
        assert_eq!(
            deletes(&"x".repeat(50)),
            [&"x".repeat(24), &"x".repeat(23)].map(String::clone)
        );
    }

    #[test]
    fn misspelt_names_meet_the_right_ones() {
        for (typed, meant) in [
            ("alen", "allen"),
            ("smiht", "smith"),
            ("mayer", "meyer"),
            ("müler", "müller"),
        ] {
            assert!(meet(typed, meant), "{typed} {meant}");
            assert!(
                distance(typed, meant) <= max_distance(typed.chars().count()),
                "{typed} {meant}"
            );
        }
    }

    #[test]
    fn what_was_probably_meant_comes_first() {
        let mut near = ["galen", "alan", "alec", "allen", "aeln", "aden"];
        near.sort_by_key(|meant| std::cmp::Reverse(likeness("alen", meant)));
        assert_eq!(near, ["allen", "aeln", "alan", "alec", "aden", "galen"]);
        assert_eq!(likeness("alen", "allen"), MAX_LIKENESS);
    }

    #[test]
    fn short_words_must_be_right() {
        assert_eq!([0, 2, 3, 7, 8, 30].map(max_distance), [0, 0, 1, 1, 2, 2]);
    }

    proptest! {
        #[test]
        fn words_one_edit_apart_always_meet(word in "[a-zäöü]{4,20}", at in 0usize..20, kind in 0u8..4, letter in "[a-z]") {
            let mut chars: Vec<char> = word.chars().collect();
            let at = at % chars.len();
            match kind {
                0 => { chars.remove(at); }
                1 => chars.insert(at, letter.chars().next().unwrap()),
                2 => chars[at] = letter.chars().next().unwrap(),
                _ => { let next = (at + 1) % chars.len(); if next > at { chars.swap(at, next); } }
            }
            let other: String = chars.into_iter().collect();
            prop_assert!(distance(&word, &other) <= 1);
            prop_assert!(meet(&word, &other));
        }
    }
}
