//! Carts: narrowed, looked at in the sheet, opened, found on their customer's page and on the order that came of one.

use fantoccini::key::Key;
use serde_json::json;

use crate::{
    looked::{Looked, look},
    orders::sold,
    stage::Stage,
};

#[tokio::test]
async fn carts_are_narrowed_looked_at_and_opened_by_keyboard() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let ada = stage
        .customer(json!({"first_name": "Ada", "email": "ada@example.com"}))
        .await;
    let (order, _) = sold(&stage, &ada).await;
    let cart = filled(&stage, &ada).await;
    browser.go("/orders").await;
    browser.press("Carts").await;
    browser
        .arrives(|address| address.ends_with("/carts"), "the carts")
        .await;
    browser.sees("5 carts").await;
    browser.keys("f").await;
    browser.find("#sheet [name=state]").await;
    browser
        .run("document.querySelector('#sheet [name=state][value=abandoned]').click()")
        .await;
    browser.press("Show carts").await;
    browser
        .arrives(
            |address| address.ends_with("/carts?state=abandoned"),
            "the narrowed list",
        )
        .await;
    browser.sees("2 carts").await;
    browser.keys("jp").await;
    browser.sees_in("#sheet", "Reading lamp “Lumière”").await;
    browser.press("Open").await;
    browser
        .arrives(
            |address| address.contains(&format!("/carts/{cart}?in=")),
            "the cart",
        )
        .await;
    browser.sees_in("main", "shop.example").await;

    // On the customer's page it opens beside it; the order that came of another leads to that.
    browser.go(&format!("/customers/{ada}?tab=orders")).await;
    browser.sees_in("main", "abandoned").await;
    browser.click("[data-row] [data-row-link]").await;
    browser.sees_in("#sheet", "Last changed, then left").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;
    browser.go(&format!("/orders/{order}")).await;
    browser.press("What was in the cart").await;
    browser.sees_in("main", "became an order").await;
    stage.end().await;
}

/// What lies in carts: one that its customer left at the checkout, and others of each kind.
pub async fn filled(stage: &Stage, customer: &str) -> String {
    let lamp = json!({"external_id": "1", "product_external_id": "7", "variant_external_id": "71", "sku": "LAMP-BR", "title": "Reading lamp “Lumière”", "variant_title": "Brass", "quantity": 1, "price": "189.00"});
    let bulbs = json!({"external_id": "2", "sku": "BULB-E27", "title": "Warm white bulb E27", "quantity": 4, "price": "14.50"});
    let left = json!({"source": "shopify", "external_id": "eeafa272cebfd4b22385bc4b645e762c", "customer_id": customer, "email": "ada@example.com", "currency": "USD",
        "lines": [lamp, bulbs], "started_at": "2026-10-20T09:00:00Z", "checkout_started_at": "2026-10-20T09:12:00Z", "last_active_at": "2026-10-20T09:14:00Z",
        "recovery_url": "https://shop.example/checkouts/eeafa272cebfd4b22385bc4b645e762c/recover?key=5d41402abc4b2a76b9719d911017c592"});
    let id = stage.api.post("/api/v1/carts", &left).await.expect(201).at("/id");
    let stool = json!([{"external_id": "1", "product_external_id": "other-0", "title": "Oak stool", "quantity": 2, "price": "49.00"}]);
    for other in [
        json!({"external_id": "c1", "lines": stool}),
        json!({"external_id": "c2", "lines": stool, "email": "somebody.with.a.rather.long.address@mathematics.example.com", "checkout_started_at": "2026-10-21T09:00:00Z"}),
        json!({"external_id": "c3", "lines": stool, "currency": "JPY", "last_active_at": "2026-10-18T09:00:00Z"}),
        json!({"external_id": "c4", "lines": [lamp], "customer_id": customer, "order_external_id": "450789469", "completed_at": "2026-10-02T09:14:00Z",
            "checkout_started_at": "2026-10-02T09:00:00Z", "last_active_at": "2026-10-02T09:14:00Z"}),
    ] {
        let mut body = other;
        body["source"] = json!("shopify");
        if body["currency"] == "JPY" {
            body["lines"][0]["price"] = json!("4900");
        }
        stage.api.post("/api/v1/carts", &body).await.expect(201);
    }
    id
}

/// What is worth looking at of them, and of a product that lies at several places.
pub async fn looks(stage: &Stage, customer: &str) -> Vec<Looked> {
    let cart = filled(stage, customer).await;
    let post = async |path: &str, body| stage.api.post(path, &body).await;
    let product = json!({"source": "shopify", "external_id": "mug", "title": "Stoneware mug", "variants": [
        {"external_id": "1", "title": "Grey", "price": "18.00", "inventory_item_id": "mug-1"}, {"external_id": "2", "title": "Blue", "price": "18.00", "inventory_item_id": "mug-2"}]});
    let product = post("/api/v1/products", product).await.expect(201).at("/id");
    let level = |item: &str, place: &str, available: i32| json!({"source": "shopify", "inventory_item_id": item, "location_external_id": place, "location_name": place, "available": available});
    let levels = json!([
        level("mug-1", "Warehouse Leipzig", 240),
        level("mug-1", "Shop Berlin", 0),
        level("mug-2", "Warehouse Leipzig", 12)
    ]);
    post("/api/v1/stock-levels", levels).await.expect(200);
    vec![
        look("carts", "/carts".into(), &[]),
        look("carts-nobody", "/carts?source=nowhere".into(), &[]),
        look(
            "carts-filter",
            "/carts?state=abandoned,checkout".into(),
            &["Filter"],
        ),
        look("carts-preview", "/carts".into(), &["keys:jjjp"]),
        look("cart", format!("/carts/{cart}"), &[]),
        look("cart-page-of-sheet", format!("/carts/{cart}/preview"), &[]),
        look("product-stock", format!("/products/{product}"), &[]),
        look("wrong-carts", "/carts?state=shiny&page=0".into(), &[]),
    ]
}
