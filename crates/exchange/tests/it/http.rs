//! Imports and exports as programs and people use them.

use std::time::Duration;

use regulars_exchange::{UPLOADS, api_routes, job_handlers, kind::Kinds, page_routes};
use regulars_jobs::{Registry, Worker};
use regulars_kernel::{Role, ids::JobId};
use regulars_testkit::{TestApp, TestResponse};
use serde_json::{Value, json};

async fn app() -> (TestApp, Worker) {
    let app = TestApp::with_uploads(
        api_routes(&Kinds::default()),
        page_routes(&Kinds::default()),
        UPLOADS,
    )
    .await;
    let registry = job_handlers(Registry::new(), &app.state().config, &Kinds::default());
    let worker = Worker::start(app.database().clone(), registry, 2);
    (app, worker)
}

async fn upload(app: &TestApp, key: &str, text: &str) -> Value {
    app.post("/api/v1/imports?file_name=list.csv")
        .bearer(key)
        .body("text/csv", text.to_owned())
        .send()
        .await
        .expect(201)
        .json
}

async fn until(app: &TestApp, key: &str, path: &str, states: &[&str]) -> Value {
    for _ in 0..600 {
        let body = app.get(path).bearer(key).send().await.expect(200).json;
        if states.contains(&body["state"].as_str().unwrap()) {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} never became {states:?}")
}

#[tokio::test]
async fn a_file_is_uploaded_mapped_checked_and_applied_over_http() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let import = upload(
        &app,
        &key,
        "Kunde;E-Mail;Ort\nAda Byron;ada@example.com;Ulm\nBea;not an address;Köln\n",
    )
    .await;
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    assert_eq!(
        import["mapping"]["columns"],
        json!({"E-Mail": "email", "Kunde": "full_name", "Ort": "address.city"})
    );
    assert_eq!(import["suggestion"][1]["confidence"], "likely");
    let wrong = app
        .patch(&path)
        .bearer(&key)
        .json(json!({"mapping": {"columns": {"Nix": "email", "Ort": "town"}}, "match_by": []}))
        .send()
        .await
        .expect(422)
        .json;
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2, "{wrong}");
    let patched = app
        .patch(&path)
        .bearer(&key)
        .if_match(1)
        .json(json!({"mode": "create"}))
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&patched["mode"], &patched["version"]),
        (&json!("create"), &json!(2))
    );
    app.patch(&path)
        .bearer(&key)
        .if_match(1)
        .json(json!({"mode": "upsert"}))
        .send()
        .await
        .expect(412);

    let answer = app
        .post(&format!("{path}/plan"))
        .bearer(&key)
        .send()
        .await
        .expect(202);
    assert!(answer.header("location").starts_with("/api/v1/jobs/"));
    let planned = until(&app, &key, &path, &["planned", "failed"]).await;
    assert_eq!(
        planned["plan"]["counts"],
        json!({"create": 1, "update": 0, "skip": 0, "conflict": 0, "invalid": 1})
    );
    app.post(&format!("{path}/apply"))
        .bearer(&key)
        .send()
        .await
        .expect(202);
    let done = until(&app, &key, &path, &["done", "failed"]).await;
    assert_eq!(done["result"], planned["plan"]["counts"]);
    let errors = app
        .get(&format!("{path}/errors.csv"))
        .bearer(&key)
        .send()
        .await
        .expect(200);
    assert!(errors.header("content-disposition").contains("list errors.csv"));
    let errors = errors.text();
    assert_eq!(errors.lines().next().unwrap(), "Kunde,E-Mail,Ort,regulars_error");
    assert!(
        errors
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("Bea,not an address,Köln,"),
        "{errors}"
    );
    app.post(&format!("{path}/apply"))
        .bearer(&key)
        .send()
        .await
        .expect(409);

    // The mended error file is imported in its turn.
    let mended = upload(&app, &key, &errors.replace("not an address", "bea@example.com")).await;
    let path = format!("/api/v1/imports/{}", mended["id"].as_str().unwrap());
    assert_eq!(mended["mapping"]["columns"]["regulars_error"], "ignore");
    app.post(&format!("{path}/apply"))
        .bearer(&key)
        .send()
        .await
        .expect(202);
    let done = until(&app, &key, &path, &["done", "failed"]).await;
    assert_eq!(done["result"]["create"], 1);
    app.delete(&path).bearer(&key).send().await.expect(204);
    app.get(&path).bearer(&key).send().await.expect(404);
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn multipart_uploads_and_files_that_are_none() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let form = "--x\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\\\a.csv\"\r\ncontent-type: text/csv\r\n\r\nemail\na@example.com\n\r\n--x--\r\n";
    let import = app
        .post("/api/v1/imports")
        .bearer(&key)
        .body("multipart/form-data; boundary=x", form)
        .send()
        .await
        .expect(201)
        .json;
    assert_eq!(import["file_name"], "a.csv");
    let empty = app
        .post("/api/v1/imports")
        .bearer(&key)
        .body("text/csv", "")
        .send()
        .await
        .expect(422)
        .json;
    assert_eq!(empty["errors"][0]["code"], "file_empty");
    app.post("/api/v1/imports")
        .bearer(&key)
        .body("application/pdf", "%PDF-1.7 \0\0\u{1}")
        .send()
        .await
        .expect(422);
    let none = "--x\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n";
    app.post("/api/v1/imports")
        .bearer(&key)
        .body("multipart/form-data; boundary=x", none)
        .send()
        .await
        .expect(400);
    // What was refused leaves no file behind.
    let files = std::fs::read_dir(app.state().config.storage_dir.join("imports"))
        .unwrap()
        .count();
    assert_eq!(files, 1);
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    let cancelled = app
        .post(&format!("{path}/cancel"))
        .bearer(&key)
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(cancelled["state"], "cancelled");
    let files = std::fs::read_dir(app.state().config.storage_dir.join("imports"))
        .unwrap()
        .count();
    assert_eq!(files, 0);
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn exports_are_written_taken_and_audited() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let import = upload(
        &app,
        &key,
        "email,status\na@example.com,vip\nb@example.com,active\n",
    )
    .await;
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    app.post(&format!("{path}/apply"))
        .bearer(&key)
        .send()
        .await
        .expect(202);
    until(&app, &key, &path, &["done", "failed"]).await;

    let direct = app
        .get("/api/v1/customers/export?format=jsonl&status=vip")
        .bearer(&key)
        .send()
        .await
        .expect(200)
        .text();
    assert_eq!(direct.lines().count(), 1, "{direct}");
    app.get("/api/v1/customers/export?format=pdf&shoe=1")
        .bearer(&key)
        .send()
        .await
        .expect(400);
    let wrong = app
        .post("/api/v1/exports")
        .bearer(&key)
        .json(json!({"format": "csv", "query": {"shoe": 1}}))
        .send()
        .await;
    assert!([400, 422].contains(&wrong.parts().0.as_u16()));
    let export = app
        .post("/api/v1/exports")
        .bearer(&key)
        .json(json!({"format": "csv", "query": {"status": ["vip", "active"]}}))
        .send()
        .await
        .expect(202)
        .json;
    let path = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    let done = until(&app, &key, &path, &["done", "failed"]).await;
    assert_eq!(done["rows"], 2);
    let file = app
        .get(&format!("{path}/download"))
        .bearer(&key)
        .send()
        .await
        .expect(200)
        .text();
    assert_eq!(file.len() as u64, done["bytes"].as_u64().unwrap());
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_entries WHERE action LIKE 'export%' ORDER BY id")
            .fetch_all(app.test_database().owner())
            .await
            .unwrap();
    assert_eq!(actions, ["export.created", "export.created", "export.downloaded"]);
    app.delete(&path).bearer(&key).send().await.expect(204);
    let deleted: Vec<String> = sqlx::query_scalar(
        "SELECT target_id::text FROM audit_entries WHERE action = 'export.deleted' AND actor_kind = 'key'",
    )
    .fetch_all(app.test_database().owner())
    .await
    .unwrap();
    assert_eq!(deleted, [export["id"].as_str().unwrap()]);
    app.get(&format!("{path}/download"))
        .bearer(&key)
        .send()
        .await
        .expect(404);
    worker.stop(Duration::from_secs(5)).await;
    let by_expression = app
        .get("/api/v1/customers/export?format=jsonl&filter=status%20in%20(vip)%20and%20not%20status%20%3D%20churned")
        .bearer(&key)
        .send()
        .await
        .expect(200)
        .text();
    assert_eq!(by_expression, direct);
}

