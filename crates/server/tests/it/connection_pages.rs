//! Connections and the inbox as pages without script: forms, refusals, the order of the list, who may.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    api::Api,
    pages::Person,
    process::{Home, Server},
    strangers,
};

struct Shop {
    home: Home,
    server: Server,
    api: Api,
    owner: Person,
    id: String,
    path: String,
}

impl Shop {
    /// A shop whose secret is `hush`.
    async fn new() -> Self {
        let home = Home::shared().await;
        let key = home.organization("mine", "owner");
        let server = home.serve();
        let api = Api::new(&server.url, &key);
        let owner = Person::new(&home, &server, "mine", "owner").await;
        let shop = json!({"provider": "shopify", "name": "Main shop", "secret": "hush"});
        let made = api.post("/api/v1/connections", &shop).await.expect(201);
        Self {
            home,
            server,
            owner,
            id: made.at("/id"),
            path: made.at("/webhook_path"),
            api,
        }
    }

    /// Sends messages and waits until none is queued.
    async fn sends(&self, messages: &[(&str, &str, &str)]) {
        for (id, topic, body) in messages {
            strangers::send(&self.api, &self.path, topic, id, body)
                .await
                .expect(200);
        }
        loop {
            let queued = self
                .api
                .get("/api/v1/webhook-events?state=queued")
                .await
                .expect(200);
            if queued.json["data"].as_array().unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn page(&self, path: &str) -> String {
        self.owner.ask(&Method::GET, path).await.expect(200).text
    }

    async fn newest(&self) -> String {
        let all = self.api.get("/api/v1/webhook-events").await.expect(200);
        all.at("/data/0/id")
    }
}

#[tokio::test]
async fn a_connection_is_made_changed_and_ended_by_forms() {
    let shop = Shop::new().await;
    let refused = shop
        .owner
        .send(
            "/settings/connections",
            "provider=shopify&name=Second&settings%2Fshop=b.myshopify.com",
        )
        .await
        .expect(422);
    assert!(refused.text.contains("the secret is missing") && refused.text.contains("b.myshopify.com"));
    let form = "provider=shopify&name=Second&secret=hush&settings%2Fshop=b.myshopify.com";
    let made = shop.owner.send("/settings/connections", form).await.expect(303);
    let page = made.headers["location"].to_str().unwrap().to_owned();
    let shown = shop.page(&page).await;
    assert!(shown.contains("/webhooks/shopify/") && shown.contains("b.myshopify.com"));
    assert!(!shown.contains("hush"), "a secret is never shown");

    // What is emptied goes; what somebody else changed meanwhile is not written over.
    let edited = shop
        .owner
        .send(&page, "version=1&name=Outlet&settings%2Fshop=")
        .await;
    edited.expect(303);
    let one = shop
        .api
        .get(&page.replace("/settings", "/api/v1"))
        .await
        .expect(200);
    assert_eq!(
        (one.at("/name").as_str(), &one.json["settings"]),
        ("Outlet", &json!({}))
    );
    let stale = shop.owner.send(&page, "version=1&name=Third").await.expect(422);
    assert!(stale.text.contains("Somebody changed this meanwhile"));

    shop.owner.send(&format!("{page}/disable"), "").await.expect(303);
    assert!(shop.page(&page).await.contains("Switched off"));
    let off = shop
        .api
        .get(&page.replace("/settings", "/api/v1"))
        .await
        .expect(200);
    off.at("/disabled_at");
    shop.owner.send(&format!("{page}/enable"), "").await.expect(303);
    // The one that holds cannot be ended.
    let secret = off.at("/secrets/0/id");
    shop.owner
        .send(&format!("{page}/secrets/{secret}/end"), "")
        .await
        .expect(404);
    shop.owner.send(&format!("{page}/delete"), "").await.expect(303);
    shop.owner.ask(&Method::GET, &page).await.expect(404);
}

#[tokio::test]
async fn the_failed_stand_first_and_older_ones_follow_each_once() {
    let shop = Shop::new().await;
    let names: Vec<(String, &str, String)> = (0..120)
        .map(|n| {
            let topic = if n < 60 { "customers/create" } else { "shop/update" };
            (format!("{n}"), topic, format!("no JSON {n}"))
        })
        .collect();
    let messages: Vec<_> = names
        .iter()
        .map(|(id, topic, body)| (id.as_str(), *topic, body.as_str()))
        .collect();
    shop.sends(&messages).await;
    let mut next = "/settings/inbox".to_owned();
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    loop {
        let page = shop.page(&next).await;
        for row in page.split("<tr data-row").skip(1) {
            let id = row
                .split("id=\"message-")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            seen.push(id.to_owned());
            order.push(row.contains(">Failed<"));
        }
        let Some(at) = page.find("rel=\"next\"") else {
            break;
        };
        let before = &page[..at];
        let link = &before[before.rfind("href=\"").unwrap() + 6..];
        next = link.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 120);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
    assert_eq!(order.iter().filter(|failed| **failed).count(), 60);
    assert!(order[..60].iter().all(|failed| *failed), "the failed stand first");
    for wrong in ["state=x", "connection=x", "from=x", "after=x", "shiny=1"] {
        let answer = shop
            .owner
            .ask(&Method::GET, &format!("/settings/inbox?{wrong}"))
            .await;
        assert_eq!(answer.status.as_u16(), 400, "{wrong}");
    }
    let none = shop.page("/settings/inbox?to=2020-01-01").await;
    assert!(none.contains("Nothing matches"));
    let some = shop
        .page("/settings/inbox?state=dead&from=2020-01-01&topic=customers%2Fcreate")
        .await;
    assert!(some.contains("60 messages"));
}

#[tokio::test]
async fn a_message_is_masked_until_asked_for_and_what_is_mended_wrongly_is_kept() {
    let shop = Shop::new().await;
    let body = r#"{"id": 1, "email": "eve@example.com", "last_name": "Moneypenny" "x": 1}"#;
    shop.sends(&[("1", "customers/create", body)]).await;
    let page = format!("/settings/inbox/{}", shop.newest().await);
    assert!(!shop.page(&page).await.contains("Moneypenny"));
    let revealed = shop.owner.send(&format!("{page}/reveal"), "").await.expect(200);
    assert!(revealed.text.contains("Moneypenny"));
    assert_eq!(revealed.headers["cache-control"], "no-store");
    let opened = shop
        .owner
        .send(&format!("{page}/mend/open"), "")
        .await
        .expect(200);
    assert!(opened.text.contains("Moneypenny"));
    let audit = shop.api.get("/api/v1/audit?action=webhook").await.expect(200);
    assert_eq!(audit.text.matches("webhook.revealed").count(), 2);
    let refused = shop
        .owner
        .send(&format!("{page}/mend"), "payload=%7B%22id%22%3A+1+oops%7D")
        .await
        .expect(422);
    assert!(refused.text.contains("line 1, column 10") && refused.text.contains("1 oops}"));
    let nothing = shop
        .owner
        .send(&format!("{page}/mend"), "payload=")
        .await
        .expect(422);
    assert!(nothing.text.contains("The content is missing."));

    // Looking at it is for whoever may read; the rest is not offered to them.
    let agent = Person::new(&shop.home, &shop.server, "mine", "agent").await;
    let seen = agent.ask(&Method::GET, &page).await.expect(200).text;
    assert!(!seen.contains("Moneypenny") && !seen.contains("/reveal") && !seen.contains("/mend"));
    let connection = format!("/settings/connections/{}", shop.id);
    let seen = agent.ask(&Method::GET, &connection).await.expect(200).text;
    assert!(!seen.contains("/secrets/new") && !seen.contains(&format!("{connection}/disable")));
}

#[tokio::test]
async fn many_are_replayed_only_of_one_state_and_only_those_that_match() {
    let shop = Shop::new().await;
    shop.sends(&[
        ("1", "customers/create", "no JSON 1"),
        ("2", "orders/create", "no JSON 2"),
        ("3", "shop/update", "{}"),
    ])
    .await;
    for (form, verb) in [
        ("", "replay"),
        ("state=queued", "replay"),
        ("state=done", "discard"),
    ] {
        shop.owner
            .send(&format!("/settings/inbox/{verb}"), form)
            .await
            .expect(422);
    }
    let form = format!("state=dead&topic=orders%2Fcreate&connection={}", shop.id);
    shop.owner
        .send("/settings/inbox/discard", &form)
        .await
        .expect(303);
    let dead = shop
        .api
        .get("/api/v1/webhook-events?state=dead")
        .await
        .expect(200);
    assert_eq!(dead.at("/data/0/topic"), "customers/create");
    assert_eq!(dead.json["data"].as_array().unwrap().len(), 1);
    let before = "state=discarded&to=2020-01-01";
    shop.owner
        .send("/settings/inbox/replay", before)
        .await
        .expect(303);
    let aside = shop
        .api
        .get("/api/v1/webhook-events?state=discarded")
        .await
        .expect(200);
    assert_eq!(aside.json["data"].as_array().unwrap().len(), 1);
    shop.owner
        .send("/settings/inbox/replay", "state=discarded")
        .await
        .expect(303);
    let audit = shop
        .api
        .get("/api/v1/audit?action=webhook.replayed")
        .await
        .expect(200);
    assert_eq!(audit.text.matches("\"webhook.replayed\"").count(), 1);
}
