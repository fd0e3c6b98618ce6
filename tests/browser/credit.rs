//! What a shop owes a customer and what the customer wishes for, on their page.

use fantoccini::key::Key;
use serde_json::json;

use crate::{
    looked::{Looked, look},
    stage::Stage,
};

#[tokio::test]
async fn store_credit_is_given_and_taken_on_the_customers_page() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let ada = stage
        .customer(json!({"first_name": "Ada", "email": "ada@example.com"}))
        .await;
    browser.go(&format!("/customers/{ada}")).await;
    browser.click("#record [aria-label=More]").await;
    browser.press("Store credit").await;
    browser.sees_in("#sheet", "There is none.").await;
    browser.fill("#sheet [name=amount]", "20").await;
    browser.fill("#sheet [name=note]", "For the late parcel").await;
    browser.press("Write it down").await;
    browser.sheet_closed().await;
    browser.sees_in("aside.column", "€20.00").await;
    browser.sees_in(".record-section", "Store credit given").await;

    // More than there is stays in the form, with the words why.
    browser.click("[aria-label='Give or take store credit']").await;
    browser.sees_in("#sheet", "For the late parcel").await;
    browser.choose("#sheet [name=kind]", "spent").await;
    browser.fill("#sheet [name=amount]", "20.01").await;
    browser.press("Write it down").await;
    browser.sees_in("#sheet", "20.00 EUR are left").await;
    browser.fill("#sheet [name=amount]", "7.50").await;
    browser.press("Write it down").await;
    browser.sheet_closed().await;
    browser.sees_in("aside.column", "€12.50").await;
    stage.end().await;
}

#[tokio::test]
async fn what_a_customer_wishes_for_stands_with_their_orders_and_leads_to_the_product() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let ada = stage
        .customer(json!({"first_name": "Ada", "email": "ada@example.com"}))
        .await;
    browser.go(&format!("/customers/{ada}?tab=orders")).await;
    browser.sees("No orders yet").await;
    owed(&stage, &ada).await;
    let lamp = json!({"source": "shopify", "external_id": "7", "title": "Reading lamp “Lumière”"});
    stage.api.post("/api/v1/products", &lamp).await.expect(201);
    browser.go(&format!("/customers/{ada}?tab=orders")).await;
    browser.sees_in(".record-section", "For the new flat").await;
    browser.press("Reading lamp “Lumière”").await;
    browser
        .arrives(|address| address.contains("/products/"), "the product")
        .await;
    browser.go(&format!("/customers/{ada}")).await;
    browser
        .sees_in(".record-section", "Wishlist “For the new flat” grew")
        .await;
    browser.keys(&Key::Escape).await;
    stage.end().await;
}

/// Store credit of a customer, and a wishlist.
async fn owed(stage: &Stage, customer: &str) {
    let credit = format!("/api/v1/customers/{customer}/store-credit");
    for line in [
        json!({"kind": "issued", "amount": "20.00", "note": "For the late parcel of October, which went to the neighbours first"}),
        json!({"kind": "spent", "amount": "7.50", "order_external_id": "1001"}),
        json!({"kind": "refunded", "amount": {"amount": "1200", "currency": "JPY"}}),
    ] {
        stage.api.post(&credit, &line).await.expect(201);
    }
    let list = json!({"source": "shopify", "external_id": "w-1", "customer_id": customer, "name": "For the new flat", "items": [
        {"product_external_id": "7", "variant_external_id": "71", "title": "Reading lamp “Lumière”", "variant_title": "Brass", "price": "189.00", "added_at": "2026-10-20T09:00:00Z"},
        {"product_external_id": "8", "title": "Warm white bulb E27", "price": "14.50", "added_at": "2026-10-21T09:00:00Z"}
    ]});
    stage.api.post("/api/v1/wishlists", &list).await.expect(201);
}

/// What is worth looking at of it.
pub async fn looks(stage: &Stage, customer: &str) -> Vec<Looked> {
    owed(stage, customer).await;
    vec![
        look(
            "customer-store-credit",
            format!("/customers/{customer}"),
            &["click:[aria-label='Give or take store credit']"],
        ),
        look("key-for-pages", "/settings/keys".into(), &["New key for pages"]),
    ]
}
