//! Telling of orders: alone and many at once, again, wrongly, deleted; and finding them.

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, places, shoes, text};

#[tokio::test]
async fn an_order_makes_a_guest_and_the_same_again_changes_nothing() {
    let house = House::new().await;
    let first = house
        .post("/orders", shoes(1001, "ada@example.com"))
        .await
        .expect(201);
    let order = first.json.clone();
    assert_eq!(order["total"], json!({"amount": "59.90", "currency": "EUR"}));
    assert_eq!(
        (&order["status"], &order["items"]),
        (&json!("pending"), &json!(1))
    );
    assert_eq!(
        first.header("location"),
        format!("/api/v1/orders/{}", text(&order["id"]))
    );
    let again = house.post("/orders", shoes(1001, "Ada@Example.com")).await;
    assert_eq!(again.status, 200, "{}", again.text());
    let same = house.post("/orders", shoes(1001, "Ada@Example.com")).await;
    assert_eq!(again.json["version"], same.json["version"]);

    let customer = text(&order["customer_id"]);
    let guest = house
        .get(&format!("/customers/{customer}"))
        .await
        .expect(200)
        .json;
    assert_eq!(guest["type"], "guest");
    assert_eq!(guest["metrics"]["orders"], 1);
    assert_eq!(
        guest["metrics"]["total_spent"],
        json!({"amount": "59.90", "currency": "EUR"})
    );
    assert_eq!(guest["metrics"]["favourite_brand"], "Acme");
    assert!(guest["metrics"]["days_since_last_order"].as_i64().unwrap() > 0);
    assert_eq!(house.kinds(&customer).await, ["order.placed", "order.updated"]);

    let read = house
        .get(&format!("/orders/{}", text(&order["id"])))
        .await
        .expect(200);
    assert_eq!(read.json["lines"][0]["title"], "Shoes");
    assert_eq!(read.json["history"][0]["to"], "pending");
}

