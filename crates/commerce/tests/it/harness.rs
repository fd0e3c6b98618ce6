//! The room's routes on a fresh database, with those of the customers, and an order to try them on.

use std::time::Duration;

use axum::Router;
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use serde_json::{Value, json};

pub const BASE: &str = "/api/v1";

pub struct House {
    pub app: TestApp,
    pub key: String,
}

impl House {
    pub async fn new() -> Self {
        let api = regulars_customers::api_routes()
            .merge(regulars_commerce::api_routes())
            .merge(regulars_accounts::api_routes());
        let app = TestApp::new(api, Router::new()).await;
        let key = app.key(Role::Agent).await;
        Self { app, key }
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.app.get(&format!("{BASE}{path}")).bearer(&self.key).await
    }

    pub async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .post(&format!("{BASE}{path}"))
            .bearer(&self.key)
            .json(body)
            .await
    }

    pub async fn delete(&self, path: &str) -> TestResponse {
        self.app.delete(&format!("{BASE}{path}")).bearer(&self.key).await
    }

    /// Tells of an order and answers it.
    pub async fn order(&self, body: Value) -> Value {
        let answer = self.post("/orders", body).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json
    }

    /// Does the jobs that wait.
    pub async fn process(&self) {
        let registry = regulars_commerce::job_handlers(Registry::new());
        let worker = Worker::start(self.app.database().clone(), registry, 2);
        for _ in 0..500 {
            let mut tx = self.app.tx("acme").await;
            let open: i64 =
                sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
            tx.commit().await.unwrap();
            if open == 0 {
                worker.stop(Duration::from_secs(10)).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the jobs are not done");
    }

    /// A customer's figures.
    pub async fn metrics(&self, customer: &str) -> Value {
        self.get(&format!("/customers/{customer}")).await.expect(200).json["metrics"].clone()
    }

    /// The kinds on a customer's timeline that are about orders, in the order of their names.
    pub async fn kinds(&self, customer: &str) -> Vec<String> {
        let page = self
            .get(&format!("/customers/{customer}/activities?limit=200"))
            .await
            .expect(200)
            .json;
        let mut kinds: Vec<String> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .filter(|kind| kind.starts_with("order.") || kind.starts_with("payment."))
            .collect();
        kinds.sort();
        kinds
    }
}

/// An order of one pair of shoes.
pub fn shoes(number: u32, email: &str) -> Value {
    json!({
        "source": "till", "external_id": number.to_string(), "number": format!("#{number}"), "email": email,
        "currency": "EUR", "placed_at": "2026-01-31T12:00:00Z",
        "lines": [{"external_id": "1", "title": "Shoes", "brand": "Acme", "category": "shoes", "quantity": 1, "price": "59.90"}]
    })
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// The places of the faults of an answer.
pub fn places(answer: &TestResponse) -> Vec<String> {
    let mut places: Vec<String> = answer.json["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", answer.text()))
        .iter()
        .map(|fault| text(&fault["pointer"]))
        .collect();
    places.sort();
    places
}
