//! The figures of customers: kept along the way, they are what reckoning from the beginning gives.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_commerce::ops::{hand_over, metrics, orders};
use regulars_kernel::{Actor, Currency, Role, Scope, clock, ids::CustomerId};
use serde_json::{Value, json};

use crate::harness::{House, shoes, text};

/// A small generator, so that a failing history is the same again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn something(dice: &mut Dice) -> Value {
    let mut told = json!({"source": "till", "external_id": dice.roll(8).to_string()});
    match dice.roll(9) {
        0 | 1 => {
            told["currency"] = json!("EUR");
            told["lines"] = json!([
                {"title": "a", "brand": format!("b{}", dice.roll(3)), "category": format!("c{}", dice.roll(3)), "quantity": dice.roll(4), "price": format!("{}.{:02}", dice.roll(90), dice.roll(100))},
                {"title": "b", "brand": "b1", "category": "c1", "quantity": 3, "current_quantity": dice.roll(4), "price": "0.35"}
            ]);
        }
        2 => {
            told["currency"] = json!("USD");
            told["exchange_rate"] = if dice.roll(2) == 0 {
                json!("0.9173")
            } else {
                json!(null)
            };
            told["total"] = json!("12.35");
        }
        3 => {
            told["refunds"] =
                json!([{"external_id": dice.roll(3).to_string(), "amount": format!("{}.5", dice.roll(20))}]);
        }
        4 => {
            told["cancelled_at"] = if dice.roll(3) > 0 {
                json!(null)
            } else {
                json!("2026-03-01T00:00:00Z")
            }
        }
        5 => told["is_test"] = json!(dice.roll(4) == 0),
        6 => told["placed_at"] = json!(format!("2026-01-{:02}T12:00:00Z", 1 + dice.roll(28))),
        7 => told["customer_id"] = json!(null),
        _ => told["email"] = json!(format!("p{}@example.com", dice.roll(3))),
    }
    if dice.roll(2) == 0 {
        told["email"] = json!(format!("p{}@example.com", dice.roll(3)));
    }
    told
}

/// Everybody's figures, reckoned here from the orders as the API shows them.
async fn reckoned(house: &House, customer: &str) -> (i64, i64, String, String) {
    let list = house
        .get(&format!("/orders?limit=200&customer={customer}"))
        .await
        .expect(200)
        .json;
    let (mut orders, mut items, mut total, mut refunded) = (0, 0, 0_i64, 0_i64);
    for order in list["data"].as_array().unwrap() {
        if order["is_test"] == json!(true) || order["cancelled_at"] != json!(null) {
            continue;
        }
        let cents = |value: &Value| text(value).replace('.', "").parse::<i64>().unwrap();
        orders += 1;
        items += order["items"].as_i64().unwrap();
        if order["total_in_base"] != json!(null) {
            total += cents(&order["total_in_base"]["amount"]);
            if order["total"]["currency"] == "EUR" {
                refunded += cents(&order["refunded"]["amount"]);
            } else {
                // Half to even never arises with this rate and these amounts.
                refunded += (cents(&order["refunded"]["amount"]) * 9173 + 5000) / 10_000;
            }
        }
    }
    let shown = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    (orders, items, shown(total), shown(refunded))
}

