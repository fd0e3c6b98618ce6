//! What the command palette finds besides the pages it knows: customers, and things to do.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{Permission, Result};
use regulars_web::{
    PageCall, PageResult,
    pages::{Icon, avatar, palette_group, palette_item},
};

use super::{
    definitions,
    record::{Linked, linked_whole},
    state::ListState,
};
use regulars_customers::find;

/// Customers shown.
const SHOWN: u32 = 8;

/// `GET /search?q=`
pub(crate) async fn search(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let q = state.get("q").trim();
    let mut found = Vec::new();
    if !q.is_empty() && call.caller.may(Permission::CustomersRead) {
        let mut tx = call.read().await?;
        found = quick(&mut tx, q, SHOWN).await?;
    }
    Ok(results(q, &found, call.caller.may(Permission::CustomersWrite)).into_response())
}

/// The best matches of a search, few and quick.
pub(crate) async fn quick(tx: &mut Tx, q: &str, most: u32) -> Result<Vec<Linked>> {
    Ok(find::quick(tx, q, most).await?.iter().map(linked_whole).collect())
}

/// Things to do: words to be found by, the icon, where, and whether they change something.
const ACTIONS: &[(&str, Icon, &str, bool)] = &[
    ("New customer", Icon::Plus, "/customers?new=1", true),
    ("Import a file", Icon::Imports, "/imports/new", true),
    (definitions::NAME, Icon::Tag, definitions::PATH, false),
];

/// The answer to what was typed.
pub(crate) fn results(q: &str, found: &[Linked], may_write: bool) -> Markup {
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let actions = ACTIONS.iter().filter(|(label, _, _, writes)| {
        let label = label.to_lowercase();
        (!*writes || may_write) && words.iter().all(|word| label.contains(word))
    });
    let all = format!(
        "/customers?{}",
        form_urlencoded::Serializer::new(String::new())
            .append_pair("q", q)
            .finish()
    );
    html! {
        (palette_group("Customers", html! {
            @for one in found { (palette_item(avatar(&one.name, "sm"), &one.name, &one.note, &format!("/customers/{}", one.id))) }
            @if !found.is_empty() { (palette_item(Icon::Search, "All customers that match", "", &all)) }
        }))
        (palette_group("Do", html! { @for (label, icon, href, _) in actions { (palette_item(*icon, label, "", href)) } }))
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::ids::CustomerId;
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn the_palette_is_harmless_and_offers_what_one_may() {
        for text in samples::ALL {
            let found = [Linked {
                id: CustomerId::new(),
                name: text.into(),
                note: text.into(),
            }];
            samples::assert_harmless(&results(text, &found, true).into_string());
        }
        assert!(results("new", &[], true).into_string().contains("New customer"));
        assert!(!results("new", &[], false).into_string().contains("New customer"));
    }
}