#[tokio::test]
async fn nobody_else_gets_at_it() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let viewer = app.key(Role::Viewer).await;
    let stranger = app.key_of("other", Role::Owner).await;
    let import = upload(&app, &key, "email\na@example.com\n").await;
    let export = app
        .post("/api/v1/exports")
        .bearer(&key)
        .json(json!({"format": "csv"}))
        .send()
        .await
        .expect(202)
        .json;
    let import = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    let export = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    for (path, method) in [
        (import.clone(), "get"),
        (format!("{import}/errors.csv"), "get"),
        (import.clone(), "patch"),
        (format!("{import}/plan"), "post"),
        (format!("{import}/apply"), "post"),
        (format!("{import}/cancel"), "post"),
        (import.clone(), "delete"),
        (export.clone(), "get"),
        (format!("{export}/download"), "get"),
        (export.clone(), "delete"),
    ] {
        let request = |key: Option<&str>| {
            let request = match method {
                "get" => app.get(&path),
                "patch" => app.patch(&path).json(json!({})),
                "post" => app.post(&path),
                _ => app.delete(&path),
            };
            match key {
                Some(key) => request.bearer(key),
                None => request,
            }
        };
        request(None).send().await.expect(401);
        request(Some(&viewer)).send().await.expect(403);
        request(Some(&stranger)).send().await.expect(404);
    }
    for path in ["/api/v1/imports", "/api/v1/exports", "/api/v1/customers/export"] {
        app.get(path).send().await.expect(401);
        app.get(path).bearer(&viewer).send().await.expect(403);
    }
    let list = app
        .get("/api/v1/imports")
        .bearer(&stranger)
        .send()
        .await
        .expect(200)
        .json;
    assert_eq!(list["page"]["total"]["value"], 0);
    app.post("/api/v1/imports")
        .bearer(&viewer)
        .body("text/csv", "email\n")
        .send()
        .await
        .expect(403);
    worker.stop(Duration::from_secs(5)).await;
}

