//! Wishlists through the edge: told again, with what is new and gone on the timeline, behind the wall.

use std::sync::Arc;

use regulars_kernel::Role;
use serde_json::{Value, json};

use crate::harness::{BASE, House, places, text};

fn wish(product: &str) -> Value {
    json!({"product_external_id": product, "title": format!("Thing {product}"), "price": "59.90", "added_at": "2026-01-31T12:00:00Z"})
}

fn list(id: &str, products: &[&str]) -> Value {
    let items: Vec<Value> = products.iter().map(|product| wish(product)).collect();
    json!({"source": "shop", "external_id": id, "email": "ada@example.com", "name": "Birthday", "items": items})
}

/// What the timeline says of wishes, the latest first: the kind, how many, and the first title.
async fn told(house: &House, customer: &str) -> Vec<(String, i64, String)> {
    let page = house
        .get(&format!("/customers/{customer}/activities?limit=200"))
        .await
        .expect(200)
        .json;
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| text(&event["kind"]).starts_with("wishlist."))
        .map(|event| {
            let data = &event["data"];
            (
                text(&event["kind"]),
                data["count"].as_i64().unwrap(),
                text(&data["products"][0]["title"]),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_wishlist_is_told_again_and_what_is_new_or_gone_is_told_once() {
    let house = House::new().await;
    let made = house
        .post("/wishlists", list("w1", &["7", "8"]))
        .await
        .expect(201);
    assert_eq!(
        made.header("location"),
        format!("/api/v1/wishlists/{}", text(&made.json["id"]))
    );
    assert_eq!(
        made.json["items"][0]["price"],
        json!({"amount": "59.90", "currency": "EUR"})
    );
    assert_eq!(made.json["items"][1]["variant_external_id"], json!(null));
    let customer = text(&made.json["customer_id"]);
    let same = house
        .post("/wishlists", list("w1", &["7", "8"]))
        .await
        .expect(200)
        .json;
    assert_eq!(same["version"], 1);
    let changed = house
        .post("/wishlists", list("w1", &["8", "9"]))
        .await
        .expect(200)
        .json;
    assert_eq!(changed["version"], 2);
    let mut all = told(&house, &customer).await;
    all.sort();
    assert_eq!(
        all,
        [
            ("wishlist.added".to_owned(), 1, "Thing 9".to_owned()),
            ("wishlist.added".to_owned(), 2, "Thing 7".to_owned()),
            ("wishlist.removed".to_owned(), 1, "Thing 7".to_owned()),
        ]
    );

    let mine = house
        .get(&format!("/customers/{customer}/wishlist"))
        .await
        .expect(200)
        .json;
    assert_eq!(mine["page"]["total"], json!({"value": 1, "exact": true}));
    assert_eq!(mine["data"][0], changed);
    let all = house.get("/wishlists?limit=1").await.expect(200).json;
    assert_eq!(all["data"][0], changed);

    let path = format!("/wishlists/{}", text(&changed["id"]));
    house.delete(&path).await.expect(204);
    house.get(&path).await.expect(404);
    house.delete(&path).await.expect(404);
    assert_eq!(house.get("/wishlists").await.json["data"], json!([]));
    let again = house.post("/wishlists", list("w1", &["7"])).await.expect(409);
    assert_eq!(again.json["errors"][0]["code"], "wishlist_deleted");
    assert_eq!(
        told(&house, &customer).await.first().unwrap(),
        &("wishlist.removed".to_owned(), 2, "Thing 8".to_owned())
    );
}

#[tokio::test]
async fn wishes_of_nobody_are_told_once_they_are_somebodys() {
    let house = House::new().await;
    let mut anonymous = list("w1", &["7"]);
    anonymous.as_object_mut().unwrap().remove("email");
    let made = house.post("/wishlists", anonymous).await.expect(201).json;
    assert_eq!(made["customer_id"], json!(null));
    assert_eq!(house.get("/customers").await.json["page"]["total"]["value"], 0);
    let named = json!({"source": "shop", "external_id": "w1", "email": "ada@example.com"});
    let named = house.post("/wishlists", named).await.expect(200).json;
    assert_eq!(
        told(&house, &text(&named["customer_id"])).await,
        [("wishlist.added".to_owned(), 1, "Thing 7".to_owned())]
    );
}

#[tokio::test]
async fn an_older_version_changes_nothing_and_the_order_of_arrival_makes_no_difference() {
    let house = House::new().await;
    let version = |day: u32, id: &str, products: &[&str]| {
        let mut told = list(id, products);
        told["source_version"] = json!({"at": format!("2026-01-{day:02}T12:00:00Z"), "sequence": ""});
        told
    };
    let versions = [(1, vec!["7"]), (2, vec!["7", "8"]), (3, vec!["8"])];
    let orders: [[usize; 4]; 4] = [[0, 1, 2, 2], [2, 1, 0, 1], [1, 2, 0, 2], [2, 0, 1, 0]];
    for (index, order) in orders.iter().enumerate() {
        let id = format!("w{index}");
        for step in order {
            let (day, products) = &versions[*step];
            let answer = house.post("/wishlists", version(*day, &id, products)).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    }
    let all = house.get("/wishlists").await.expect(200).json;
    for one in all["data"].as_array().unwrap() {
        assert_eq!(one["items"].as_array().unwrap().len(), 1, "{one}");
        assert_eq!(one["items"][0]["product_external_id"], "8");
    }
    assert_eq!(all["data"].as_array().unwrap().len(), orders.len());
}

#[tokio::test]
async fn many_are_told_at_once_and_a_wrong_one_keeps_no_other_back() {
    let house = House::new().await;
    let mut wrong = list("w2", &["7", "7"]);
    wrong["items"][0]["price"] = json!("-1");
    wrong["items"][1]["title"] = json!("");
    wrong["email"] = json!("new@example.com");
    let report = house
        .post(
            "/wishlists",
            json!([list("w1", &["7"]), wrong, {"source": "shop", "external_id": "w3", "colour": 1}]),
        )
        .await
        .expect(200)
        .json;
    assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(2)));
    let mut faults: Vec<String> = report["results"][1]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| text(&fault["pointer"]))
        .collect();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/1/items/0/price",
            "/1/items/1/product_external_id",
            "/1/items/1/title"
        ]
    );
    assert_eq!(report["results"][2]["errors"][0]["pointer"], "/2/colour");
    // Whom only the refused one names stays unknown.
    assert_eq!(house.get("/customers").await.json["page"]["total"]["value"], 1);
    let many: Vec<Value> = (0..1001).map(|n| list(&n.to_string(), &[])).collect();
    house.post("/wishlists", json!(many)).await.expect(422);
    let big: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let big: Vec<&str> = big.iter().map(String::as_str).collect();
    let answer = house.post("/wishlists", list("w9", &big)).await.expect(422);
    assert_eq!(places(&answer), ["/items"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_wishlist_told_by_many_at_once_is_one_with_one_event() {
    let house = Arc::new(House::new().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { house.post("/wishlists", list("w1", &["7"])).await.status.as_u16() })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => made += 1,
            status => assert_eq!(status, 200),
        }
    }
    assert_eq!(made, 1);
    let all = house.get("/wishlists").await.json;
    let customer = text(&all["data"][0]["customer_id"]);
    assert_eq!(told(&house, &customer).await.len(), 1);
}

