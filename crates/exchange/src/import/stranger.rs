//! Telling a known customer from a stranger whose file counts in its own way.
//!
//! What it never does: look at what cannot tell people apart.

use regulars_customers::model::{Customer, import::Wanted};
use regulars_kernel::{Patch, symspell, text::fold};

use crate::mapping::Vendor;

/// Whether the row speaks of somebody else who happens to have the same id: files of unknown origin share the source
/// `csv`, and many count from 1. A name or an address may change, but seldom everything at once: it is a stranger if no
/// word of the names is the same, and nothing else that tells people apart is.
pub(super) fn is_another(wanted: &Wanted, known: &Customer) -> bool {
    let ids_are_vague = wanted
        .sources
        .iter()
        .all(|(source, _)| source == Vendor::Generic.source());
    if wanted.sources.is_empty() || !ids_are_vague || wanted.code.as_ref() == Some(&known.code) {
        return false;
    }
    let own = Names {
        first: set(&wanted.first_name),
        last: set(&wanted.last_name),
        company: set(&wanted.company_name),
    };
    let theirs = Names {
        first: known.first_name.as_ref(),
        last: known.last_name.as_ref(),
        company: known.company_name.as_ref(),
    };
    let (own_words, their_words) = (own.words(), theirs.words());
    if own_words.is_empty() || their_words.is_empty() {
        return false;
    }
    let others = [
        agrees(&wanted.email, known.email.as_ref(), |a, b| {
            a.lowercase() == b.lowercase()
        }),
        agrees(&wanted.phone, known.phone.as_ref(), |a, b| a == b),
        agrees(&wanted.birthday, known.birthday.as_ref(), |a, b| a == b),
        agrees(&wanted.tax_id, known.tax_id.as_ref(), |a, b| fold(a) == fold(b)),
    ];
    let has_common_word = own_words
        .iter()
        .any(|word| their_words.iter().any(|known| is_same(word, known)));
    if has_common_word || others.contains(&Some(true)) {
        return false;
    }
    // A first name alone may have been corrected.
    let is_first_name_alone = own.last.or(own.company).is_none() || theirs.last.or(theirs.company).is_none();
    !is_first_name_alone || own.company.is_some() != theirs.company.is_some() || others.contains(&Some(false))
}

/// What somebody is called.
#[derive(Clone, Copy)]
struct Names<'a> {
    first: Option<&'a String>,
    last: Option<&'a String>,
    company: Option<&'a String>,
}

impl Names<'_> {
    /// All words; initials tell nobody apart.
    fn words(self) -> Vec<String> {
        [self.first, self.last, self.company]
            .into_iter()
            .flatten()
            .flat_map(|name| {
                let folded = fold(name);
                let words = folded.split(|letter: char| !letter.is_alphanumeric());
                words
                    .filter(|word| word.chars().count() > 1)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}

fn set<T>(patch: &Patch<T>) -> Option<&T> {
    match patch {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Whether it is the same word, typos aside.
fn is_same(word: &str, known: &str) -> bool {
    symspell::distance(word, known) <= symspell::max_distance(word.chars().count())
}

/// Whether a row and the record say the same; none if either says nothing.
fn agrees<T>(wanted: &Patch<T>, known: Option<&T>, same: impl Fn(&T, &T) -> bool) -> Option<bool> {
    Some(same(set(wanted)?, known?))
}
