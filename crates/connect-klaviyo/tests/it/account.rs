//! A Klaviyo account that is connected: it signs and sends as Klaviyo does, and waits until all is processed.

use std::time::Duration;

use axum::Router;
use regulars_connect::{Provider, Providers, signature};
use regulars_connect_klaviyo::{Client, Klaviyo, Patience};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{Role, clock};
use regulars_testkit::{TestApp, TestRequest, TestResponse};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

pub const SECRET: &str = "a secret of Klaviyo";
pub const API_KEY: &str = "pk_0123456789abcdef0123456789abcdef";
pub const WEBHOOK: &str = "01HF7AYTK76RHR4F17G6DGTRGF";

pub struct Account {
    pub app: TestApp,
    pub key: String,
    pub path: String,
    pub connection: String,
}

pub fn providers() -> Providers {
    Providers::new().with(Provider::Klaviyo, Klaviyo)
}

/// One that does not keep tests waiting.
pub fn patience() -> Patience {
    Patience {
        answer: Duration::from_millis(1_500),
        first_wait: Duration::from_millis(5),
        failures: 4,
        longest_wait: Duration::from_secs(3),
    }
}

impl Account {
    pub async fn new() -> Self {
        let api = OpenApiRouter::new()
            .merge(regulars_customers::api_routes())
            .merge(regulars_commerce::api_routes())
            .merge(regulars_activities::api_routes())
            .merge(regulars_connect::api_routes());
        let webhooks: Router<_> = regulars_connect::webhook_routes(providers());
        let app = TestApp::new(api, webhooks).await;
        let key = app.key(Role::Admin).await;
        let made = app
            .post("/api/v1/connections")
            .bearer(&key)
            .json(json!({"provider": "klaviyo", "secret": SECRET, "api_key": API_KEY}))
            .await
            .expect(201)
            .json;
        assert_eq!(made["name"], "Klaviyo");
        assert_eq!(made["api_key"]["hint"], "cdef");
        for hidden in [SECRET, API_KEY] {
            assert!(!made.to_string().contains(hidden), "{made}");
        }
        Self {
            app,
            key,
            path: made["webhook_path"].as_str().unwrap().to_owned(),
            connection: made["id"].as_str().unwrap().to_owned(),
        }
    }

    /// A delivery as Klaviyo signs it at this time.
    pub fn signed_at(&self, stamp: &str, body: &[u8]) -> TestRequest<'_> {
        self.unsigned(body)
            .header("klaviyo-timestamp", stamp)
            .header("klaviyo-webhook-id", WEBHOOK)
            .header("klaviyo-signature", &signature_of(SECRET, stamp, body))
    }

    pub fn signed(&self, body: &[u8]) -> TestRequest<'_> {
        self.signed_at(&stamp(0), body)
    }

    pub fn unsigned(&self, body: &[u8]) -> TestRequest<'_> {
        self.app.post(&self.path).body("application/json", body.to_vec())
    }

    /// Sends events; they are taken.
    pub async fn says(&self, events: &[Value]) {
        self.signed(batch(events).to_string().as_bytes())
            .await
            .expect(200);
    }

    /// Sends them and waits until they are processed.
    pub async fn hears(&self, events: &[Value]) {
        self.says(events).await;
        self.process().await;
    }

    /// The jobs, with pulls from there.
    pub fn worker(&self, klaviyo: &str) -> Worker {
        let registry = regulars_commerce::job_handlers(Registry::new());
        let registry = regulars_activities::job_handlers(registry);
        let registry = regulars_connect::job_handlers(registry, providers());
        let client = Client::new(klaviyo, patience()).unwrap();
        let registry = regulars_connect_klaviyo::job_handlers(registry, client);
        Worker::start(self.app.database().clone(), registry, 3)
    }

    /// Processes what is there.
    pub async fn process(&self) {
        let worker = self.worker("http://127.0.0.1:9");
        let sql = "SELECT (SELECT count(*) FROM webhook_events WHERE state = 'queued')
             + (SELECT count(*) FROM jobs WHERE state = 'running' OR (state = 'queued' AND run_at <= now()))";
        for _ in 0..3_000 {
            if self.number(sql).await == 0 {
                worker.stop(Duration::from_secs(10)).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the inbox is not drained");
    }

    pub async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.tx("acme").await;
        let number: i64 = sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        number
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.app.get(&format!("/api/v1{path}")).bearer(&self.key).await
    }

    pub async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .post(&format!("/api/v1{path}"))
            .bearer(&self.key)
            .json(body)
            .await
    }

    /// The customer of this profile, with all that hangs on it.
    pub async fn customer(&self, profile: &str) -> Value {
        self.get(&format!(
            "/customers/by-external-id/klaviyo/{profile}?include=addresses,tags,consents,sources"
        ))
        .await
        .expect(200)
        .json
    }

    /// What stands on the timeline of a customer, newest first.
    pub async fn timeline(&self, customer: &Value) -> Vec<Value> {
        let id = customer["id"].as_str().unwrap();
        self.get(&format!("/customers/{id}/activities?limit=200"))
            .await
            .expect(200)
            .json["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The activities of a customer, each as its kind, or its name if it has one.
    pub async fn done(&self, customer: &Value) -> Vec<String> {
        let mut done: Vec<String> = self
            .timeline(customer)
            .await
            .iter()
            .filter(|one| one["data"]["data"]["source"] == "klaviyo")
            .map(|one| {
                let name = one["data"]["name"].as_str();
                name.or(one["kind"].as_str()).unwrap().to_owned()
            })
            .collect();
        done.sort();
        done
    }

    /// What came in, newest first.
    pub async fn inbox(&self) -> Vec<Value> {
        self.get("/webhook-events?limit=200").await.expect(200).json["data"]
            .as_array()
            .unwrap()
            .clone()
    }
}

/// A time so many seconds from now, as headers have it.
pub fn stamp(seconds: i64) -> String {
    let at = clock::now() + chrono::TimeDelta::seconds(seconds);
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub fn signature_of(secret: &str, stamp: &str, body: &[u8]) -> String {
    let mac = signature::hmac_sha256(secret.as_bytes(), &[body, stamp.as_bytes()]);
    mac.iter()
        .fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

pub fn batch(events: &[Value]) -> Value {
    json!({"data": events, "meta": {"klaviyo_webhook_id": WEBHOOK, "klaviyo_account_id": "ABC123", "timestamp": "2026-06-01T10:00:00.5+00:00"}})
}

/// An event that happened in a second of a minute of this year.
pub fn event(topic: &str, id: &str, profile: &str, second: u32) -> Value {
    json!({"topic": topic, "external_id": id, "payload": {"data": {
        "type": "event", "id": id,
        "attributes": {"datetime": at(second), "event_properties": {"Subject": "News", "Campaign Name": "June", "$ESP": 0}},
        "relationships": {"profile": {"data": {"type": "profile", "id": profile}}, "metric": {"data": {"type": "metric", "id": "M1"}}},
    }}})
}

/// A profile that changed then.
pub fn profile(topic: &str, id: &str, second: u32, mut attributes: Value) -> Value {
    attributes["updated"] = at(second).into();
    json!({"topic": topic, "external_id": format!("{topic}-{id}-{second}"), "payload": {"data": {"type": "profile", "id": id, "attributes": attributes}}})
}

/// A second of yesterday.
pub fn at(second: u32) -> String {
    let day = (clock::now() - chrono::TimeDelta::days(1)).date_naive();
    format!("{day}T10:{:02}:{:02}+00:00", second / 60, second % 60)
}
