//! What a test begins with: a real server on a fresh database, its owner signed in, and a browser looking at it.

use std::fs;

use serde_json::Value;

use crate::{
    api::Api,
    harness::Browser,
    process::{Home, Server},
};

/// The password of everybody.
pub const PASSWORD: &str = "seven quiet otters read maps";

/// A server, a browser, and the organization “maison” with its owner Ada.
pub struct Stage {
    pub browser: Browser,
    pub api: Api,
    pub server: Server,
    pub home: Home,
}

impl Stage {
    /// Signs Ada in.
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
