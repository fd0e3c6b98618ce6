//! What a customer's page shows of orders: the tab, the figures, the timeline; and the dashboard.

use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use serde_json::{Value, json};

struct Shop {
    app: TestApp,
    key: String,
    cookie: String,
}

impl Shop {
    async fn new() -> Self {
        let api = regulars_customers::api_routes().merge(regulars_commerce::api_routes());
        let pages = regulars_accounts::page_routes().merge(regulars_customer_pages::page_routes());
        let app = TestApp::new(api, pages).await;
        let key = app.key(Role::Agent).await;
        let cookie = app.sign_in("acme", Role::Viewer).await;
        Self { app, key, cookie }
    }

    async fn page(&self, path: &str) -> String {
        self.app
            .get(path)
            .header("cookie", &self.cookie)
            .await
            .expect(200)
            .text()
    }

    async fn piece(&self, path: &str) -> TestResponse {
        let asked = self.app.get(path).header("cookie", &self.cookie);
        asked.header("hx-request", "true").await
    }

    /// Tells of an order of Ada's; answers her page and the order's id.
    async fn order(&self, number: u32, more: Value) -> (String, String) {
        let mut order = json!({"source": "till", "external_id": number.to_string(), "number": format!("#{number}"), "email": "ada@example.com",
            "currency": "EUR", "placed_at": format!("2026-01-{:02}T12:00:00Z", number % 28 + 1),
            "lines": [{"external_id": "1", "title": "Shoes", "quantity": 1, "price": "60.00"}]});
        for (name, value) in more.as_object().unwrap() {
            order[name] = value.clone();
        }
        let told = self
            .app
            .post("/api/v1/orders")
            .bearer(&self.key)
            .json(order)
            .await;
        assert!(told.status.is_success(), "{}", told.text());
        let text = |name: &str| told.json[name].as_str().unwrap().to_owned();
        (format!("/customers/{}", text("customer_id")), text("id"))
    }
}

#[tokio::test]
async fn a_customers_orders_stand_in_a_tab_the_latest_first_and_go_on() {
    let shop = Shop::new().await;
    let nobody = json!({"first_name": "Grace"});
    let nobody = shop
        .app
        .post("/api/v1/customers")
        .bearer(&shop.key)
        .json(nobody)
        .await
        .expect(201);
    let nobody = format!("/customers/{}", nobody.json["id"].as_str().unwrap());
    let empty = shop.page(&format!("{nobody}?tab=orders")).await;
    assert!(empty.contains("No orders yet") && !empty.contains(">Average order<"));
    let mut ada = String::new();
    for number in 0..27 {
        ada = shop.order(number, json!({})).await.0;
    }
    let (_, other) = shop.order(100, json!({"email": "eve@example.com"})).await;
    let tab = shop.page(&format!("{ada}?tab=orders")).await;
    assert_eq!(tab.matches("data-row-link").count(), 25);
    assert!(tab.find(">#26<").unwrap() < tab.find(">#25<").unwrap());
    assert!(!tab.contains(&other) && !tab.contains(">#1<"));
    let next = tab
        .split("hx-get=\"")
        .find(|rest| rest.contains("/orders?cursor="))
        .unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let more = shop.piece(&next).await.expect(200).text();
    assert!(
        more.starts_with("<tr") && more.contains(">#0<") && !more.contains("More orders"),
        "{more}"
    );
    // Without the script that asks for pieces, the tab.
    let whole = shop
        .app
        .get(&next)
        .header("cookie", &shop.cookie)
        .await
        .expect(303);
    assert_eq!(whole.header("location"), format!("{ada}?tab=orders"));
    assert_eq!(
        shop.piece(&format!("{nobody}/orders")).await.expect(200).text(),
        ""
    );
}

#[tokio::test]
async fn figures_and_timeline_say_what_was_bought() {
    let shop = Shop::new().await;
    let (ada, order) = shop
        .order(1, json!({
            "payments": [
                {"external_id": "1", "kind": "sale", "state": "failed", "amount": "60.00", "failure_reason": "the card was declined", "processed_at": "2026-01-02T12:00:00Z"},
                {"external_id": "2", "kind": "sale", "state": "succeeded", "amount": "60.00", "processed_at": "2026-01-02T12:01:00Z"}],
            "fulfillments": [{"external_id": "1", "state": "shipped", "tracking_company": "DHL", "tracking_numbers": ["0034"], "shipped_at": "2026-01-03T12:00:00Z"}],
            "refunds": [{"external_id": "1", "amount": "17.50", "reason": "too small", "refunded_at": "2026-01-05T12:00:00Z"}],
        }))
        .await;
    shop.order(
        2,
        json!({"cancelled_at": "2026-01-04T12:00:00Z", "cancel_reason": "changed her mind"}),
    )
    .await;
    let page = shop.page(&ada).await;
    for wanted in [
        "<dt>Spent</dt><dd>€60.00</dd>",
        "<dt>Average order</dt><dd>€60.00</dd>",
        "<dd>€17.50</dd><dd>€42.50 left</dd>",
        "<dt>Orders</dt><dd>1</dd><dd>1 cancelled</dd>",
        "<dt>Last order</dt>",
        "Orders<span class=\"count\">2</span>",
        &format!("<a href=\"/orders/{order}\"><b>Order #1</b></a> placed"),
        "€60.00 · Shoes",
        "€60.00 · the card was declined",
        "DHL 0034",
        "€17.50 · too small",
        "changed her mind",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let orders = shop.page(&format!("{ada}?events=orders")).await;
    assert!(orders.contains("payment failed") && !orders.contains("Created"));
    let numbers = shop.piece("/dashboard/numbers").await.expect(200).text();
    for wanted in ["€42.50", "1 customer who has ordered", "unchanged in 30 days"] {
        assert!(numbers.contains(wanted), "{wanted}: {numbers}");
    }
    let card = shop.piece("/dashboard/value").await.expect(200).text();
    assert!(card.contains("€42.50"), "{card}");
    let dashboard = shop.piece("/dashboard/activity").await.expect(200).text();
    assert!(dashboard.contains("Order #1 placed"), "{dashboard}");
}
