//! What arrives late, twice or before what it belongs to, through the edge.

use serde_json::{Value, json};

use crate::harness::{House, text};

fn at(day: u32) -> Value {
    json!({"at": format!("2026-01-{day:02}T00:00:00Z"), "sequence": ""})
}

fn order(day: u32, total: &str) -> Value {
    json!({"source": "shopify", "external_id": "9", "source_version": at(day), "number": "#9", "email": "ada@example.com",
        "currency": "EUR", "total": total, "placed_at": "2026-01-01T00:00:00Z", "payment_status": "paid"})
}

fn refund() -> Value {
    json!({"source": "shopify", "external_id": "9", "source_version": at(3), "refunds": [{"external_id": "r", "amount": "5.00", "refunded_at": "2026-01-03T00:00:00Z"}]})
}

fn fulfillment(day: u32, state: &str) -> Value {
    json!({"source": "shopify", "external_id": "9", "source_version": at(day),
        "fulfillments": [{"external_id": "f", "state": state, "shipped_at": "2026-01-02T00:00:00Z"}]})
}

#[tokio::test]
async fn every_order_of_arrival_ends_the_same_and_each_fact_is_told_once() {
    let told = [
        order(1, "10.00"),
        order(4, "12.00"),
        refund(),
        fulfillment(2, "shipped"),
        fulfillment(5, "delivered"),
    ];
    let mut ends = Vec::new();
    for turn in 0..5 {
        let house = House::new().await;
        let mut shuffled: Vec<&Value> = told.iter().collect();
        shuffled.rotate_left(turn);
        if turn % 2 == 1 {
            shuffled.reverse();
        }
        for body in shuffled.iter().chain(&shuffled) {
            let answer = house.post("/orders", (*body).clone()).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
        let list = house.get("/orders").await.expect(200).json;
        let id = text(&list["data"][0]["id"]);
        let mut end = house.get(&format!("/orders/{id}")).await.expect(200).json;
        let customer = text(&end["customer_id"]);
        let mut kinds = house.kinds(&customer).await;
        kinds.retain(|kind| kind != "order.updated");
        assert_eq!(
            kinds,
            [
                "order.delivered",
                "order.paid",
                "order.placed",
                "order.refunded",
                "order.shipped"
            ]
        );
        end["figures"] = house.metrics(&customer).await;
        for name in ["id", "version", "customer_id", "created_at", "updated_at"] {
            end[name] = json!(null);
        }
        ends.push(end);
    }
    assert_eq!(ends[0]["total"]["amount"], "12.00");
    assert_eq!(ends[0]["figures"]["net_revenue"]["amount"], "7.00");
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}

#[tokio::test]
async fn parts_wait_unseen_for_their_order() {
    let house = House::new().await;
    house.order(refund()).await;
    assert_eq!(house.get("/orders").await.json["page"]["total"]["value"], 0);
    let order = house.order(order(1, "10.00")).await;
    assert_eq!(order["refunded"]["amount"], "5.00");
    assert_eq!(order["payment_status"], "partially_refunded");
}

#[tokio::test]
async fn a_deletion_that_comes_first_wins_without_an_error() {
    let house = House::new().await;
    let mut tx = house.app.tx("acme").await;
    let base = regulars_kernel::Currency::EUR;
    regulars_commerce::ops::orders::delete_by_key(&mut tx, "shopify", "9", None, base)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let answer = house
        .post("/orders", json!([order(1, "10.00"), refund()]))
        .await
        .expect(200)
        .json;
    assert_eq!(answer["unchanged"], 2);
    assert_eq!(house.get("/orders").await.json["page"]["total"]["value"], 0);
}
