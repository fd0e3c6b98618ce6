//! What some of those who bought lately wish for, and the store credit that a few of them have. As many as a page wants,
//! however large the shop is.

use chrono::Duration;
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_commerce::{
    model::{CreditInput, WishlistInput},
    ops::{self, orders::UNGUARDED},
};
use regulars_database::Database;
use regulars_kernel::{Error, Result, Scope};
use serde_json::{Value, json};

use super::orders::{Placed, Shop, time};

/// Orders of which the buyers are asked.
const MOST: usize = if cfg!(debug_assertions) { 60 } else { 300 };

/// Draws and tells the wishes of every third of the last buyers, who wish for what others bought.
pub(super) async fn tell(
    database: &Database,
    scope: Scope,
    shop: &Shop<'_>,
    placed: &[Placed],
) -> Result<()> {
    let mut random = StdRng::seed_from_u64(shop.seed ^ 0x0715_0715);
    let last = &placed[placed.len().saturating_sub(MOST)..];
    let mut tx = database.begin(scope).await?;
    let mut inputs: Vec<WishlistInput> = Vec::new();
    for (number, order) in last.iter().enumerate() {
        if number % 3 != 0 || order.body["customer"].is_null() {
            continue;
        }
        let other = &last[random.random_range(0..last.len())];
        let added =
            (order.at + Duration::days(random.random_range(1..20))).min(shop.now - Duration::minutes(5));
        let mut seen = Vec::new();
        let mut items = Vec::new();
        for line in other.body["lines"].as_array().into_iter().flatten() {
            let key = (&line["product_external_id"], &line["variant_external_id"]);
            if line["product_external_id"].is_string() && !seen.contains(&key) {
                seen.push(key);
                let mut wish =
                    json!({"title": line["title"], "price": line["price"], "added_at": time(added)});
                for field in [
                    "product_external_id",
                    "variant_external_id",
                    "sku",
                    "variant_title",
                ] {
                    if line[field].is_string() {
                        wish[field] = line[field].clone();
                    }
                }
                items.push(wish);
            }
        }
        let told = json!({
            "source": "webshop", "external_id": format!("wishlist-{}", number + 1), "customer": order.body["customer"],
            "name": if random.random_bool(0.3) { json!("For the holidays") } else { Value::Null }, "items": items,
        });
        inputs.push(serde_json::from_value(told)?);
    }
    let outcomes = ops::wishlists::upsert_many(&mut tx, &inputs, shop.base, UNGUARDED).await?;
    let mut lists = Vec::new();
    for outcome in outcomes {
        match outcome {
            ops::Outcome::Refused(error) => return Err(error),
            outcome => lists.extend(outcome.value().and_then(|list| list.customer_id)),
        }
    }
    for (number, customer) in lists.iter().step_by(4).enumerate() {
        let lines = [
            json!({"kind": "issued", "amount": "20.00", "note": "For the late parcel"}),
            json!({"kind": "spent", "amount": "7.50"}),
        ];
        for line in &lines[..=(number % 2)] {
            let input: CreditInput = serde_json::from_value(line.clone())?;
            if let ops::Outcome::Refused(error) =
                ops::credit::tell(&mut tx, *customer, &input, shop.base).await?
            {
                return Err(error);
            }
        }
    }
    if lists.is_empty() && !inputs.is_empty() {
        return Err(Error::internal("wishlists of customers are theirs"));
    }
    tx.commit().await
}
