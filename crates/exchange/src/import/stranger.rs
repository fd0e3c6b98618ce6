//! Telling a known customer from a stranger whose file counts in its own way.
//!
//! What it never does: look at what cannot tell people apart.

use regulars_customers::model::{Customer, import::Wanted};
use regulars_kernel::{Patch, text::fold};

use crate::mapping::Vendor;

/// Whether the row speaks of somebody else who happens to have the same id: files of unknown origin share the source
/// `csv`, and many count from 1. A name or an address may change, but seldom everything at once.
pub(super) fn is_another(wanted: &Wanted, known: &Customer) -> bool {
    let ids_are_vague = wanted
        .sources
        .iter()
        .all(|(source, _)| source == Vendor::Generic.source());
    if wanted.sources.is_empty() || !ids_are_vague || wanted.code.as_ref() == Some(&known.code) {
        return false;
    }
    let email = agrees(&wanted.email, known.email.as_ref(), |a, b| {
        a.lowercase() == b.lowercase()
    });
    let phone = agrees(&wanted.phone, known.phone.as_ref(), |a, b| a == b);
    let name = |wanted: &Patch<String>, known: &Option<String>| {
        agrees(wanted, known.as_ref(), |a, b| fold(a) == fold(b))
    };
    let names = [
        name(&wanted.first_name, &known.first_name),
        name(&wanted.last_name, &known.last_name),
        name(&wanted.company_name, &known.company_name),
    ];
    let all = [email, phone].into_iter().chain(names);
    let differing = names.iter().filter(|one| **one == Some(false)).count();
    !all.clone().any(|one| one == Some(true))
        && differing + usize::from(email == Some(false)) >= 2
        && differing >= 1
}

/// Whether a row and the record say the same; none if either says nothing.
fn agrees<T>(wanted: &Patch<T>, known: Option<&T>, same: impl Fn(&T, &T) -> bool) -> Option<bool> {
    match (wanted, known) {
        (Patch::Set(wanted), Some(known)) => Some(same(wanted, known)),
        _ => None,
    }
}
