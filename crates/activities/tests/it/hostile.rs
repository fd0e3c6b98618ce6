//! What makes no sense is refused with its place, and never breaks anything.

use serde_json::{Value, json};

use crate::harness::House;

#[tokio::test]
async fn no_body_breaks_anything() {
    let house = House::new().await;
    let with = |more: Value| {
        let mut body = json!({"kind": "page_view"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({ "a": deep });
    }
    for body in [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!([[]]),
        json!([null, 7, {}]),
        json!({}),
        json!({"kind": null}),
        with(json!({"id": "x"})),
        with(json!({"id": "00000000-0000-0000-0000-000000000000", "occurred_at": "2026-01-01T00:00:00Z"})),
        with(json!({"id": "ffffffff-ffff-ffff-ffff-ffffffffffff"})),
        with(json!({"id": "ffffffff-ffff-7fff-bfff-ffffffffffff"})),
        with(json!({"id": "00000000-0000-7000-8000-000000000000"})),
        with(json!({"occurred_at": "0000-01-01T00:00:00Z"})),
        with(json!({"occurred_at": "9999-12-31T23:59:59Z"})),
        with(json!({"occurred_at": "+262142-12-31T23:59:59Z"})),
        with(json!({"occurred_at": "-262143-01-01T00:00:00Z"})),
        with(json!({"occurred_at": "2016-12-31T23:59:60Z"})),
        with(json!({"occurred_at": 7})),
        with(json!({"customer_id": "00000000-0000-0000-0000-000000000000"})),
        with(json!({"customer": {"source": "'; --", "external_id": "%"}})),
        with(json!({"customer": {"source": "shopify", "external_id": "x".repeat(300)}})),
        with(json!({"customer": []})),
        with(json!({"email": "\u{202e}@😀"})),
        with(json!({"email": "x".repeat(100_000)})),
        with(json!({"visitor_id": "😀".repeat(100)})),
        with(json!({"visitor_id": "😀".repeat(101)})),
        with(json!({"visitor_id": " "})),
        with(json!({"url": "javascript:alert(1)"})),
        with(json!({"url": "\u{0}"})),
        with(json!({"url": "😀".repeat(10_000)})),
        with(json!({"amount": {"amount": "1e400", "currency": "EUR"}})),
        with(json!({"amount": {"amount": "-99999999999999.99", "currency": "EUR"}})),
        with(json!({"amount": {"amount": "1", "currency": "XXX"}})),
        with(json!({"amount": "1"})),
        with(json!({"ip": "::"})),
        with(json!({"ip": "999.1.1.1"})),
        with(json!({"ip": "fe80::1%eth0"})),
        with(json!({"geo": {"country": "é"}})),
        with(json!({"utm": {"source": "a\r\nb"}})),
        with(json!({"utm": {"id": "x"}})),
        with(json!({"data": []})),
        with(json!({"data": {"a": "\u{0}"}})),
        with(json!({"data": deep})),
        with(json!({"data": {"n": 1e308, "m": -0.0, "i": u64::MAX}})),
        with(json!({"name": "wishlist.shared"})),
        json!({"kind": "custom", "name": "DROP TABLE"}),
        json!({"kind": "custom", "name": "é"}),
    ] {
        for body in [body.clone(), json!([body.clone(), {"kind": "search"}])] {
            let answer = house.post("/activities", body.clone()).await;
            let shown: String = body.to_string().chars().take(200).collect();
            assert!(answer.status.as_u16() < 500, "{shown}: {}", answer.text());
        }
    }
    for body in [
        json!([]),
        json!({"ip": "most"}),
        json!({"retention_days": {"a/~b": -1}}),
        json!({"retention_days": {"search": 70_000}}),
    ] {
        let answer = house.patch("/activity-settings", body.clone()).await;
        assert!(
            (400..500).contains(&answer.status.as_u16()),
            "{body}: {}",
            answer.text()
        );
    }
}
