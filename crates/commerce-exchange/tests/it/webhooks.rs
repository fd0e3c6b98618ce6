//! The same order by Shopify's export and by its webhook is one order, whichever comes first.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use regulars_connect::{Provider, Providers, signature};
use regulars_connect_shopify::Shopify;
use regulars_exchange::import::inline::{Watches, run_import_inline};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{Actor, Role, Scope};
use regulars_testkit::TestApp;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::support::{ORDERS, PRODUCTS, Unwatched, numbers, options};

const SECRET: &str = "hush";

struct House {
    app: TestApp,
    key: String,
    hook: String,
    folder: tempfile::TempDir,
}

fn providers() -> Providers {
    Providers::new().with(Provider::Shopify, Shopify)
}

impl House {
    async fn new() -> Self {
        let api = OpenApiRouter::new()
            .merge(regulars_customers::api_routes())
            .merge(regulars_commerce::api_routes())
            .merge(regulars_connect::api_routes());
        let app = TestApp::new(api, regulars_connect::webhook_routes(providers())).await;
        let key = app.key(Role::Admin).await;
        let made = app
            .post("/api/v1/connections")
            .bearer(&key)
            .json(json!({"provider": "shopify", "name": "Shop", "secret": SECRET}))
            .await
            .expect(201)
            .json;
        let hook = made["webhook_path"].as_str().unwrap().to_owned();
        Self {
            app,
            key,
            hook,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn says(&self, topic: &str, at: &str, body: Value) {
        let text = body.to_string();
        let hmac = STANDARD.encode(signature::hmac_sha256(SECRET.as_bytes(), &[text.as_bytes()]));
        self.app
            .post(&self.hook)
            .header("x-shopify-topic", topic)
            .header("x-shopify-shop-domain", "example.myshopify.com")
            .header("x-shopify-api-version", "2026-07")
            .header("x-shopify-webhook-id", &format!("{topic} {at}"))
            .header("x-shopify-triggered-at", at)
            .header("x-shopify-hmac-sha256", &hmac)
            .body("application/json", text)
            .await
            .expect(200);
        let registry =
            regulars_connect::job_handlers(regulars_commerce::job_handlers(Registry::new()), providers());
        let worker = Worker::start(self.app.database().clone(), registry, 1);
        for _ in 0..600 {
            let mut tx = self.app.tx("acme").await;
            let waiting: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM webhook_events WHERE state = 'queued') + (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running'))",
            )
            .fetch_one(tx.conn())
            .await
            .unwrap();
            if waiting == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        worker.stop(Duration::from_secs(5)).await;
    }

    async fn import(&self, text: &str) -> [u64; 5] {
        let path = self.folder.path().join("export.csv");
        std::fs::write(&path, text).unwrap();
        let scope = Scope {
            organization_id: self.app.tx("acme").await.organization_id(),
            actor: Actor::System,
        };
        let watches = Watches {
            checking: &Unwatched,
            applying: &Unwatched,
            going_on: &Unwatched,
        };
        let storage = self.folder.path().join("storage");
        let done = run_import_inline(
            self.app.database(),
            scope,
            &storage,
            &path,
            &options(None),
            watches,
        )
        .await;
        numbers(&done.unwrap_or_else(|error| panic!("{error:?}")))
    }

    async fn order(&self) -> Value {
        let all = self
            .app
            .get("/api/v1/orders")
            .bearer(&self.key)
            .await
            .expect(200)
            .json;
        let orders: Vec<&Value> = all["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|order| order["external_id"] == "5002")
            .collect();
        assert_eq!(orders.len(), 1, "{all}");
        let path = format!("/api/v1/orders/{}", orders[0]["id"].as_str().unwrap());
        self.app.get(&path).bearer(&self.key).await.expect(200).json
    }

    async fn customer(&self, order: &Value) -> Value {
        let path = format!("/api/v1/customers/{}", order["customer_id"].as_str().unwrap());
        self.app.get(&path).bearer(&self.key).await.expect(200).json
    }

    /// How often the timeline tells of money that went back.
    async fn refunds_told(&self, order: &Value) -> usize {
        let path = format!(
            "/api/v1/customers/{}/activities?limit=200",
            order["customer_id"].as_str().unwrap()
        );
        let all = self.app.get(&path).bearer(&self.key).await.expect(200).json;
        let kinds = all["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap());
        kinds.filter(|kind| kind.ends_with("refunded")).count()
    }
}

/// What the shop says of the second order of the export, later than the export.
fn said(note: &str, updated_at: &str) -> Value {
    json!({
        "id": 5002, "name": "#1002", "email": "ada@example.com", "note": note, "currency": "EUR", "total_price": "115.70",
        "subtotal_price": "109.80", "total_tax": "18.47", "total_discounts": "10.00",
        "total_shipping_price_set": {"shop_money": {"amount": "5.90", "currency_code": "EUR"}},
        "financial_status": "partially_refunded", "fulfillment_status": "fulfilled", "created_at": "2026-02-02T09:00:00Z",
        "processed_at": "2026-02-02T09:00:00Z", "updated_at": updated_at,
        "customer": {"id": 77, "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "updated_at": updated_at},
        "line_items": [
            {"id": 1, "title": "Shoes", "variant_title": "38 / Red", "quantity": 1, "price": "59.90", "sku": "SHOE-38"},
            {"id": 2, "title": "Socks", "quantity": 2, "price": "29.95", "sku": "SOCK", "total_discount": "10.00"},
        ],
        "fulfillments": [],
        "refunds": [{"id": 9, "created_at": "2026-02-10T09:00:00Z", "refund_line_items": [],
            "transactions": [{"id": 91, "kind": "refund", "status": "success", "amount": "20.00", "currency": "EUR", "created_at": "2026-02-10T09:00:00Z"}]}],
    })
}

fn is_one(order: &Value) {
    assert_eq!(order["number"], "#1002");
    assert_eq!(
        order["note"], "from the shop",
        "what the shop says is newer than the file: {order}"
    );
    assert_eq!(order["refunded"]["amount"], "20.00", "{order}");
    assert_eq!(order["payment_status"], "partially_refunded");
    assert_eq!(order["lines"][0]["external_id"], "1", "{order}");
}

#[tokio::test]
async fn a_webhook_after_the_file_is_told_of_the_same_order() {
    let house = House::new().await;
    assert_eq!(house.import(ORDERS).await, [3, 0, 0, 0, 0]);
    let before = house.order().await;
    assert_eq!(
        house.refunds_told(&before).await,
        2,
        "of both orders of hers something went back"
    );
    house
        .says(
            "orders/updated",
            "2026-03-01T00:00:00Z",
            said("from the shop", "2026-03-01T00:00:00Z"),
        )
        .await;
    let after = house.order().await;
    is_one(&after);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["customer_id"], before["customer_id"]);
    let ada = house.customer(&after).await;
    assert_eq!(
        ada["metrics"]["net_revenue"]["amount"], "95.70",
        "{}",
        ada["metrics"]
    );
    assert_eq!(house.refunds_told(&after).await, 2, "told once");
}

#[tokio::test]
async fn a_file_after_the_webhook_does_not_undo_what_is_newer() {
    let house = House::new().await;
    house
        .says(
            "orders/create",
            "2026-03-01T00:00:00Z",
            said("from the shop", "2026-03-01T00:00:00Z"),
        )
        .await;
    let before = house.order().await;
    let [created, updated, unchanged, conflict, invalid] = house.import(ORDERS).await;
    assert_eq!((created, updated + unchanged, conflict, invalid), (2, 1, 0, 0));
    let after = house.order().await;
    is_one(&after);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["customer_id"], before["customer_id"]);
    let ada = house.customer(&after).await;
    assert_eq!(ada["last_name"], "Lovelace");
    assert_eq!(
        ada["metrics"]["net_revenue"]["amount"], "95.70",
        "{}",
        ada["metrics"]
    );
    // Older than what the file says: the file's latest time is 3 February.
    house
        .says(
            "orders/updated",
            "2026-01-01T00:00:00Z",
            said("old", "2026-02-02T09:30:00Z"),
        )
        .await;
    is_one(&house.order().await);
}

#[tokio::test]
async fn a_product_of_the_file_is_the_one_that_the_shop_tells_of() {
    let house = House::new().await;
    let product = json!({
        "id": 71, "title": "Mug", "handle": "mug", "vendor": "Töpferei", "product_type": "kitchen", "status": "active",
        "updated_at": "2026-03-01T00:00:00Z", "variants": [{"id": 711, "title": "Default Title", "price": "22.00", "sku": "MUG"}],
    });
    assert_eq!(house.import(PRODUCTS).await, [2, 0, 0, 0, 0]);
    house
        .says("products/update", "2026-03-01T00:00:00Z", product)
        .await;
    let all = house
        .app
        .get("/api/v1/products")
        .bearer(&house.key)
        .await
        .expect(200)
        .json;
    let ids: Vec<&str> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["external_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["71", "handle:shoes"], "{all}");
    assert_eq!(
        house.import(PRODUCTS).await,
        [0, 0, 2, 0, 0],
        "the shop's own word stays"
    );
    let all = house
        .app
        .get("/api/v1/products")
        .bearer(&house.key)
        .await
        .expect(200)
        .json;
    assert_eq!(all["data"][0]["variants"][0]["price"]["amount"], "22.00", "{all}");
}
