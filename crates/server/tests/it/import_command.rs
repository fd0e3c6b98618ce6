//! Imports of the command line: killed, gone on with, and seen on the page meanwhile.

use std::{
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use sqlx::PgPool;

use crate::{
    api::Api,
    import_kill::{ROWS, before, everything, file},
    process::Home,
};

/// How often the command is killed.
const KILLS: usize = 3;

fn write(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn begin(home: &Home, path: &str, slug: &str) -> Child {
    home.command(&["import", path, "--organization", slug])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn state(owner: &PgPool, slug: &str) -> Option<(String, i64)> {
    sqlx::query_as(
        "SELECT i.state, i.applied_position FROM imports i JOIN organizations o ON o.id = i.organization_id
         WHERE o.slug = $1 AND i.file_name = 'people.csv' ORDER BY i.id DESC LIMIT 1",
    )
    .bind(slug)
    .fetch_optional(owner)
    .await
    .unwrap()
}

/// Kills the command once it has applied so many rows. Answers how many it had applied.
async fn kill_after(child: &mut Child, owner: &PgPool, slug: &str, rows: i64) -> i64 {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if state(owner, slug).await.is_some_and(|(_, at)| at >= rows) {
            break;
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
        assert!(Instant::now() < until, "it does not go on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (state, at) = state(owner, slug).await.unwrap();
    assert_eq!(state, "applying", "it was killed in the midst");
    at
}

#[tokio::test]
async fn a_killed_import_command_goes_on_when_it_is_given_again_and_ends_row_for_row_the_same() {
    let home = Home::shared().await;
    let owner = home.database().owner().clone();
    let (earlier, people) = (
        write(&home, "before.csv", &before()),
        write(&home, "people.csv", &file()),
    );
    for slug in ["whole", "killed"] {
        home.organization(slug, "owner");
        home.ok(&["import", &earlier, "--organization", slug]);
    }
    let wanted = home.ok(&["import", &people, "--organization", "whole"]);
    let mut points = Vec::new();
    for kill in 0..KILLS {
        let mut child = begin(&home, &people, "killed");
        let rows = (ROWS * kill / KILLS) as i64;
        points.push(kill_after(&mut child, &owner, "killed", rows.max(1)).await);
    }
    assert!(points.is_sorted(), "{points:?}");
    let ended = home.run(&["import", &people, "--organization", "killed"]);
    let words = String::from_utf8_lossy(&ended.stderr);
    assert!(
        words.contains("was begun before and goes on where it stopped"),
        "{words}"
    );
    let ended = String::from_utf8(ended.stdout).unwrap().trim_end().to_owned();
    assert_eq!(ended, wanted, "killed at {points:?}");
    let imports: i64 = sqlx::query_scalar("SELECT count(*) FROM imports WHERE file_name = 'people.csv'")
        .fetch_one(&owner)
        .await
        .unwrap();
    assert_eq!(imports, 2, "each run went on with the same import");
    let (wanted, found) = (
        everything(&owner, "whole").await,
        everything(&owner, "killed").await,
    );
    assert_eq!(wanted.len(), found.len());
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!(wanted, found);
    }
    let left: Vec<_> = fs::read_dir(home.path().join("files/imports"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // A copy that was never whole is swept after a day.
        .filter(|path| path.extension().is_none_or(|end| end != "part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_page_offers_to_go_on_with_an_import_whose_command_was_killed() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let owner = home.database().owner().clone();
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let people = write(&home, "people.csv", &file());
    let mut child = begin(&home, &people, "acme");
    let until = Instant::now() + Duration::from_secs(60);
    while state(&owner, "acme").await.is_none_or(|(_, rows)| rows == 0) {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = api.get("/api/v1/imports").await.expect(200).at("/data/0/id");
    let path = format!("/api/v1/imports/{id}");
    // While the command is alive nobody else may.
    let refused = api
        .post(&format!("{path}/apply"), &serde_json::json!({}))
        .await
        .expect(409);
    assert!(refused.text.contains("import_busy"), "{}", refused.text);
    kill_after(&mut child, &owner, "acme", 1).await;
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let answer = api.post(&format!("{path}/apply"), &serde_json::json!({})).await;
        if answer.status.as_u16() == 202 {
            break;
        }
        assert!(Instant::now() < until, "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A job has it now, so the command keeps out of it.
    let second = home.run(&["import", &people, "--organization", "acme"]);
    if !second.status.success() {
        let words = String::from_utf8_lossy(&second.stderr);
        assert!(words.contains("works on this import already"), "{words}");
    }
    let done = api
        .until(&path, &["done", "failed", "cancelled"], Duration::from_secs(60))
        .await;
    assert_eq!(done.at("/state"), "done", "{}", done.text);
    assert_eq!(done.at("/applied_rows"), ROWS.to_string());
}

#[tokio::test]
async fn a_file_is_imported_with_and_without_a_server_beside_on_the_private_database() {
    let home = Home::private();
    let key = home.organization("acme", "owner");
    let few = write(&home, "few.csv", "id,email\n1,a@example.com\n2,b@example.com\n");
    let alone = home.ok(&["import", &few, "--organization", "acme"]);
    assert!(alone.contains("2 rows: 2 created"), "{alone}");
    let server = home.serve();
    let more = write(&home, "more.csv", "id,email\n2,b@example.com\n3,c@example.com\n");
    let beside = home.ok(&["import", &more, "--organization", "acme"]);
    assert!(
        beside.contains("2 rows: 1 created, 0 updated, 1 unchanged"),
        "{beside}"
    );
    let plan = home.ok(&["import", &few, "--organization", "acme", "--dry-run"]);
    assert!(plan.contains("2 unchanged"), "{plan}");
    let imports = Api::new(&server.url, &key)
        .get("/api/v1/imports")
        .await
        .expect(200);
    assert_eq!(
        imports.at("/page/total/value"),
        "2",
        "a dry run leaves nothing: {}",
        imports.text
    );
    for at in ["/data/0/state", "/data/1/state"] {
        assert_eq!(imports.at(at), "done");
    }
}
