//! What is looked at: a page with what is opened on it; the pages of a shop that has nobody.

/// A page, or what is opened on it.
pub struct Looked {
    pub name: &'static str,
    pub address: String,
    /// What is done there; see `look::open`.
    pub steps: &'static [&'static str],
}

pub fn look(name: &'static str, address: String, steps: &'static [&'static str]) -> Looked {
    Looked { name, address, steps }
}

/// Pages of a shop that has nobody yet.
pub fn empty() -> Vec<Looked> {
    [
        ("empty-dashboard", "/dashboard"),
        ("empty-customers", "/customers"),
        ("empty-customers-tree", "/customers?layout=tree"),
        ("empty-orders", "/orders"),
        ("empty-carts", "/carts"),
        ("empty-products", "/products"),
        ("empty-mentions", "/mentions"),
        ("empty-imports", "/imports"),
        ("empty-exports", "/exports"),
        ("empty-definitions", "/settings/definitions"),
        ("empty-jobs", "/settings/jobs"),
        ("empty-connections", "/settings/connections"),
        ("empty-inbox", "/settings/inbox"),
        ("empty-firestore", "/settings/firestore"),
        ("empty-privacy", "/settings/privacy"),
    ]
    .into_iter()
    .map(|(name, address)| look(name, address.into(), &[]))
    .collect()
}