/// A form with one file, under a boundary of its own as each attempt makes up.
async fn attempt(app: &TestApp, key: &str, boundary: &str, content: &str) -> TestResponse {
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{content}\r\n--{boundary}--\r\n"
    );
    app.post("/api/v1/imports")
        .bearer(key)
        .header("idempotency-key", "mondays-file")
        .body(&format!("multipart/form-data; boundary={boundary}"), form)
        .send()
        .await
}

#[tokio::test]
async fn an_upload_is_repeated_safely_and_another_file_under_its_key_is_refused() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let first = attempt(&app, &key, "one", "email\na@example.com\n")
        .await
        .expect(201);
    let again = attempt(&app, &key, "two", "email\na@example.com\n")
        .await
        .expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json["id"], first.json["id"]);
    let other = attempt(&app, &key, "one", "email\nb@example.com\n")
        .await
        .expect(409);
    assert_eq!(other.json["errors"][0]["code"], "idempotency_key_reused");
    let all = app.get("/api/v1/imports").bearer(&key).send().await.expect(200);
    assert_eq!(all.json["page"]["total"]["value"], 1);
    // Neither the repeated file nor the refused one stays on the disk.
    let folder = app.state().config.storage_dir.join("imports");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    worker.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_large_file_of_json_is_an_upload_like_any_other() {
    let (app, _worker) = app().await;
    let key = app.key(Role::Agent).await;
    let people: Vec<Value> = (0..20_000)
        .map(|n| json!({"email": format!("p{n}@example.com"), "first_name": "A name that takes its place"}))
        .collect();
    let text = serde_json::to_string(&people).unwrap();
    assert!(text.len() > 1 << 20);
    let answer = app
        .post("/api/v1/imports?file_name=list.json")
        .bearer(&key)
        .header("idempotency-key", "large")
        .body("application/json", text)
        .send()
        .await
        .expect(201);
    assert_eq!(answer.json["format"]["kind"], "json", "{}", answer.text());
}

#[tokio::test]
async fn an_import_whose_file_was_removed_says_so_and_its_job_can_be_run_again() {
    let (app, worker) = app().await;
    let key = app.key(Role::Agent).await;
    let import = upload(&app, &key, "email\na@example.com\n").await;
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    let folder = app.state().config.storage_dir.join("imports");
    std::fs::rename(&folder, folder.with_extension("away")).unwrap();
    app.post(&format!("{path}/apply"))
        .bearer(&key)
        .send()
        .await
        .expect(202);
    let failed = until(&app, &key, &path, &["failed"]).await;
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("not in the storage"), "{error}");
    std::fs::rename(folder.with_extension("away"), &folder).unwrap();
    let job: JobId = failed["job_id"].as_str().unwrap().parse().unwrap();
    let scope = app.organization("acme").await;
    // It is dead a moment after the import has failed.
    for _ in 0..100 {
        let mut tx = app.database().begin(scope).await.unwrap();
        if regulars_jobs::retry(&mut tx, job).await.is_ok() {
            tx.commit().await.unwrap();
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let done = until(&app, &key, &path, &["done"]).await;
    assert_eq!(done["result"]["create"], 1);
    worker.stop(Duration::from_secs(5)).await;
}
