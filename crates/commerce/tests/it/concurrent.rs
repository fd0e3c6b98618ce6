//! Several at once: the same order, the same customer, the same strangers.

use std::sync::Arc;

use serde_json::json;

use crate::harness::{House, shoes, text};

#[tokio::test]
async fn figures_are_right_when_many_orders_of_one_customer_are_told_at_once() {
    let house = Arc::new(House::new().await);
    let tasks: Vec<_> = (0..24_u32)
        .map(|n| {
            let house = house.clone();
            tokio::spawn(async move {
                // Each order is told by two.
                house
                    .post("/orders", shoes(n / 2, "ada@example.com"))
                    .await
                    .status
                    .as_u16()
            })
        })
        .collect();
    for task in tasks {
        let status = task.await.unwrap();
        assert!(status == 200 || status == 201, "{status}");
    }
    let list = house.get("/orders").await.expect(200).json;
    assert_eq!(list["page"]["total"]["value"], 12);
    let customer = text(&list["data"][0]["customer_id"]);
    let metrics = house.metrics(&customer).await;
    assert_eq!(
        (&metrics["orders"], &metrics["total_spent"]["amount"]),
        (&json!(12), &json!("718.80"))
    );
    let placed = house
        .kinds(&customer)
        .await
        .into_iter()
        .filter(|kind| kind == "order.placed")
        .count();
    assert_eq!(placed, 12);
}

#[tokio::test]
async fn two_lists_in_opposite_orders_do_not_block_each_other() {
    let house = Arc::new(House::new().await);
    for round in 0..4 {
        let tasks: Vec<_> = [false, true]
            .into_iter()
            .map(|reversed| {
                let house = house.clone();
                tokio::spawn(async move {
                    let mut orders: Vec<_> = (0..60_u32)
                        .map(|n| shoes(round * 100 + n, &format!("p{}@example.com", round * 100 + n % 20)))
                        .collect();
                    if reversed {
                        orders.reverse();
                    }
                    let answer = house.post("/orders", json!(orders)).await;
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answer.json["refused"].clone()
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 0);
        }
    }
    let list = house.get("/orders").await.expect(200).json;
    assert_eq!(list["page"]["total"]["value"], 240);
    let customers = house.get("/customers").await.expect(200).json;
    assert_eq!(customers["page"]["total"]["value"], 80);
}
