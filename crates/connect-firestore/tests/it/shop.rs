//! A shop whose customers are mirrored, and what a test asks of it.

use std::{collections::BTreeMap, time::Duration};

use axum::{Extension, Router};
use regulars_connect_firestore::{
    Client, Emulator as IsEmulator, Firestore, MirrorLine,
    proto::{Document, Kind, Value as Field},
};
use regulars_jobs::{Registry, Worker, WorkerOptions};
use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use regulars_web::pages::CustomerLines;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use crate::emulator::Emulator;

pub struct Shop {
    pub app: TestApp,
    pub key: String,
    pub project: String,
    dispatch: JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.dispatch.abort();
    }
}

impl Shop {
    /// One without a mirror.
    pub async fn new() -> Self {
        let api = OpenApiRouter::new()
            .merge(regulars_customers::api_routes())
            .merge(regulars_commerce::api_routes())
            .merge(regulars_activities::api_routes())
            .merge(regulars_connect_firestore::api_routes());
        let pages = Router::new()
            .merge(regulars_accounts::page_routes())
            .merge(regulars_customer_pages::page_routes())
            .merge(regulars_connect_firestore::page_routes());
        let app = TestApp::new(api, pages).await.around(|router, _| {
            router
                .layer(Extension(CustomerLines::default().with(MirrorLine)))
                .layer(Extension(IsEmulator(true)))
        });
        let key = app.key(Role::Admin).await;
        let dispatch = tokio::spawn(regulars_connect_firestore::dispatch(app.database().clone()));
        let project = format!("test-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        Self {
            app,
            key,
            project,
            dispatch,
        }
    }

    /// One with a mirror.
    pub async fn mirrored() -> Self {
        let shop = Self::new().await;
        shop.set_up(json!({})).await;
        shop
    }

    pub async fn set_up(&self, mut input: Value) -> Value {
        input["project_id"] = json!(self.project);
        self.put("/sync/firestore", input).await.expect(200).json
    }

    /// A worker that writes there.
    pub fn worker(&self, address: &str) -> Worker {
        let registry = regulars_commerce::job_handlers(regulars_customers::job_handlers(Registry::new()));
        let registry = regulars_activities::job_handlers(registry);
        let firestore = Firestore::new(Some(address)).unwrap();
        let registry = regulars_connect_firestore::job_handlers(registry, firestore);
        Worker::start(self.app.database().clone(), registry, 3)
    }

    /// One whose jobs are others' soon after it died.
    pub fn hasty_worker(&self, address: &str) -> Worker {
        let firestore = Firestore::new(Some(address)).unwrap();
        let registry = regulars_connect_firestore::job_handlers(Registry::new(), firestore);
        let options = WorkerOptions {
            lease: Duration::from_secs(2),
            ..WorkerOptions::default()
        };
        Worker::with_options(self.app.database().clone(), registry, options)
    }

    pub async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .put(&format!("/api/v1{path}"))
            .bearer(&self.key)
            .json(body)
            .await
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

    pub async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.app
            .patch(&format!("/api/v1{path}"))
            .bearer(&self.key)
            .json(body)
            .await
    }

    pub async fn delete(&self, path: &str) -> TestResponse {
        self.app.delete(&format!("/api/v1{path}")).bearer(&self.key).await
    }

    /// A new customer's id.
    pub async fn customer(&self, input: Value) -> String {
        let made = self.post("/customers", input).await.expect(201).json;
        made["id"].as_str().unwrap().to_owned()
    }

    /// So many of them.
    pub async fn customers(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for n in 0..count {
            let input = json!({"first_name": format!("N{n}"), "email": format!("n{n}@example.com")});
            ids.push(self.customer(input).await);
        }
        ids
    }

    /// So many of them, made by one statement that tells nobody; their ids are their numbers.
    pub async fn crowd(&self, count: i32) {
        let mut tx = self.app.tx("acme").await;
        let organization = tx.organization_id();
        sqlx::query(
            "INSERT INTO customers (organization_id, id, code, first_name, sort_name, search_text)
             SELECT $1, (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, 'M-' || n, 'N' || n, 'n' || n, ' n' || n || ' '
             FROM generate_series(1, $2) n",
        )
        .bind(organization)
        .bind(count)
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn mirror(&self) -> Value {
        self.get("/sync/firestore").await.expect(200).json
    }

    /// Waits until everything is written.
    pub async fn settled(&self) -> Value {
        self.until(60, |mirror| mirror["state"] == "current").await
    }

    pub async fn until(&self, seconds: u32, is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..seconds * 20 {
            let mirror = self.mirror().await;
            if is_so(&mirror) {
                return mirror;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not come to that: {:#}", self.mirror().await);
    }

    /// Compares or mends, and waits for what comes of it.
    pub async fn compare(&self, what: &str) -> Value {
        let begun = self
            .post(&format!("/sync/firestore/{what}"), json!(null))
            .await
            .expect(202);
        let place = begun.header("location").to_owned();
        assert_eq!(
            place,
            format!("/api/v1/jobs/{}", begun.json["job_id"].as_str().unwrap())
        );
        for _ in 0..1_200 {
            let mirror = self.mirror().await;
            let entry = mirror["log"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["job_id"] == begun.json["job_id"]);
            if let Some(entry) = entry
                && !entry["finished_at"].is_null()
            {
                assert_eq!(entry["error"], Value::Null, "{entry}");
                return entry["result"].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} does not end: {:#}", self.mirror().await);
    }

    /// Compares; everything is as it should be.
    pub async fn is_equal(&self, count: u64) {
        let found = self.compare("verify").await;
        let figures = ["equal", "different", "missing", "superfluous", "pending"]
            .map(|name| found[name].as_u64().unwrap());
        assert_eq!(figures, [count, 0, 0, 0, 0], "{found:#}");
    }

    pub async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.tx("acme").await;
        let number: i64 = sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        number
    }

    pub fn client(&self, emulator: &Emulator) -> Client {
        emulator.client(&self.project)
    }
}

/// A document as JSON; times as `{"time": seconds}`.
pub fn as_json(fields: &BTreeMap<String, Field>) -> Value {
    let map = fields.iter().map(|(name, field)| (name.clone(), value(field)));
    Value::Object(map.collect())
}

fn value(field: &Field) -> Value {
    match field.kind.as_ref().unwrap() {
        Kind::Null(_) => Value::Null,
        Kind::Boolean(truth) => json!(truth),
        Kind::Integer(number) => json!(number),
        Kind::Double(number) => json!(number),
        Kind::Timestamp(time) => json!({"time": time.seconds}),
        Kind::String(text) => json!(text),
        Kind::Array(array) => array.values.iter().map(value).collect(),
        Kind::Map(map) => as_json(&map.fields),
        other => panic!("no document has {other:?}"),
    }
}

/// The documents of these ids.
pub async fn documents(client: &Client, ids: &[&str]) -> Vec<Document> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    client.get(&ids).await.unwrap()
}

/// The only document of an id, as JSON; null if there is none.
pub async fn document(client: &Client, id: &str) -> Value {
    let found = documents(client, &[id]).await;
    found.first().map_or(Value::Null, |one| as_json(&one.fields))
}
