//! The mirror in Firestore with the whole program: servers that are killed while Firestore is down, several that share the
//! work, and `regulars sync`.

#[path = "../../../connect-firestore/tests/it/emulator.rs"]
mod emulator;

use std::time::{Duration, Instant};

use regulars_connect_firestore::proto::{Operation, Write};
use serde_json::json;

use crate::{
    api::{Answer, Api},
    process::{Home, free_port},
};
use emulator::Emulator;

async fn current(api: &Api) -> Answer {
    let until = Instant::now() + Duration::from_secs(90);
    loop {
        let mirror = api.get("/api/v1/sync/firestore").await.expect(200);
        if mirror.at("/state") == "current" {
            return mirror;
        }
        assert!(Instant::now() < until, "{}", mirror.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn servers_that_are_killed_while_firestore_is_down_lose_nothing_and_what_differs_is_mended() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let refused = home.run(&["sync", "verify", "--organization", "acme"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no mirror"));

    let place = emulator.address();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let options = [
        "--listen",
        &listen,
        "--rate-limit",
        "0",
        "--firestore-emulator",
        &place,
    ];
    let server = home.serve_with(port, &options);
    let api = Api::new(&server.url, &key);
    let input = json!({"project_id": "whole-program"});
    api.put("/api/v1/sync/firestore", &input).await.expect(200);
    let down = emulator.kill().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        let customer = json!({"first_name": format!("N{n}"), "email": format!("n{n}@example.com")});
        ids.push(
            api.post("/api/v1/customers", &customer)
                .await
                .expect(201)
                .at("/id"),
        );
    }
    drop(server); // as kill -9 does
    let emulator = Emulator::again(down).await;

    // Two servers, of which each has a worker, and one worker more.
    let first = home.serve_with(port, &options);
    let ports = [free_port(), free_port()];
    let others = ports.map(|port| format!("127.0.0.1:{port}"));
    let second = home.serve_with(
        ports[0],
        &[
            "--listen",
            &others[0],
            "--rate-limit",
            "0",
            "--firestore-emulator",
            &place,
        ],
    );
    let _worker = home.serve_with(
        ports[1],
        &[
            "--listen",
            &others[1],
            "--only",
            "worker",
            "--firestore-emulator",
            &place,
        ],
    );
    let apis = [Api::new(&first.url, &key), Api::new(&second.url, &key)];
    for n in 20..60 {
        let customer = json!({"first_name": format!("N{n}"), "email": format!("n{n}@example.com")});
        ids.push(
            apis[n % 2]
                .post("/api/v1/customers", &customer)
                .await
                .expect(201)
                .at("/id"),
        );
    }
    current(&apis[1]).await;
    let command = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("FIRESTORE_EMULATOR_HOST", &place);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text,
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let verify = ["sync", "verify", "--organization", "acme"];
    let (status, text, errors) = command(&verify);
    assert_eq!(status, Some(0), "{text} {errors}");
    assert!(
        text.starts_with("60 customers compared with 60 documents: 60 equal"),
        "{text}"
    );

    let client = emulator.client("whole-program");
    let gone = ids[..5].iter().map(|id| Write {
        operation: Some(Operation::Delete(client.place().name(id))),
    });
    client.commit(gone.collect()).await.unwrap();
    let (status, text, _) = command(&verify);
    assert_eq!(status, Some(1));
    assert!(text.contains("55 equal, 0 different, 5 missing"), "{text}");
    let (status, text, errors) = command(&["sync", "repair", "--organization", "acme"]);
    assert_eq!(status, Some(0), "{errors}");
    assert!(text.contains("5 mended"), "{text}");
    let (status, text, _) = command(&["sync", "verify", "--organization", "acme", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &found["equal"], &found["missing"]),
        (Some(0), &json!(60), &json!(0))
    );
}
