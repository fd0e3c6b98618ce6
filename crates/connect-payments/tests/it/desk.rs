//! A desk with a connection to each payment provider: it signs and sends as they do, and waits until all is processed.

use std::time::Duration;

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use regulars_connect::{Provider, Providers, signature};
use regulars_connect_payments::{Adyen, Stripe};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{Role, clock};
use regulars_testkit::{TestApp, TestRequest, TestResponse};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

pub const SECRET: &str = "whsec_test_secret";
pub const KEY: &str = "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00";
/// When events of tests happen, in seconds since 1970.
pub const T: i64 = 1_780_000_000;

pub struct Desk {
    pub app: TestApp,
    pub key: String,
    pub stripe: String,
    pub adyen: String,
}

fn providers() -> Providers {
    Providers::new()
        .with(Provider::Stripe, Stripe)
        .with(Provider::Adyen, Adyen)
}

impl Desk {
    pub async fn new() -> Self {
        Self::with(&json!({}), &json!({})).await
    }

    pub async fn with(stripe: &Value, adyen: &Value) -> Self {
        let api = OpenApiRouter::new()
            .merge(regulars_customers::api_routes())
            .merge(regulars_commerce::api_routes())
            .merge(regulars_connect::api_routes());
        let webhooks: Router<_> = regulars_connect::webhook_routes(providers());
        let app = TestApp::new(api, webhooks).await;
        let key = app.key(Role::Admin).await;
        let make = async |provider: &str, secret: &str, settings: &Value| {
            let new = json!({"provider": provider, "secret": secret, "settings": settings});
            let made = app
                .post("/api/v1/connections")
                .bearer(&key)
                .json(new)
                .await
                .expect(201);
            made.json["webhook_path"].as_str().unwrap().to_owned()
        };
        let stripe = make("stripe", SECRET, stripe).await;
        let adyen = make("adyen", KEY, adyen).await;
        Self {
            app,
            key,
            stripe,
            adyen,
        }
    }

    /// A body as Stripe signs it at this time.
    pub fn signed_at(&self, at: i64, body: &[u8]) -> TestRequest<'_> {
        let v1 = v1(SECRET, at, body);
        self.raw(body)
            .header("stripe-signature", &format!("t={at},v1={v1}"))
    }

    pub fn signed(&self, body: &[u8]) -> TestRequest<'_> {
        self.signed_at(clock::now().timestamp(), body)
    }

    pub fn raw(&self, body: &[u8]) -> TestRequest<'_> {
        self.app
            .post(&self.stripe)
            .body("application/json", body.to_vec())
    }

    /// Sends an event of live mode.
    pub async fn event(&self, id: &str, topic: &str, second: i64, object: &Value) {
        let event = event(id, topic, second, true, object);
        self.signed(event.to_string().as_bytes()).await.expect(200);
    }

    /// Sends items as Adyen does.
    pub fn items(&self, items: &[Value]) -> TestRequest<'_> {
        let body = notification(items);
        self.app
            .post(&self.adyen)
            .body("application/json", body.to_string())
    }

    /// Processes what is there, and what waits for orders.
    pub async fn process(&self) {
        let registry = regulars_connect::job_handlers(Registry::new(), providers());
        let registry = regulars_connect_payments::job_handlers(registry);
        let worker = Worker::start(self.app.database().clone(), registry, 3);
        for _ in 0..600 {
            let mut tx = self.app.tx("acme").await;
            let waiting: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM webhook_events WHERE state = 'queued') + (SELECT count(*) FROM jobs
                 WHERE kind = 'payments.attach' AND (state = 'running' OR (state = 'queued' AND run_at <= now())))",
            )
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
        panic!("the inbox is not drained");
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.app.get(&format!("/api/v1{path}")).bearer(&self.key).await
    }

    /// Makes or changes an order of 100 euros; answers it.
    pub async fn order(&self, source: &str, external_id: &str, number: &str, more: Value) -> Value {
        let mut order = json!({
            "source": source, "external_id": external_id, "number": number, "email": format!("c{external_id}@example.com"),
            "currency": "EUR", "total": "100.00", "placed_at": "2026-05-01T10:00:00Z",
        });
        order
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let told = self
            .app
            .post("/api/v1/orders")
            .bearer(&self.key)
            .json(order)
            .await;
        assert!(told.status.is_success(), "{}", told.text());
        told.json
    }

    /// The order as it is now.
    pub async fn now(&self, order: &Value) -> Value {
        let path = format!("/orders/{}", order["id"].as_str().unwrap());
        self.get(&path).await.expect(200).json
    }

    /// Of the order's payments, each with its id, kind, state and amount.
    pub async fn payments(&self, order: &Value) -> Vec<String> {
        self.now(order).await["payments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                let amount = one["amount"]["amount"].as_str().unwrap();
                format!(
                    "{} {} {} {amount}",
                    text("external_id"),
                    text("kind"),
                    text("state")
                )
            })
            .collect()
    }

    /// Of the order's payments that failed, each with its id, code and reason.
    pub async fn failures(&self, order: &Value) -> Vec<[String; 3]> {
        let now = self.now(order).await;
        let failed = now["payments"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["state"] == "failed");
        failed
            .map(|one| {
                ["external_id", "failure_code", "failure_reason"]
                    .map(|name| one[name].as_str().unwrap_or("–").to_owned())
            })
            .collect()
    }

    /// The events of payments on the timeline of the order's customer, oldest first.
    pub async fn told(&self, order: &Value) -> Vec<Value> {
        let customer = order["customer_id"].as_str().unwrap();
        let page = self
            .get(&format!("/customers/{customer}/activities?limit=200"))
            .await
            .expect(200)
            .json;
        let mut told: Vec<Value> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["kind"].as_str().unwrap().starts_with("payment."))
            .cloned()
            .collect();
        told.sort_by_key(|event| event["occurred_at"].as_str().unwrap_or_default().to_owned());
        told
    }

    /// What came in, newest first.
    pub async fn events(&self) -> Vec<Value> {
        self.get("/webhook-events?limit=200").await.expect(200).json["data"]
            .as_array()
            .unwrap()
            .clone()
    }
}

