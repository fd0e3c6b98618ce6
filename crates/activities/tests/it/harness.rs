//! The room's routes on a fresh database, with those of the customers, and activities to try them on.

use axum::Router;
use chrono::{DateTime, Utc};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

pub const BASE: &str = "/api/v1";

pub struct House {
    pub app: TestApp,
    pub key: String,
}

impl House {
    pub async fn new() -> Self {
        let api = regulars_customers::api_routes().merge(regulars_activities::api_routes());
        let app = TestApp::new(api, Router::new()).await;
        let key = app.key(Role::Admin).await;
        Self { app, key }
    }

    /// With keys, and with what browsers send to.
    pub async fn with_browsers() -> Self {
        let api = regulars_customers::api_routes()
            .merge(regulars_accounts::api_routes())
            .merge(regulars_activities::api_routes());
        let app = TestApp::new(api, Router::new()).await.around(|router, state| {
            let browsers = regulars_activities::browser_routes(state);
            let script = regulars_web::around(regulars_activities::script_routes(), state);
            router
                .merge(script)
                .layer(axum::middleware::from_fn(move |request, next| {
                    regulars_activities::hand_over(browsers.clone(), request, next)
                }))
        });
        let key = app.key(Role::Admin).await;
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

    /// Tells of activities and gives what became of them.
    pub async fn tell(&self, body: Value) -> Value {
        self.post("/activities", body).await.expect(200).json
    }

    /// Makes a customer and gives the id.
    pub async fn customer(&self, email: &str) -> String {
        let body = json!({"first_name": "Ada", "email": email});
        text(&self.post("/customers", body).await.expect(201).json["id"])
    }

    /// A page of a customer's timeline.
    pub async fn timeline(&self, customer: &str, query: &str) -> Value {
        let path = format!("/customers/{customer}/activities?{query}");
        self.get(&path).await.expect(200).json
    }

    /// The kinds on a customer's timeline, the latest first.
    pub async fn kinds(&self, customer: &str) -> Vec<String> {
        list(&self.timeline(customer, "limit=200").await["data"], "kind")
    }

    /// A number that a statement of the owner gives, beyond the wall.
    pub async fn number(&self, statement: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(statement.to_owned()))
            .fetch_one(self.app.test_database().owner())
            .await
            .unwrap()
    }

    pub async fn execute(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(self.app.test_database().owner())
            .await
            .unwrap();
    }

    /// Does what is queued and due, until nothing of this kind waits or runs.
    pub async fn work(&self, kind: &str) {
        let registry = regulars_activities::job_handlers(Registry::new());
        let worker = Worker::start(self.app.database().clone(), registry, 2);
        let left = format!(
            "SELECT count(*) FROM jobs WHERE kind = '{kind}' AND state IN ('queued', 'running') AND run_at <= now()"
        );
        for _ in 0..200 {
            if self.number(&left).await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        worker.stop(std::time::Duration::from_secs(5)).await;
        assert_eq!(self.number(&left).await, 0, "{kind} was not done");
    }
}

/// A time so many minutes ago.
pub fn ago(minutes: i64) -> DateTime<Utc> {
    regulars_kernel::clock::now() - chrono::TimeDelta::minutes(minutes)
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// One field of each of a list.
pub fn list(items: &Value, field: &str) -> Vec<String> {
    let items = items.as_array().unwrap_or_else(|| panic!("no list: {items}"));
    items.iter().map(|item| text(&item[field])).collect()
}

/// The places of the faults of an answer.
pub fn places(errors: &Value) -> Vec<String> {
    let mut places = list(errors, "pointer");
    places.sort();
    places
}