#[tokio::test]
async fn what_is_absent_stays_and_null_empties() {
    let house = House::new().await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let told = json!({"source": "till", "external_id": "1", "note": "ring twice", "tags": ["b", "a", "b"]});
    let noted = house.order(told).await;
    assert_eq!(
        (&noted["number"], &noted["total"]),
        (&order["number"], &order["total"])
    );
    assert_eq!(
        (&noted["note"], &noted["tags"]),
        (&json!("ring twice"), &json!(["a", "b"]))
    );
    let told = json!({"source": "till", "external_id": "1", "note": null, "number": null});
    let emptied = house.order(told).await;
    assert_eq!(
        (&emptied["note"], &emptied["number"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(emptied["tags"], json!(["a", "b"]));
}

#[tokio::test]
async fn payments_fulfilments_and_refunds_move_an_order_and_are_told_once() {
    let house = House::new().await;
    let mut told = shoes(7, "ada@example.com");
    told["payments"] = json!([
        {"external_id": "p0", "kind": "sale", "state": "failed", "amount": "59.90", "failure_code": "card_declined"},
        {"external_id": "p1", "kind": "sale", "state": "succeeded", "amount": "59.90", "processed_at": "2026-01-31T12:05:00Z"}
    ]);
    told["fulfillments"] = json!([
        {"external_id": "f1", "state": "shipped", "tracking_company": "DHL", "tracking_numbers": ["1"], "shipped_at": "2026-02-01T08:00:00Z", "lines": [{"external_id": "1", "quantity": 1}]}
    ]);
    let order = house.order(told.clone()).await;
    assert_eq!(order["payment_status"], "paid");
    assert_eq!(
        (&order["status"], &order["fulfillment_status"]),
        (&json!("shipped"), &json!("fulfilled"))
    );
    let customer = text(&order["customer_id"]);
    let statuses: Vec<String> = order["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["to"]))
        .collect();
    assert_eq!(statuses, ["pending", "confirmed", "shipped"]);
    house.order(told).await;
    let told = json!({"source": "till", "external_id": "7", "refunds": [
        {"external_id": "r1", "amount": "20.00", "refunded_at": "2026-02-05T08:00:00Z"}]});
    let order = house.order(told).await;
    assert_eq!(
        (&order["payment_status"], &order["status"]),
        (&json!("partially_refunded"), &json!("shipped"))
    );
    let metrics = house.metrics(&customer).await;
    assert_eq!(metrics["refunded"]["amount"], "20.00");
    assert_eq!(metrics["net_revenue"]["amount"], "39.90");
    let told = json!({"source": "till", "external_id": "7", "refunds": [
        {"external_id": "r2", "amount": "39.90", "refunded_at": "2026-02-06T08:00:00Z"}]});
    let order = house.order(told).await;
    assert_eq!(
        (&order["payment_status"], &order["status"]),
        (&json!("refunded"), &json!("refunded"))
    );
    assert_eq!(house.metrics(&customer).await["returned_orders"], 1);
    assert_eq!(
        house.kinds(&customer).await,
        [
            "order.paid",
            "order.placed",
            "order.refunded",
            "order.refunded",
            "order.shipped",
            "payment.failed"
        ]
    );
}

#[tokio::test]
async fn an_order_told_twice_is_no_move_though_its_parts_brought_it_further() {
    let house = House::new().await;
    let mut told = shoes(1, "ada@example.com");
    told["status"] = json!("pending");
    told["payments"] =
        json!([{"external_id": "p1", "kind": "sale", "state": "succeeded", "amount": "59.90"}]);
    let first = house.post("/orders", told.clone()).await.expect(201).json;
    assert_ne!(first["status"], "pending");
    let again = house.post("/orders", told).await.expect(200).json;
    assert_eq!(
        (&again["status"], &again["version"]),
        (&first["status"], &first["version"])
    );
}

#[tokio::test]
async fn what_is_said_of_the_status_does_not_stand_behind_what_the_parts_show_already() {
    let house = House::new().await;
    let mut told = shoes(1, "ada@example.com");
    told["status"] = json!("processing");
    told["fulfillments"] = json!([{"external_id": "f1", "state": "delivered", "shipped_at": "2026-02-01T08:00:00Z", "delivered_at": "2026-02-03T08:00:00Z"}]);
    let order = house.order(told.clone()).await;
    let ends = |order: &Value| {
        (
            text(&order["status"]),
            text(&order["history"].as_array().unwrap().last().unwrap()["to"]),
        )
    };
    assert_eq!(ends(&order), ("delivered".to_owned(), "delivered".to_owned()));
    let again = house.post("/orders", told).await.expect(200).json;
    assert_eq!(
        (ends(&again), &again["version"]),
        (ends(&order), &order["version"])
    );
}

#[tokio::test]
async fn a_status_moves_as_orders_do_and_another_move_says_which_there_are() {
    let house = House::new().await;
    let mut told = shoes(1, "ada@example.com");
    told["status"] = json!("shipped");
    let order = house.order(told).await;
    assert_eq!(order["status"], "shipped", "a new order may stand anywhere");
    let back = json!({"source": "till", "external_id": "1", "status": "processing"});
    let refused = house.post("/orders", back.clone()).await.expect(409);
    assert_eq!(refused.json["errors"][0]["code"], "status_move_impossible");
    assert!(text(&refused.json["errors"][0]["message"]).contains("delivered, completed, returned, refunded"));
    let mut believed = back;
    believed["source_version"] = json!({"at": "2099-01-01T00:00:00Z"});
    let order = house.order(believed).await;
    assert_eq!(order["status"], "processing");
    let last = order["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["to"], &last["unusual"]),
        (&json!("processing"), &json!(true))
    );
    let cancelled = house
        .order(json!({"source": "till", "external_id": "1", "status": "cancelled"}))
        .await;
    assert_eq!(cancelled["status"], "cancelled");
    let metrics = house.metrics(&text(&order["customer_id"])).await;
    assert_eq!(
        (&metrics["orders"], &metrics["cancelled_orders"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(metrics["total_spent"]["amount"], "0.00");
}

#[tokio::test]
async fn of_many_the_bad_ones_are_refused_alone_with_their_places() {
    let house = House::new().await;
    let mut orders: Vec<_> = (0..300)
        .map(|n| shoes(n, &format!("p{}@example.com", n % 40)))
        .collect();
    orders[3]["total"] = json!("-1");
    orders[4]["colour"] = json!("red");
    orders.push(json!({"source": "till", "external_id": "0", "note": "again"}));
    orders.push(json!("nothing"));
    let report = house.post("/orders", json!(orders)).await.expect(200).json;
    assert_eq!(report["created"], 298, "{}", report["results"][3]);
    assert_eq!((&report["updated"], &report["refused"]), (&json!(1), &json!(3)));
    assert_eq!(report["results"][3]["errors"][0]["pointer"], "/3/total");
    assert_eq!(report["results"][4]["errors"][0]["pointer"], "/4/colour");
    assert_eq!(report["results"][300]["id"], report["results"][0]["id"]);
    let list = house
        .get("/orders?limit=1&q=p7@example.com")
        .await
        .expect(200)
        .json;
    assert_eq!(list["page"]["total"]["value"], 8);
    let customer = text(&list["data"][0]["customer_id"]);
    assert_eq!(house.metrics(&customer).await["orders"], 8);
    let below = house
        .get(&format!("/customers/{customer}/orders"))
        .await
        .expect(200)
        .json;
    assert_eq!(below["data"].as_array().unwrap().len(), 8);
    let many: Vec<_> = (0..1001)
        .map(|n| json!({"source": "till", "external_id": n.to_string()}))
        .collect();
    house.post("/orders", json!(many)).await.expect(422);
}

#[tokio::test]
async fn a_deleted_order_stays_deleted() {
    let house = House::new().await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let customer = text(&order["customer_id"]);
    let path = format!("/orders/{}", text(&order["id"]));
    let stale = house
        .app
        .delete(&format!("{BASE}{path}"))
        .bearer(&house.key)
        .if_match(9)
        .await;
    assert_eq!(stale.status, 412);
    house.delete(&path).await.expect(204);
    house.delete(&path).await.expect(404);
    house.get(&path).await.expect(404);
    assert_eq!(house.metrics(&customer).await["orders"], 0);
    let refused = house
        .post("/orders", shoes(1, "ada@example.com"))
        .await
        .expect(409);
    assert_eq!(refused.json["errors"][0]["code"], "order_deleted");
    assert_eq!(house.get("/orders").await.json["page"]["total"]["value"], 0);
    assert_eq!(house.kinds(&customer).await, ["order.deleted", "order.placed"]);
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_gone_through_by_cursor() {
    let house = House::new().await;
    for n in 0..25_u32 {
        let mut told = shoes(n, &format!("p{}@example.com", n % 3));
        told["total"] = json!(format!("{}.00", n * 10));
        told["placed_at"] = json!(format!("2026-01-{:02}T00:00:00Z", n + 1));
        told["payment_status"] = json!(if n % 2 == 0 { "paid" } else { "pending" });
        house.order(told).await;
    }
    let numbers = |page: &serde_json::Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| text(&one["number"]))
            .collect()
    };
    for sort in ["-placed_at", "placed_at", "-total", "total"] {
        let mut seen = Vec::new();
        let mut path = format!("/orders?limit=7&sort={sort}");
        loop {
            let page = house.get(&path).await.expect(200).json;
            seen.extend(numbers(&page));
            let Some(next) = page["page"]["next_cursor"].as_str() else {
                break;
            };
            path = format!("/orders?limit=7&sort={sort}&cursor={next}");
        }
        let first = if sort.starts_with('-') { "#24" } else { "#0" };
        assert_eq!((seen.len(), seen[0].as_str()), (25, first), "{sort}");
    }
    let count = async |query: &str| {
        house.get(&format!("/orders?{query}")).await.expect(200).json["page"]["total"]["value"].clone()
    };
    assert_eq!(count("payment_status=paid").await, 13);
    assert_eq!(count("status=confirmed&payment_status=paid,pending").await, 13);
    assert_eq!(
        count("placed_from=2026-01-10&placed_to=2026-01-12T00:00:00Z").await,
        2
    );
    assert_eq!(count("total_min=100&total_max=120.00").await, 3);
    assert_eq!(count("q=%2324").await, 1);
    assert_eq!(count("q=2").await, 6);
    assert_eq!(count("source=shopify").await, 0);
    assert_eq!(count("limit=2&page=3").await, 25);
    let refused = house
        .get("/orders?status=lost&total_min=x&colour=red&sort=name")
        .await
        .expect(400);
    assert_eq!(places(&refused), ["?colour", "?sort", "?status", "?total_min"]);
}

#[tokio::test]
async fn whose_it_is_can_be_told_by_id_by_another_systems_id_and_by_address() {
    let house = House::new().await;
    let ada = json!({"first_name": "Ada", "sources": [{"source": "shopify", "external_id": "77"}]});
    let ada = text(&house.post("/customers", ada).await.expect(201).json["id"]);
    let mut told = shoes(1, "guest@example.com");
    told["customer"] = json!({"source": "shopify", "external_id": "77"});
    assert_eq!(house.order(told).await["customer_id"], json!(ada));
    let mut told = shoes(2, "guest@example.com");
    told["customer_id"] = json!(ada);
    assert_eq!(house.order(told).await["customer_id"], json!(ada));
    assert_eq!(house.metrics(&ada).await["orders"], 2);
    let moved = house
        .order(json!({"source": "till", "external_id": "2", "email": "guest@example.com"}))
        .await;
    let guest = text(&moved["customer_id"]);
    assert_ne!(guest, ada);
    assert_eq!(house.metrics(&ada).await["orders"], 1);
    assert_eq!(house.metrics(&guest).await["orders"], 1);
    let mut told = shoes(3, "guest@example.com");
    told["customer_id"] = json!("00000000-0000-0000-0000-000000000000");
    assert_eq!(
        places(&house.post("/orders", told).await.expect(422)),
        ["/customer_id"]
    );
    let nobody = json!({"source": "till", "external_id": "4", "total": "1.00"});
    assert_eq!(house.order(nobody).await["customer_id"], json!(null));
    let mut told = shoes(5, "new@example.com");
    told["customer"] = json!({"source": "shopify", "external_id": "78"});
    told["shipping_address"] = json!({"name": "Grace Brewster Hopper", "country": "us"});
    let order = house.order(told).await;
    assert_eq!(order["shipping_address"]["country"], "US");
    let path = format!("/customers/{}?include=sources", text(&order["customer_id"]));
    let grace = house.get(&path).await.expect(200).json;
    assert_eq!(
        (&grace["first_name"], &grace["last_name"]),
        (&json!("Grace Brewster"), &json!("Hopper"))
    );
    assert_eq!(grace["sources"][0]["external_id"], "78");
}

#[tokio::test]
async fn another_organization_sees_nothing_and_a_viewer_only_reads() {
    let house = House::new().await;
    let order = house.order(shoes(1, "ada@example.com")).await;
    let path = format!("{BASE}/orders/{}", text(&order["id"]));
    house.app.organization("other").await;
    let stranger = house.app.key_of("other", Role::Owner).await;
    let viewer = house.app.key(Role::Viewer).await;
    assert_eq!(house.app.get(&path).bearer(&stranger).await.status, 404);
    assert_eq!(house.app.delete(&path).bearer(&stranger).await.status, 404);
    let theirs = house.app.get(&format!("{BASE}/orders")).bearer(&stranger).await;
    assert_eq!(theirs.json["page"]["total"]["value"], 0);
    let mut told = shoes(2, "x@example.com");
    told["customer_id"] = order["customer_id"].clone();
    let foreign = house
        .app
        .post(&format!("{BASE}/orders"))
        .bearer(&stranger)
        .json(told.clone())
        .await;
    assert_eq!(foreign.status, 422, "{}", foreign.text());
    assert_eq!(house.app.get(&path).bearer(&viewer).await.status, 200);
    let refused = house
        .app
        .post(&format!("{BASE}/orders"))
        .bearer(&viewer)
        .json(told)
        .await;
    assert_eq!(refused.status, 403);
    // The same key of a source in another organization is another order.
    let same = house
        .app
        .post(&format!("{BASE}/orders"))
        .bearer(&stranger)
        .json(shoes(1, "ada@example.com"))
        .await;
    assert_eq!(same.status, 201);
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_same_answer() {
    let house = House::new().await;
    let send = || {
        house
            .app
            .post(&format!("{BASE}/orders"))
            .bearer(&house.key)
            .header("idempotency-key", "k1")
            .json(shoes(1, "ada@example.com"))
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(
        (first.status, second.status),
        (201.try_into().unwrap(), 201.try_into().unwrap())
    );
    assert_eq!(first.json, second.json);
}

#[tokio::test]
async fn a_refused_order_leaves_no_guest_behind() {
    let house = House::new().await;
    let first = house.order(shoes(1, "ada@example.com")).await;
    let id = text(&first["id"]);
    house.delete(&format!("/orders/{id}")).await.expect(204);
    let report = house
        .post(
            "/orders",
            json!([shoes(1, "stranger@example.com"), shoes(2, "guest@example.com")]),
        )
        .await
        .expect(200)
        .json;
    assert_eq!((&report["refused"], &report["created"]), (&json!(1), &json!(1)));
    let known = async |email: &str| {
        let found = house.get(&format!("/customers?q={email}")).await.expect(200);
        found.json["data"].as_array().unwrap().len()
    };
    assert_eq!(known("stranger@example.com").await, 0);
    assert_eq!(known("guest@example.com").await, 1);
}

#[tokio::test]
async fn an_attribute_that_is_required_keeps_no_guest_out() {
    let house = House::new().await;
    let admin = house.app.key(Role::Admin).await;
    let made = house
        .app
        .post(&format!("{BASE}/attributes"))
        .bearer(&admin)
        .json(json!({"name": "shoe_size", "label": "Shoe size", "kind": "number", "required": true}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let order = house.order(shoes(1, "ada@example.com")).await;
    assert!(order["customer_id"].is_string(), "{order}");
}

#[tokio::test]
async fn an_order_has_room_for_a_thousand_payments_and_sums_that_can_be_kept() {
    let house = House::new().await;
    let told = |from: u32| {
        let payments: Vec<_> = (from..from + 200)
            .map(|id| json!({"external_id": id.to_string(), "kind": "sale", "state": "failed", "amount": "1.00"}))
            .collect();
        json!({"source": "till", "external_id": "1", "payments": payments})
    };
    house.order(shoes(1, "ada@example.com")).await;
    for from in 0..5 {
        house.order(told(from * 200)).await;
    }
    let full = house.post("/orders", told(1000)).await.expect(422);
    assert_eq!(full.json["errors"][0]["code"], "too_many");
    let line = json!({"title": "Gold", "quantity": 1, "price": "1.00", "discount": "60000000000000.00", "total": "1.00"});
    let much = json!({"source": "till", "external_id": "2", "lines": [line, line]});
    let refused = house.post("/orders", much).await.expect(422);
    assert_eq!(places(&refused), ["/lines"]);
}

#[tokio::test]
async fn money_that_goes_back_is_told_once_whether_the_payment_or_the_refund_comes_first() {
    let house = House::new().await;
    let payment = json!({"payments": [{"external_id": "t1", "kind": "refund", "state": "succeeded", "amount": "59.90"}]});
    let refund = json!({"refunds": [{"external_id": "r1", "amount": "59.90", "payments": ["t1"], "reason": "too small"}]});
    for (id, parts) in [(1, [&payment, &refund]), (2, [&refund, &payment])] {
        let order = house.order(shoes(id, &format!("c{id}@example.com"))).await;
        for part in parts {
            let mut told = part.clone();
            told["source"] = "till".into();
            told["external_id"] = id.to_string().into();
            let after = house.order(told).await;
            assert_eq!(after["payment_status"], "refunded");
        }
        let kinds = house.kinds(&text(&order["customer_id"])).await;
        let refunds = kinds.iter().filter(|kind| *kind == "order.refunded").count();
        assert_eq!(refunds, 1, "{kinds:?}");
    }
}
