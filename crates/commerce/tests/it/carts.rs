//! Carts through the edge: told again, converted by orders, abandoned by time, behind the wall.

use std::sync::Arc;

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, places, shoes, text};

/// A cart with one pair of shoes in it.
fn cart(id: &str, more: Value) -> Value {
    let mut body = json!({
        "source": "till", "external_id": id, "currency": "EUR",
        "lines": [{"external_id": "1", "product_external_id": "7", "title": "Shoes", "quantity": 2, "price": "59.90"}]
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

async fn events(house: &House, customer: &str) -> Vec<String> {
    let page = house
        .get(&format!("/customers/{customer}/activities?limit=200"))
        .await
        .expect(200)
        .json;
    let mut kinds: Vec<String> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| text(&event["kind"]))
        .filter(|kind| kind.starts_with("cart.") || kind.starts_with("checkout."))
        .collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn a_cart_is_told_again_and_becomes_a_checkout_and_an_order() {
    let house = House::new().await;
    let made = house.post("/carts", cart("c1", json!({}))).await.expect(201);
    assert_eq!(
        made.header("location"),
        format!("/api/v1/carts/{}", text(&made.json["id"]))
    );
    assert_eq!(
        (
            &made.json["state"],
            &made.json["total"]["amount"],
            &made.json["items"],
            &made.json["customer_id"]
        ),
        (&json!("open"), &json!("119.80"), &json!(2), &json!(null))
    );
    let same = house.post("/carts", cart("c1", json!({}))).await.expect(200).json;
    assert_eq!(same["version"], 1);
    assert_eq!(same["last_active_at"], made.json["last_active_at"]);
    // Nobody is known, so nobody was made.
    assert_eq!(house.get("/customers").await.json["page"]["total"]["value"], 0);

    let reached = json!({"source": "till", "external_id": "c1", "email": "ada@example.com", "checkout_started_at": "2026-01-31T12:00:00Z",
        "recovery_url": "https://shop.example/c1"});
    let checkout = house.post("/carts", reached.clone()).await.expect(200).json;
    assert_eq!(
        (&checkout["state"], checkout["lines"].as_array().unwrap().len()),
        (&json!("checkout"), 1)
    );
    let customer = text(&checkout["customer_id"]);
    assert_eq!(
        events(&house, &customer).await,
        ["cart.created", "checkout.started"]
    );
    house.post("/carts", reached).await.expect(200);
    let emptied = house
        .post(
            "/carts",
            json!({"source": "till", "external_id": "c1", "lines": []}),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&emptied["items"], &emptied["total"]["amount"], &emptied["email"]),
        (&json!(0), &json!("0.00"), &json!("ada@example.com"))
    );
    assert_eq!(
        events(&house, &customer).await,
        ["cart.created", "checkout.started"]
    );

    let mut order = shoes(1, "ada@example.com");
    order["cart_external_id"] = json!("c1");
    let order = house.order(order).await;
    let id = text(&checkout["id"]);
    let bought = house.get(&format!("/carts/{id}")).await.expect(200).json;
    assert_eq!(
        (&bought["state"], &bought["order_id"], &bought["completed_at"]),
        (&json!("converted"), &order["id"], &json!("2026-01-31T12:00:00Z"))
    );
    assert_eq!(
        events(&house, &customer).await,
        ["cart.converted", "cart.created", "checkout.started"]
    );

    house.delete(&format!("/carts/{id}")).await.expect(204);
    house.get(&format!("/carts/{id}")).await.expect(404);
    house.delete(&format!("/carts/{id}")).await.expect(404);
    let again = house.post("/carts", cart("c1", json!({}))).await.expect(409);
    assert_eq!(again.json["errors"][0]["code"], "cart_deleted");
}

#[tokio::test]
async fn an_order_may_come_before_its_cart() {
    let house = House::new().await;
    let mut order = shoes(1, "ada@example.com");
    order["cart_external_id"] = json!("c1");
    let order = house.order(order.clone()).await;
    assert_eq!(
        house.get("/carts").await.expect(200).json["page"]["total"]["value"],
        0
    );
    let cart = house
        .post(
            "/carts",
            cart("c1", json!({"source_version": {"at": "2026-01-31T11:00:00Z"}})),
        )
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&cart["state"], &cart["order_id"], &cart["customer_id"]),
        (&json!("converted"), &order["id"], &order["customer_id"])
    );
    assert_eq!(
        events(&house, &text(&cart["customer_id"])).await,
        ["cart.converted", "cart.created"]
    );
    // A refused order converts nothing.
    let refused = json!({"source": "till", "external_id": "2", "cart_external_id": "c2", "total": "x"});
    house.post("/orders", refused).await.expect(422);
    let other = house
        .post("/carts", json!({"source": "till", "external_id": "c2"}))
        .await
        .expect(201)
        .json;
    assert_eq!(other["state"], "empty");
}

