//! What makes no sense is refused with its place, and never breaks anything.

use serde_json::{Value, json};

use crate::harness::{House, places};

#[tokio::test]
async fn no_body_breaks_anything() {
    let house = House::new().await;
    let key = json!({"source": "till", "external_id": "1"});
    let with = |more: Value| {
        let mut body = key.clone();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let big = "99999999999999.99";
    let line = json!({"title": "x", "quantity": 1_000_000, "price": big});
    for body in [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!([[]]),
        json!([null, 7, {}]),
        json!({}),
        with(json!({"total": "1e400"})),
        with(json!({"total": 1.5})),
        with(json!({"total": big})),
        with(json!({"total": "-0.01"})),
        with(json!({"total": "12.345"})),
        with(json!({"total": {"amount": "1", "currency": "XXX"}})),
        with(json!({"currency": "JPY", "total": "1.5"})),
        with(json!({"currency": null})),
        with(json!({"currency": "USD", "exchange_rate": "999999999", "total": big})),
        with(json!({"exchange_rate": "0"})),
        with(json!({"exchange_rate": "1e5"})),
        with(json!({"exchange_rate": "0.00000000001"})),
        with(json!({"lines": [line, line]})),
        with(json!({"lines": [{"title": "", "quantity": -1}]})),
        with(json!({"lines": vec![json!({"title": "x", "quantity": 1, "price": big}); 500]})),
        with(json!({"lines": vec![json!({"title": "x", "quantity": 1}); 501]})),
        with(json!({"lines": [{"title": "x", "quantity": 2_147_483_647}]})),
        with(json!({"placed_at": "0000-01-01T00:00:00Z"})),
        with(json!({"placed_at": "9999-12-31T23:59:59Z"})),
        with(json!({"placed_at": "2026-02-30T00:00:00Z"})),
        with(json!({"placed_at": "2016-12-31T23:59:60Z"})),
        with(json!({"source_version": {"at": "+262142-12-31T23:59:59Z"}})),
        with(json!({"source_version": {}})),
        with(json!({"refunds": vec![json!({"external_id": "1", "amount": big}); 3]})),
        with(
            json!({"refunds": (0..200).map(|n| json!({"external_id": n.to_string(), "amount": big})).collect::<Vec<_>>()}),
        ),
        with(json!({"payments": [{"external_id": "1", "kind": "gift", "state": "", "amount": "x"}]})),
        with(
            json!({"fulfillments": [{"external_id": "", "state": "shipped", "lines": [{"external_id": "1", "quantity": -5}]}]}),
        ),
        with(json!({"email": "nobody"})),
        with(json!({"email": ""})),
        with(json!({"customer": {"external_id": ""}})),
        with(json!({"billing_address": {"country": "Atlantis"}})),
        with(json!({"tags": ["", " ", "a\u{0}b"]})),
        with(json!({"note": "x".repeat(10_001)})),
        with(json!({"number": "a\nb"})),
        with(json!({"number": "\u{202e}😀"})),
        json!({"source": "till", "external_id": "x".repeat(201)}),
        json!({"source": "TILL;--", "external_id": "'"}),
    ] {
        let answer = house.post("/orders", body.clone()).await;
        let shown: String = body.to_string().chars().take(200).collect();
        assert!(answer.status.as_u16() < 500, "{shown}: {}", answer.text());
        let answer = house.post("/products", body).await;
        assert!(answer.status.as_u16() < 500, "{shown}: {}", answer.text());
    }
    for query in [
        "q=%25",
        "q=%F0%9F%98%80",
        "q=%23",
        "placed_from=262142-01-01",
        "placed_from=-1-01-01",
        "total_min=79228162514264337593543950335",
        "total_min=1e5",
        "cursor=x",
        "page=1000000",
        "customer=x",
        "source='",
        "sort=total,placed_at",
        "sort=-",
        "limit=0",
    ] {
        let answer = house.get(&format!("/orders?{query}")).await;
        assert!(answer.status.as_u16() < 500, "{query}: {}", answer.text());
        let answer = house.get(&format!("/products?{query}")).await;
        assert!(answer.status.as_u16() < 500, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn every_fault_of_an_order_is_told_in_one_answer() {
    let house = House::new().await;
    let body = json!({"source": "Till", "external_id": "", "total": "x", "status": "lost", "email": "nobody",
        "lines": [{"title": "", "quantity": -1}], "payments": [{"external_id": "1", "kind": "sale", "state": "gone", "amount": "1"}]});
    let refused = house.post("/orders", body).await.expect(422);
    assert_eq!(
        places(&refused),
        [
            "/email",
            "/external_id",
            "/lines/0/current_quantity",
            "/lines/0/quantity",
            "/lines/0/title",
            "/payments/0/state",
            "/source",
            "/status",
            "/total"
        ]
    );
}