#[tokio::test]
async fn after_any_history_they_are_what_reckoning_anew_gives() {
    let house = House::new().await;
    let scope = scope(&house).await;
    for seed in 0..6 {
        let mut dice = Dice(seed);
        for step in 0..40 {
            if dice.roll(12) == 0 {
                let mut tx = house.app.tx("acme").await;
                // Only of some: a deleted order is out of the game.
                if dice.roll(3) == 0 {
                    let id = (6 + dice.roll(2)).to_string();
                    orders::delete_by_key(&mut tx, "till", &id, None, Currency::EUR)
                        .await
                        .unwrap();
                }
                tx.commit().await.unwrap();
                continue;
            }
            let told: Vec<Value> = (0..=dice.roll(3)).map(|_| something(&mut dice)).collect();
            house.post("/orders", json!(told)).await.expect(200);
            if step % 10 == 9 {
                let found = metrics::verify(house.app.database(), scope, false, |_| {})
                    .await
                    .unwrap();
                assert_eq!(found.differed, 0, "seed {seed}, step {step}");
            }
        }
        let customers = house.get("/customers?limit=200").await.expect(200).json;
        for customer in customers["data"].as_array().unwrap() {
            let id = text(&customer["id"]);
            let kept = house.metrics(&id).await;
            let kept = (
                kept["orders"].as_i64().unwrap(),
                kept["items"].as_i64().unwrap(),
                text(&kept["total_spent"]["amount"]),
                text(&kept["refunded"]["amount"]),
            );
            assert_eq!(kept, reckoned(&house, &id).await, "seed {seed}");
        }
    }
}

