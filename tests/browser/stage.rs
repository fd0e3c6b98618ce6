//! What a test begins with: a real server on a fresh database, its owner signed in, and a browser looking at it.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    process::Command,
};

use regulars_testkit::TestDatabase;
use serde_json::Value;

use crate::{
    api::Api,
    harness::Browser,
    process::{Home, Server},
};

/// The password of everybody.
pub const PASSWORD: &str = "seven quiet otters read maps";

/// Customers of the demo shop.
pub const CROWD: i64 = 100_000;
/// Where what makes the demo shop stands, besides the migrations: who they are, and how they are imported.
const DEMO: [&str; 6] = [
    "server/src/demo",
    "exchange/src/import",
    "mapping/src",
    "customers/src/model",
    "customers/src/store",
    "kernel/src",
];

/// A server, a browser, and the organization “maison” with its owner Ada.
pub struct Stage {
    pub browser: Browser,
    pub api: Api,
    pub server: Server,
    pub home: Home,
}

impl Stage {
    /// Signs Ada in to a shop that has nobody yet.
    pub async fn signed_in() -> Self {
        let home = Home::shared().await;
        let arguments = [
            "organization",
            "create",
            "Maison Lumière",
            "--slug",
            "maison",
            "--time-zone",
            "Europe/Paris",
        ];
        home.ok(&arguments);
        Self::at(home).await
    }

    /// Signs Ada in to the demo shop with [`CROWD`] customers. It is made once a day and state of [`DEMO`], by the first
    /// test that asks.
    pub async fn crowded() -> Self {
        let mut hash = DefaultHasher::new();
        for folder in DEMO {
            hash_files(
                &Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder),
                &mut hash,
            );
        }
        let day = regulars_kernel::clock::now().format("%m%d");
        let name = format!("demo_{day}_{:08x}", hash.finish() as u32);
        let database = TestDatabase::filled(&name, |url| {
            let folder = tempfile::tempdir().unwrap();
            let made = Command::new(env!("CARGO_BIN_EXE_regulars"))
                .args([
                    "demo",
                    "--organization",
                    "maison",
                    "--customers",
                    &CROWD.to_string(),
                    "--data-dir",
                ])
                .arg(folder.path())
                .env("DATABASE_URL", url)
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        });
        Self::at(Home::on(database.await)).await
    }

    async fn at(home: Home) -> Self {
        let key = home.key("maison", "owner");
        let link = home.ok(&[
            "user",
            "create",
            "ada@example.com",
            "--organization",
            "maison",
            "--role",
            "owner",
        ]);
        let server = home.serve();
        let browser = Browser::open(&server.url).await;
        browser.go(&link[link.find("/set-password/").unwrap()..]).await;
        browser.fill("[name=password]", PASSWORD).await;
        browser.fill("[name=password_repeated]", PASSWORD).await;
        browser.press("Set password and sign in").await;
        browser.find("#sidebar").await;
        Self {
            api: Api::new(&server.url, &key),
            browser,
            server,
            home,
        }
    }

    /// Adds a customer through the API and gives its id.
    pub async fn customer(&self, body: Value) -> String {
        self.api
            .post("/api/v1/customers", &body)
            .await
            .expect(201)
            .at("/id")
    }

    /// Ends everything. Fails the test if the browser's console has errors or the server logged any.
    pub async fn end(self) {
        self.browser.end().await;
        let log = fs::read_to_string(self.home.log()).unwrap_or_default();
        assert!(!log.contains("ERROR"), "the server logged errors: {log}");
        drop(self.server);
    }
}

fn hash_files(folder: &Path, hash: &mut DefaultHasher) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_files(&path, hash);
        } else {
            fs::read(path).unwrap().hash(hash);
        }
    }
}
