//! A shop that is connected: it signs and sends as Shopify does, and waits until all is processed.

use std::time::Duration;

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use regulars_connect::{Provider, Providers, signature};
use regulars_connect_shopify::Shopify;
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestRequest, TestResponse};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

pub const SECRET: &str = "hush";

pub struct Shop {
    pub app: TestApp,
    pub key: String,
    pub path: String,
    pub connection: String,
}

fn providers() -> Providers {
    Providers::new().with(Provider::Shopify, Shopify)
}

/// How Shopify signs a body.
pub fn signature_of(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(signature::hmac_sha256(secret.as_bytes(), &[body]))
}

impl Shop {
    pub async fn new() -> Self {
        let api = OpenApiRouter::new()
            .merge(regulars_customers::api_routes())
            .merge(regulars_commerce::api_routes())
            .merge(regulars_connect::api_routes())
            .merge(regulars_privacy::api_routes());
        let webhooks: Router<_> = regulars_connect::webhook_routes(providers());
        let app = TestApp::new(api, webhooks).await;
        let key = app.key(Role::Admin).await;
        let made = app
            .post("/api/v1/connections")
            .bearer(&key)
            .json(json!({"provider": "shopify", "name": "Main shop", "secret": SECRET}))
            .await
            .expect(201)
            .json;
        assert!(!made.to_string().contains(SECRET), "{made}");
        Self {
            app,
            key,
            path: made["webhook_path"].as_str().unwrap().to_owned(),
            connection: made["id"].as_str().unwrap().to_owned(),
        }
    }

    /// A delivery as Shopify signs it.
    pub fn signed(&self, topic: &str, delivery_id: &str, at: &str, body: &[u8]) -> TestRequest<'_> {
        self.signed_with(SECRET, topic, delivery_id, at, body)
    }

    /// The same under another secret.
    pub fn signed_with(
        &self,
        secret: &str,
        topic: &str,
        delivery_id: &str,
        at: &str,
        body: &[u8],
    ) -> TestRequest<'_> {
        self.unsigned(topic, delivery_id, at, body)
            .header("x-shopify-hmac-sha256", &signature_of(secret, body))
    }

    pub fn unsigned(&self, topic: &str, delivery_id: &str, at: &str, body: &[u8]) -> TestRequest<'_> {
        self.app
            .post(&self.path)
            .header("x-shopify-topic", topic)
            .header("x-shopify-shop-domain", "example.myshopify.com")
            .header("x-shopify-api-version", "2026-07")
            .header("x-shopify-webhook-id", delivery_id)
            .header("x-shopify-triggered-at", at)
            .body("application/json", body.to_vec())
    }

    /// Sends what Shopify says; it is taken.
    pub async fn says(&self, topic: &str, at: &str, body: &Value) {
        let id = uuid::Uuid::new_v4().to_string();
        self.signed(topic, &id, at, body.to_string().as_bytes())
            .await
            .expect(200);
    }

    /// Who processes what is there, until stopped.
    pub fn worker(&self) -> Worker {
        let registry =
            regulars_connect::job_handlers(regulars_commerce::job_handlers(Registry::new()), providers());
        Worker::start(self.app.database().clone(), registry, 3)
    }

    /// Processes what is there.
    pub async fn process(&self) {
        let worker = self.worker();
        for _ in 0..600 {
            let mut tx = self.app.tx("acme").await;
            let waiting: i64 =
                sqlx::query_scalar("SELECT count(*) FROM webhook_events WHERE state = 'queued'")
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
            tx.commit().await.unwrap();
            if waiting == 0 {
                worker.stop(Duration::from_secs(10)).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut tx = self.app.tx("acme").await;
        let jobs: Vec<(String, i32, Option<String>)> =
            sqlx::query_as("SELECT state, attempts, error FROM jobs")
                .fetch_all(tx.conn())
                .await
                .unwrap();
        panic!("the inbox is not drained: {jobs:?}");
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.app.get(&format!("/api/v1{path}")).bearer(&self.key).await
    }

    /// The customer of this id in Shopify, with all that hangs on it.
    pub async fn customer(&self, external_id: &str) -> Value {
        self.get(&format!(
            "/customers/by-external-id/shopify/{external_id}?include=addresses,tags,consents,sources"
        ))
        .await
        .expect(200)
        .json
    }

    /// The customer's figures.
    pub async fn metrics(&self, external_id: &str) -> Value {
        let customer = self.customer(external_id).await;
        let path = format!("/customers/{}", customer["id"].as_str().unwrap());
        self.get(&path).await.expect(200).json["metrics"].clone()
    }

    /// The order of this number, whole.
    pub async fn order(&self, number: &str) -> Value {
        let list = self.get("/orders?limit=200").await.expect(200).json;
        let orders = list["data"].as_array().unwrap();
        let order = orders.iter().find(|one| one["number"] == number);
        let id = order.unwrap()["id"].as_str().unwrap();
        self.get(&format!("/orders/{id}")).await.expect(200).json
    }

    /// What came in, newest first.
    pub async fn events(&self) -> Vec<Value> {
        self.get("/webhook-events?limit=200").await.expect(200).json["data"]
            .as_array()
            .unwrap()
            .clone()
    }
}
