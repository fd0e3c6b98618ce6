//! What the customers of a demonstration bought in three years: more before Christmas than in summer, by some again and
//! again and by many never, some of it cancelled, sent back or not paid at the first try.
//!
//! It is drawn from the seed alone and told by the use cases that shops use, in the order of time.

use chrono::{DateTime, Datelike, Duration, SecondsFormat, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_commerce::{
    model::{OrderInput, ProductInput},
    ops::{self, Outcome, orders::UNGUARDED},
};
use regulars_database::Database;
use regulars_kernel::{Currency, Error, Result, Scope};
use serde_json::{Map, Value, json};

use super::{
    carts, customer,
    goods::{GOODS, Good},
    skewed, stock, visits, wishes,
};

/// Customers whose purchases are drawn. Beyond these a demonstration shows nothing new and only takes longer; a server that
/// was not optimized, as the tests have it, takes many times as long for each.
const MOST: u64 = if cfg!(debug_assertions) { 1_500 } else { 8_000 };
/// Orders told in one transaction.
const BATCH: usize = 250;
/// The last ones are told one by one, as they would be in a shop that runs.
const LATEST: usize = 40;
/// How much is bought in each month, against the busiest.
const SEASON: [f64; 12] = [0.4, 0.4, 0.5, 0.55, 0.5, 0.4, 0.35, 0.4, 0.55, 0.65, 0.9, 1.0];

/// An order and when it was placed.
pub(super) struct Placed {
    pub at: DateTime<Utc>,
    /// When the last that is known of it happened.
    last: DateTime<Utc>,
    pub body: Value,
}

/// Fills the shelves and tells of the orders of `count` customers, who are known by their ids of `source`.
pub async fn tell(
    database: &Database,
    scope: Scope,
    shop: Shop<'_>,
    told: &(dyn Fn(u64) + Sync),
) -> Result<()> {
    let base = shop.base;
    let mut tx = database.begin(scope).await?;
    tx.set_now(shop.now - Duration::days(3 * 365));
    let products: Vec<ProductInput> = products(base)?;
    accepted(ops::products::upsert_many(&mut tx, &products, base).await?)?;
    stock::tell(&mut tx, &products, base).await?;
    tx.commit().await?;
    let mut placed = draw(&shop);
    let carts = carts::draw(&mut placed, &shop);
    carts::tell(database, scope, &shop, &carts).await?;
    wishes::tell(database, scope, &shop, &placed).await?;
    let latest = placed.len().saturating_sub(LATEST);
    let mut done = 0;
    while done < placed.len() {
        let end = if done < latest {
            (done + BATCH).min(latest)
        } else {
            done + 1
        };
        let batch = &placed[done..end];
        let mut tx = database.begin(scope).await?;
        let at = batch.iter().map(|one| one.last).max().unwrap_or(shop.now);
        tx.set_now(at.min(shop.now));
        let inputs: Vec<OrderInput> = batch
            .iter()
            .map(|one| serde_json::from_value(one.body.clone()))
            .collect::<serde_json::Result<_>>()?;
        accepted(ops::orders::upsert_many(&mut tx, &inputs, base, UNGUARDED).await?)?;
        tx.commit().await?;
        done = end;
        told(done as u64);
    }
    visits::tell(database, scope, &shop, &placed).await
}

/// Nothing that is made up here may be refused.
pub(super) fn accepted<T>(outcomes: Vec<Outcome<T>>) -> Result<()> {
    for outcome in outcomes {
        if let Outcome::Refused(error) = outcome {
            return Err(Error::internal(format!("the demonstration was refused: {error}")));
        }
    }
    Ok(())
}

/// Whose orders are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// Where the customers' ids are from.
    pub source: &'a str,
    pub count: u64,
    pub seed: u64,
    /// The organization's currency.
    pub base: Currency,
    /// The day whose customers they are.
    pub today: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

/// All orders in the order of time, numbered.
pub(super) fn draw(shop: &Shop<'_>) -> Vec<Placed> {
    let mut people = StdRng::seed_from_u64(shop.seed);
    // Other draws than those of the customers, who stay who they are.
    let mut random = StdRng::seed_from_u64(shop.seed ^ 0x0fde_e125);
    let every = shop.count.div_ceil(MOST).max(1);
    let mut all = Vec::new();
    for number in 1..=shop.count {
        let row = customer(&mut people, number, shop.count, shop.today);
        if number % every == 0 {
            buy(&mut random, &row, shop, &mut all);
        }
    }
    all.sort_by_key(|placed| placed.at);
    for (index, placed) in all.iter_mut().enumerate() {
        placed.body["number"] = json!(format!("#{}", 10_001 + index));
        placed.body["external_id"] = json!(format!("demo-{}", 10_001 + index));
    }
    all
}

/// What one customer bought.
fn buy(random: &mut StdRng, row: &Value, shop: &Shop<'_>, all: &mut Vec<Placed>) {
    let created: DateTime<Utc> = row["created_at"]
        .as_str()
        .and_then(|at| at.parse().ok())
        .unwrap_or(shop.now);
    let (least, most, share) = match row["status"].as_str().unwrap_or_default() {
        "vip" => (4, 22, 1.0),
        "active" => (1, 7, 0.7),
        "inactive" | "churned" => (1, 4, 0.8),
        "blocked" => (1, 2, 0.5),
        _ => return,
    };
    if !random.random_bool(share) {
        return;
    }
    let most = if row["type"] == "guest" { 1 } else { most };
    let left = row["status"] == "inactive" || row["status"] == "churned";
    let until = if left {
        created + (shop.now - created) / 3
    } else {
        shop.now
    };
    let count = least.min(most) + skewed(random, (most - least.min(most) + 1) as usize) as i64;
    for number in 0..count {
        // The first soon after the customer is known, the others when the season wants it.
        let at = if number == 0 {
            created + (until - created).min(Duration::days(20)) / 20 * random.random_range(0..20)
        } else {
            season(random, created, until)
        };
        if at < shop.now - Duration::minutes(5) {
            all.push(order(random, row, at, shop));
        }
    }
}

/// A moment in between, drawn by how much is bought in its month.
fn season(random: &mut StdRng, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    let stretch = (until - from).num_seconds().max(1);
    let mut at = from;
    for _ in 0..12 {
        at = from + Duration::seconds(random.random_range(0..stretch));
        if random.random_bool(SEASON[at.month0() as usize]) {
            break;
        }
    }
    at
}

/// A price as text; where there are no cents, it is a hundred times as much.
fn cents(amount: i64, base: Currency) -> String {
    if base.digits() == 0 {
        return amount.to_string();
    }
    format!("{}.{:02}", amount / 100, amount % 100)
}

/// A moment as it is sent.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The lines and what they come to, in cents.
fn lines(random: &mut StdRng, is_company: bool, base: Currency) -> (Vec<Value>, i64) {
    let mut lines = Vec::new();
    let mut subtotal = 0;
    let mut taken = Vec::new();
    for position in 0..=skewed(random, 4) {
        let index = skewed(random, GOODS.len());
        if taken.contains(&index) {
            continue;
        }
        taken.push(index);
        let good = &GOODS[index];
        let variant = random.random_range(0..good.variants.len());
        let quantity = if is_company {
            random.random_range(2..=16)
        } else {
            1 + skewed(random, 3) as i64
        };
        subtotal += good.price * quantity;
        lines.push(json!({
            "external_id": (position + 1).to_string(), "product_external_id": (index + 1).to_string(),
            "variant_external_id": variant_id(index, variant), "sku": sku(good, index, variant), "title": good.title,
            "variant_title": Some(good.variants[variant]).filter(|name| !name.is_empty()), "quantity": quantity,
            "price": cents(good.price, base), "gift_card": good.category == "Gift cards", "requires_shipping": good.category != "Gift cards",
        }));
    }
    (lines, subtotal)
}

/// One order with what became of it until now.
fn order(random: &mut StdRng, row: &Value, at: DateTime<Utc>, shop: &Shop<'_>) -> Placed {
    let is_company = row["kind"] == "company";
    let (lines, subtotal) = lines(random, is_company, shop.base);
    let cents = |amount| cents(amount, shop.base);
    let is_till = !is_company && random.random_bool(0.08);
    let discount = if random.random_bool(0.14) {
        subtotal / 10
    } else {
        0
    };
    let shipping = if is_till || subtotal >= 8_000 { 0 } else { 490 };
    let total = subtotal - discount + shipping;
    let mut body = json!({
        "source": if is_till { "till" } else { "webshop" }, "customer": {"source": shop.source, "external_id": row["external_id"]},
        "email": row["email"], "channel": if is_till { "pos" } else { "web" }, "placed_at": time(at), "currency": shop.base,
        "subtotal": cents(subtotal), "shipping_total": cents(shipping), "discount_total": cents(discount),
        "tax_total": cents(total * 19 / 119), "total": cents(total), "lines": lines,
    });
    if let Some((currency, rate)) = match row["address.country"].as_str() {
        Some("GB") => Some(("GBP", "1.1650")),
        Some("US") => Some(("USD", "0.9180")),
        Some("CH") => Some(("CHF", "1.0490")),
        _ => None,
    } && !is_till
        && shop.base == Currency::EUR
    {
        body["currency"] = json!(currency);
        body["exchange_rate"] = json!(rate);
    }
    if discount > 0 {
        body["discounts"] = json!([{"name": "WELCOME10", "amount": cents(discount)}]);
    }
    if let Some(address) = address(row).filter(|_| !is_till) {
        body["shipping_lines"] = json!([{"name": "Standard", "amount": cents(shipping)}]);
        body["shipping_address"] = address;
    }
    let mut course = Course {
        at,
        last: at,
        now: shop.now,
        base: shop.base,
        total,
    };
    course.run(random, &mut body, is_till);
    Placed {
        at,
        last: course.last,
        body,
    }
}

/// What becomes of an order, as far as it has happened.
struct Course {
    at: DateTime<Utc>,
    last: DateTime<Utc>,
    now: DateTime<Utc>,
    base: Currency,
    total: i64,
}

impl Course {
    /// The moment so many hours after the order, if that has come.
    fn after(&mut self, hours: i64) -> Option<String> {
        let at = self.at + Duration::hours(hours);
        (at < self.now).then(|| {
            self.last = self.last.max(at);
            time(at)
        })
    }

    fn payment(&self, id: &str, kind: &str, minutes: i64, method: &str) -> Value {
        let at = time(self.at + Duration::minutes(minutes));
        json!({"external_id": id, "kind": kind, "state": "succeeded", "amount": cents(self.total, self.base), "gateway": "payments", "method": method, "processed_at": at})
    }

    fn run(&mut self, random: &mut StdRng, body: &mut Value, is_till: bool) {
        let method = ["visa", "paypal", "mastercard", "invoice"][skewed(random, 4)];
        if is_till {
            body["payments"] = json!([self.payment("1", "sale", 0, "card")]);
            body["fulfillment_status"] = json!("fulfilled");
            body["closed_at"] = json!(time(self.at));
            return;
        }
        let fate: f64 = random.random();
        let mut failed = self.payment("0", "sale", 1, method);
        failed["state"] = json!("failed");
        failed["failure_code"] = json!("card_declined");
        failed["failure_reason"] = json!("The bank declined the card.");
        // Never paid, so given up after a week.
        if fate < 0.02 {
            body["payments"] = json!([failed]);
            if let Some(at) = self.after(7 * 24) {
                (body["cancelled_at"], body["cancel_reason"]) = (json!(at), json!("payment"));
            }
            return;
        }
        let paid = self.payment("1", "sale", 4, method);
        body["payments"] = if fate < 0.06 {
            json!([failed, paid])
        } else {
            json!([paid])
        };
        let hours = random.random_range(8..70);
        if fate > 0.96 {
            if let Some(at) = self.after(hours / 2) {
                let why = ["customer", "inventory"][skewed(random, 2)];
                (body["cancelled_at"], body["cancel_reason"]) = (json!(at), json!(why));
                body["refunds"] = json!([{"external_id": "1", "amount": cents(self.total, self.base), "reason": "Cancelled", "refunded_at": at}]);
            }
            return;
        }
        body["status"] = json!("processing");
        let Some(shipped) = self.after(hours) else { return };
        let tracking = format!("003404341610{}", super::digits(random, 8));
        let mut parcel = json!({
            "external_id": "1", "state": "shipped", "tracking_company": "DHL", "tracking_numbers": [tracking], "shipped_at": shipped,
        });
        if let Some(delivered) = self.after(hours + random.random_range(20..90)) {
            (parcel["state"], parcel["delivered_at"]) = (json!("delivered"), json!(delivered));
        }
        body["fulfillments"] = json!([parcel]);
        let back = hours + 24 * random.random_range(6..20);
        if fate > 0.92 {
            self.refund(body, back, self.total, "Sent back");
        } else if fate > 0.87 {
            self.refund(body, back, self.total / 4, "Part of it came damaged");
        } else if let Some(at) = self.after(30 * 24) {
            body["closed_at"] = json!(at);
        }
    }

    fn refund(&mut self, body: &mut Value, hours: i64, amount: i64, reason: &str) {
        if let Some(at) = self.after(hours) {
            body["refunds"] = json!([{"external_id": "1", "amount": cents(amount.max(1), self.base), "reason": reason, "restock": true, "refunded_at": at}]);
        }
    }
}

/// Where the customer lives, as an order has it.
fn address(row: &Value) -> Option<Value> {
    let mut address = Map::new();
    for field in ["line1", "city", "province", "postal_code", "country"] {
        let value = &row[format!("address.{field}")];
        if value.as_str().is_some_and(|text| !text.is_empty()) {
            address.insert(field.to_owned(), value.clone());
        }
    }
    address.get("line1")?;
    let name = [row["first_name"].as_str(), row["last_name"].as_str()];
    let name: Vec<&str> = name.into_iter().flatten().collect();
    if !name.is_empty() {
        address.insert("name".to_owned(), json!(name.join(" ")));
    }
    if let Some(company) = row["company_name"].as_str() {
        address.insert("company".to_owned(), json!(company));
    }
    Some(Value::Object(address))
}

fn variant_id(good: usize, variant: usize) -> String {
    format!("{}-{}", good + 1, variant + 1)
}

fn sku(good: &Good, index: usize, variant: usize) -> String {
    let letters: String = good.category.chars().take(3).collect();
    format!("{}-{:03}-{}", letters.to_uppercase(), index + 1, variant + 1)
}

/// The shelves, as both the shop and its till know them.
fn products(base: Currency) -> serde_json::Result<Vec<ProductInput>> {
    let mut all = Vec::new();
    for (index, good) in GOODS.iter().enumerate() {
        let variants: Vec<Value> = (0..good.variants.len())
            .map(|variant| {
                let title = good.variants[variant];
                json!({
                    "external_id": variant_id(index, variant), "sku": sku(good, index, variant), "inventory_item_id": variant_id(index, variant), "price": cents(good.price, base),
                    "title": Some(title).filter(|title| !title.is_empty()), "stock": (index * 37 + variant * 11) % 120,
                })
            })
            .collect();
        all.push(serde_json::from_value(json!({
            "source": "webshop", "external_id": (index + 1).to_string(), "title": good.title, "brand": good.brand,
            "category": good.category, "variants": variants,
        }))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(seed: u64) -> Vec<Placed> {
        let now = "2026-11-01T12:00:00Z".parse().unwrap();
        draw(&Shop {
            source: "csv",
            count: 3_000,
            seed,
            base: Currency::EUR,
            today: "2026-11-01T00:00:00Z".parse().unwrap(),
            now,
        })
    }

    #[test]
    fn the_same_seed_gives_the_same_orders_none_of_them_to_come() {
        let all = shop(7);
        let again = shop(7);
        assert!(all.iter().zip(&again).all(|(one, other)| one.body == other.body));
        assert!(all.len() > 2_000 && all.len() < 9_000, "{}", all.len());
        let now: DateTime<Utc> = "2026-11-01T12:00:00Z".parse().unwrap();
        assert!(all.iter().all(|one| one.last < now && one.at <= one.last));
        assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
        assert_ne!(shop(8)[0].body, all[0].body);
    }

    #[test]
    fn december_is_busier_than_july_and_each_fate_is_among_them() {
        let all = shop(7);
        let in_month = |year, month| {
            let is_then = |one: &&Placed| (one.at.year(), one.at.month()) == (year, month);
            all.iter().filter(is_then).count()
        };
        let (july, december) = (in_month(2025, 7), in_month(2025, 12));
        assert!(december * 2 > july * 3, "{december} and {july}");
        let having = |field: &str| all.iter().filter(|one| !one.body[field].is_null()).count();
        for field in [
            "cancelled_at",
            "refunds",
            "fulfillments",
            "discounts",
            "exchange_rate",
            "shipping_address",
        ] {
            assert!(having(field) * 200 > all.len(), "{field}: {}", having(field));
        }
        let failed = all
            .iter()
            .filter(|one| one.body["payments"][0]["state"] == "failed")
            .count();
        let several = all
            .iter()
            .filter(|one| one.body["lines"].as_array().unwrap().len() > 1)
            .count();
        assert!(
            failed * 50 > all.len() && several * 4 > all.len(),
            "{failed}, {several}"
        );
        for placed in all {
            serde_json::from_value::<OrderInput>(placed.body).unwrap();
        }
        products(Currency::EUR).unwrap();
    }
}
