//! Where countries stand in an order: by their names, as people read them, not by their codes.
//!
//! What it never does: ask the database. The names are the kernel's, so their places are part of the statement.

use std::{collections::HashMap, sync::LazyLock};

use regulars_kernel::Country;

/// Places from 1; 0 is left for whoever has no country.
static RANKS: LazyLock<HashMap<&'static str, i32>> = LazyLock::new(|| {
    let by_name = Country::by_name();
    by_name.iter().map(Country::as_str).zip(1..).collect()
});

/// The place of `c.country` as SQL; null for no country. An object of JSON is searched by halves, an array from its start.
pub(super) static RANK: LazyLock<String> = LazyLock::new(|| {
    let places: Vec<String> = Country::all()
        .map(|country| format!(r#""{}":{}"#, country.as_str(), rank(country.as_str())))
        .collect();
    format!("('{{{}}}'::jsonb -> c.country)::int4", places.join(","))
});

/// The place of a country by its code; a code that is none comes before all.
pub(super) fn rank(code: &str) -> i32 {
    RANKS.get(code).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_stands_where_its_name_does() {
        // By their codes they would be AT, CH, DE, ES.
        let codes = ["AT", "DE", "ES", "CH"];
        assert!(codes.map(rank).is_sorted(), "{:?}", codes.map(rank));
        assert!(rank("AX") > 0 && rank("") == 0);
        assert!(RANK.contains(&format!("\"DE\":{}", rank("DE"))), "{}", *RANK);
    }
}
