//! Serving: starting, stopping, being killed, and what operators look at.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    api::Api,
    process::{Home, free_port},
};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn after_kill_nine_a_server_comes_back_within_seconds_with_every_commit_and_no_orphan() {
    let home = Home::private();
    let key = home.organization("acme", "owner");
    for round in 1..=3 {
        let server = home.serve();
        let owners = home.postgres_processes();
        assert!(!owners.is_empty(), "the server has a PostgreSQL of its own");
        let api = Api::new(&server.url, &key);
        api.post(
            "/api/v1/keys",
            &serde_json::json!({"name": format!("round {round}"), "role": "viewer"}),
        )
        .await
        .expect(201);
        server.kill_nine();
        let left = home.postgres_left(Duration::from_secs(10));
        assert!(left.is_empty(), "orphans after round {round}: {left:?}");

        let begun = Instant::now();
        let server = home.serve();
        let api = Api::new(&server.url, &key);
        api.get("/readyz").await.expect(200);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(10), "back only after {took:?}");
        let keys = api.get("/api/v1/keys").await.expect(200);
        let rounds = keys.json["data"].as_array().unwrap().iter();
        let rounds = rounds
            .filter(|one| one["name"].as_str().unwrap().starts_with("round "))
            .count();
        assert_eq!(rounds, round, "{}", keys.text);
        server.kill_nine();
    }
    assert!(home.postgres_left(Duration::from_secs(10)).is_empty());
}

