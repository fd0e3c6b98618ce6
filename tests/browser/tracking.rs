//! `regulars.js` on a page of another origin: what it tells arrives, also after being offline, a reload or a page that went
//! away; and whoever does not want it is left alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::stage::Stage;

/// A shop with one page, on an origin of its own.
struct Shop {
    origin: String,
}

impl Shop {
    /// Serves the page, whatever is asked for.
    async fn open(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let page = format!(
            "<!doctype html><title>Shoes</title><link rel=icon href='data:,'><script src='{server}/p/regulars.js'></script><h1>Shoes</h1>"
        );
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let page = page.clone();
                tokio::spawn(async move {
                    let mut head = [0; 4_096];
                    let _ = stream.read(&mut head).await;
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                        page.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { origin }
    }
}

/// A shop, its key, and a customer to be.
struct Scene {
    stage: Stage,
    shop: Shop,
    key: Value,
    ada: String,
}

impl Scene {
    async fn new() -> Self {
        let stage = Stage::signed_in().await;
        let shop = Shop::open(&stage.server.url).await;
        let new = json!({"name": "shop", "kind": "publishable", "origins": [shop.origin]});
        let key = stage.api.post("/api/v1/keys", &new).await.expect(201).json;
        let ada = stage
            .customer(json!({"first_name": "Ada", "email": "ada@example.org"}))
            .await;
        Self {
            stage,
            shop,
            key,
            ada,
        }
    }

    /// Goes to a page of the shop and begins.
    async fn visit(&self, path: &str) {
        self.stage
            .browser
            .go(&format!("{}{path}", self.shop.origin))
            .await;
        self.begin("").await;
    }

    async fn begin(&self, more: &str) {
        let (key, endpoint) = (&self.key["key"], &self.stage.server.url);
        self.run(&format!(
            "regulars.init({{key: {key}, endpoint: '{endpoint}'{more}}})"
        ))
        .await;
    }

    async fn run(&self, script: &str) {
        self.stage.browser.run(script).await;
    }

    /// Names the visitor from the shop's server, so that what was done shows on the timeline.
    async fn identified(&self, visitor: &str) {
        let body = json!({"kind": "identify", "visitor_id": visitor, "customer_id": self.ada});
        self.stage.api.post("/api/v1/activities", &body).await.expect(200);
    }

    async fn visitor(&self) -> String {
        let id = self
            .stage
            .browser
            .run("return JSON.parse(localStorage.getItem('regulars.visitor'))")
            .await;
        id.as_str().unwrap().to_owned()
    }

    /// The activities of Ada of a kind, once there are so many.
    async fn told(&self, kind: &str, wanted: usize) -> Vec<Value> {
        let path = format!("/api/v1/customers/{}/activities?kind={kind}&limit=200", self.ada);
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let page = self.stage.api.get(&path).await.expect(200).json;
            let found = page["data"].as_array().unwrap().clone();
            if found.len() >= wanted || Instant::now() > until {
                assert_eq!(found.len(), wanted, "{kind}: {found:?}");
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// How many activities wait in the page.
    async fn waiting(&self) -> Value {
        self.stage
            .browser
            .run("return (JSON.parse(localStorage.getItem('regulars.queue')) || []).length")
            .await
    }

    async fn offline(&self, is_offline: bool) {
        let network =
            json!({"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.stage
            .browser
            .devtools("Network.emulateNetworkConditions", network)
            .await;
    }
}

#[tokio::test]
async fn what_a_page_of_another_origin_tells_arrives_once_also_after_being_offline() {
    let scene = Scene::new().await;
    scene.visit("/shoes?utm_source=newsletter&utm_medium=email").await;
    scene.run("history.pushState({}, '', '/shoes/red')").await;
    scene
        .run("regulars.track('product_view', {product_id: '7', colour: 'red'})")
        .await;
    scene.run("regulars.track('wishlist.shared', {size: 38})").await;
    scene
        .stage
        .browser
        .holds("JSON.parse(localStorage.getItem('regulars.queue')).length === 4")
        .await;
    scene.run("regulars.flush()").await;
    scene
        .stage
        .browser
        .holds("JSON.parse(localStorage.getItem('regulars.queue')).length === 0")
        .await;
    let visitor = scene.visitor().await;
    scene.identified(&visitor).await;
    let views = scene.told("page_view", 2).await;
    let first = &views[1]["data"];
    assert!(
        first["url"].as_str().unwrap().starts_with(&scene.shop.origin),
        "{first}"
    );
    assert_eq!(
        (&first["title"], &first["utm"]),
        (
            &json!("Shoes"),
            &json!({"source": "newsletter", "medium": "email"})
        )
    );
    assert_eq!(first["ip"], "127.0.0.0");
    assert!(first["user_agent"].as_str().unwrap().contains("Chrome"));
    assert_eq!(views[0]["data"]["session_id"], first["session_id"]);
    let product = &scene.told("product_view", 1).await[0]["data"];
    assert_eq!(
        (&product["product_id"], &product["data"]["colour"]),
        (&json!("7"), &json!("red"))
    );
    assert_eq!(
        scene.told("custom", 1).await[0]["data"]["name"],
        "wishlist.shared"
    );

    // Offline it waits in the page, a reload too; then it arrives, once.
    scene.offline(true).await;
    scene
        .run("regulars.track('search', {query: 'boots'}); regulars.flush()")
        .await;
    assert_eq!(scene.waiting().await, 1);
    scene.offline(false).await;
    scene.visit("/boots").await;
    scene.run("regulars.flush()").await;
    assert_eq!(scene.told("search", 1).await[0]["data"]["query"], "boots");
    scene.told("page_view", 3).await;

    // What is told just before a page goes away arrives by itself, and once though the next page sends it again.
    scene
        .run("regulars.track('checkout_started'); location.href = '/elsewhere'")
        .await;
    scene.told("checkout_started", 1).await;
    scene.begin("").await;
    scene.run("regulars.flush()").await;
    scene
        .stage
        .browser
        .holds("JSON.parse(localStorage.getItem('regulars.queue')).length === 0")
        .await;
    scene.told("checkout_started", 1).await;
    scene.stage.end().await;
}

#[tokio::test]
async fn who_does_not_want_it_is_left_alone() {
    let scene = Scene::new().await;
    let browser = &scene.stage.browser;
    let nothing = "return Object.keys(localStorage).filter(name => name !== 'regulars.consent').length";
    // Browsers that ask not to be tracked keep nothing and send nothing.
    for refusal in [
        "navigator, 'doNotTrack', {get: () => '1'}",
        "navigator, 'globalPrivacyControl', {get: () => true}",
    ] {
        browser.go(&format!("{}/shoes", scene.shop.origin)).await;
        scene.run(&format!("Object.defineProperty({refusal})")).await;
        scene.begin("").await;
        scene
            .run("regulars.track('search', {query: 'x'}); regulars.flush()")
            .await;
        assert_eq!(browser.run(nothing).await, 0, "{refusal}");
    }
    // Nor before consent, nor after it was taken back.
    browser.go(&format!("{}/shoes", scene.shop.origin)).await;
    scene.begin(", consent: false").await;
    scene.run("regulars.track('search', {query: 'x'})").await;
    assert_eq!(browser.run(nothing).await, 0);
    scene.run("regulars.consent(true)").await;
    assert_eq!(scene.waiting().await, 1, "the page it is given on counts");
    scene.run("regulars.consent(false)").await;
    assert_eq!(browser.run(nothing).await, 0);
    scene
        .run("regulars.track('search', {query: 'x'}); regulars.flush()")
        .await;
    assert_eq!(browser.run(nothing).await, 0);
    let jobs = scene.stage.api.get("/api/v1/keys").await.expect(200).json;
    let key = jobs["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kind"] == "publishable")
        .unwrap()
        .clone();
    assert_eq!(key["last_used_at"], Value::Null, "nothing was sent");
    scene.stage.end().await;
}
