//! The folded forms by which a customer is found; whoever writes a customer's names or keys writes these with them.
//!
//! What it never does: search; that is `find`.

use std::collections::BTreeSet;

use regulars_kernel::{Email, Phone, text};

use crate::model::Customer;

/// Longest sort key, in characters, because an index row has to hold it: folding can make a long name longer still.
const MAX_SORT: usize = 100;
/// Longest word in the dictionary of names, in characters, for the same reason.
const MAX_WORD: usize = 60;

/// What the list is sorted by: the folded full name, else what is shown in its place. Never empty, since a sort by
/// several columns has to sort everybody who is equal in the first.
pub fn sort_name(customer: &Customer) -> String {
    let name = customer.full_name();
    let shown = name
        .as_deref()
        .or(customer.email.as_ref().map(Email::as_str))
        .or(customer.phone.as_ref().map(Phone::as_str))
        .unwrap_or(&customer.code);
    text::fold(shown).chars().take(MAX_SORT).collect()
}

/// What infix search looks into: folded names, e-mail address, digits of the phone, and the code; a space before, between
/// and behind all words, so that `% smi%` finds words that begin so and `% smith %` whole ones.
pub fn search_text(customer: &Customer) -> String {
    let mut all = String::with_capacity(96);
    all.push(' ');
    let mut add = |part: &str| {
        for word in part.split_whitespace() {
            all.push_str(word);
            all.push(' ');
        }
    };
    let names = [
        &customer.first_name,
        &customer.last_name,
        &customer.company_name,
        &customer.legal_name,
    ];
    for name in names.into_iter().flatten() {
        add(&text::fold(name));
    }
    if let Some(email) = &customer.email {
        add(&text::fold(email.as_str()));
    }
    if let Some(phone) = &customer.phone {
        add(phone.digits());
    }
    add(&text::fold(&customer.code));
    all
}

/// The words of the names, for finding by misspelt ones.
pub fn words(customer: &Customer) -> BTreeSet<String> {
    let names = [
        &customer.first_name,
        &customer.last_name,
        &customer.company_name,
        &customer.legal_name,
    ];
    words_of(names.into_iter().flatten().map(String::as_str))
}

/// The words of these names.
pub fn words_of<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names
        .into_iter()
        .flat_map(text::search_tokens)
        .map(|word| match word.char_indices().nth(MAX_WORD) {
            Some((end, _)) => word[..end].to_owned(),
            None => word,
        })
        .collect()
}
