//! The folded forms by which a customer is found; whoever writes a customer's names or keys writes these with them.
//!
//! What it never does: search; that is `find`.

use std::collections::BTreeSet;

use regulars_kernel::text;

use crate::model::Customer;

/// Longest sort key, in characters, because an index row has to hold it: folding can make a long name longer still.
const MAX_SORT: usize = 100;
/// Longest word in the dictionary of names, in characters, for the same reason.
const MAX_WORD: usize = 60;

/// What the list is sorted by: the folded full name.
pub fn sort_name(customer: &Customer) -> String {
    customer
        .full_name()
        .map(|name| text::fold(&name).chars().take(MAX_SORT).collect())
        .unwrap_or_default()
}

/// What infix search looks into: folded names, e-mail address, digits of the phone, and the code.
pub fn search_text(customer: &Customer) -> String {
    let mut all = String::with_capacity(96);
    let mut add = |part: &str| {
        if !part.is_empty() {
            if !all.is_empty() {
                all.push(' ');
            }
            all.push_str(part);
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
    names
        .into_iter()
        .flatten()
        .flat_map(|name| text::search_tokens(name))
        .map(|word| match word.char_indices().nth(MAX_WORD) {
            Some((end, _)) => word[..end].to_owned(),
            None => word,
        })
        .collect()
}
