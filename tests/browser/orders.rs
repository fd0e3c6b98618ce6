//! Orders: narrowed, looked at in the sheet, opened, and found again on their customer's page.

use fantoccini::key::Key;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn orders_are_narrowed_looked_at_and_opened_by_keyboard() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let ada = stage
        .customer(json!({"first_name": "Ada", "email": "ada@example.com"}))
        .await;
    let (order, product) = sold(&stage, &ada).await;
    browser.go("/orders").await;
    browser.sees("8 orders").await;

    // Searched as one types, then narrowed by the sheet; the address holds both.
    browser.keys("/").await;
    browser.keys("#104").await;
    browser.sees("1 order").await;
    browser
        .arrives(|address| address.contains("q=%23104"), "the search")
        .await;
    browser.go("/orders").await;
    browser.find("[data-row]").await;
    browser.keys("f").await;
    browser.find("#sheet [name=status]").await;
    browser
        .run("document.querySelector('#sheet [name=status][value=shipped]').click()")
        .await;
    browser
        .run("document.querySelector('#sheet [name=status][value=completed]').click()")
        .await;
    browser.press("Show orders").await;
    browser
        .arrives(
            |address| address.ends_with("/orders?status=shipped&status=completed"),
            "the narrowed list",
        )
        .await;
    browser.sees("2 orders").await;

    // Looked at beside the list, one after the other, then opened; the way back leads to the narrowed list.
    browser.keys("jp").await;
    browser.sees_in("#sheet", "The bank declined the card").await;
    browser.keys("j").await;
    browser.sees_in("#sheet", "#1030").await;
    browser.keys("k").await;
    browser.sees_in("#sheet", "#1042").await;
    browser.press("Open").await;
    browser
        .arrives(
            |address| address.contains(&format!("/orders/{order}?in=")),
            "the order",
        )
        .await;
    browser.sees_in("h1", "#1042").await;
    browser.press("Reading lamp “Lumière”").await;
    browser
        .arrives(|address| address.ends_with(&product), "the product")
        .await;
    browser.sees_in("main", "LAMP-BR").await;

    // On the customer's page an order opens beside it.
    browser.go(&format!("/customers/{ada}?tab=orders")).await;
    browser.click("[data-row] [data-row-link]").await;
    browser.sees_in("#sheet", "Track 00340434161094042557").await;
    browser.keys("j").await;
    browser.sees_in("#sheet", "#1031").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;
    browser.sees_in("#record", "Average order").await;
    stage.end().await;
}

