//! Store credit through the edge: a ledger that counts each line once and never goes below nothing.

use std::sync::Arc;

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, places, text};

async fn ada(house: &House) -> String {
    let made = house
        .post("/customers", json!({"email": "ada@example.com"}))
        .await
        .expect(201);
    format!("/customers/{}/store-credit", text(&made.json["id"]))
}

fn line(kind: &str, amount: &str) -> Value {
    json!({"kind": kind, "amount": amount})
}

#[tokio::test]
async fn credit_is_given_and_taken_and_the_ledger_says_what_was_left() {
    let house = House::new().await;
    let path = ada(&house).await;
    let none = house.get(&path).await.expect(200).json;
    assert_eq!((&none["balances"], &none["data"]), (&json!([]), &json!([])));
    let given = json!({"kind": "issued", "amount": "20.00", "note": "For the late parcel"});
    let made = house.post(&path, given).await.expect(201);
    assert_eq!(
        made.json["balance"],
        json!({"amount": "20.00", "currency": "EUR"})
    );
    let location = made.header("location").to_owned();
    assert_eq!(
        house
            .get(location.strip_prefix(BASE).unwrap())
            .await
            .expect(200)
            .json,
        made.json
    );
    house.post(&path, line("spent", "5.50")).await.expect(201);
    let dollars = json!({"kind": "refunded", "amount": {"amount": "3.00", "currency": "USD"}});
    house.post(&path, dollars).await.expect(201);
    let there = house.get(&path).await.expect(200).json;
    assert_eq!(
        there["balances"],
        json!([{"amount": "14.50", "currency": "EUR"}, {"amount": "3.00", "currency": "USD"}])
    );
    let kinds: Vec<String> = there["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry["kind"]))
        .collect();
    assert_eq!(kinds, ["refunded", "spent", "issued"]);
    let first = house.get(&format!("{path}?limit=2")).await.expect(200).json;
    let cursor = text(&first["page"]["next_cursor"]);
    let rest = house
        .get(&format!("{path}?limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json;
    assert_eq!(rest["data"], json!([there["data"][2]]));

    let much = house.post(&path, line("withdrawn", "14.51")).await.expect(422);
    assert_eq!(much.json["errors"][0]["code"], "credit_insufficient");
    assert!(much.text().contains("14.50"), "{}", much.text());
    house.post(&path, line("expired", "14.50")).await.expect(201);
    let left = house.get(&path).await.expect(200).json;
    assert_eq!(left["balances"], json!([{"amount": "3.00", "currency": "USD"}]));

    let timeline = path.replace("store-credit", "activities");
    let told = house.get(&timeline).await.expect(200).json;
    let kinds: Vec<&str> = told["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .filter(|kind| kind.starts_with("store_credit."))
        .collect();
    assert_eq!(kinds.len(), 4);
    // Why it was given stays in the ledger.
    assert!(!told.to_string().contains("late parcel"));
}

#[tokio::test]
async fn a_line_of_another_system_counts_once() {
    let house = House::new().await;
    let path = ada(&house).await;
    let told = json!({"kind": "issued", "amount": "20.00", "source": "shop", "external_id": "credit-7"});
    let first = house.post(&path, told.clone()).await.expect(201).json;
    let again = house.post(&path, told.clone()).await.expect(200).json;
    assert_eq!(again, first);
    let mut other = told.clone();
    other["amount"] = json!("21.00");
    let answer = house.post(&path, other).await.expect(409);
    assert_eq!(answer.json["errors"][0]["code"], "entry_known");
    let eve = house
        .post("/customers", json!({"email": "eve@example.com"}))
        .await
        .expect(201);
    let hers = format!("/customers/{}/store-credit", text(&eve.json["id"]));
    house.post(&hers, told).await.expect(409);
    assert_eq!(house.get(&hers).await.json["balances"], json!([]));
}

#[tokio::test]
async fn what_is_no_line_is_refused_with_its_place() {
    let house = House::new().await;
    let path = ada(&house).await;
    for (body, wanted) in [
        (json!({}), vec!["/amount", "/kind"]),
        (line("given", "1.00"), vec!["/kind"]),
        (line("issued", "0.00"), vec!["/amount"]),
        (line("issued", "-1.00"), vec!["/amount"]),
        (line("issued", "1.001"), vec!["/amount"]),
        (line("issued", "99999999999999999999"), vec!["/amount"]),
        (
            json!({"kind": "issued", "amount": "1.00", "external_id": "7"}),
            vec!["/source"],
        ),
        (
            json!({"kind": "issued", "amount": "1.00", "source": "shop"}),
            vec!["/external_id"],
        ),
        (
            json!({"kind": "issued", "amount": "1.00", "note": "\u{0}"}),
            vec!["/note"],
        ),
        (
            json!({"kind": "issued", "amount": "1.00", "occurred_at": "0001-01-01T00:00:00Z"}),
            vec!["/occurred_at"],
        ),
    ] {
        let answer = house.post(&path, body.clone()).await;
        assert!(
            [400, 422].contains(&answer.status.as_u16()),
            "{body}: {}",
            answer.text()
        );
        assert_eq!(places(&answer), wanted, "{body}");
    }
    let unknown = "/customers/0198c5a4-7c00-7000-8000-000000000000/store-credit";
    house.post(unknown, line("issued", "1.00")).await.expect(404);
    house.get(unknown).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_spend_at_once_never_spend_more_than_there_is() {
    let house = Arc::new(House::new().await);
    let path = Arc::new(ada(&house).await);
    house.post(&path, line("issued", "10.00")).await.expect(201);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (house, path) = (Arc::clone(&house), Arc::clone(&path));
            tokio::spawn(async move { house.post(&path, line("spent", "1.50")).await.status.as_u16() })
        })
        .collect();
    let mut spent = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => spent += 1,
            status => assert_eq!(status, 422),
        }
    }
    assert_eq!(spent, 6);
    let there = house.get(&path).await.expect(200).json;
    assert_eq!(there["balances"], json!([{"amount": "1.00", "currency": "EUR"}]));
    assert_eq!(there["page"]["total"]["value"], 7);
}

#[tokio::test]
async fn a_stranger_sees_and_changes_no_credit() {
    let house = House::new().await;
    let path = format!("{BASE}{}", ada(&house).await);
    let made = house
        .app
        .post(&path)
        .bearer(&house.key)
        .json(line("issued", "1.00"))
        .await
        .expect(201);
    let other = house.app.key_of("other", Role::Owner).await;
    house.app.get(&path).bearer(&other).await.expect(404);
    house
        .app
        .get(&format!("{path}/{}", text(&made.json["id"])))
        .bearer(&other)
        .await
        .expect(404);
    house
        .app
        .post(&path)
        .bearer(&other)
        .json(line("issued", "1.00"))
        .await
        .expect(404);
    let viewer = house.app.key(Role::Viewer).await;
    house.app.get(&path).bearer(&viewer).await.expect(200);
    house
        .app
        .post(&path)
        .bearer(&viewer)
        .json(line("issued", "1.00"))
        .await
        .expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_credit_who_is_deleted_at_that_moment() {
    let house = Arc::new(House::new().await);
    let path = ada(&house).await;
    let id: regulars_kernel::ids::CustomerId = path.split('/').nth(2).unwrap().parse().unwrap();
    let mut tx = house.app.tx("acme").await;
    regulars_customers::ops::customers::delete(&mut tx, id, &|_| Ok(()))
        .await
        .unwrap();
    let giving = {
        let (house, path) = (Arc::clone(&house), path.clone());
        tokio::spawn(async move { house.post(&path, line("issued", "10.00")).await.status.as_u16() })
    };
    // It waits for the deletion, whose transaction is still open.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!giving.is_finished());
    tx.commit().await.unwrap();
    assert_eq!(giving.await.unwrap(), 404);
    let mut tx = house.app.tx("acme").await;
    let kept: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM store_credit_entries) + (SELECT count(*) FROM store_credit_balances)",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    assert_eq!(kept, 0);
}
