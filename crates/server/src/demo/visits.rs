//! What those who bought lately looked at before, and what they and others who left looked at since. As many as a page wants,
//! however large the shop is.

use chrono::{DateTime, Duration, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_activities::{
    model::ActivityInput,
    ops::{MOST as BATCH, Origin, Outcome, tell as tell_of},
};
use regulars_database::Database;
use regulars_kernel::{Error, Result, Scope};
use serde_json::{Value, json};

use super::orders::{Placed, Shop, time};

/// Orders of which the visits are known.
const MOST: usize = if cfg!(debug_assertions) { 60 } else { 600 };
/// Views are kept half a year; older orders have none.
const KEPT_DAYS: i64 = 170;
const SHOP: &str = "https://shop.example";
const SEARCHES: &[&str] = &["lamp", "candles", "linen", "gift", "oak", "mug", "blanket"];
/// What brings visitors: medium, source, campaign.
const ORIGINS: &[(&str, &str, &str)] = &[
    ("email", "newsletter", "autumn-light"),
    ("cpc", "search", "brand"),
    ("social", "pictures", "living-rooms"),
];
const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
];

/// One visit: who, when it began, and what is the same in all of it.
struct Visit {
    at: DateTime<Utc>,
    common: Value,
    seen: Vec<Value>,
}

impl Visit {
    fn see(&mut self, random: &mut StdRng, mut what: Value) {
        if let (Some(fields), Some(common)) = (what.as_object_mut(), self.common.as_object()) {
            fields.extend(common.clone());
        }
        what["occurred_at"] = json!(time(self.at));
        self.seen.push(what);
        self.at += Duration::seconds(random.random_range(8..90));
    }

    /// Comes in, looks around, and at these lines of an order.
    fn walk(&mut self, random: &mut StdRng, lines: &[Value], buys: bool) {
        let mut landing = json!({"kind": "page_view", "url": format!("{SHOP}/"), "title": "Maison Lumière"});
        if random.random_bool(0.5) {
            let (medium, source, campaign) = ORIGINS[random.random_range(0..ORIGINS.len())];
            landing["utm"] = json!({"medium": medium, "source": source, "campaign": campaign});
        }
        self.see(random, landing);
        if random.random_bool(0.3) {
            let query = SEARCHES[random.random_range(0..SEARCHES.len())];
            self.see(
                random,
                json!({"kind": "search", "query": query, "url": format!("{SHOP}/search?q={query}")}),
            );
        }
        for line in lines {
            let product = json!({"url": format!("{SHOP}/products/{}", line["product_external_id"].as_str().unwrap_or_default()), "title": line["title"], "product_id": line["product_external_id"]});
            let with_kind = |kind: &str| {
                let mut one = product.clone();
                one["kind"] = json!(kind);
                one
            };
            self.see(random, with_kind("product_view"));
            if buys {
                self.see(random, with_kind("add_to_cart"));
            }
        }
        if buys {
            self.see(
                random,
                json!({"kind": "checkout_started", "url": format!("{SHOP}/checkout")}),
            );
        }
    }
}

/// Draws the visits around the last orders.
fn draw(placed: &[Placed], shop: &Shop<'_>) -> Vec<Value> {
    let mut random = StdRng::seed_from_u64(shop.seed ^ 0x0715_17ed);
    let mut all = Vec::new();
    for (number, order) in placed[placed.len().saturating_sub(MOST)..].iter().enumerate() {
        let whose = &order.body["customer"];
        let lines: Vec<Value> = order.body["lines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|line| line["product_external_id"].is_string())
            .cloned()
            .collect();
        if whose.is_null() || lines.is_empty() || order.at < shop.now - Duration::days(KEPT_DAYS) {
            continue;
        }
        let browser = BROWSERS[random.random_range(0..BROWSERS.len())];
        let mut visit = |at: DateTime<Utc>, part: &str, is_known: bool, buys: bool| {
            let mut common = json!({"visitor_id": format!("visitor-{number}{part}"), "session_id": format!("visit-{number}{part}"), "user_agent": browser});
            if is_known {
                common["customer"] = whose.clone();
            }
            let mut visit = Visit {
                at,
                common,
                seen: Vec::new(),
            };
            visit.walk(&mut random, &lines, buys);
            all.append(&mut visit.seen);
        };
        if order.body["source"] == "webshop" {
            visit(order.at - Duration::minutes(15), "", true, true);
        }
        // Every other comes back to look, or somebody of whom nobody knows who it is.
        let later = order.at + Duration::days(2 + number as i64 % 9);
        if number % 2 == 0 && later < shop.now - Duration::hours(1) {
            let is_known = number % 6 != 0;
            visit(later, if is_known { "" } else { "-other" }, is_known, false);
        }
    }
    all
}

/// Draws and tells of them.
pub(super) async fn tell(
    database: &Database,
    scope: Scope,
    shop: &Shop<'_>,
    placed: &[Placed],
) -> Result<()> {
    let origin = Origin {
        key_id: None,
        browser: None,
    };
    for batch in draw(placed, shop).chunks(BATCH) {
        let mut tx = database.begin(scope).await?;
        tx.set_now(shop.now);
        let inputs: Vec<Result<ActivityInput>> = batch
            .iter()
            .map(|one| Ok(serde_json::from_value(one.clone())?))
            .collect();
        for outcome in tell_of(&mut tx, inputs, &origin).await? {
            if let Outcome::Refused(error) = outcome {
                return Err(Error::internal(format!("the demonstration was refused: {error}")));
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use regulars_kernel::Currency;

    use super::*;

    #[test]
    fn there_are_views_of_those_who_bought_and_of_others_and_none_is_to_come() {
        let now: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
        let shop = Shop {
            source: "csv",
            count: 3_000,
            seed: 7,
            base: Currency::EUR,
            today: "2026-11-01T00:00:00Z".parse().unwrap(),
            now,
        };
        let placed = super::super::orders::draw(&shop);
        let all = draw(&placed, &shop);
        let count = |kind: &str| all.iter().filter(|one| one["kind"] == kind).count();
        for kind in [
            "page_view",
            "product_view",
            "search",
            "add_to_cart",
            "checkout_started",
        ] {
            assert!(count(kind) > 5, "{kind}: {}", count(kind));
        }
        assert!(count("product_view") > count("add_to_cart"));
        assert!(all.iter().any(|one| one["customer"].is_null()));
        for one in all {
            let input: ActivityInput = serde_json::from_value(one).unwrap();
            assert!(input.occurred_at.unwrap() < now);
        }
    }
}
