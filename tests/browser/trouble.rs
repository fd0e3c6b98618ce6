//! What was typed outlives what goes wrong: no connection, a session that ended, a server that is gone.

use serde_json::json;

use crate::stage::{PASSWORD, Stage};

/// Fills the form of a new customer, and gives what the name field holds then.
async fn begin(stage: &Stage) {
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.find("#list").await;
    browser.keys("n").await;
    browser.fill("#sheet [name=first_name]", "Grace").await;
    browser.fill("#sheet [name=last_name]", "Hopper").await;
}

/// Ends everybody's sessions, as an administrator does.
async fn end_sessions(stage: &Stage) {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM sessions WHERE revoked_at IS NULL")
        .fetch_all(stage.home.database().owner())
        .await
        .unwrap();
    for id in ids {
        let ended = stage
            .api
            .request(reqwest::Method::DELETE, &format!("/api/v1/sessions/{id}"));
        assert_eq!(ended.send().await.unwrap().status(), 204);
    }
}

#[tokio::test]
async fn without_a_connection_everything_typed_stays_and_goes_out_later() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    begin(&stage).await;
    browser.devtools("Network.enable", json!({})).await;
    let offline = |is_off: bool| json!({"offline": is_off, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser
        .devtools("Network.emulateNetworkConditions", offline(true))
        .await;
    browser
        .sees_in("#toasts", "You are offline. What you typed is kept.")
        .await;
    browser.picture("offline-1440-light").await;
    browser.press("Create customer").await;
    browser.sees_in("#toasts", "offline").await;
    assert_eq!(browser.value("#sheet [name=last_name]").await, "Hopper");
    browser
        .devtools("Network.emulateNetworkConditions", offline(false))
        .await;
    browser.sees_in("#toasts", "Back online.").await;
    // The browser tells its console of requests that it could not send; that is what this is about.
    browser.console().await;
    browser.press("Create customer").await;
    browser.sheet_closed().await;
    browser.sees("Grace Hopper").await;
    browser.console().await;
    stage.end().await;
}

#[tokio::test]
async fn who_was_signed_out_meanwhile_signs_in_beside_and_goes_on() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    begin(&stage).await;
    end_sessions(&stage).await;
    browser.press("Create customer").await;
    browser
        .sees_in("#toasts", "You are signed out. What you typed is kept")
        .await;
    browser.picture("signed-out-1440-light").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    assert_eq!(browser.value("#sheet [name=last_name]").await, "Hopper");
    // The refused request is on the console, as every browser tells it.
    browser.console().await;

    // Signing in elsewhere, as in another tab: the cookie is the same for both.
    let signed_in = format!(
        "const body = new URLSearchParams({{ email: 'ada@example.com', password: '{PASSWORD}' }});
         return fetch('/sign-in', {{ method: 'POST', body, redirect: 'manual' }}).then((answer) => answer.type)"
    );
    assert_eq!(browser.run(&signed_in).await, "opaqueredirect");
    browser.press("Create customer").await;
    browser.sheet_closed().await;
    browser.sees("Grace Hopper").await;
    stage.end().await;
}

#[tokio::test]
async fn a_page_asked_for_after_the_session_ended_comes_after_signing_in() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    end_sessions(&stage).await;
    browser.go("/customers?status=vip&sort=full_name").await;
    browser.find("[name=password]").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("sign-in-1440-light").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", "not this one at all").await;
    browser.press("Sign in").await;
    browser.find("[role=alert]").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("sign-in-refused-1440-light").await;
    browser.console().await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.press("Sign in").await;
    browser
        .arrives(
            |address| address == "/customers?status=vip&sort=full_name",
            "the page that was asked for",
        )
        .await;
    stage.end().await;
}