/// What happens to customers, products and the organization beside orders.
async fn something_else(house: &House, dice: &mut Dice, admin: &str, people: &[CustomerId]) {
    let pick = |dice: &mut Dice| people[usize::try_from(dice.roll(people.len() as u64)).unwrap()];
    match dice.roll(6) {
        0 => {
            let told = json!({"source": "till", "external_id": format!("p{}", dice.roll(2)), "title": "Thing",
                "brand": format!("b{}", dice.roll(3)), "category": format!("c{}", dice.roll(3))});
            house.post("/products", told).await;
        }
        1 => {
            let currency = ["EUR", "USD"][usize::from(dice.roll(2) == 0)];
            let change = house.app.patch("/api/v1/organization").bearer(admin);
            change.json(json!({"currency": currency})).await.expect(200);
        }
        2 => {
            let (from, to) = (pick(dice), pick(dice));
            if from != to {
                let mut tx = house.app.tx("acme").await;
                hand_over(&mut tx, from, to).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        3 => drop(house.delete(&format!("/customers/{}", pick(dice))).await),
        4 => {
            let path = format!("/customers/{}/restore", pick(dice));
            house.post(&path, json!({})).await;
        }
        _ => {
            let kind = ["sale", "refund", "chargeback"][usize::try_from(dice.roll(3)).unwrap()];
            let state =
                ["succeeded", "failed", "pending", "cancelled"][usize::try_from(dice.roll(4)).unwrap()];
            let told = json!({"source": "till", "external_id": dice.roll(8).to_string(),
                "payments": [{"external_id": dice.roll(3).to_string(), "kind": kind, "state": state, "amount": format!("{}.25", dice.roll(40))}]});
            house.post("/orders", told).await;
        }
    }
}

#[tokio::test]
async fn payments_merges_products_deletions_and_currencies_leave_them_what_reckoning_anew_gives() {
    let house = House::new().await;
    let scope = scope(&house).await;
    let admin = house.app.key(Role::Admin).await;
    for seed in 10..14 {
        let mut dice = Dice(seed);
        for step in 0..60 {
            let mut told = something(&mut dice);
            if told["lines"].is_array() {
                // Some say nothing of themselves: their product does.
                told["lines"][0] = json!({"title": "p", "product_external_id": format!("p{}", dice.roll(2)), "quantity": 2, "price": "3.10"});
            }
            let answer = house.post("/orders", told).await;
            assert!(
                answer.status.is_success() || answer.status == 409,
                "{}",
                answer.text()
            );
            let people: Vec<CustomerId> = {
                let mut tx = house.app.tx("acme").await;
                sqlx::query_scalar("SELECT id FROM customers ORDER BY id")
                    .fetch_all(tx.conn())
                    .await
                    .unwrap()
            };
            if !people.is_empty() {
                something_else(&house, &mut dice, &admin, &people).await;
            }
            if step % 15 == 14 {
                house.process().await;
                let found = metrics::verify(house.app.database(), scope, false, |_| {})
                    .await
                    .unwrap();
                assert_eq!(found.differed, 0, "seed {seed}, step {step}");
                assert!(found.checked > 0);
            }
        }
    }
}

async fn scope(house: &House) -> Scope {
    Scope {
        organization_id: house.app.tx("acme").await.organization_id(),
        actor: Actor::System,
    }
}

#[tokio::test]
async fn figures_that_were_bent_are_found_and_mended() {
    let house = House::new().await;
    let scope = scope(&house).await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    house.order(shoes(2, "bob@example.com")).await;
    let customer = text(&order["customer_id"]);
    let mut tx = house.app.tx("acme").await;
    sqlx::query(
        "UPDATE customer_metrics SET orders = 7, favourite_brand = NULL WHERE customer_id = $1::uuid",
    )
    .bind(&customer)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let verify = async |repair| {
        metrics::verify(house.app.database(), scope, repair, |_| {})
            .await
            .unwrap()
    };
    assert_eq!(
        verify(false).await,
        metrics::Verified {
            checked: 2,
            differed: 1
        }
    );
    assert_eq!(verify(true).await.differed, 1);
    assert_eq!(verify(false).await.differed, 0);
    assert_eq!(house.metrics(&customer).await["orders"], 1);
}

#[tokio::test]
async fn another_currency_of_the_organization_leaves_out_what_has_no_rate_to_it() {
    let house = House::new().await;
    let scope = scope(&house).await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let dollars = json!({"source": "till", "external_id": "2", "email": "ada@example.com", "currency": "USD", "total": "10.00", "exchange_rate": "0.9"});
    house.order(dollars).await;
    let customer = text(&order["customer_id"]);
    assert_eq!(
        house.metrics(&customer).await["total_spent"],
        json!({"amount": "68.90", "currency": "EUR"})
    );
    let admin = house.app.key(Role::Admin).await;
    let change = house.app.patch("/api/v1/organization").bearer(&admin);
    change.json(json!({"currency": "USD"})).await.expect(200);
    house.process().await;
    let found = metrics::verify(house.app.database(), scope, false, |_| {})
        .await
        .unwrap();
    assert_eq!(found.differed, 0);
    let metrics = house.metrics(&customer).await;
    assert_eq!(
        metrics["total_spent"],
        json!({"amount": "10.00", "currency": "USD"})
    );
    assert_eq!(metrics["average_order_value"]["amount"], "10.00");
    assert_eq!(
        (&metrics["orders"], &metrics["unconverted_orders"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn a_sale_that_was_under_way_while_the_currency_changed_is_reckoned_in_the_new_one() {
    let house = House::new().await;
    let scope = scope(&house).await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let customer = text(&order["customer_id"]);
    // The sale has read the old currency; it is reckoned after the change and its job are through.
    let mut sale = house.app.tx("acme").await;
    let admin = house.app.key(Role::Admin).await;
    let change = house.app.patch("/api/v1/organization").bearer(&admin);
    change.json(json!({"currency": "USD"})).await.expect(200);
    house.process().await;
    metrics::reckon(&mut sale, [customer.parse().unwrap()])
        .await
        .unwrap();
    sale.commit().await.unwrap();
    let found = metrics::verify(house.app.database(), scope, false, |_| {})
        .await
        .unwrap();
    assert_eq!((found.checked, found.differed), (1, 0));
    assert_eq!(house.metrics(&customer).await["total_spent"]["currency"], "USD");
}

#[tokio::test]
async fn what_a_group_of_companies_bought_is_added_up() {
    let house = House::new().await;
    let top = house
        .post("/customers", json!({"kind": "company", "company_name": "Group"}))
        .await
        .expect(201)
        .json;
    let below = json!({"kind": "company", "company_name": "Works", "email": "works@example.com", "parent_id": top["id"]});
    house.post("/customers", below).await.expect(201);
    let path = format!("/customers/{}", text(&top["id"]));
    let own = json!({"source": "till", "external_id": "1", "customer_id": top["id"], "placed_at": "2026-01-02T00:00:00Z", "total": "10.00"});
    house.order(own).await;
    for (id, currency, total) in [("2", "EUR", "20.50"), ("3", "USD", "7.00")] {
        house.order(json!({"source": "till", "external_id": id, "email": "works@example.com", "placed_at": "2026-03-04T00:00:00Z", "currency": currency, "total": total,
            "refunds": [{"external_id": "1", "amount": "0.50"}]})).await;
    }
    let euros = |amount: &str| json!({"amount": amount, "currency": "EUR"});
    assert_eq!(
        house.get(&format!("{path}/children")).await.expect(200).json["rolled_up"]["metrics"],
        json!({"orders": 3, "unconverted_orders": 1, "total_spent": euros("30.50"), "refunded": euros("0.50"), "net_revenue": euros("30.00"),
            "last_order_at": "2026-03-04T00:00:00Z"})
    );
}

#[tokio::test]
async fn days_since_the_last_order_are_those_of_the_organizations_time_zone() {
    let house = House::new().await;
    let admin = house.app.key(Role::Admin).await;
    let mut seen = Vec::new();
    for hours in [1, 8, 15, 22, 29] {
        let placed = clock::now() - TimeDelta::hours(hours);
        let order = house.order(json!({"source": "till", "external_id": hours.to_string(), "email": format!("p{hours}@example.com"), "placed_at": placed.to_rfc3339(), "total": "1.00"})).await;
        seen.push((placed, text(&order["customer_id"])));
    }
    let mut days = Vec::new();
    for zone in [chrono_tz::Pacific::Kiritimati, chrono_tz::Africa::Abidjan] {
        let change = house.app.patch("/api/v1/organization").bearer(&admin);
        change.json(json!({"time_zone": zone.name()})).await.expect(200);
        for (placed, customer) in &seen {
            let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
            let before = day(clock::now());
            let shown = house.metrics(customer).await["days_since_last_order"].clone();
            let expected = [before, day(clock::now())].map(|today| json!((today - day(*placed)).num_days()));
            assert!(expected.contains(&shown), "{zone}: {shown}, not {expected:?}");
            days.push(shown);
        }
    }
    assert_ne!(
        days[..5],
        days[5..],
        "the zones are far enough apart for different days"
    );
}

#[tokio::test]
async fn the_average_is_rounded_half_to_even_and_favourites_go_by_quantity_then_money_then_name() {
    let house = House::new().await;
    let line = |category: &str, quantity: u32, price: &str| json!({"title": category, "category": category, "brand": "x", "quantity": quantity, "price": price});
    let told = |id: &str, total: &str, lines: Value| json!({"source": "till", "external_id": id, "email": "ada@example.com", "total": total, "lines": lines});
    let order = house
        .order(told(
            "1",
            "0.02",
            json!([line("b", 2, "1.00"), line("a", 2, "1.00"), line("c", 2, "0.50")]),
        ))
        .await;
    let customer = text(&order["customer_id"]);
    let metrics = house.metrics(&customer).await;
    assert_eq!(metrics["favourite_category"], "a");
    house
        .order(told("2", "0.03", json!([line("c", 1, "0.01")])))
        .await;
    let metrics = house.metrics(&customer).await;
    assert_eq!(
        (
            &metrics["average_order_value"]["amount"],
            &metrics["favourite_category"]
        ),
        (&json!("0.02"), &json!("c"))
    );
    house.order(told("3", "0.10", json!([]))).await;
    assert_eq!(
        house.metrics(&customer).await["average_order_value"]["amount"],
        "0.05"
    );
    house.order(told("2", "0.05", json!([]))).await;
    house.order(told("3", "0.00", json!([]))).await;
    // 0.07 by 3 is 0.0233…; 0.07 by 2 is 0.035, which is 0.04.
    assert_eq!(
        house.metrics(&customer).await["average_order_value"]["amount"],
        "0.02"
    );
    house
        .order(json!({"source": "till", "external_id": "3", "is_test": true}))
        .await;
    assert_eq!(
        house.metrics(&customer).await["average_order_value"]["amount"],
        "0.04"
    );
}

#[tokio::test]
async fn somebody_with_very_many_orders_is_reckoned_by_a_job() {
    let house = House::new().await;
    let told = |id: u32| json!({"source": "till", "external_id": id.to_string(), "email": "walk-in@example.com", "total": "1.00"});
    let many: Vec<Value> = (0..1_000).map(told).collect();
    house.post("/orders", json!(many)).await.expect(200);
    let order = house.order(told(1_000)).await;
    let customer = text(&order["customer_id"]);
    assert_eq!(house.metrics(&customer).await["orders"], 1_001);
    for id in 1_001..1_004 {
        house.order(told(id)).await;
    }
    assert_eq!(house.metrics(&customer).await["orders"], 1_001, "not yet");
    house.process().await;
    assert_eq!(house.metrics(&customer).await["orders"], 1_004);
}

#[tokio::test]
async fn what_another_system_says_of_somebody_stands_beside_the_figures_reckoned_here() {
    let house = House::new().await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let path = format!("/customers/{}/metrics", text(&order["customer_id"]));
    let put = |body: Value| async {
        let request = house.app.put(&format!("{}{path}", crate::harness::BASE));
        request.bearer(&house.key).json(body).await
    };
    let told = json!({"source": "erp", "orders": 12, "total_spent": "812.4", "said_at": "2026-02-01T00:00:00Z",
        "expected": {"churn_probability": 0.07, "value": {"amount": "1200", "currency": "JPY"}, "channels": ["email"]}});
    let metrics = put(told.clone()).await.expect(200).json;
    assert_eq!(metrics["orders"], 1);
    let erp = &metrics["told"]["erp"];
    assert_eq!(
        (
            &erp["orders"],
            &erp["total_spent"],
            &erp["expected"]["value"]["amount"]
        ),
        (
            &json!(12),
            &json!({"amount": "812.40", "currency": "EUR"}),
            &json!("1200")
        )
    );
    let mut before = told.clone();
    (before["orders"], before["said_at"]) = (json!(11), json!("2026-01-01T00:00:00Z"));
    assert_eq!(put(before).await.expect(200).json["told"]["erp"]["orders"], 12);
    let other = json!({"source": "till", "orders": 0});
    let both = put(other).await.expect(200).json;
    assert_eq!(
        (&both["told"]["erp"]["orders"], &both["told"]["till"]["orders"]),
        (&json!(12), &json!(0))
    );
    let wrong = json!({"source": "ERP", "orders": -1, "total_spent": "much", "said_at": "0001-01-01T00:00:00Z",
        "expected": {"churn_probability": 1.1, "channels": ["a channel of more than forty letters, which none has"]}});
    let refused = put(wrong).await.expect(422);
    assert_eq!(
        crate::harness::places(&refused),
        [
            "/expected/channels/0",
            "/expected/churn_probability",
            "/orders",
            "/said_at",
            "/source",
            "/total_spent"
        ]
    );
    assert_eq!(
        put(json!({"source": "erp"})).await.expect(422).json["errors"][0]["pointer"],
        "/orders"
    );
    for system in 2..20 {
        put(json!({"source": format!("s{system}"), "orders": 1}))
            .await
            .expect(200);
    }
    let much = put(json!({"source": "one_more", "orders": 1})).await.expect(409);
    assert_eq!(much.json["errors"][0]["code"], "too_many");
    let again = put(json!({"source": "s19", "orders": 2})).await.expect(200).json;
    assert_eq!(again["told"].as_object().unwrap().len(), 20);
    let stranger = house.app.key_of("other", regulars_kernel::Role::Owner).await;
    let request = house.app.put(&format!("{}{path}", crate::harness::BASE));
    request.bearer(&stranger).json(told).await.expect(404);
}
