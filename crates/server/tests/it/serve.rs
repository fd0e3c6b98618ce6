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