#[tokio::test]
async fn lists_are_narrowed_by_state_customer_source_and_time_and_go_on() {
    let house = House::new().await;
    let long_ago = |minute: u32| json!({"last_active_at": format!("2026-01-31T12:{minute:02}:00Z"), "email": "ada@example.com"});
    let mut told: Vec<Value> = (0..5).map(|n| cart(&format!("old{n}"), long_ago(n))).collect();
    told.push(cart("new", json!({"source": "web"})));
    told.push(cart(
        "late",
        json!({"checkout_started_at": "2026-01-31T12:00:00Z"}),
    ));
    told.push(cart(
        "done",
        json!({"completed_at": "2026-01-31T12:00:00Z", "last_active_at": "2026-01-31T12:30:00Z"}),
    ));
    told.push(json!({"source": "till", "external_id": "empty", "last_active_at": "2026-01-31T11:00:00Z"}));
    told.push(json!({"source": "till"}));
    let report = house.post("/carts", json!(told)).await.expect(200).json;
    assert_eq!((&report["created"], &report["refused"]), (&json!(9), &json!(1)));
    let found = async |query: &str| -> Vec<String> {
        let page = house.get(&format!("/carts?{query}")).await.expect(200).json;
        let ids: Vec<String> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cart| text(&cart["external_id"]))
            .collect();
        assert_eq!(
            page["page"]["total"],
            json!({"value": ids.len(), "exact": true}),
            "{query}"
        );
        ids
    };
    assert_eq!(
        found("state=abandoned").await,
        ["old4", "old3", "old2", "old1", "old0"]
    );
    assert_eq!(
        found("state=open,empty&sort=last_active_at").await,
        ["empty", "new"]
    );
    assert_eq!(found("state=checkout,converted").await, ["late", "done"]);
    assert_eq!(found("source=web").await, ["new"]);
    assert_eq!(
        found("active_from=2026-01-31T12:03:00Z&active_to=2026-01-31T12:30:00Z").await,
        ["old4", "old3"]
    );
    let list = house.get("/carts?state=abandoned&limit=2").await.expect(200).json;
    let customer = text(&list["data"][0]["customer_id"]);
    assert_eq!(found(&format!("customer={customer}")).await.len(), 5);
    let cursor = text(&list["page"]["next_cursor"]);
    let next = house
        .get(&format!("/carts?state=abandoned&limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json;
    assert_eq!(next["data"][0]["external_id"], "old2");
    for query in [
        "state=shiny",
        "sort=total",
        "active_from=yesterday",
        "shape=round",
        "customer=x",
        "cursor=x",
    ] {
        house.get(&format!("/carts?{query}")).await.expect(400);
    }
}

#[tokio::test]
async fn two_who_tell_of_the_same_cart_at_once_make_one_and_convert_it_once() {
    let house = Arc::new(House::new().await);
    let tasks: Vec<_> = (0..24_u32)
        .map(|n| {
            let house = house.clone();
            tokio::spawn(async move {
                let id = format!("c{}", n / 6);
                if n % 2 == 0 {
                    house
                        .post("/carts", cart(&id, json!({"email": "ada@example.com"})))
                        .await
                        .status
                        .as_u16()
                } else {
                    let mut order = shoes(n / 6, "ada@example.com");
                    order["cart_external_id"] = json!(id);
                    house.post("/orders", order).await.status.as_u16()
                }
            })
        })
        .collect();
    for task in tasks {
        let status = task.await.unwrap();
        assert!(status == 200 || status == 201, "{status}");
    }
    let list = house.get("/carts?state=converted").await.expect(200).json;
    assert_eq!(list["page"]["total"]["value"], 4);
    let kinds = events(&house, &text(&list["data"][0]["customer_id"])).await;
    assert_eq!(
        (
            kinds.len(),
            kinds.iter().filter(|kind| *kind == "cart.converted").count()
        ),
        (8, 4)
    );
}

#[tokio::test]
async fn another_organization_sees_and_changes_nothing() {
    let house = House::new().await;
    let made = house
        .post("/carts", cart("c1", json!({"email": "ada@example.com"})))
        .await
        .expect(201)
        .json;
    let id = text(&made["id"]);
    house.app.organization("other").await;
    let stranger = house.app.key_of("other", Role::Admin).await;
    let path = format!("{BASE}/carts/{id}");
    house.app.get(&path).bearer(&stranger).await.expect(404);
    house.app.delete(&path).bearer(&stranger).await.expect(404);
    let list = house
        .app
        .get(&format!("{BASE}/carts"))
        .bearer(&stranger)
        .await
        .expect(200);
    assert_eq!(list.json["page"]["total"]["value"], 0);
    // The same key is a cart of its own there.
    house
        .app
        .post(&format!("{BASE}/carts"))
        .bearer(&stranger)
        .json(cart("c1", json!({})))
        .await
        .expect(201);
    assert_eq!(
        house.get(&format!("/carts/{id}")).await.expect(200).json["version"],
        1
    );
}

#[tokio::test]
async fn every_fault_of_a_cart_is_told_in_one_answer_and_nothing_breaks() {
    let house = House::new().await;
    let wrong = json!({"source": "Till", "external_id": "", "email": "nobody", "currency": "EURO", "total": "-1", "recovery_url": "javascript:alert(1)",
        "started_at": "0000-01-01T00:00:00Z", "customer": {"external_id": ""}, "lines": [{"title": "", "quantity": -1, "price": "x"}]});
    let refused = house.post("/carts", wrong).await.expect(422);
    assert_eq!(
        places(&refused),
        [
            "/currency",
            "/customer/external_id",
            "/email",
            "/external_id",
            "/lines/0/price",
            "/lines/0/quantity",
            "/lines/0/title",
            "/recovery_url",
            "/source",
            "/started_at",
            "/total"
        ]
    );
    let refused = house
        .post(
            "/carts",
            cart(
                "c1",
                json!({"customer_id": "00000000-0000-7000-8000-000000000000"}),
            ),
        )
        .await
        .expect(422);
    assert_eq!(places(&refused), ["/customer_id"]);
    let big = "99999999999999.99";
    for more in [
        json!({"lines": vec![json!({"title": "x", "quantity": 1, "price": big}); 500]}),
        json!({"lines": vec![json!({"title": "x", "quantity": 1}); 501]}),
        json!({"lines": vec![json!({"title": "x", "quantity": 1_000_000}); 500]}),
        json!({"lines": [{"title": "\u{202e}😀", "quantity": 1_000_000, "price": big}]}),
        json!({"lines": null, "total": big, "currency": "JPY"}),
        json!({"total": {"amount": "1", "currency": "XXX"}}),
        json!({"last_active_at": "9999-12-31T23:59:59Z"}),
        json!({"order_external_id": "x".repeat(201)}),
        json!({"order_external_id": ""}),
        json!({"recovery_url": "https://shop.example/\u{0}"}),
        json!({"email": "", "external_id": "'; DROP TABLE carts; --"}),
        json!({"source_version": {}}),
        json!([]),
        json!(7),
    ] {
        let body = if more.is_object() {
            cart("hostile", more)
        } else {
            more
        };
        let answer = house.post("/carts", body).await;
        assert!(answer.status.as_u16() < 500, "{}", answer.text());
    }
}
