//! A real server on a fresh database, and a real Chromium looking at it.
//!
//! Each test has its own server, database and browser profile. Nothing outside the loopback is reached.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator};
use regulars_testkit::TestDatabase;
use serde_json::json;

/// The binary `regulars` serving a fresh database, ended with this value.
pub struct Server {
    child: Child,
    pub url: String,
    pub setup_link: String,
    pub database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts it and reads the first-owner link it prints.
    pub async fn start() -> Self {
        let database = TestDatabase::new().await;
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_regulars"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
            .arg(folder.path())
            .env("DATABASE_URL", database.url())
            .env("REGULARS_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let setup_link = loop {
            let line = lines.next().expect("the server prints its link").unwrap();
            if let Some((_, link)) = line.split_once("create the owner at ") {
                break link.to_owned();
            }
        };
        Self { child, url: format!("http://127.0.0.1:{port}"), setup_link, database, folder }
    }

    /// Runs a command of the same binary on the same database and gives what it printed.
    pub fn regulars(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_regulars"))
            .args(arguments)
            .arg("--data-dir")
            .arg(self.folder.path())
            .env("DATABASE_URL", self.database.url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A headless Chromium of its own, driven through chromedriver; both end with this value.
pub struct Browser {
    driver: Child,
    pub client: Client,
    base: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens one for a server. The window is 1440 by 1000.
    pub async fn open(server: &Server) -> Self {
        let port = free_port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed by make test");
        let capabilities = json!({
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
                "--window-size=1440,1000", format!("--user-data-dir={}", profile.path().display()),
            ]},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities.as_object().unwrap().clone());
        let until = Instant::now() + Duration::from_secs(30);
        let client = loop {
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < until, "chromedriver: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        Self { driver, client, base: server.url.clone(), _profile: profile }
    }

    /// Goes to a path of the server.
    pub async fn go(&self, path: &str) {
        let target = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.goto(&target).await.unwrap();
    }

    /// Waits for an element and gives it.
    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        match self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                self.picture("missing").await;
                panic!("no {css}: {error}\n{}", self.text("body").await)
            }
        }
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|error| panic!("clicking {css}: {error}"));
    }

    /// Clicks the first link, button or menu item that reads exactly so.
    pub async fn press(&self, words: &str) {
        let path = format!("//*[self::a or self::button][normalize-space(.)='{words}' or @aria-label='{words}']");
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            for element in self.client.find_all(Locator::XPath(&path)).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) && element.click().await.is_ok() {
                    return;
                }
            }
            if Instant::now() > until {
                self.picture("missing").await;
                panic!("nothing reads “{words}”: {}", self.text("body").await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap_or_else(|error| panic!("filling {css}: {error}"));
    }

    /// The text of an element.
    pub async fn text(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        let until = Instant::now() + Duration::from_secs(15);
        while !self.text("body").await.contains(words) {
            if Instant::now() > until {
                self.picture("unseen").await;
                panic!("the page does not show “{words}”: {}", self.text("body").await);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Becomes the first owner through the printed link.
    pub async fn become_owner(&self, server: &Server) {
        self.go(&server.setup_link).await;
        self.fill("[name=organization]", "Maison Lumière").await;
        self.fill("[name=name]", "Ada Owner").await;
        self.fill("[name=email]", "owner@example.com").await;
        self.fill("[name=password]", "seven quiet otters read maps").await;
        self.fill("[name=password_repeated]", "seven quiet otters read maps").await;
        self.press("Create organization").await;
        self.sees("Customers").await;
    }

    /// Serious and critical faults that axe finds, as text; empty when there are none.
    pub async fn axe(&self) -> String {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/node_modules/axe-core/axe.min.js");
        let source = std::fs::read_to_string(source).expect("make setup installs axe-core");
        self.client.execute(&source, vec![]).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations
              .filter(one => one.impact === 'serious' || one.impact === 'critical')
              .map(one => one.id + ': ' + one.nodes.map(node => node.html).slice(0, 3).join(' | ')).join('\\n')))";
        let found = self.client.execute_async(script, vec![]).await.unwrap();
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Errors on the browser's console since the last look; a refused script or style is one.
    pub async fn console_errors(&self) -> Vec<String> {
        let script = "return window.__faults || []";
        let found = self.client.execute(script, vec![]).await.unwrap();
        serde_json::from_value(found).unwrap_or_default()
    }

    /// Keeps a picture for whoever reads a failed run, where REGULARS_SHOTS names a folder.
    pub async fn picture(&self, name: &str) {
        let Ok(folder) = std::env::var("REGULARS_SHOTS") else { return };
        let _ = std::fs::create_dir_all(&folder);
        if let Ok(picture) = self.client.screenshot().await {
            let _ = std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture);
        }
    }

    /// Sets the window's size.
    pub async fn size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its driver's session; a killed driver takes it along.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
