//! Stopping in order, and running one half.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    api::Api,
    process::{Home, free_port},
};

/// Sends the head of a request and the first part of its body; the rest may follow.
fn begin_upload(port: u16, key: &str, name: &str, body: &str, first: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        stream,
        "POST /api/v1/imports?file_name={name} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\
         content-type: text/csv\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{}",
        body.len(),
        &body[..first]
    )
    .unwrap();
    stream.flush().unwrap();
    stream
}

/// More rows than are applied within the moment between SIGTERM and the end.
fn large() -> String {
    let mut text = String::from("external_id,email,first_name,last_name,city,country\n");
    for number in 0..30_000 {
        let _ = writeln!(
            text,
            "x{number},person{number}@example.com,Given,Family,Berlin,DE"
        );
    }
    text
}

#[tokio::test]
async fn stopping_lets_requests_finish_ends_streams_and_gives_jobs_back_untried() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let server = home.serve_with(
        port,
        &["--listen", &listen, "--rate-limit", "0", "--drain-seconds", "2"],
    );
    let api = Api::new(&server.url, &key);
    let import = api.upload("large.csv", large().into_bytes()).await.expect(201);
    let path = format!("/api/v1/imports/{}", import.at("/id"));
    let job = api
        .post(&format!("{path}/apply"), &json!({}))
        .await
        .expect(202)
        .at("/job_id");
    api.until(
        &format!("/api/v1/jobs/{job}"),
        &["running"],
        Duration::from_secs(30),
    )
    .await;
    let mut events = api
        .request(reqwest::Method::GET, "/api/v1/events/stream")
        .send()
        .await
        .unwrap();
    assert_eq!(events.status().as_u16(), 200);
    let body = "email\nada@example.com\ngrace@example.com\n";
    let mut upload = begin_upload(port, &key, "few.csv", body, 10);
    tokio::time::sleep(Duration::from_millis(300)).await;

    let stopping = std::thread::spawn(move || server.terminate());
    let began = Instant::now();
    while events.chunk().await.unwrap_or_default().is_some() {}
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the stream ended only after {:?}",
        began.elapsed()
    );
    upload.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    upload.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err() || stopping.is_finished(),
        "nobody new is taken"
    );
    let (status, _) = stopping.join().unwrap();
    assert_eq!(
        status.code(),
        Some(0),
        "{}",
        std::fs::read_to_string(home.log()).unwrap()
    );

    let (state, attempts, worker): (String, i32, Option<String>) =
        sqlx::query_as("SELECT state, attempts, worker FROM jobs WHERE kind = 'import.apply'")
            .fetch_one(home.database().owner())
            .await
            .unwrap();
    assert_eq!((state.as_str(), attempts, worker), ("queued", 0, None));
    let (state, rows): (String, i64) =
        sqlx::query_as("SELECT state, applied_position FROM imports WHERE file_name = 'large.csv'")
            .fetch_one(home.database().owner())
            .await
            .unwrap();
    assert_eq!(state, "applying");
    assert!(rows < 30_000);
}

#[tokio::test]
async fn one_process_can_answer_and_another_work_and_the_configuration_file_says_which() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let port = free_port();
    let file = home.path().join("regulars.toml");
    std::fs::write(
        &file,
        format!("listen = \"127.0.0.1:{port}\"\nonly = \"web\"\nrate_limit = 0\n"),
    )
    .unwrap();
    let web = home.serve_with(port, &["--config", file.to_str().unwrap()]);
    let api = Api::new(&web.url, &key);
    let import = api
        .upload("few.csv", b"email\nada@example.com\n".to_vec())
        .await
        .expect(201);
    let path = format!("/api/v1/imports/{}", import.at("/id"));
    api.post(&format!("{path}/apply"), &json!({})).await.expect(202);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(
        api.get(&path).await.expect(200).at("/state"),
        "applying",
        "the web half leaves the job alone"
    );

    let other = free_port();
    let worker = home.serve_with(
        other,
        &["--listen", &format!("127.0.0.1:{other}"), "--only", "worker"],
    );
    let done = api
        .until(&path, &["done", "failed"], Duration::from_secs(20))
        .await;
    assert_eq!(done.at("/state"), "done");
    let operations = Api::new(&worker.url, &key);
    operations.get("/healthz").await.expect(200);
    operations.get("/readyz").await.expect(200);
    operations.get("/metrics").await.expect(200);
    operations.get("/api/v1/customers").await.expect(404);
    operations.get("/sign-in").await.expect(404);
}

#[tokio::test]
async fn a_configuration_file_with_an_unknown_setting_is_refused_by_name() {
    let home = Home::shared().await;
    let file = home.path().join("regulars.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let output = home.run(&["migrate", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("lisen"),
        "{output:?}"
    );
}

#[tokio::test]
async fn migrating_makes_an_empty_database_ready_and_may_be_repeated() {
    let home = Home::private();
    for _ in 0..2 {
        let output = home.run(&["migrate"]);
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("The database is current"));
    }
    home.ok(&["doctor"]);
}
