//! Products: told, found, and what they lend to the lines of orders.

use serde_json::json;

use crate::harness::{House, places, shoes, text};

#[tokio::test]
async fn products_are_told_again_listed_and_read() {
    let house = House::new().await;
    let shoe = json!({"source": "till", "external_id": "7", "title": "Änderbare Schuhe", "brand": "Acme", "category": "shoes",
        "variants": [{"external_id": "71", "sku": "S-38", "price": "59.90", "stock": 4}]});
    let made = house.post("/products", shoe.clone()).await.expect(201).json;
    assert_eq!(
        made["variants"][0]["price"],
        json!({"amount": "59.90", "currency": "EUR"})
    );
    let same = house.post("/products", shoe).await.expect(200).json;
    assert_eq!(same["version"], made["version"]);
    let many = json!([
        {"source": "till", "external_id": "7", "brand": "Other"},
        {"source": "till", "external_id": "8", "title": "Hat"},
        {"source": "till", "external_id": "9"},
        {"source": "till", "external_id": "8", "status": "draft"}
    ]);
    let report = house.post("/products", many).await.expect(200).json;
    assert_eq!(
        (&report["created"], &report["updated"], &report["refused"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!(report["results"][2]["errors"][0]["pointer"], "/2/title");
    let page = house.get("/products?q=ander").await.expect(200).json;
    assert_eq!(
        (&page["page"]["total"]["value"], &page["data"][0]["brand"]),
        (&json!(1), &json!("Other"))
    );
    let first = house.get("/products?limit=1").await.expect(200).json;
    let next = text(&first["page"]["next_cursor"]);
    let second = house
        .get(&format!("/products?limit=1&cursor={next}"))
        .await
        .expect(200)
        .json;
    assert_eq!(second["data"][0]["title"], "Hat");
    assert_eq!(second["page"]["next_cursor"], json!(null));
    let read = house
        .get(&format!("/products/{}", text(&made["id"])))
        .await
        .expect(200)
        .json;
    assert_eq!(read["variants"][0]["stock"], 4);
    let wrong = json!({"source": "Till", "external_id": "", "title": "", "variants": [{"external_id": "1", "price": "x"}]});
    let refused = house.post("/products", wrong).await.expect(422);
    assert_eq!(
        places(&refused),
        ["/external_id", "/source", "/title", "/variants/0/price"]
    );
}

#[tokio::test]
async fn an_older_version_of_a_product_changes_nothing() {
    let house = House::new().await;
    let at = |day: u32, title: &str| json!({"source": "till", "external_id": "7", "title": title, "source_version": {"at": format!("2026-01-{day:02}T00:00:00Z")}});
    house.post("/products", at(2, "New")).await.expect(201);
    assert_eq!(
        house.post("/products", at(1, "Old")).await.expect(200).json["title"],
        "New"
    );
    assert_eq!(
        house.post("/products", at(3, "Newest")).await.expect(200).json["title"],
        "Newest"
    );
}

#[tokio::test]
async fn a_line_has_the_brand_and_category_of_its_product() {
    let house = House::new().await;
    let hat =
        json!({"source": "till", "external_id": "8", "title": "Hat", "brand": "Chapeau", "category": "hats"});
    house.post("/products", hat).await.expect(201);
    let mut told = shoes(1, "ada@example.com");
    told["lines"] = json!([{"product_external_id": "8", "title": "Hat", "quantity": 3, "price": "10.00"}]);
    let order = house.order(told).await;
    assert_eq!(order["lines"][0]["category"], "hats");
    let metrics = house.metrics(&text(&order["customer_id"])).await;
    assert_eq!(
        (&metrics["favourite_category"], &metrics["favourite_brand"]),
        (&json!("hats"), &json!("Chapeau"))
    );
}

#[tokio::test]
async fn what_a_product_is_counts_for_those_who_bought_it_before_it_was_told() {
    let house = House::new().await;
    let mut told = shoes(1, "ada@example.com");
    told["lines"] = json!([{"product_external_id": "8", "title": "Hat", "brand": "Own", "quantity": 3, "price": "10.00"}]);
    let order = house.order(told).await;
    let customer = text(&order["customer_id"]);
    assert_eq!(house.metrics(&customer).await["favourite_category"], json!(null));
    let hat = |category: &str| json!({"source": "till", "external_id": "8", "title": "Hat", "brand": "Chapeau", "category": category});
    for category in ["hats", "summer hats"] {
        house.post("/products", hat(category)).await;
        house.process().await;
        let metrics = house.metrics(&customer).await;
        assert_eq!(
            (&metrics["favourite_category"], &metrics["favourite_brand"]),
            (&json!(category), &json!("Own"))
        );
        let read = house.get(&format!("/orders/{}", text(&order["id"]))).await;
        assert_eq!(read.json["lines"][0]["category"], category);
    }
    // What a line says of itself is not the product's to change.
    assert_eq!(
        house.get("/orders").await.json["data"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_deleted_product_is_gone_for_ever_and_what_was_bought_stays_what_it_was() {
    let house = House::new().await;
    let hat = |day: Option<u32>, title: &str| {
        let mut hat = json!({"source": "till", "external_id": "8", "title": title, "category": "hats"});
        if let Some(day) = day {
            hat["source_version"] = json!({"at": format!("2026-01-{day:02}T00:00:00Z"), "sequence": ""});
        }
        hat
    };
    let made = house
        .post("/products", hat(Some(1), "Hat"))
        .await
        .expect(201)
        .json;
    let mut told = shoes(1, "ada@example.com");
    told["lines"] = json!([{"product_external_id": "8", "title": "Hat", "quantity": 3, "price": "10.00"}]);
    let order = house.order(told).await;
    let path = format!("/products/{}", text(&made["id"]));
    house.delete(&path).await.expect(204);
    house.get(&path).await.expect(404);
    house.delete(&path).await.expect(404);
    assert_eq!(house.get("/products").await.json["data"], json!([]));
    let again = house.post("/products", hat(None, "Hat")).await.expect(409);
    assert_eq!(again.json["errors"][0]["code"], "product_deleted");
    // What its source still says of it, such as what was sent before the deletion, does not bring it back.
    house
        .post("/products", hat(Some(2), "Summer hat"))
        .await
        .expect(200);
    house.process().await;
    house.get(&path).await.expect(404);
    let metrics = house.metrics(&text(&order["customer_id"])).await;
    assert_eq!(metrics["favourite_category"], "hats");
}