#[tokio::test]
async fn a_stranger_sees_and_changes_no_wishlist() {
    let house = House::new().await;
    let made = house
        .post("/wishlists", list("w1", &["7"]))
        .await
        .expect(201)
        .json;
    let path = format!("{BASE}/wishlists/{}", text(&made["id"]));
    let other = house.app.key_of("other", Role::Owner).await;
    house.app.get(&path).bearer(&other).await.expect(404);
    house.app.delete(&path).bearer(&other).await.expect(404);
    let theirs = house
        .app
        .get(&format!("{BASE}/wishlists"))
        .bearer(&other)
        .await
        .expect(200);
    assert_eq!(theirs.json["data"], json!([]));
    let customer = format!("{BASE}/customers/{}/wishlist", text(&made["customer_id"]));
    house.app.get(&customer).bearer(&other).await.expect(404);
    let taken = json!({"source": "shop", "external_id": "w2", "customer_id": made["customer_id"]});
    let answer = house
        .app
        .post(&format!("{BASE}/wishlists"))
        .bearer(&other)
        .json(taken)
        .await
        .expect(422);
    assert_eq!(places(&answer), ["/customer_id"]);
    let viewer = house.app.key(Role::Viewer).await;
    house.app.get(&path).bearer(&viewer).await.expect(200);
    house.app.delete(&path).bearer(&viewer).await.expect(403);
}

#[tokio::test]
async fn many_large_lists_are_told_whole_and_shown_by_their_beginning() {
    let house = House::new().await;
    let products: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    // More than are in memory at a time; the last tells of the first once more.
    let mut lists: Vec<Value> = (0..120).map(|n| list(&format!("w{n:03}"), &products)).collect();
    lists.push(list("w000", &products[..59]));
    let report = house.post("/wishlists", json!(lists)).await.expect(200).json;
    assert_eq!(
        (&report["created"], &report["updated"], &report["refused"]),
        (&json!(120), &json!(1), &json!(0))
    );
    let results = report["results"].as_array().unwrap();
    assert!(results.iter().enumerate().all(|(at, one)| one["index"] == at));
    assert_eq!(results[0]["id"], results[120]["id"]);
    let page = house.get("/wishlists?limit=200").await.expect(200).json;
    for one in page["data"].as_array().unwrap() {
        assert_eq!(one["items"].as_array().unwrap().len(), 50);
    }
    let path = format!("/wishlists/{}", text(&results[0]["id"]));
    let whole = house.get(&path).await.expect(200).json;
    assert_eq!(whole["items"].as_array().unwrap().len(), 59);
    let again = house
        .post("/wishlists", json!(lists[1..120]))
        .await
        .expect(200)
        .json;
    assert_eq!(again["unchanged"], 119);
}
