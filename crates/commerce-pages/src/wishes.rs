//! What a customer wishes for, as their page shows it.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::{model::WishlistJson, ops, store};
use regulars_database::Tx;
use regulars_kernel::{PageRequest, Result, ids::CustomerId, paging::Start};
use regulars_web::pages::{Align, Locale, Shell, column, data_table, time_tag};

use crate::words;

/// Wishlists and things on them that are shown at once.
const LISTS: u32 = 20;
const SHOWN: usize = 50;
/// Wishes that are counted at most.
const COUNTED: i64 = 10_000;

/// A thing that is wished for.
#[derive(Clone, Debug)]
struct WishView {
    title: String,
    variant: Option<String>,
    /// The product's page, where the product is known.
    href: Option<String>,
    list: Option<String>,
    price: Option<regulars_kernel::Money>,
    added_at: chrono::DateTime<chrono::Utc>,
}

/// What a customer wishes for, the latest first; none where that is nothing.
pub async fn customer_wishes(tx: &mut Tx, id: CustomerId, shell: &Shell) -> Result<Option<Markup>> {
    let request = PageRequest {
        limit: LISTS,
        start: Start::First,
    };
    let lists: Vec<WishlistJson> = ops::wishlists::list(tx, Some(id), &request).await?.data;
    let keys: Vec<(&str, &str)> = lists
        .iter()
        .flat_map(|list| {
            list.items
                .iter()
                .map(|wish| (list.source.as_str(), wish.product_external_id.as_str()))
        })
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let products = store::wishlists::products(tx, &keys).await?;
    let mut wishes: Vec<WishView> = lists
        .iter()
        .flat_map(|list| {
            let products = &products;
            list.items.iter().map(move |wish| WishView {
                title: wish.title.clone(),
                variant: wish.variant_title.clone(),
                href: products
                    .get(&(list.source.clone(), wish.product_external_id.clone()))
                    .map(|id| format!("/products/{id}")),
                list: list.name.clone(),
                price: wish.price,
                added_at: wish.added_at,
            })
        })
        .collect();
    wishes.sort_by_key(|wish| std::cmp::Reverse(wish.added_at));
    wishes.truncate(SHOWN);
    let all = store::wishlists::count_wishes(tx, id, COUNTED).await?;
    let more = usize::try_from(all)
        .unwrap_or_default()
        .saturating_sub(wishes.len());
    Ok(Some(panel(&wishes, more, shell.time_zone, shell.locale)))
}

fn panel(wishes: &[WishView], more: usize, zone: Tz, locale: Locale) -> Markup {
    let head = html! {
        (column("Wished for", Align::Start, false)) (column("List", Align::Start, true)) (column("Since", Align::Start, false))
        (column("Price then", Align::End, false))
    };
    html! {
        section class="panel order-part" {
            header { h2 { "Wishlist" } }
            (data_table("Wishlist", head, html! { @for wish in wishes {
                tr {
                    td class="cell-cut" {
                        @match &wish.href { Some(href) => a class="link" href=(href) { (wish.title) }, None => (wish.title) }
                        @if let Some(variant) = &wish.variant { " " span class="muted" { (variant) } }
                    }
                    td class="cell-cut cell-wide" { @if let Some(list) = &wish.list { (list) } }
                    td class="cell-muted" { (time_tag(wish.added_at, zone)) }
                    td class="cell-number tabular" { @if let Some(price) = &wish.price { (words::money(price, locale)) } }
                }
            } }))
            @if more > 0 { p class="muted panel-body" { "and " (more) " more" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{Currency, Money};
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn wishes_are_shown_harmlessly() {
        for text in samples::ALL {
            let wish = WishView {
                title: (*text).to_owned(),
                variant: Some((*text).to_owned()),
                href: None,
                list: Some((*text).to_owned()),
                price: Some(Money::parse("59.90", Currency::parse("EUR").unwrap()).unwrap()),
                added_at: regulars_kernel::clock::now(),
            };
            let html = panel(&[wish], 3, chrono_tz::UTC, Locale::default()).into_string();
            samples::assert_harmless(&html);
            assert!(html.contains("€59.90") && html.contains("and 3 more"));
        }
    }
}