/// What was sold there: orders in every state, of which the first is the customer's and has everything, and products.
pub async fn sold(stage: &Stage, customer: &str) -> (String, String) {
    let post = async |path: &str, body: serde_json::Value| stage.api.post(path, &body).await;
    let lamp = json!({"source": "shopify", "external_id": "7", "title": "Reading lamp “Lumière”", "brand": "Atelier Nord", "category": "Lighting",
        "handle": "reading-lamp", "tags": ["bestseller"], "image_url": "https://shop.example/lamp.jpg",
        "variants": [
            {"external_id": "71", "sku": "LAMP-BR", "barcode": "4006381333931", "title": "Brass", "price": "189.00", "compare_at_price": "219.00", "stock": 14},
            {"external_id": "72", "sku": "LAMP-BK", "title": "Black", "price": "169.00", "stock": 0},
            {"external_id": "73", "sku": "LAMP-GR", "title": "Green", "price": "169.00"}]});
    let product = post("/api/v1/products", lamp).await.expect(201).at("/id");
    for (number, (title, brand, status)) in [
        ("Oak stool", "Atelier Nord", "active"),
        ("Wool blanket", "Fjell", "active"),
        (
            "Linen cushion cover, 45 × 45 cm, in the colours of last autumn",
            "Maison Lumière",
            "draft",
        ),
        ("Paper lantern", "", "archived"),
    ]
    .into_iter()
    .enumerate()
    {
        let brand = if brand.is_empty() {
            json!(null)
        } else {
            json!(brand)
        };
        let other = json!({"source": "shopify", "external_id": format!("other-{number}"), "title": title, "brand": brand, "category": "Home",
            "status": status, "variants": [{"external_id": "1", "price": "49.00", "stock": 3 * number}]});
        post("/api/v1/products", other).await.expect(201);
    }
    let paid = |amount: &str| json!([{"external_id": "1", "kind": "sale", "state": "succeeded", "amount": amount, "gateway": "stripe", "method": "visa", "processed_at": "2026-10-02T09:20:00Z"}]);
    let whole = json!({"source": "shopify", "external_id": "450789469", "number": "#1042", "customer_id": customer, "email": "ada@example.com",
        "phone": "+4930123456", "currency": "USD", "exchange_rate": "0.92", "channel": "web", "placed_at": "2026-10-02T09:14:00Z", "tags": ["gift"],
        "note": "Please ring twice, the bell is quiet.", "discount_total": "20.00", "discounts": [{"name": "WELCOME10", "amount": "20.00"}],
        "shipping_total": "9.90", "shipping_lines": [{"name": "DHL Paket", "amount": "9.90"}], "tax_total": "68.12", "taxes": [{"name": "VAT 19 %", "amount": "68.12"}],
        "subtotal": "436.00", "total": "425.90",
        "lines": [
            {"external_id": "1", "product_external_id": "7", "variant_external_id": "71", "sku": "LAMP-BR", "title": "Reading lamp “Lumière”", "variant_title": "Brass", "brand": "Atelier Nord", "quantity": 2, "price": "189.00", "discount": "20.00", "tax": "57.16"},
            {"external_id": "2", "sku": "BULB-E27", "title": "Warm white bulb E27", "quantity": 4, "current_quantity": 3, "price": "14.50", "tax": "10.96"}],
        "payments": [
            {"external_id": "1", "kind": "sale", "state": "failed", "amount": "425.90", "gateway": "stripe", "method": "visa", "failure_code": "card_declined", "failure_reason": "The bank declined the card: insufficient funds.", "processed_at": "2026-10-02T09:15:00Z"},
            {"external_id": "2", "kind": "sale", "state": "succeeded", "amount": "425.90", "gateway": "stripe", "method": "visa", "processed_at": "2026-10-02T09:17:00Z"}],
        "fulfillments": [
            {"external_id": "1", "state": "delivered", "tracking_company": "DHL", "tracking_numbers": ["00340434161094042557"], "tracking_urls": ["https://dhl.example/00340434161094042557"],
                "shipped_at": "2026-10-03T15:00:00Z", "delivered_at": "2026-10-05T10:30:00Z", "lines": [{"external_id": "1", "quantity": 2}]},
            {"external_id": "2", "state": "shipped", "tracking_company": "DHL", "tracking_numbers": ["00340434161094042588"], "shipped_at": "2026-10-04T15:00:00Z", "lines": [{"external_id": "2", "quantity": 4}]}],
        "refunds": [{"external_id": "1", "amount": "14.50", "reason": "One bulb came broken", "refunded_at": "2026-10-07T08:00:00Z", "lines": [{"external_id": "2", "quantity": 1}]}],
        "shipping_address": {"name": "Ada Lovelace", "line1": "12 St James’s Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB", "phone": "+44 20 7946 0000"},
        "billing_address": {"name": "Ada Lovelace", "company": "Analytical Engines Ltd", "line1": "5 Devonshire Street", "postal_code": "W1G 7AB", "city": "London", "country": "GB"}});
    let order = post("/api/v1/orders", whole).await.expect(201).at("/id");
    for (number, (email, total, more)) in [
        ("ada@example.com", "59.90", json!({"payments": paid("59.90"), "fulfillment_status": "fulfilled", "closed_at": "2026-09-20T08:00:00Z"})),
        ("ada@example.com", "240.00", json!({"payments": paid("240.00"), "status": "processing"})),
        ("grace@example.com", "1280.50", json!({"status": "cancelled", "cancelled_at": "2026-09-30T08:00:00Z", "cancel_reason": "changed her mind",
            "fulfillments": [{"external_id": "1", "state": "shipped", "shipped_at": "2026-09-16T15:00:00Z"}], "fulfillment_status": "fulfilled"})),
        ("emilie@example.com", "18.00", json!({"is_test": true})),
        ("lise@example.com", "99.00", json!({"payments": [{"external_id": "1", "kind": "sale", "state": "failed", "amount": "99.00", "failure_reason": "expired card"}]})),
        ("emmy@example.com", "74.30", json!({"payments": paid("74.30"), "refunds": [{"external_id": "1", "amount": "74.30", "refunded_at": "2026-10-20T08:00:00Z"}]})),
        ("somebody.with.a.rather.long.address@mathematics.example.com", "312.00", json!({"currency": "CHF", "payment_status": "authorized"})),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({"source": if number % 3 == 2 { "till" } else { "shopify" }, "external_id": format!("o{number}"), "number": format!("#{}", 1030 + number), "email": email,
            "total": total, "placed_at": format!("2026-09-{:02}T10:00:00Z", 12 + number),
            "lines": [{"external_id": "1", "product_external_id": "other-0", "title": "Oak stool", "quantity": number + 1, "price": "49.00"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        post("/api/v1/orders", body).await.expect(201);
    }
    (order, product)
}
