//! An export says what became of its job.

use regulars_exchange::{UPLOADS, api_routes, job_handlers, kind::Kinds, page_routes};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{Role, ids::JobId};
use regulars_testkit::TestApp;
use serde_json::{Value, json};

async fn read(app: &TestApp, key: &str, export: &Value) -> Value {
    let path = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    app.get(&path).bearer(key).send().await.expect(200).json
}

/// The state and the error of an export, which are the same alone and in the list.
async fn state(app: &TestApp, key: &str, export: &Value) -> (Value, Value) {
    let one = read(app, key, export).await;
    let list = app
        .get("/api/v1/exports")
        .bearer(key)
        .send()
        .await
        .expect(200)
        .json;
    let all = list["data"].as_array().unwrap();
    let listed = all.iter().find(|other| other["id"] == one["id"]).unwrap();
    assert_eq!(*listed, one);
    (one["state"].clone(), one["error"].clone())
}

#[tokio::test]
async fn an_export_follows_its_job_when_that_is_cancelled_given_up_discarded_or_queued_again() {
    let app = TestApp::with_uploads(
        api_routes(&Kinds::default()),
        page_routes(&Kinds::default()),
        UPLOADS,
    )
    .await;
    let key = app.key(Role::Agent).await;
    let mut exports = Vec::new();
    for _ in 0..2 {
        let request = app
            .post("/api/v1/exports")
            .bearer(&key)
            .json(json!({"format": "csv"}));
        let export = request.send().await.expect(202).json;
        let job: JobId = serde_json::from_value(export["job_id"].clone()).unwrap();
        exports.push((export, job));
    }
    let [(cancelled, cancelled_job), (killed, killed_job)] = &exports[..] else {
        panic!()
    };
    assert_eq!(state(&app, &key, cancelled).await, (json!("queued"), Value::Null));

    let mut tx = app.tx("acme").await;
    regulars_jobs::cancel(&mut tx, *cancelled_job).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        state(&app, &key, cancelled).await,
        (json!("cancelled"), Value::Null)
    );

    // As the sweep leaves a job whose servers were killed too often: no handler could say why.
    sqlx::query("UPDATE jobs SET state = 'dead' WHERE id = $1")
        .bind(killed_job.0)
        .execute(app.test_database().owner())
        .await
        .unwrap();
    let (failed, why) = state(&app, &key, killed).await;
    assert_eq!(failed, "failed");
    assert!(why.as_str().unwrap().contains("given up"), "{why}");
    let mut tx = app.tx("acme").await;
    regulars_jobs::discard(&mut tx, *killed_job).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(state(&app, &key, killed).await, (json!("cancelled"), Value::Null));

    let mut tx = app.tx("acme").await;
    for job in [*cancelled_job, *killed_job] {
        regulars_jobs::retry(&mut tx, job).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(state(&app, &key, killed).await, (json!("queued"), Value::Null));
    let registry = job_handlers(Registry::new(), &app.state().config, &Kinds::default());
    let worker = Worker::start(app.database().clone(), registry, 2);
    for (export, _) in &exports {
        while read(&app, &key, export).await["state"] != "done" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    worker.stop(std::time::Duration::from_secs(5)).await;
}
