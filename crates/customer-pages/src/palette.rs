//! What the command palette finds besides the pages it knows: customers, and things to do. Before anything is typed it
//! shows whom one looked at last and whom one keeps at hand.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_database::Tx;
use regulars_kernel::{Permission, Result};
use regulars_web::{
    PageCall, PageResult,
    pages::{Icon, avatar, palette_group, palette_item},
};

use super::{
    definitions, marks,
    record::{Linked, linked_whole},
    state::ListState,
    wizard,
};
use regulars_customers::{find, model::Customer, ops};

/// Customers shown.
const SHOWN: u32 = 8;

/// `GET /search?q=`
pub(crate) async fn search(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    let state = ListState::parse(query.as_deref().unwrap_or_default());
    let q = state.get("q").trim();
    let may_write = call.caller.may(Permission::CustomersWrite);
    if !call.caller.may(Permission::CustomersRead) {
        return Ok(results(q, &[], may_write).into_response());
    }
    let mut tx = call.read().await?;
    if !q.is_empty() {
        let found = quick(&mut tx, q, SHOWN).await?;
        return Ok(results(q, &found, may_write).into_response());
    }
    let (mut recent, mut kept) = (Vec::new(), Vec::new());
    if let Some(user) = marks::user(&call) {
        recent = ops::marks::recent(&mut tx, user, i64::from(SHOWN)).await?;
        kept = ops::marks::favourites(&mut tx, user, i64::from(SHOWN)).await?;
    }
    let lines = |all: &[Customer]| all.iter().map(linked_whole).collect::<Vec<_>>();
    Ok(at_hand(&lines(&recent), &lines(&kept), may_write).into_response())
}

/// The best matches of a search, few and quick.
pub(crate) async fn quick(tx: &mut Tx, q: &str, most: u32) -> Result<Vec<Linked>> {
    Ok(find::quick(tx, q, most).await?.iter().map(linked_whole).collect())
}

/// Things to do: words to be found by, the icon, where, and whether they change something.
const ACTIONS: &[(&str, Icon, &str, bool)] = &[
    ("New customer", Icon::Plus, "/customers?new=1", true),
    ("New company, step by step", Icon::Company, wizard::PATH, true),
    ("Import a file", Icon::Imports, "/imports/new", true),
    (definitions::NAME, Icon::Tag, definitions::PATH, false),
];

/// The answer to what was typed.
pub(crate) fn results(q: &str, found: &[Linked], may_write: bool) -> Markup {
    let all = format!(
        "/customers?{}",
        form_urlencoded::Serializer::new(String::new())
            .append_pair("q", q)
            .finish()
    );
    html! {
        (palette_group("Customers", html! {
            (lines(found))
            @if !found.is_empty() { (palette_item(Icon::Search, "All customers that match", "", &all)) }
        }))
        (actions(q, may_write))
    }
}

/// The answer before anything is typed.
fn at_hand(recent: &[Linked], kept: &[Linked], may_write: bool) -> Markup {
    html! {
        // Whoever types on is not led astray by them: they are narrowed at once, like the pages.
        div role="presentation" data-palette-slot {
            (palette_group("Recent", lines(recent)))
            (palette_group("Favourites", lines(kept)))
            (actions("", may_write))
        }
    }
}

fn lines(customers: &[Linked]) -> Markup {
    html! { @for one in customers { (palette_item(avatar(&one.name, "sm"), &one.name, &one.note, &format!("/customers/{}", one.id))) } }
}

/// What can be done that has every word.
fn actions(q: &str, may_write: bool) -> Markup {
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let actions = ACTIONS.iter().filter(|(label, _, _, writes)| {
        let label = label.to_lowercase();
        (!*writes || may_write) && words.iter().all(|word| label.contains(word))
    });
    palette_group(
        "Do",
        html! { @for (label, icon, href, _) in actions { (palette_item(*icon, label, "", href)) } },
    )
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
            samples::assert_harmless(&at_hand(&found, &found, true).into_string());
        }
        assert!(results("new", &[], true).into_string().contains("New customer"));
        assert!(!results("new", &[], false).into_string().contains("New customer"));
    }
}
