//! The pages through the real edge: who may see what, each face of the lists, what an order shows, naughty texts.

use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use regulars_web::pages::samples::{HOSTILE, assert_harmless};
use serde_json::{Value, json};

struct Shop {
    app: TestApp,
    key: String,
    cookie: String,
}

impl Shop {
    async fn new() -> Self {
        let api = regulars_customers::api_routes().merge(regulars_commerce::api_routes());
        let pages = regulars_accounts::page_routes().merge(regulars_commerce_pages::page_routes());
        let app = TestApp::new(api, pages).await;
        let key = app.key(Role::Agent).await;
        let cookie = app.sign_in("acme", Role::Viewer).await;
        Self { app, key, cookie }
    }

    async fn get(&self, path: &str) -> TestResponse {
        self.app.get(path).header("cookie", &self.cookie).await
    }

    async fn page(&self, path: &str) -> String {
        self.get(path).await.expect(200).text()
    }

    /// Tells of an order or a product; answers its id.
    async fn tell(&self, path: &str, body: Value) -> String {
        let path = format!("/api/v1/{path}");
        let answer = self.app.post(&path).bearer(&self.key).json(body).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json["id"].as_str().unwrap().to_owned()
    }

    async fn shoes(&self, number: u32, more: Value) -> String {
        let mut order = json!({
            "source": "till", "external_id": number.to_string(), "number": format!("#{number}"),
            "email": format!("c{number}@example.com"), "currency": "EUR",
            "placed_at": format!("2026-01-{:02}T12:00:00Z", number % 28 + 1),
            "lines": [{"external_id": "1", "product_external_id": "7", "title": "Shoes", "quantity": 2, "price": "59.90"}],
        });
        let (Value::Object(order_fields), Value::Object(more)) = (&mut order, more) else {
            panic!("orders are objects")
        };
        order_fields.extend(more);
        self.tell("orders", order).await
    }
}

