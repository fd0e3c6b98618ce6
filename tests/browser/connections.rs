//! Connections and the inbox: a shop is connected and seen to arrive, what failed is read, mended and replayed.

use std::time::Duration;

use serde_json::json;

use crate::{
    looked::{Looked, look},
    stage::Stage,
    strangers,
};

/// A shop whose secret is `hush`; gives its id and the path that it sends to.
async fn shop(stage: &Stage) -> (String, String) {
    let shop = json!({"provider": "shopify", "name": "Main shop", "secret": "hush"});
    let made = stage.api.post("/api/v1/connections", &shop).await.expect(201);
    (made.at("/id"), made.at("/webhook_path"))
}

#[tokio::test]
async fn a_shop_is_connected_and_what_it_sends_is_seen_to_arrive() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/settings/connections").await;
    browser.press("New connection").await;
    browser.fill("#sheet [name=name]", "Main shop").await;
    browser
        .fill("#sheet [name='settings/shop']", "acme.myshopify.com")
        .await;
    browser.press("Create connection").await;
    // What is missing is said, and what was typed is still there.
    browser.find("#sheet [name=secret][aria-invalid=true]").await;
    assert_eq!(browser.value("#sheet [name=name]").await, "Main shop");
    assert_eq!(
        browser.value("#sheet [name='settings/shop']").await,
        "acme.myshopify.com"
    );
    browser.fill("#sheet [name=secret]", "hush").await;
    browser.press("Create connection").await;
    browser.sees_in("#traffic", "Nothing has arrived yet").await;
    browser.sees_in("main", "Set up in Shopify").await;
    let address = browser.value("#field-address").await;
    let path = &address[address.find("/webhooks/").unwrap()..];

    strangers::send(&stage.api, path, "shop/update", "1", "{}")
        .await
        .expect(200);
    browser.sees_in("#traffic", "shop/update").await;
    browser.sees_in("#traffic", "Ignored").await;

    // Another secret; the former one goes on to hold, and is ended.
    browser.press("New secret").await;
    browser
        .fill("#sheet [name=secret]", "another one that is long")
        .await;
    browser.press("Add secret").await;
    browser.sees_in(".secrets", "…long").await;
    strangers::send(&stage.api, path, "shop/update", "2", "{\"a\": 2}")
        .await
        .expect(200);
    browser.click(".secrets [data-confirm]").await;
    browser.press("End now").await;
    browser.sees_in("#toasts", "former secret has ended").await;
    strangers::send(&stage.api, path, "shop/update", "3", "{\"a\": 3}")
        .await
        .expect(401);

    // Switched off, it refuses before it looks at the signature.
    browser
        .click(".topbar-actions [popovertarget^=connection-]")
        .await;
    browser.press("Switch off…").await;
    browser.press("Switch off").await;
    browser.sees_in("main", "Switched off").await;
    strangers::send(&stage.api, path, "shop/update", "4", "{\"a\": 4}")
        .await
        .expect(403);
    browser
        .click(".topbar-actions [popovertarget^=connection-]")
        .await;
    browser.press("Switch on").await;
    browser.sees_in("#toasts", "is switched on").await;

    browser
        .click(".topbar-actions [popovertarget^=connection-]")
        .await;
    browser.press("Delete…").await;
    browser
        .fill("#confirm [data-confirm-part=input]", "Main shop")
        .await;
    browser.press("Delete").await;
    browser.sees_in("main", "No connections yet").await;
    // What came through it stays, by its name.
    browser.go("/settings/inbox").await;
    browser.sees_in("#inbox", "Main shop").await;
    stage.end().await;
}

