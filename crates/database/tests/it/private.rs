//! The private server: made, joined, killed, brought back.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use regulars_database::{
    Opened, PrivateServer, Settings, cluster, connect::serving_pool, doctor, migrate, open,
};
use sqlx::{Connection as _, PgConnection, PgPool};

const CHILD: &str = "REGULARS_TEST_OWN_PRIVATE_SERVER";

/// A folder that another user may pass through.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

async fn text(url: &str, query: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let text = sqlx::query_scalar(query)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    text
}

async fn execute(url: &str, statement: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn start(folder: &Path) -> PrivateServer {
    PrivateServer::start_or_join(folder)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn it_starts_also_as_root_durable_with_checksums_and_over_a_socket_only() {
    let folder = folder();
    let server = start(folder.path()).await;
    let owner = server.url_owner();
    for (name, expected) in [
        ("SHOW data_checksums", "on"),
        ("SHOW fsync", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW listen_addresses", ""),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW password_encryption", "scram-sha-256"),
        ("SELECT current_database()::text", "regulars"),
    ] {
        assert_eq!(text(&owner, name).await, expected, "{name}");
    }
    assert_eq!(
        text(&server.url_app(), "SELECT current_user::text").await,
        "regulars_serving"
    );
    let secret = fs::metadata(folder.path().join("postgres.secret")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    let socket_dir = fs::metadata(&server.cluster().socket_dir).unwrap();
    assert_eq!(socket_dir.permissions().mode() & 0o777, 0o700);
    assert!(
        PgConnection::connect(&server.cluster().url("postgres", Some("wrong"), "regulars"))
            .await
            .is_err()
    );

    server.stop().await.unwrap();
    assert_eq!(server.cluster().running(), None);
}

#[tokio::test]
async fn a_second_process_joins_and_takes_over_when_the_owner_leaves() {
    let folder = folder();
    let owner = start(folder.path()).await;
    let joined = start(folder.path()).await;
    assert!(owner.is_owned());
    assert!(!joined.is_owned());
    execute(&joined.url_owner(), "CREATE TABLE kept AS SELECT 'here' AS word").await;

    let keeper = tokio::spawn({
        let joined = joined.clone();
        async move { joined.keep().await }
    });
    owner.stop().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !joined.is_owned() {
        assert!(Instant::now() < deadline, "nobody brought the server back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(text(&joined.url_owner(), "SELECT word FROM kept").await, "here");
    keeper.abort();
    joined.stop().await.unwrap();
    assert_eq!(joined.cluster().running(), None);
}

#[tokio::test]
async fn after_kill_nine_of_its_owner_no_server_is_left_and_the_next_start_has_every_commit() {
    if let Ok(folder) = std::env::var(CHILD) {
        let server = start(Path::new(&folder)).await;
        execute(
            &server.url_owner(),
            "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)",
        )
        .await;
        println!("owned {}", server.cluster().running().unwrap());
        std::future::pending::<()>().await;
    }
    let folder = folder();
    for round in 1..=3_i64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg(
                "private::after_kill_nine_of_its_owner_no_server_is_left_and_the_next_start_has_every_commit",
            )
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("owned ").map(|(_, pid)| pid.to_owned()))
            .expect("the child owns a server");
        let first_pid: i32 = line.parse().unwrap();
        // SIGKILL: the child can do nothing about it.
        child.kill().unwrap();
        child.wait().unwrap();

        let server = start(folder.path()).await;
        assert_ne!(server.cluster().running(), Some(first_pid));
        assert!(!cluster::is_alive(first_pid), "the first server is still there");
        let mut connection = PgConnection::connect(&server.url_owner()).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM kept")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(rows, round);
        connection.close().await.unwrap();
        server.stop().await.unwrap();
        assert_eq!(server.cluster().running(), None);
    }
}

#[tokio::test]
async fn a_server_that_was_cut_off_recovers_at_the_next_start() {
    let folder = folder();
    let server = start(folder.path()).await;
    execute(&server.url_owner(), "CREATE TABLE kept AS SELECT 'here' AS word").await;
    let pid = nix::unistd::Pid::from_raw(server.cluster().running().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    drop(server);
    let again = start(folder.path()).await;
    assert_eq!(text(&again.url_owner(), "SELECT word FROM kept").await, "here");
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_folder_with_a_very_long_path_works() {
    let folder = folder();
    let long = folder.path().join("x".repeat(120));
    let server = start(&long).await;
    assert!(cluster::socket_fits(&server.cluster().socket_dir));
    assert!(!server.cluster().socket_dir.starts_with(&long));
    assert_eq!(text(&server.url_owner(), "SELECT 'here'").await, "here");
    let joined = start(&long).await;
    assert_eq!(joined.cluster().socket_dir, server.cluster().socket_dir);
    let socket_dir = server.cluster().socket_dir.clone();
    server.stop().await.unwrap();
    fs::remove_dir_all(socket_dir).unwrap();
}

#[tokio::test]
async fn a_data_folder_below_a_closed_home_works_for_root_too() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let server = start(&data_dir).await;
    assert_eq!(text(&server.url_owner(), "SELECT 'here'").await, "here");
    server.stop().await.unwrap();
    let again = start(&data_dir).await;
    again.stop().await.unwrap();
    fs::remove_dir_all(data_dir.join("postgres").canonicalize().unwrap()).unwrap();
}

#[tokio::test]
async fn opened_with_settings_it_is_migrated_held_and_healthy() {
    let folder = folder();
    let opened = open(Settings {
        database_url: None,
        data_dir: folder.path().to_path_buf(),
        max_connections: 5,
    })
    .await
    .unwrap_or_else(|error| panic!("{error}"));
    assert!(!migrate::is_current(&opened.owner).await.unwrap());
    migrate::run(&opened.owner)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(migrate::is_current(&opened.owner).await.unwrap());
    opened
        .check_serving()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    for check in doctor::examine(&opened).await {
        // How full the disk is, is the machine's business.
        assert!(
            check.outcome == doctor::Outcome::Good || check.name == "Disk space",
            "{check:?}"
        );
    }
    // Somebody's own database, of a locale that knows ASCII alone.
    sqlx::query("CREATE DATABASE ascii TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
        .execute(&opened.owner)
        .await
        .unwrap();
    let options = (*opened.owner.connect_options()).clone().database("ascii");
    let other = Opened {
        owner: PgPool::connect_with(options).await.unwrap(),
        ..opened.clone()
    };
    let checks = doctor::examine(&other).await;
    let letters = checks.iter().find(|check| check.name == "Letters").unwrap();
    assert_eq!(letters.outcome, doctor::Outcome::Warning);
    other.owner.close().await;
    opened.close().await.unwrap();
    assert_eq!(opened.private.unwrap().cluster().running(), None);
}

#[tokio::test]
async fn a_role_that_could_bypass_the_wall_is_refused_as_serving_role() {
    // Roles belong to a whole cluster, so this one is the test's own.
    let folder = folder();
    let settings = || Settings {
        database_url: None,
        data_dir: folder.path().to_path_buf(),
        max_connections: 2,
    };
    let first = open(settings()).await.unwrap_or_else(|error| panic!("{error}"));
    migrate::run(&first.owner)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    first.check_serving().await.unwrap();
    let owner = first.private.as_ref().unwrap().url_owner();
    for (give, take, why) in [
        (
            "ALTER ROLE regulars_app BYPASSRLS",
            "ALTER ROLE regulars_app NOBYPASSRLS",
            "may bypass row-level security",
        ),
        (
            "ALTER ROLE regulars_app SUPERUSER",
            "ALTER ROLE regulars_app NOSUPERUSER",
            "is a superuser",
        ),
        (
            "ALTER TABLE customers OWNER TO regulars_app",
            "ALTER TABLE customers OWNER TO CURRENT_USER",
            "owns the tables",
        ),
        (
            "CREATE ROLE keeper; ALTER TABLE customers OWNER TO keeper; GRANT keeper TO regulars_app",
            "ALTER TABLE customers OWNER TO CURRENT_USER; DROP ROLE keeper",
            "owns the tables",
        ),
    ] {
        execute(&owner, give).await;
        let begun = Instant::now();
        let refused = first.check_serving().await.unwrap_err().to_string();
        assert!(
            refused.contains("regulars_app") && refused.contains(why),
            "{give}: {refused}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5), "it is told at once");
        let checks = doctor::examine(&first).await;
        let role = checks.iter().find(|check| check.name == "Serving role").unwrap();
        assert_eq!(role.outcome, doctor::Outcome::Bad);
        assert!(role.found.contains(why) && role.advice.is_some(), "{role:?}");
        // Nor does the pool give out such a connection, however long one asks.
        let url = first.private.as_ref().unwrap().url_app();
        let pool = serving_pool(url.parse().unwrap(), 1);
        let asked = tokio::time::timeout(Duration::from_millis(500), pool.acquire()).await;
        assert!(!matches!(asked, Ok(Ok(_))), "{give}: it serves");
        execute(&owner, take).await;
        let given = pool.acquire().await;
        assert!(given.is_ok(), "{take}: {given:?}");
        drop(given);
        pool.close().await;
        first
            .check_serving()
            .await
            .unwrap_or_else(|error| panic!("{take}: {error}"));
    }
    first.close().await.unwrap();
}
