//! Imports of orders by the API: their kind, and who may.

use std::time::Duration;

use axum::Router;
use regulars_commerce_exchange::kinds;
use regulars_exchange::{UPLOADS, api_routes, job_handlers};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::TestApp;
use serde_json::{Value, json};

use crate::support::ORDERS;

async fn app() -> (TestApp, Worker) {
    let api = api_routes(&kinds())
        .merge(regulars_commerce::api_routes())
        .merge(regulars_customers::api_routes());
    let app = TestApp::with_uploads(api, Router::new(), UPLOADS).await;
    let registry = job_handlers(Registry::new(), &app.state().config, &kinds());
    let worker = Worker::start(app.database().clone(), registry, 1);
    (app, worker)
}

async fn until(app: &TestApp, key: &str, path: &str, state: &str) -> Value {
    for _ in 0..600 {
        let import = app.get(path).bearer(key).await.expect(200).json;
        if import["state"] == state {
            return import;
        }
        assert_ne!(import["state"], "failed", "{import}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is not {state}");
}

#[tokio::test]
async fn orders_are_uploaded_checked_and_applied_by_the_api() {
    let (app, worker) = app().await;
    let key = app.key(Role::Admin).await;
    let made = app
        .post("/api/v1/imports?file_name=orders.csv")
        .bearer(&key)
        .body("text/csv", ORDERS)
        .await
        .expect(201)
        .json;
    assert_eq!(
        (&made["kind"], &made["mapping"]["source"]),
        (&json!("orders"), &json!("shopify"))
    );
    assert_eq!(made["mapping"]["columns"]["Lineitem name"], "line.title");
    let path = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());

    let refused = app
        .patch(&path)
        .bearer(&key)
        .json(json!({"match_by": ["email"]}))
        .await
        .expect(422);
    assert!(refused.text().contains("/match_by"), "{}", refused.text());
    let buyers = app
        .patch(&path)
        .bearer(&key)
        .json(json!({"kind": "customers"}))
        .await
        .expect(200)
        .json;
    assert_eq!(
        buyers["mapping"]["columns"]["Email"], "email",
        "read for its buyers"
    );
    let orders = app
        .patch(&path)
        .bearer(&key)
        .json(json!({"kind": "orders"}))
        .await
        .expect(200)
        .json;
    assert_eq!(orders["mapping"]["columns"], made["mapping"]["columns"]);
    let wrong = json!({"mapping": {"columns": {"Id": "order.id", "Total": "order.totals"}}});
    let refused = app.patch(&path).bearer(&key).json(wrong).await.expect(422);
    assert!(refused.text().contains("order.total"), "{}", refused.text());

    app.post(&format!("{path}/plan")).bearer(&key).await.expect(202);
    let planned = until(&app, &key, &path, "planned").await;
    assert_eq!(planned["plan"]["counts"]["create"], 3);
    assert_eq!(planned["plan"]["rows"], 4);
    assert_eq!(
        planned["plan"]["samples"]["create"][0]["who"],
        "#1003, Zoë Ångström, zoë@example.com"
    );
    let none = app.get("/api/v1/orders").bearer(&key).await.expect(200).json;
    assert_eq!(none["data"], json!([]));
    app.post(&format!("{path}/apply")).bearer(&key).await.expect(202);
    let done = until(&app, &key, &path, "done").await;
    assert_eq!(done["result"]["create"], 3);
    let orders = app.get("/api/v1/orders").bearer(&key).await.expect(200).json;
    assert_eq!(orders["data"].as_array().unwrap().len(), 3);

    app.organization("other").await;
    let stranger = app.key_of("other", Role::Admin).await;
    app.get(&path).bearer(&stranger).await.expect(404);
    app.post(&format!("{path}/apply"))
        .bearer(&stranger)
        .await
        .expect(404);
    app.patch(&path)
        .bearer(&stranger)
        .json(json!({"kind": "orders"}))
        .await
        .expect(404);
    let theirs = app.get("/api/v1/orders").bearer(&stranger).await.expect(200).json;
    assert_eq!(theirs["data"], json!([]));
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_kind_that_is_none_is_refused() {
    let (app, worker) = app().await;
    let key = app.key(Role::Admin).await;
    let text = "order.id,order.total\n1,10\n";
    let answer = app
        .post("/api/v1/imports?file_name=a.csv&kind=wishes")
        .bearer(&key)
        .body("text/csv", text)
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.text());
    let made = app
        .post("/api/v1/imports?file_name=a.csv&kind=products")
        .bearer(&key)
        .body("text/csv", text)
        .await
        .expect(201)
        .json;
    assert_eq!(made["kind"], "products");
    let path = format!("/api/v1/imports/{}/plan", made["id"].as_str().unwrap());
    let refused = app.post(&path).bearer(&key).await.expect(422);
    assert!(
        refused.text().contains("nothing_tells_which"),
        "{}",
        refused.text()
    );
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn only_new_ones_are_created_although_one_became_known_since_the_check() {
    let (app, worker) = app().await;
    let key = app.key(Role::Admin).await;
    let made = app
        .post("/api/v1/imports?file_name=a.csv&kind=orders")
        .bearer(&key)
        .body("text/csv", "order.id,order.total\n1,10\n2,20\n")
        .await
        .expect(201)
        .json;
    let path = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());
    let source = made["mapping"]["source"].clone();
    app.patch(&path)
        .bearer(&key)
        .json(json!({"mode": "create"}))
        .await
        .expect(200);
    app.post(&format!("{path}/plan")).bearer(&key).await.expect(202);
    assert_eq!(
        until(&app, &key, &path, "planned").await["plan"]["counts"]["create"],
        2
    );
    let told = json!({"source": source, "external_id": "1", "total": "99.00"});
    app.post("/api/v1/orders")
        .bearer(&key)
        .json(told)
        .await
        .expect(201);
    app.post(&format!("{path}/apply")).bearer(&key).await.expect(202);
    let done = until(&app, &key, &path, "done").await;
    assert_eq!(
        (&done["result"]["create"], &done["result"]["conflict"]),
        (&json!(1), &json!(1))
    );
    let orders = app.get("/api/v1/orders").bearer(&key).await.expect(200).json;
    let mut totals: Vec<&str> = orders["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["total"]["amount"].as_str().unwrap())
        .collect();
    totals.sort_unstable();
    assert_eq!(totals, ["20.00", "99.00"]);
    let errors = app
        .get(&format!("{path}/errors.csv"))
        .bearer(&key)
        .await
        .expect(200);
    assert!(errors.text().contains("it exists"), "{}", errors.text());
    worker.stop(Duration::from_secs(5)).await;
}
