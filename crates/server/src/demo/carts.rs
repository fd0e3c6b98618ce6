//! What lay in carts lately: before some orders, and where none came. As many as a list wants, however large the shop is.

use chrono::{DateTime, Duration, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_commerce::{
    model::CartInput,
    ops::{self, orders::UNGUARDED},
};
use regulars_database::Database;
use regulars_kernel::{Result, Scope};
use serde_json::{Value, json};

use super::orders::{Placed, Shop, accepted, time};

/// Orders of which the cart is known, and about as many carts of which none came.
const MOST: usize = if cfg!(debug_assertions) { 60 } else { 300 };
/// Carts told in one transaction.
const BATCH: usize = 100;

/// A cart and when it was last changed.
pub(super) struct Left {
    at: DateTime<Utc>,
    body: Value,
}

/// Draws carts for the last orders, which say so from then on, and for those who left.
pub(super) fn draw(placed: &mut [Placed], shop: &Shop<'_>) -> Vec<Left> {
    let mut random = StdRng::seed_from_u64(shop.seed ^ 0x0ca7_0ca7);
    let mut all = Vec::new();
    let first = placed.len().saturating_sub(MOST * 2);
    for (number, order) in placed[first..].iter_mut().enumerate() {
        if order.body["source"] != "webshop" {
            continue;
        }
        let id = format!("cart-{}", number + 1);
        if number % 2 == 0 {
            order.body["cart_external_id"] = json!(id);
            all.push(cart(&id, &order.body, order.at - Duration::minutes(3), true));
            continue;
        }
        // Whoever ordered came back some days later, and left. The last did so just now.
        let later = order.at + Duration::minutes(random.random_range(600..20_000));
        let at = later.min(shop.now - Duration::minutes(random.random_range(2..4_000)));
        let mut left = cart(&id, &order.body, at, random.random_bool(0.6));
        if random.random_bool(0.15) {
            // Of some the shop does not know who they were.
            for field in ["customer", "email", "checkout_started_at", "recovery_url"] {
                left.body[field].take();
            }
            if let Some(fields) = left.body.as_object_mut() {
                fields.retain(|_, value| !value.is_null());
            }
        }
        all.push(left);
    }
    all.sort_by_key(|left| left.at);
    all
}

/// A cart with what an order has in it.
fn cart(id: &str, order: &Value, at: DateTime<Utc>, is_checkout: bool) -> Left {
    let lines: Vec<Value> = order["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| {
            let mut line = line.clone();
            if let Some(fields) = line.as_object_mut() {
                fields.retain(|name, _| name != "gift_card" && name != "requires_shipping");
            }
            line
        })
        .collect();
    let mut body = json!({
        "source": "webshop", "external_id": id, "customer": order["customer"], "email": order["email"], "currency": order["currency"],
        "lines": lines, "started_at": time(at - Duration::minutes(14)), "last_active_at": time(at),
    });
    if is_checkout {
        body["checkout_started_at"] = json!(time(at - Duration::minutes(2)));
        body["recovery_url"] = json!(format!("https://shop.example/checkouts/{id}"));
    }
    Left { at, body }
}

/// Tells of them.
pub(super) async fn tell(database: &Database, scope: Scope, shop: &Shop<'_>, carts: &[Left]) -> Result<()> {
    for batch in carts.chunks(BATCH) {
        let mut tx = database.begin(scope).await?;
        let at = batch.iter().map(|one| one.at).max().unwrap_or(shop.now);
        tx.set_now(at.min(shop.now));
        let inputs: Vec<CartInput> = batch
            .iter()
            .map(|one| serde_json::from_value(one.body.clone()))
            .collect::<serde_json::Result<_>>()?;
        accepted(ops::carts::upsert_many(&mut tx, &inputs, shop.base, UNGUARDED).await?)?;
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use regulars_kernel::Currency;

    use super::*;

    #[test]
    fn there_are_carts_of_each_kind_and_none_is_to_come() {
        let now: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
        let shop = Shop {
            source: "csv",
            count: 3_000,
            seed: 7,
            base: Currency::EUR,
            today: "2026-11-01T00:00:00Z".parse().unwrap(),
            now,
        };
        let mut placed = super::super::orders::draw(&shop);
        let carts = draw(&mut placed, &shop);
        let converted = placed
            .iter()
            .filter(|order| order.body["cart_external_id"].is_string())
            .count();
        let count = |is: fn(&Value) -> bool| carts.iter().filter(|cart| is(&cart.body)).count();
        let (anonymous, checkouts) = (
            count(|cart| cart["customer"].is_null()),
            count(|cart| cart["checkout_started_at"].is_string()),
        );
        assert!(
            carts.len() <= MOST * 2 && converted * 3 > carts.len(),
            "{converted}"
        );
        assert!(anonymous > 2 && checkouts > converted, "{anonymous}, {checkouts}");
        for cart in carts {
            assert!(cart.at < now);
            serde_json::from_value::<CartInput>(cart.body).unwrap();
        }
    }
}
