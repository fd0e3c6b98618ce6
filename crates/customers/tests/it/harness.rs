//! The room's routes on a fresh database, and a customer to try them on.

use axum::Router;
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
        let app = TestApp::new(regulars_customers::api_routes(), Router::new()).await;
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

    pub async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .patch(&format!("{BASE}{path}"))
            .bearer(&self.key)
            .json(body)
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .put(&format!("{BASE}{path}"))
            .bearer(&self.key)
            .json(body)
            .await
    }

    pub async fn delete(&self, path: &str) -> TestResponse {
        self.app.delete(&format!("{BASE}{path}")).bearer(&self.key).await
    }

    /// Creates a customer and answers it.
    pub async fn customer(&self, body: Value) -> Value {
        self.post("/customers", body).await.expect(201).json
    }

    /// Creates a customer with this first name and answers its path.
    pub async fn path_of(&self, name: &str) -> String {
        format!(
            "/customers/{}",
            id(&self.customer(json!({"first_name": name})).await)
        )
    }

    /// The kinds on a customer's timeline, the latest first.
    pub async fn kinds(&self, path: &str) -> Vec<String> {
        let page = self.get(&format!("{path}/activities")).await.expect(200).json;
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// The places of the faults of an answer, in order of their names.
pub fn places(answer: &TestResponse) -> Vec<String> {
    let mut places: Vec<String> = answer.json["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", answer.text()))
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
        .collect();
    places.sort();
    places
}