#[tokio::test]
async fn what_failed_is_read_mended_and_replayed() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let (_, path) = shop(&stage).await;
    browser.go("/settings/inbox").await;
    browser.sees("Nothing has arrived yet").await;
    let broken = r#"{"id": 7064, "email": "eve@example.com", "first_name": "Eve" "last_name": "Moneypenny"}"#;
    strangers::send(&stage.api, &path, "customers/create", "1", broken)
        .await
        .expect(200);
    strangers::send(&stage.api, &path, "shop/update", "2", "{}")
        .await
        .expect(200);
    // The list looks by itself; the failed stands first although another came later.
    browser.sees_in("#inbox", "shop/update").await;
    browser.sees_in("#inbox tbody tr:first-child", "Failed").await;
    browser.sees_in("#inbox .tab-bar", "Failed1").await;

    browser.click("#inbox [data-row-link]").await;
    browser.sees_in("#sheet", "Why it failed").await;
    browser.sees_no("#sheet", "Moneypenny").await;
    browser.press("Show personal data").await;
    browser.sees_in("#sheet .code-block", "Moneypenny").await;
    browser.press("Mend").await;
    browser.find("#sheet textarea[name=payload]").await;
    browser.press("Save and replay").await;
    browser.sees_in("#sheet", "line 1, column 62").await;
    let kept = browser.value("#sheet textarea[name=payload]").await;
    assert_eq!(kept, broken);
    let mended = broken.replace("\"Eve\" ", "\"Eve\", ");
    browser.fill("#sheet textarea[name=payload]", &mended).await;
    browser.press("Save and replay").await;
    browser.sheet_closed().await;
    browser.sees_in("#inbox", "Processed").await;
    browser.sees_no("#inbox", "Why").await;
    let found = stage.api.get("/api/v1/customers?q=Moneypenny").await.expect(200);
    assert_eq!(found.at("/data/0/last_name"), "Moneypenny");
    let audit = stage.api.get("/api/v1/audit?action=webhook").await.expect(200);
    assert!(audit.text.contains("webhook.revealed") && audit.text.contains("webhook.replayed"));
    stage.end().await;
}

#[tokio::test]
async fn all_that_match_are_replayed_or_put_aside_once_it_is_said_how_many() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let (connection, path) = shop(&stage).await;
    for (id, topic) in [
        ("1", "customers/create"),
        ("2", "customers/create"),
        ("3", "orders/create"),
    ] {
        let body = format!("no JSON {id}");
        strangers::send(&stage.api, &path, topic, id, &body)
            .await
            .expect(200);
    }
    browser.go(&format!("/settings/connections/{connection}")).await;
    // Grouped by why; the group leads to its messages.
    browser.sees_in("#traffic", "What fails").await;
    browser
        .holds("document.querySelectorAll('#traffic table')[0].querySelectorAll('tbody tr').length === 2")
        .await;
    browser.press("customers/create").await;
    browser
        .arrives(
            |address| address.contains("state=dead") && address.contains("topic=customers"),
            "the group",
        )
        .await;
    browser.press("Replay all").await;
    browser.sees_in("#confirm", "Replay 2 messages?").await;
    browser.click("#confirm [data-confirm-part=ok]").await;
    browser
        .sees_in("#toasts", "2 messages will be processed again")
        .await;
    // They fail again, as they are.
    browser.sees_in("#inbox .pager", "2 messages").await;
    browser.press("Put all aside").await;
    browser.click("#confirm [data-confirm-part=ok]").await;
    browser.sees_in("#toasts", "2 messages put aside").await;
    browser.go("/settings/inbox?state=dead").await;
    browser.sees_in("#inbox .pager", "1 message").await;

    // By keys: the row in the sheet, where it is put aside.
    browser.keys("j").await;
    browser.keys("p").await;
    browser.sees_in("#sheet", "orders/create").await;
    browser.press("Put aside").await;
    browser.sheet_closed().await;
    browser.sees_in("#inbox", "Nothing failed").await;
    stage.end().await;
}

