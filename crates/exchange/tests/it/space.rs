//! What files an organization may keep.

use std::time::Duration;

use regulars_exchange::{UPLOADS, api_routes, job_handlers, kind::Kinds, page_routes};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestResponse};
use regulars_web::WebConfig;
use serde_json::{Value, json};

/// An app whose organizations may keep so many bytes, with the key of an agent.
async fn app(kept_files: u64) -> (TestApp, String) {
    let storage = tempfile::tempdir().unwrap().keep();
    let config = WebConfig {
        storage_dir: storage,
        rate_limit_per_minute: 0,
        uploads: UPLOADS,
        kept_files,
        ..WebConfig::default()
    };
    let app = TestApp::with_config(
        api_routes(&Kinds::default()),
        page_routes(&Kinds::default()),
        config,
    )
    .await;
    let key = app.key(Role::Agent).await;
    (app, key)
}

/// Uploads a file of 600 bytes.
async fn upload(app: &TestApp, key: &str, idempotency_key: Option<&str>) -> TestResponse {
    let request = app.post("/api/v1/imports?file_name=list.csv").bearer(key);
    let request = match idempotency_key {
        Some(text) => request.header("idempotency-key", text),
        None => request,
    };
    let text = format!("{:<600}", "email\na@example.com\n");
    request.body("text/csv", text).send().await
}

fn files(app: &TestApp, folder: &str) -> usize {
    std::fs::read_dir(app.state().config.storage_dir.join(folder)).map_or(0, Iterator::count)
}

async fn imports(app: &TestApp, key: &str) -> Value {
    let list = app.get("/api/v1/imports").bearer(key).send().await.expect(200);
    list.json["page"]["total"]["value"].clone()
}

#[tokio::test]
async fn an_upload_beyond_the_quota_is_refused_and_leaves_neither_file_nor_row() {
    let (app, key) = app(1_000).await;
    let first = upload(&app, &key, None).await.expect(201);
    let refused = upload(&app, &key, None).await.expect(409);
    let fault = &refused.json["errors"][0];
    assert_eq!(fault["code"], "files_full");
    let message = fault["message"].as_str().unwrap();
    assert!(message.contains("1 unfinished import (600 B)"), "{message}");
    assert_eq!((files(&app, "imports"), imports(&app, &key).await), (1, json!(1)));
    // Another organization has room of its own.
    let stranger = app.key_of("other", Role::Agent).await;
    upload(&app, &stranger, None).await.expect(201);
    // What the message says makes room.
    let path = format!("/api/v1/imports/{}", first.json["id"].as_str().unwrap());
    app.post(&format!("{path}/cancel"))
        .bearer(&key)
        .send()
        .await
        .expect(200);
    upload(&app, &key, None).await.expect(201);
}

#[tokio::test]
async fn of_two_uploads_at_once_only_what_fits_is_kept() {
    let (app, key) = app(1_000).await;
    let (one, other) = tokio::join!(upload(&app, &key, None), upload(&app, &key, None));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409]);
    assert_eq!((files(&app, "imports"), imports(&app, &key).await), (1, json!(1)));
}

#[tokio::test]
async fn an_upload_is_repeated_safely_when_there_is_no_room_for_a_second() {
    let (app, key) = app(600).await;
    let first = upload(&app, &key, Some("once")).await.expect(201);
    let again = upload(&app, &key, Some("once")).await.expect(201);
    assert_eq!(again.json["id"], first.json["id"]);
    upload(&app, &key, Some("twice")).await.expect(409);
    assert_eq!((files(&app, "imports"), imports(&app, &key).await), (1, json!(1)));
}

#[tokio::test]
async fn an_export_for_which_there_is_no_room_says_so_and_leaves_no_file() {
    let (app, key) = app(610).await;
    let worker = Worker::start(
        app.database().clone(),
        job_handlers(Registry::new(), &app.state().config, &Kinds::default()),
        2,
    );
    let ask = || {
        let request = app.post("/api/v1/exports").bearer(&key);
        request.json(json!({"format": "csv"})).send()
    };
    let import = upload(&app, &key, None).await.expect(201).json;
    // The names of the columns alone are longer than what is left.
    let export = ask().await.expect(202).json;
    let path = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    let mut failed = export;
    for _ in 0..600 {
        failed = app.get(&path).bearer(&key).send().await.expect(200).json;
        if failed["state"] == "failed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(failed["state"], "failed");
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.starts_with("files of the organization may take 610 B together"),
        "{error}"
    );
    assert_eq!(files(&app, "exports"), 0);
    worker.stop(Duration::from_secs(5)).await;
    // Where nothing at all is left, it is said at once.
    sqlx::query("UPDATE imports SET file_bytes = 610")
        .execute(app.test_database().owner())
        .await
        .unwrap();
    let refused = ask().await.expect(409);
    assert_eq!(refused.json["errors"][0]["code"], "files_full");
    let import = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    app.delete(&import).bearer(&key).send().await.expect(204);
    ask().await.expect(202);
}

#[tokio::test]
async fn the_pages_say_beside_the_form_that_there_is_no_room() {
    let (app, key) = app(600).await;
    upload(&app, &key, None).await.expect(201);
    let cookie = app.sign_in("acme", Role::Agent).await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\nemail\na@example.com\n\r\n--x--\r\n";
    let sent = app.post("/imports").header("cookie", &cookie);
    let sent = sent.body("multipart/form-data; boundary=x", form).send().await;
    let asked = app.post("/exports").header("cookie", &cookie);
    let asked = asked.form(&[("format", "csv"), ("query", "")]).send().await;
    for answer in [sent, asked] {
        let text = answer.expect(422).text();
        assert!(
            text.contains("files of the organization may take 600 B"),
            "{text}"
        );
    }
    assert_eq!(files(&app, "imports"), 1);
}
