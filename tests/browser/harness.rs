//! A real Chromium of a test, with a profile of its own. Nothing outside the loopback is reached.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder,
    elements::{Element, ElementRef},
};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::process::free_port;

/// How long a page may take to show what is awaited. Debug builds on a busy machine are slow; nothing waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);
/// The name under which WebDriver gives elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A headless Chromium of its own, driven through chromedriver; both end with this value.
pub struct Browser {
    driver: Child,
    client: Client,
    driver_url: String,
    http: reqwest::Client,
    base: String,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Opens one for a server. The window is 1440 by 1000.
    pub async fn open(base: &str) -> Self {
        let port = free_port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`make browser` installs chromedriver");
        let capabilities = json!({
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
                "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB",
                "--window-size=1440,1000", format!("--user-data-dir={}", profile.path().display()),
            ]},
            "goog:loggingPrefs": {"browser": "ALL"},
            // The document of the whole interface is long: axe looks at all of it.
            "timeouts": {"script": 120_000},
        });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().unwrap().clone());
        let driver_url = format!("http://127.0.0.1:{port}");
        let until = Instant::now() + Duration::from_secs(40);
        let client = loop {
            match builder.connect(&driver_url).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < until, "chromedriver: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let http = crate::api::client().no_proxy().build().unwrap();
        Self {
            driver,
            client,
            driver_url,
            http,
            base: base.to_owned(),
            profile,
        }
    }

    /// Goes to a path of the server.
    pub async fn go(&self, path: &str) {
        let target = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        self.client.goto(&target).await.unwrap();
    }

    /// The path and query of the page.
    pub async fn address(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str()
            .strip_prefix(&self.base)
            .unwrap_or(url.as_str())
            .to_owned()
    }

    /// Waits until the address is as wanted.
    pub async fn arrives(&self, wanted: impl Fn(&str) -> bool, what: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let address = self.address().await;
            if wanted(&address) {
                return address;
            }
            if Instant::now() > until {
                self.give_up(&format!("the address is {address}, not {what}"))
                    .await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits for a visible element and gives it.
    pub async fn find(&self, css: &str) -> Element {
        let script = "return [...document.querySelectorAll(arguments[0])].find(one => one.getClientRects().length) ?? null";
        self.wait_for(script, vec![json!(css)], &format!("nothing visible is {css}"))
            .await
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            // htmx may replace it between finding and clicking; something may still slide over it.
            match self.find(css).await.click().await {
                Ok(()) => return,
                Err(error) if Instant::now() > until => panic!("clicking {css}: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Clicks the link, button or menu item that reads exactly so; where a dialog is open, in it.
    pub async fn press(&self, words: &str) {
        let script = "
            const words = arguments[0];
            const open = [...document.querySelectorAll('dialog[open], .menu:popover-open')].pop();
            const reads = (one) => {
              if ((one.getAttribute('aria-label') ?? '').trim() === words) return true;
              const copy = one.cloneNode(true);
              const parts = copy.querySelectorAll('*');
              one.querySelectorAll('*').forEach((part, at) => getComputedStyle(part).visibility === 'hidden' && parts[at].remove());
              for (const part of copy.querySelectorAll('kbd, .count, svg')) part.remove();
              return copy.textContent.replace(/\\s+/g, ' ').trim() === words;
            };
            for (const root of [open, document.getElementById('toasts'), open ? null : document]) {
              const all = root ? [...root.querySelectorAll('a, button, summary, [role=option]')] : [];
              const found = all.find((one) => one.getClientRects().length && !one.disabled && reads(one));
              if (found) return found;
            }
            return null;";
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self
                .wait_for(script, vec![json!(words)], &format!("nothing reads “{words}”"))
                .await;
            match found.click().await {
                Ok(()) => return,
                Err(error) if Instant::now() > until => panic!("pressing “{words}”: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, css: &str, text: &str) {
        // What was found may be drawn anew before it is emptied.
        let until = Instant::now() + PATIENCE;
        let element = loop {
            let element = self.find(css).await;
            match element.clear().await {
                Ok(()) => break element,
                Err(error) if Instant::now() > until => panic!("emptying {css}: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        element
            .send_keys(text)
            .await
            .unwrap_or_else(|error| panic!("filling {css}: {error}"));
    }

    /// Gives a file to a field, which may itself be hidden behind a nicer one.
    pub async fn attach(&self, css: &str, file: &Path) {
        let script = "return document.querySelector(arguments[0])";
        let field = self
            .wait_for(script, vec![json!(css)], &format!("there is no {css}"))
            .await;
        field.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Chooses a value of a select.
    pub async fn choose(&self, css: &str, value: &str) {
        self.find(css)
            .await
            .select_by_value(value)
            .await
            .unwrap_or_else(|error| panic!("choosing in {css}: {error}"));
    }

    /// Types on the keyboard, whatever has the focus.
    pub async fn keys(&self, text: &str) {
        let script = "return document.activeElement ?? document.body";
        let element = self.wait_for(script, vec![], "nothing has the focus").await;
        element
            .send_keys(text)
            .await
            .unwrap_or_else(|error| panic!("typing: {error}"));
    }

    /// Gives the focus back to the page, as a click on nothing does.
    pub async fn blur(&self) {
        self.run("document.activeElement?.blur()").await;
    }

    /// Presses Control with a key.
    pub async fn control(&self, key: &str) {
        let (code, number) = match key {
            "Enter" => ("Enter".to_owned(), 13),
            _ => (
                format!("Key{}", key.to_uppercase()),
                u32::from(key.to_uppercase().as_bytes()[0]),
            ),
        };
        for kind in ["keyDown", "keyUp"] {
            let parameters = json!({"type": kind, "modifiers": 2, "key": key, "code": code, "windowsVirtualKeyCode": number});
            self.devtools("Input.dispatchKeyEvent", parameters).await;
        }
    }

    /// What an element shows; empty if it is not there.
    pub async fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        let text = self.client.execute(script, vec![json!(css)]).await.unwrap();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The value of a field.
    pub async fn value(&self, css: &str) -> String {
        self.find(css)
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        self.sees_in("body", words).await;
    }

    /// Waits until an element shows these words.
    pub async fn sees_in(&self, css: &str, words: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.text(css).await.contains(words) {
            if Instant::now() > until {
                self.give_up(&format!("{css} does not show “{words}”")).await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until an element is gone or shows these words no more.
    pub async fn sees_no(&self, css: &str, words: &str) {
        let until = Instant::now() + PATIENCE;
        while self.text(css).await.contains(words) {
            if Instant::now() > until {
                self.give_up(&format!("{css} still shows “{words}”")).await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until the side sheet is closed.
    pub async fn sheet_closed(&self) {
        let script = "return document.querySelector('#sheet[open]') ? null : document.body";
        self.wait_for(script, vec![], "the sheet stays open").await;
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until a condition of the page is true.
    pub async fn holds(&self, condition: &str) {
        let script = format!("return {condition}");
        let until = Instant::now() + PATIENCE;
        while self.run(&script).await != true {
            if Instant::now() > until {
                self.give_up(&format!("it does not become true: {condition}"))
                    .await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// A command of the developer tools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.driver("goog/cdp/execute", json!({"cmd": command, "params": parameters}))
            .await
    }

    /// Light or dark, as the system would say.
    pub async fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// The size of the page, also below what a window may have.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Serious and critical faults that axe finds, of all its rules or only of these; none is an empty list.
    pub async fn axe(&self, rules: &[&str]) -> Vec<String> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/node_modules/axe-core/axe.min.js");
        let source = fs::read_to_string(path).expect("`make setup` installs axe-core");
        if self.run("return typeof window.axe").await == "undefined" {
            self.run(&source).await;
        }
        // Colours that are still on their way from light to dark are nobody's fault.
        let script = "const done = arguments[arguments.length - 1];
            const only = arguments[0].length ? {runOnly: arguments[0]} : {};
            const drawn = () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
            const settled = async () => {
              do await drawn(); while (document.getAnimations().some((one) => one.effect.getTiming().iterations === 1));
            };
            settled()
              .then(() => axe.run(document, {resultTypes: ['violations'], ...only}))
              .then((result) => done(result.violations
                .filter((one) => one.impact === 'serious' || one.impact === 'critical')
                .map((one) => one.id + ': ' + one.help + ': ' + one.nodes.slice(0, 3).map((node) => node.html).join(' | '))),
                (error) => done([String(error)]))";
        let found = self
            .client
            .execute_async(script, vec![json!(rules)])
            .await
            .unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Errors on the browser's console since the last look; a refused script or style is one.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.driver("se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = entries.into_iter().filter(|entry| {
            let message = entry["message"].as_str().unwrap_or_default();
            let refused = ["Content Security Policy", "Content-Security-Policy"]
                .iter()
                .any(|words| message.contains(words));
            // Forms answer their faults with these; the browser notes every answer from 400 on.
            let answered = entry["source"] == "network"
                && [
                    "400 (Bad Request)",
                    "(401)",
                    "409 ",
                    "412 ",
                    "422 ",
                    "404 (Not Found)",
                ]
                .iter()
                .any(|status| {
                    let status = status.trim_matches(['(', ')']);
                    message.contains(&format!("status of {status}")) && !message.contains("/assets/")
                });
            refused || (entry["level"] == "SEVERE" && !answered)
        });
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Keeps a picture of the page where `REGULARS_SHOTS` names a folder.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("REGULARS_SHOTS").map(PathBuf::from) else {
            return;
        };
        let _ = fs::create_dir_all(&folder);
        if let Ok(picture) = self.client.screenshot().await {
            let _ = fs::write(folder.join(format!("{name}.png")), picture);
        }
    }

    /// Closes it. Fails the test if its console has errors.
    pub async fn end(&self) {
        let errors = self.console().await;
        assert!(
            errors.is_empty(),
            "the browser's console has errors:\n{}",
            errors.join("\n")
        );
        let _ = self.client.clone().close().await;
    }

    /// Asks a script for an element until it gives one.
    async fn wait_for(&self, script: &str, arguments: Vec<Value>, otherwise: &str) -> Element {
        let until = Instant::now() + PATIENCE;
        loop {
            // A page that is just being left has nothing to say.
            if let Ok(found) = self.client.execute(script, arguments.clone()).await
                && let Some(id) = found.get(ELEMENT).and_then(Value::as_str)
            {
                return Element::from_element_id(self.client.clone(), ElementRef::from(id.to_owned()));
            }
            if Instant::now() > until {
                self.give_up(otherwise).await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn give_up(&self, why: &str) -> ! {
        let thread = std::thread::current();
        let name = thread
            .name()
            .unwrap_or("test")
            .rsplit("::")
            .next()
            .unwrap_or("test")
            .to_owned();
        self.picture(&format!("failed-{name}")).await;
        let console = self.console().await;
        panic!(
            "{why}\nat {}\nconsole: {console:?}\n{}",
            self.address().await,
            self.text("body").await
        )
    }

    /// Commands that the protocol's standard does not have.
    async fn driver(&self, path: &str, body: Value) -> Value {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/{path}", self.driver_url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        assert!(answer["value"].get("error").is_none(), "{path}: {answer}");
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // A browser outlives its driver. Ours is the one with our profile.
        let ours = format!("--user-data-dir={}", self.profile.path().display());
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let command_line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if command_line
                .split(|byte| *byte == 0)
                .any(|argument| argument == ours.as_bytes())
            {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
}