/// Connects a shop that has sent what can be processed and what cannot, and one that has sent nothing; gives the ids of both
/// and of a message that failed.
async fn connected(stage: &Stage) -> (String, String, String) {
    let api = &stage.api;
    let shop = json!({"provider": "shopify", "name": "Main shop", "secret": "hush", "settings": {"shop": "acme.myshopify.com"}});
    let shop = api.post("/api/v1/connections", &shop).await.expect(201);
    let quiet = json!({"provider": "shopify", "name": "Outlet", "secret": "a quiet secret x7Qa"});
    let quiet = api.post("/api/v1/connections", &quiet).await.expect(201);
    let secret = json!({"secret": "hush", "overlap_hours": 24});
    api.post(
        &format!("/api/v1/connections/{}/secrets", shop.at("/id")),
        &secret,
    )
    .await
    .expect(200);
    let customer = r#"{"id": 7064, "email": "bob@biller.example", "first_name": "Bob", "last_name": "Biller", "verified_email": true, "updated_at": "2026-05-01T10:00:00Z", "tags": "vip", "currency": "EUR", "default_address": {"address1": "1 Main Street", "city": "Ottawa", "country_code": "CA"}}"#;
    let broken = r#"{"id": 7065, "email": "eve@example.com", "first_name": "Eve", "orders_count": 3 "currency": "EUR"}"#;
    for (id, topic, body) in [
        ("1", "shop/update", "{}"),
        ("2", "customers/create", customer),
        ("3", "customers/update", broken),
        ("4", "customers/update", &broken.replace("7065", "7066")),
        ("5", "orders/create", "[1, 2, 3]"),
        ("6", "themes/publish", r#"{"id": 1, "name": "Dawn"}"#),
    ] {
        strangers::send(api, &shop.at("/webhook_path"), topic, id, body)
            .await
            .expect(200);
    }
    let mut waiting = 1;
    while waiting > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let queued = api.get("/api/v1/webhook-events?state=queued").await.expect(200);
        waiting = queued.json["data"].as_array().unwrap().len();
    }
    let dead = api
        .get("/api/v1/webhook-events?state=dead&topic=customers/update")
        .await
        .expect(200);
    (shop.at("/id"), quiet.at("/id"), dead.at("/data/0/id"))
}

/// Pages of a shop that is connected to others.
pub async fn looks(stage: &Stage) -> Vec<Looked> {
    let (shop, quiet, dead) = connected(stage).await;
    let klaviyo =
        json!({"provider": "klaviyo", "secret": "a secret of Klaviyo", "api_key": "pk_0123456789abcdef"});
    let klaviyo = stage
        .api
        .post("/api/v1/connections", &klaviyo)
        .await
        .expect(201)
        .at("/id");
    let pull = format!("/api/v1/connections/{klaviyo}/pull");
    stage.api.post(&pull, &json!({})).await.expect(202);
    // Nobody listens where these servers look for an emulator.
    let mirror = json!({"project_id": "atelier-nord-123456"});
    stage.api.put("/api/v1/sync/firestore", &mirror).await.expect(200);
    vec![
        look("firestore", "/settings/firestore".into(), &[]),
        look("firestore-change", "/settings/firestore".into(), &["Change"]),
        look("connections", "/settings/connections".into(), &[]),
        look(
            "connections-menu",
            "/settings/connections".into(),
            &["click:[data-row] .cell-menu button"],
        ),
        look(
            "connection-new",
            "/settings/connections".into(),
            &["New connection"],
        ),
        look("connection", format!("/settings/connections/{shop}"), &[]),
        look(
            "connection-klaviyo",
            format!("/settings/connections/{klaviyo}"),
            &[],
        ),
        look(
            "connection-api-key",
            format!("/settings/connections/{klaviyo}"),
            &["New API key"],
        ),
        look("empty-connection", format!("/settings/connections/{quiet}"), &[]),
        look(
            "connection-secret",
            format!("/settings/connections/{shop}"),
            &["New secret"],
        ),
        look("inbox", "/settings/inbox".into(), &[]),
        look("inbox-failed", "/settings/inbox?state=dead".into(), &[]),
        look(
            "inbox-failed-replay",
            "/settings/inbox?state=dead".into(),
            &["Replay all"],
        ),
        look("inbox-nothing", "/settings/inbox?state=retrying".into(), &[]),
        look(
            "inbox-message",
            "/settings/inbox".into(),
            &["click:#inbox [data-row-link]"],
        ),
        look("message", format!("/settings/inbox/{dead}"), &[]),
        look(
            "message-shown",
            format!("/settings/inbox/{dead}"),
            &["Show personal data"],
        ),
        // What went wrong.
        look(
            "wrong-mend",
            "/settings/inbox?state=dead&topic=customers%2Fupdate".into(),
            &["click:#inbox [data-row-link]", "Mend", "Save and replay"],
        ),
        look(
            "wrong-connection",
            "/settings/connections".into(),
            &["New connection", "Create connection"],
        ),
    ]
}
