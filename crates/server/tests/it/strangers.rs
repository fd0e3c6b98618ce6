//! Whoever is not the API's user: a shop that sends messages, a person who signs in with a browser.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::json;

use crate::{
    api::{Answer, Api},
    process::Home,
};

/// A message of a shop whose secret is `hush`, on a topic, under an id.
pub async fn send(api: &Api, path: &str, topic: &str, id: &str, body: &str) -> Answer {
    let hmac = regulars_connect::signature::hmac_sha256(b"hush", &[body.as_bytes()]);
    let request = api.with_key("").request(Method::POST, path);
    let sent = request
        .header("x-shopify-hmac-sha256", STANDARD.encode(hmac))
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", "acme.myshopify.com")
        .header("x-shopify-api-version", "2026-07")
        .header("x-shopify-webhook-id", id)
        .body(body.to_owned());
    crate::api::answer(sent).await
}

/// Connects a shop that sends a message; gives the ids of both.
pub async fn webhook(api: &Api) -> (String, String) {
    let shop = json!({"provider": "shopify", "secret": "hush"});
    let made = api.post("/api/v1/connections", &shop).await.expect(201);
    send(
        api,
        &made.at("/webhook_path"),
        "shop/update",
        &made.at("/id"),
        "{}",
    )
    .await
    .expect(200);
    let messages = api.get("/api/v1/webhook-events").await.expect(200);
    (made.at("/id"), messages.at("/data/0/id"))
}

/// Connects a shop that asks for the erasure of all that came from it; gives the id of what is owed.
pub async fn duty(api: &Api) -> String {
    let shop = json!({"provider": "shopify", "secret": "hush"});
    let made = api.post("/api/v1/connections", &shop).await.expect(201);
    let (path, id) = (made.at("/webhook_path"), made.at("/id"));
    send(api, &path, "shop/redact", &id, "{}").await.expect(200);
    for _ in 0..300 {
        let duties = api.get("/api/v1/privacy/duties").await.expect(200);
        if duties.json["data"][0].is_object() {
            return duties.at("/data/0/id");
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nothing is owed");
}

/// Signs a person in and gives the session's id.
pub async fn session(home: &Home, api: &Api, organization: &str) -> String {
    let link = home.ok(&[
        "user",
        "create",
        &format!("sam@{organization}.example"),
        "--organization",
        organization,
        "--role",
        "agent",
    ]);
    let path = &link[link.find("/set-password/").unwrap()..];
    let form = "password=seven+quiet+otters+read+maps&password_repeated=seven+quiet+otters+read+maps";
    let request = api.with_key("").request(Method::POST, path);
    let request = request
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let answer = crate::api::answer(request.body(form)).await;
    let cookie = answer
        .headers
        .get("set-cookie")
        .map(|value| value.to_str().unwrap().to_owned());
    let cookie =
        cookie.unwrap_or_else(|| panic!("setting a password signs in: {} {}", answer.status, answer.text));
    let request = api.with_key("").request(Method::GET, "/api/v1/sessions");
    let sessions = crate::api::answer(request.header("cookie", cookie.split(';').next().unwrap())).await;
    sessions.expect(200).at("/data/0/id")
}