/// The numbers of the rows, in order.
fn numbers(page: &str) -> Vec<String> {
    let after = page.split("data-row-link>").skip(1);
    after
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn lists_have_a_face_for_each_state_and_the_address_holds_it() {
    let shop = Shop::new().await;
    assert!(shop.page("/orders").await.contains("No orders yet"));
    assert!(shop.page("/products").await.contains("No products yet"));
    let first = shop.shoes(1001, json!({})).await;
    shop.shoes(
        1002,
        json!({"status": "cancelled", "cancelled_at": "2026-02-01T00:00:00Z"}),
    )
    .await;
    shop.shoes(
        2003,
        json!({"is_test": true, "source": "web_shop", "payment_status": "paid"}),
    )
    .await;
    let all = shop.page("/orders").await;
    assert_eq!(numbers(&all), ["#1002", "#1001", "#2003"]);
    assert_eq!(all.matches("data-void").count(), 2);
    for wanted in [
        ">test<",
        ">cancelled<",
        "€119.80",
        ">payment pending<",
        ">unfulfilled<",
        "Web shop",
        "3 orders",
    ] {
        assert!(all.contains(wanted), "{wanted}");
    }
    assert!(all.contains(&format!("data-row-preview=\"/orders/{first}/preview\"")));
    for (query, found) in [
        ("q=%2310", &["#1002", "#1001"][..]),
        ("q=C2003%40example.com", &["#2003"]),
        ("status=cancelled", &["#1002"]),
        ("payment_status=paid&source=web_shop", &["#2003"]),
        ("sort=placed_at", &["#2003", "#1001", "#1002"]),
        ("placed_from=2026-01-22&placed_to=2026-01-22", &["#1001"]),
        ("total_min=500", &[]),
    ] {
        let page = shop.page(&format!("/orders?{query}")).await;
        assert_eq!(numbers(&page), found, "{query}");
        assert_eq!(page.contains("No order matches"), found.is_empty(), "{query}");
    }
    let chips = shop.page("/orders?status=cancelled,shipped&total_min=10").await;
    for wanted in [
        "Status is <b>cancelled, shipped</b>",
        "Total from <b>€10.00</b>",
        "Remove filter Total from €10.00",
    ] {
        assert!(chips.contains(wanted), "{wanted}");
    }
    let sheet = shop.page("/orders/filters?status=cancelled&q=10").await;
    assert!(sheet.contains("value=\"cancelled\" checked"), "{sheet}");
    assert!(sheet.contains("value=\"web_shop\""));
    for wrong in [
        "status=shiny",
        "sort=colour",
        "shape=round",
        "placed_from=yesterday",
        "page=4000",
    ] {
        let page = shop.get(&format!("/orders?{wrong}")).await.expect(400).text();
        assert!(
            page.contains("This address asks for something that cannot be"),
            "{wrong}"
        );
    }
    assert!(shop.page("/orders?q=zzz").await.contains("No order matches"));
    let tidy = shop
        .get("/orders?status=cancelled&source=&total_min=")
        .await
        .expect(303);
    assert_eq!(tidy.header("location"), "/orders?status=cancelled");
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let shop = Shop::new().await;
    for number in 1..=5 {
        shop.shoes(number, json!({})).await;
    }
    let first = shop.page("/orders?limit=2&sort=placed_at").await;
    assert_eq!(numbers(&first), ["#1", "#2"]);
    assert!(
        first.contains("href=\"/orders?limit=2&amp;sort=placed_at&amp;page=2\""),
        "{first}"
    );
    let last = shop.page("/orders?limit=2&sort=placed_at&page=3").await;
    assert_eq!(numbers(&last), ["#5"]);
}

#[tokio::test]
async fn a_move_that_orders_do_not_usually_make_is_marked_in_the_history_with_words() {
    let shop = Shop::new().await;
    let sent = json!({
        "payments": [{"external_id": "1", "kind": "sale", "state": "succeeded", "amount": "119.80", "processed_at": "2026-02-01T12:00:00Z"}],
        "fulfillments": [{"external_id": "1", "state": "shipped", "shipped_at": "2026-02-02T12:00:00Z", "lines": [{"external_id": "1", "quantity": 2}]}],
        "fulfillment_status": "fulfilled",
    });
    let order = shop.shoes(1001, sent.clone()).await;
    let (page, sheet) = (format!("/orders/{order}"), format!("/orders/{order}/preview"));
    for path in [&page, &sheet] {
        let shown = shop.page(path).await;
        assert!(shown.contains("Shipped") && !shown.contains("unusual"), "{shown}");
    }
    // It is believed to who tells of it.
    let cancelled = json!({"source": "till", "external_id": "1001", "cancelled_at": "2026-02-03T12:00:00Z", "source_version": {"at": "2026-02-03T12:00:00Z"}});
    shop.tell("orders", cancelled).await;
    for path in [&page, &sheet] {
        let shown = shop.page(path).await;
        assert_eq!(shown.matches(">unusual<").count(), 1, "{shown}");
        let words = "An order that is shipped does not usually become cancelled.";
        assert!(shown.contains(words), "{shown}");
    }
    // Of who says nothing of when it was paid: it was, at some time, which is nothing unusual.
    let unpaid = shop.shoes(
        1002,
        json!({"fulfillments": sent["fulfillments"], "fulfillment_status": "fulfilled"}),
    );
    let unpaid = unpaid.await;
    assert!(!shop.page(&format!("/orders/{unpaid}")).await.contains("unusual"));
}

#[tokio::test]
async fn an_order_is_shown_whole_as_a_page_and_in_a_sheet() {
    let shop = Shop::new().await;
    let product = json!({"source": "till", "external_id": "7", "title": "Shoes", "brand": "Acme", "category": "shoes",
        "image_url": "https://shop.example/shoes.jpg",
        "variants": [{"external_id": "71", "sku": "SHOE-38", "title": "38", "price": "59.90", "compare_at_price": "79.90", "stock": 4},
            {"external_id": "72", "title": "39", "price": "64.90", "stock": 0}]});
    let product = shop.tell("products", product).await;
    let order = shop
        .shoes(
            1001,
            json!({
                "total": "110.00", "discount_total": "9.80", "discounts": [{"name": "WELCOME", "amount": "9.80"}], "tax_total": "17.56",
                "currency": "USD", "exchange_rate": "0.5", "channel": "web", "note": "Ring twice.", "tags": ["gift"],
                "shipping_address": {"name": "Ada Byron", "line1": "Hauptstraße 1", "postal_code": "10115", "city": "Berlin", "country": "DE"},
                "payments": [
                    {"external_id": "1", "kind": "sale", "state": "failed", "amount": "110.00", "gateway": "stripe",
                        "failure_code": "card_declined", "failure_reason": "The card was declined.", "processed_at": "2026-01-20T12:00:00Z"},
                    {"external_id": "2", "kind": "sale", "state": "succeeded", "amount": "110.00", "processed_at": "2026-01-20T12:05:00Z"}],
                "fulfillments": [{"external_id": "1", "state": "shipped", "tracking_company": "DHL", "tracking_numbers": ["0034"],
                    "tracking_urls": ["https://dhl.example/0034"], "shipped_at": "2026-01-21T12:00:00Z", "lines": [{"external_id": "1", "quantity": 1}]},
                    {"external_id": "2", "state": "pending", "tracking_numbers": ["x"], "tracking_urls": ["javascript:alert(1)"]}],
                "refunds": [{"external_id": "1", "amount": "10.00", "reason": "too small", "restock": true, "refunded_at": "2026-01-25T12:00:00Z"}],
            }),
        )
        .await;
    let page = shop.page(&format!("/orders/{order}?in=status%3Dshipped")).await;
    let sheet = shop.page(&format!("/orders/{order}/preview")).await;
    for wanted in [
        "#1001",
        "$110.00",
        "WELCOME",
        "−$9.80",
        "The card was declined.",
        "card_declined",
        "Track 0034",
        "1 × Shoes",
        "too small",
        "back in stock",
        "Hauptstraße 1",
        "10115 Berlin",
        "Germany",
        "Ring twice.",
        "partly fulfilled",
        "partially refunded",
        "0.5",
        "partially shipped",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
        assert!(sheet.contains(wanted), "{wanted} in the sheet");
    }
    assert!(page.contains("≈ €55.00"));
    assert!(page.contains("href=\"/orders?status=shipped\""), "the way back");
    assert!(page.contains(&format!("href=\"/products/{product}\"")));
    assert!(!page.contains("href=\"javascript"));
    assert!(page.contains("href=\"/customers/"));

    let list = shop.page("/products?q=sho").await;
    for wanted in ["Shoes", "Acme", "€59.90–€64.90", ">active<"] {
        assert!(list.contains(wanted), "{wanted}");
    }
    assert!(shop.page("/products?q=x").await.contains("No title begins so"));
    shop.get("/products?shape=round").await.expect(400);
    let page = shop.page(&format!("/products/{product}")).await;
    for wanted in [
        "SHOE-38",
        "€59.90",
        "<del",
        "€79.90",
        "out of stock",
        "href=\"https://shop.example/shoes.jpg\"",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("<img"));
}

#[tokio::test]
async fn nobody_else_sees_them_and_naughty_texts_are_texts() {
    // As far as the API takes it.
    let naughty = HOSTILE.replace(['\0', '\r', '\n'], " ");
    let shop = Shop::new().await;
    let order = shop
        .shoes(1, json!({"number": naughty, "note": naughty, "channel": naughty, "tags": [naughty],
            "lines": [{"external_id": "1", "title": naughty, "brand": naughty, "quantity": 1, "price": "1.00"}],
            "payments": [{"external_id": "1", "kind": "sale", "state": "failed", "amount": "1.00", "gateway": naughty, "failure_reason": naughty}]}))
        .await;
    let product = json!({"source": "till", "external_id": "1", "title": naughty, "brand": naughty, "category": naughty,
        "image_url": format!("https://example.com/{naughty}"), "variants": [{"external_id": "1", "title": naughty, "sku": naughty}]});
    let product = shop.tell("products", product).await;
    let stranger = shop.app.sign_in("others", Role::Owner).await;
    let hostile: Vec<String> = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let hostile = hostile.concat();
    for path in [
        "/orders".to_owned(),
        format!("/orders?q={hostile}&status={hostile}"),
        format!("/orders/filters?q={hostile}&source={hostile}"),
        format!("/orders/{order}"),
        format!("/orders/{order}/preview"),
        "/products".to_owned(),
        format!("/products?q={hostile}"),
        format!("/products/{product}"),
    ] {
        assert_harmless(&shop.get(&path).await.text());
        let theirs = shop.app.get(&path).header("cookie", &stranger).await;
        assert!(
            !theirs.text().contains(&order) && !theirs.text().contains(&product),
            "{path}"
        );
        if path.contains(&order) || path.contains(&product) {
            theirs.expect(404);
        }
        assert_eq!(shop.app.get(&path).await.status, 303, "{path}");
    }
}