#[tokio::test]
async fn sigterm_ends_it_in_order_with_status_0_and_takes_postgresql_along() {
    let home = Home::private();
    let server = home.serve();
    Api::new(&server.url, "").get("/readyz").await.expect(200);
    let (status, _) = server.terminate();
    assert_eq!(
        status.code(),
        Some(0),
        "{}",
        std::fs::read_to_string(home.log()).unwrap()
    );
    assert!(home.postgres_processes().is_empty());
    let log = std::fs::read_to_string(home.path().join("postgres/postgres.log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
}

#[tokio::test]
async fn commands_join_the_running_server() {
    let home = Home::private();
    let server = home.serve();
    let postmaster = home.postgres_processes();
    let key = home.organization("acme", "owner");
    assert!(key.starts_with("rk_"), "the key alone on stdout: {key}");
    let api = Api::new(&server.url, &key);
    assert_eq!(
        api.get("/api/v1/organization").await.expect(200).at("/slug"),
        "acme"
    );
    let link = home.ok(&[
        "user",
        "create",
        "ada@example.com",
        "--organization",
        "acme",
        "--role",
        "agent",
    ]);
    assert!(link.contains("/set-password/"), "{link}");
    home.ok(&["doctor"]);
    // The command left the server's PostgreSQL alone.
    assert!(
        home.postgres_processes()
            .iter()
            .any(|pid| postmaster.contains(pid))
    );
    api.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn a_second_server_on_the_same_port_says_so_and_ends_with_1() {
    let home = Home::shared().await;
    let port = free_port();
    let _first = home.serve_on(port);
    let second = home.run(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(second.status.code(), Some(1));
    let words = said(&second);
    assert!(
        words.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{words}"
    );
    assert!(words.contains("in use"), "{words}");
}

#[tokio::test]
async fn only_the_first_start_prints_a_link_for_the_owner() {
    let home = Home::shared().await;
    let server = home.serve();
    let link = server.setup_link();
    let page = Api::new(&server.url, "")
        .get(link.strip_prefix(&server.url).unwrap())
        .await
        .expect(200);
    assert!(page.text.contains("Create organization"), "{}", page.text);
    server.kill_nine();

    home.ok(&["organization", "create", "Acme", "--slug", "acme"]);
    home.ok(&[
        "user",
        "create",
        "ada@example.com",
        "--organization",
        "acme",
        "--role",
        "owner",
    ]);
    let server = home.serve();
    let old = link.split_once("/setup/").unwrap().1;
    Api::new(&server.url, "")
        .get(&format!("/setup/{old}"))
        .await
        .expect(404);
    let (_, output) = server.terminate();
    assert!(!output.iter().any(|line| line.contains("/setup/")), "{output:?}");
}

#[tokio::test]
async fn health_readiness_and_metrics_answer_without_credentials_and_name_nobody() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, "");
    assert_eq!(api.get("/healthz").await.expect(200).text.trim(), "ok");
    assert_eq!(api.get("/readyz").await.expect(200).text.trim(), "ready");
    api.with_key(&key).get("/api/v1/organization").await.expect(200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let headers = api.get(path).await.expect(200).headers;
        assert!(
            headers.contains_key("x-request-id") && headers.contains_key("x-content-type-options"),
            "{path}"
        );
    }
    let metrics = api.get("/metrics").await.expect(200);
    assert!(
        metrics.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    for name in [
        "regulars_http_requests_total",
        "regulars_http_request_duration_seconds_bucket",
        "regulars_pool_connections",
    ] {
        assert!(metrics.text.contains(name), "no {name}: {}", metrics.text);
    }
    assert!(
        !metrics.text.contains("acme") && !metrics.text.contains('@'),
        "{}",
        metrics.text
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_key_and_nobody_holds_many() {
    let home = Home::shared().await;
    let owner = home.organization("acme", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &owner);
    let new = serde_json::json!({"name": "display", "role": "viewer"});
    let key = api.post("/api/v1/keys", &new).await.expect(201);
    let display = api.with_key(&key.at("/key"));
    let listen = || {
        display
            .request(reqwest::Method::GET, "/api/v1/events/stream")
            .send()
    };
    let mut open = Vec::new();
    for _ in 0..20 {
        let stream = listen().await.unwrap();
        assert_eq!(stream.status(), 200);
        open.push(stream);
    }
    assert_eq!(listen().await.unwrap().status(), 429);
    let mut first = open.swap_remove(0);
    drop(open);
    api.post("/api/v1/customers", &serde_json::json!({"first_name": "Ada"}))
        .await
        .expect(201);
    let heard = first.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&heard).contains("customer.created"));
    let path = format!("/api/v1/keys/{}", key.at("/id"));
    let revoked = api.request(reqwest::Method::DELETE, &path).send().await.unwrap();
    assert!(revoked.status().is_success());
    let ended = tokio::time::timeout(Duration::from_secs(12), async {
        while first.chunk().await.unwrap().is_some() {}
    });
    ended.await.expect("the stream ends with its key");
}

#[tokio::test]
async fn readiness_fails_while_the_database_is_behind_the_binary() {
    let home = Home::shared().await;
    let server = home.serve();
    let api = Api::new(&server.url, "");
    api.get("/readyz").await.expect(200);
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .execute(home.database().owner())
        .await
        .unwrap();
    // It is looked at once a second.
    let until = Instant::now() + Duration::from_secs(5);
    let answer = loop {
        let answer = api.get("/readyz").await;
        if answer.status.as_u16() == 503 || Instant::now() > until {
            break answer.expect(503);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(answer.text.contains("regulars migrate"), "{}", answer.text);
}

#[tokio::test]
async fn exit_status_tells_done_from_failed_from_wrong_usage() {
    let home = Home::shared().await;
    let code = |arguments: &[&str]| home.run(arguments).status.code();
    assert_eq!(
        code(&["organization", "create", "Acme", "--slug", "acme"]),
        Some(0)
    );
    assert_eq!(code(&["openapi"]), Some(0));
    assert_eq!(code(&["--help"]), Some(0));
    let twice = home.run(&["organization", "create", "Acme", "--slug", "acme"]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(said(&twice).contains("“acme”"), "{}", said(&twice));
    assert!(twice.stdout.is_empty(), "errors go to stderr");
    let unknown = home.run(&[
        "key",
        "create",
        "--organization",
        "nobody",
        "--name",
        "x",
        "--role",
        "viewer",
    ]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("nobody"), "{}", said(&unknown));
    assert_eq!(code(&["serve", "--no-such-option"]), Some(2));
    assert_eq!(code(&["no-such-command"]), Some(2));
    assert_eq!(
        code(&[
            "key",
            "create",
            "--organization",
            "acme",
            "--name",
            "x",
            "--role",
            "king"
        ]),
        Some(2)
    );
    let unreachable = Command::new(env!("CARGO_BIN_EXE_regulars"))
        .args(["doctor", "--database-url", "postgres://x:secret@127.0.0.1:1/x"])
        .output()
        .unwrap();
    assert_eq!(unreachable.status.code(), Some(1));
    assert!(!said(&unreachable).contains("secret"), "{}", said(&unreachable));
}

#[tokio::test]
async fn metrics_tell_what_waits_in_the_queues_what_jobs_came_to_and_what_was_imported() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    // Counted when the server starts, and then each half minute.
    sqlx::query(
        "INSERT INTO jobs (organization_id, id, queue, kind, state, run_at, finished_at)
         SELECT id, gen_random_uuid(), 'slow', 'import.plan', state, now() + interval '1 day',
                CASE WHEN state = 'dead' THEN now() END
         FROM organizations, unnest(ARRAY['queued', 'queued', 'dead']) AS state WHERE slug = 'acme'",
    )
    .execute(home.database().owner())
    .await
    .unwrap();
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let file = "email,first_name\nada@example.com,Ada\nbob@example.com,Bob\nnobody,x\n";
    let import = api.upload("few.csv", file.into()).await.expect(201).at("/id");
    let path = format!("/api/v1/imports/{import}");
    api.post(&format!("{path}/apply"), &serde_json::json!({}))
        .await
        .expect(202);
    api.until(&path, &["done", "failed"], Duration::from_secs(30))
        .await;
    let wanted = [
        ("regulars_jobs_queued{queue=\"slow\"}", "2"),
        ("regulars_jobs_dead{queue=\"slow\"}", "1"),
        ("regulars_jobs_running{queue=\"slow\"}", "0"),
        ("regulars_jobs_total{kind=\"import.apply\",outcome=\"done\"}", "1"),
        ("regulars_jobs_duration_seconds_count{kind=\"import.apply\"}", "1"),
        ("regulars_import_rows_total{outcome=\"create\"}", "2"),
        ("regulars_import_rows_total{outcome=\"invalid\"}", "1"),
    ];
    // A job is counted just after its import says that it is done.
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let metrics = api.get("/metrics").await.expect(200).text;
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(name, value)| !metrics.lines().any(|line| line == format!("{name} {value}")))
            .collect();
        if missing.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "{missing:?} is not in\n{metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_log_is_json_when_asked_for_names_each_request_and_nobodys_address_or_number() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let server = home.serve_with(
        port,
        &[
            "--listen",
            &listen,
            "--rate-limit",
            "0",
            "--log-format",
            "json",
            "--log",
            "debug",
        ],
    );
    let api = Api::new(&server.url, &key);
    let ada =
        serde_json::json!({"first_name": "Ada", "email": "secret.ada@example.com", "phone": "+4930123456"});
    let mut answers = vec![api.post("/api/v1/customers", &ada).await.expect(201)];
    answers.push(api.post("/api/v1/customers", &ada).await.expect(409));
    let wrong = serde_json::json!({"email": "secret.ada@@example", "phone": "+4930123456x99"});
    answers.push(api.post("/api/v1/customers", &wrong).await.expect(422));
    for path in [
        "/api/v1/customers/by-email/secret.ada@example.com",
        "/api/v1/customers?q=secret.ada%40example.com",
        "/api/v1/customers?q=%2B4930123456",
    ] {
        answers.push(api.get(path).await.expect(200));
    }
    let form = "email=secret.ada%40example.com&password=wrong+by+far";
    let sign_in = api.with_key("").request(reqwest::Method::POST, "/sign-in");
    let sign_in = sign_in
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    answers.push(crate::api::answer(sign_in.body(form)).await);
    let file = "email,phone\nsecret.bob@example.com,+4930654321\nsecret.eve@@x,+4930654321\n";
    let import = api.upload("few.csv", file.into()).await.expect(201);
    let path = format!("/api/v1/imports/{}", import.at("/id"));
    answers.push(import);
    api.post(&format!("{path}/apply"), &serde_json::json!({}))
        .await
        .expect(202);
    api.until(&path, &["done", "failed"], Duration::from_secs(30))
        .await;
    server.terminate();

    let log = std::fs::read_to_string(home.log()).unwrap();
    for secret in ["secret.", "4930123456", "4930654321", "0123456"] {
        let told = log.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret} stands in the log");
    }
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for line in &lines {
        let at = line["timestamp"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{line}");
        let level = line["level"].as_str().unwrap();
        assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&level), "{line}");
    }
    for answer in answers {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let mut told = lines.iter().filter(|line| line["span"]["request_id"] == id);
        let told = told.find(|line| line["fields"]["message"] == "answered");
        let told = told.unwrap_or_else(|| panic!("the request {id} is not in the log"));
        assert_eq!(told["fields"]["status"], answer.status.as_u16(), "{told}");
    }
}

#[tokio::test]
async fn doctor_names_migrations_that_wait_says_what_to_do_and_ends_with_1() {
    let home = Home::private();
    let _server = home.serve();
    home.ok(&["doctor"]);
    let owner = sqlx::PgPool::connect(&home.ok(&["database-url"])).await.unwrap();
    let last: String = sqlx::query_scalar(
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)
         RETURNING lpad(version::text, 4, '0') || ' ' || description",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    owner.close().await;
    let sick = home.run(&["doctor"]);
    assert_eq!(sick.status.code(), Some(1), "{}", said(&sick));
    let told = String::from_utf8_lossy(&sick.stdout).into_owned();
    assert!(
        told.contains(&format!("BAD      Migrations: pending: {last}")),
        "{told}"
    );
    assert!(told.contains("→ Run `regulars migrate`"), "{told}");
    assert!(said(&sick).contains("1 of "), "{}", said(&sick));
    let json = home.run(&["doctor", "--json"]);
    assert_eq!(json.status.code(), Some(1));
    let checks: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    let bad: Vec<_> = checks.iter().filter(|check| check["outcome"] == "bad").collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(bad[0]["name"], "Migrations");
    assert!(bad[0]["advice"].as_str().unwrap().contains("regulars migrate"));
}