pub fn v1(secret: &str, at: i64, body: &[u8]) -> String {
    let mac = signature::hmac_sha256(secret.as_bytes(), &[at.to_string().as_bytes(), b".", body]);
    mac.iter()
        .fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

pub fn event(id: &str, topic: &str, second: i64, livemode: bool, object: &Value) -> Value {
    json!({"id": id, "object": "event", "type": topic, "created": T + second, "livemode": livemode, "api_version": "2026-06-24", "data": {"object": object}})
}

/// An item of Adyen's, not signed yet.
pub fn item(
    psp: &str,
    original: &str,
    code: &str,
    success: bool,
    reference: &str,
    value: i64,
    second: i64,
) -> Value {
    let at = chrono_text(second);
    json!({"pspReference": psp, "originalReference": original, "merchantAccountCode": "Acme", "merchantReference": reference,
           "amount": {"value": value, "currency": "EUR"}, "eventCode": code, "success": success.to_string(), "eventDate": at,
           "paymentMethod": "visa", "reason": if success { "" } else { "Refused" }, "additionalData": {}})
}

fn chrono_text(second: i64) -> String {
    format!("2026-06-01T10:{:02}:{:02}+02:00", second / 60, second % 60)
}

/// The same, signed with this key.
pub fn with_signature(mut item: Value, key: &str) -> Value {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let signed = [
        &item["pspReference"],
        &item["originalReference"],
        &item["merchantAccountCode"],
        &item["merchantReference"],
        &item["amount"]["value"],
        &item["amount"]["currency"],
        &item["eventCode"],
        &item["success"],
    ]
    .map(text)
    .join(":");
    let mac = signature::hmac_sha256(&signature::from_hex(key).unwrap(), &[signed.as_bytes()]);
    item["additionalData"]["hmacSignature"] = STANDARD.encode(mac).into();
    item
}

pub fn notification(items: &[Value]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|item| json!({"NotificationRequestItem": item}))
        .collect();
    json!({"live": "true", "notificationItems": items})
}
