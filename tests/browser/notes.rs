//! Notes as they are written: they save themselves, they mention colleagues, who find where.

use reqwest::Method;
use serde_json::json;

use crate::{
    api::answer,
    harness::Browser,
    stage::{PASSWORD, Stage},
};

const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
const ESCAPE: &str = "\u{e00c}";
const FIELD: &str = ".note-form textarea";

async fn page(stage: &Stage) -> (String, String) {
    let id = stage
        .customer(json!({"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com"}))
        .await;
    (
        format!("/customers/{id}?tab=notes"),
        format!("/api/v1/customers/{id}/notes"),
    )
}

#[tokio::test]
async fn a_draft_survives_a_reload_and_is_discarded_or_said() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let (page, notes) = page(&stage).await;
    browser.go(&page).await;
    browser.fill(FIELD, "Found a moth").await;
    browser.sees_in(".note-form .autosave-said", "Draft saved").await;
    browser.go(&page).await;
    assert_eq!(browser.value(FIELD).await, "Found a moth");
    browser.sees_in(".note-form .autosave-said", "Draft saved").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.press("Discard draft").await;
    browser.sees_in("#confirm", "Discard this draft?").await;
    browser.click("#confirm [data-confirm-part=ok]").await;
    browser.sees_in("#toasts", "Draft discarded").await;
    assert_eq!(browser.value(FIELD).await, "");
    browser.go(&page).await;
    assert_eq!(browser.value(FIELD).await, "");

    // Sent before it was saved as a draft, it leaves none behind.
    browser.fill(FIELD, "Found another one").await;
    browser.press("Add note").await;
    browser.sees_in(".note", "Found another one").await;
    browser
        .holds("document.querySelector('.note-form textarea').value === ''")
        .await;
    browser.go(&page).await;
    assert_eq!(browser.value(FIELD).await, "");

    // The sheet keeps the same draft, and closes without a question.
    browser.keys("o").await;
    browser.fill("#sheet [name=body]", "From the sheet").await;
    browser.keys(ESCAPE).await;
    browser.sheet_closed().await;
    browser.go(&page).await;
    assert_eq!(browser.value(FIELD).await, "From the sheet");
    let all = stage.api.get(&notes).await.expect(200);
    assert_eq!(all.json["data"].as_array().unwrap().len(), 1);
    stage.end().await;
}

#[tokio::test]
async fn an_edit_saves_itself_as_one_version_and_shows_both_when_overtaken() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let (page, notes) = page(&stage).await;
    browser.go(&page).await;
    browser.fill(FIELD, "Calls").await;
    browser.press("Add note").await;
    browser.sees_in(".note", "Calls").await;
    browser.press("Actions for this note").await;
    browser.press("Edit").await;
    browser.find("#sheet [name=body]").await;
    for text in ["Calls on", "Calls on Mondays"] {
        browser.fill("#sheet [name=body]", text).await;
        browser.sees_in("#sheet .autosave-said", "Saved").await;
    }
    browser.keys(ESCAPE).await;
    browser.sheet_closed().await;
    browser.sees_in(".note", "Calls on Mondays").await;
    let note = stage.api.get(&notes).await.expect(200).at("/data/0/id");
    let path = format!("{notes}/{note}");
    let versions = stage.api.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(
        versions.json["data"].as_array().unwrap().len(),
        1,
        "{}",
        versions.text
    );

    browser.press("Actions for this note").await;
    browser.press("Edit").await;
    browser.find("#sheet [name=body]").await;
    answer(
        stage
            .api
            .request(Method::PATCH, &path)
            .json(&json!({"body": "Calls never"})),
    )
    .await
    .expect(200);
    browser.fill("#sheet [name=body]", "Calls on Tuesdays").await;
    browser
        .sees_in("#sheet", "This was saved elsewhere meanwhile")
        .await;
    browser.sees_in("#sheet .choose", "Calls never").await;
    browser.press("Save note").await;
    browser.sheet_closed().await;
    browser.sees_in(".note", "Calls on Tuesdays").await;
    stage.end().await;
}

/// A colleague who signs in in a browser of their own.
async fn colleague(stage: &Stage) -> Browser {
    let link = stage.home.ok(&[
        "user",
        "create",
        "ida@example.com",
        "--organization",
        "maison",
        "--role",
        "agent",
    ]);
    let browser = Browser::open(&stage.server.url).await;
    browser.go(&link[link.find("/set-password/").unwrap()..]).await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.fill("[name=password_repeated]", PASSWORD).await;
    browser.press("Set password and sign in").await;
    browser.find("#sidebar").await;
    browser
}

#[tokio::test]
async fn a_colleague_is_mentioned_by_keyboard_and_finds_where() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let (page, notes) = page(&stage).await;
    let ida = colleague(&stage).await;
    browser.go(&page).await;
    browser.fill(FIELD, "Please ask @").await;
    browser.find(".note-form [role=option]").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("note-mention-1440-light").await;
    browser.keys(DOWN).await;
    browser.keys(ESCAPE).await;
    browser
        .holds("document.querySelector('.note-form [role=listbox]').hidden")
        .await;
    browser.keys("ida").await;
    browser
        .sees_in(".note-form [role=option][aria-selected=true]", "ida@example.com")
        .await;
    browser.keys(ENTER).await;
    assert_eq!(browser.value(FIELD).await, "Please ask @ida@example.com ");
    browser.press("Add note").await;
    browser.sees_in(".note .mention", "@ida@example.com").await;
    let body = stage.api.get(&notes).await.expect(200).at("/data/0/body");
    assert!(body.contains("@[ida@example.com](user:"), "{body}");

    ida.go("/customers").await;
    ida.sees_in("#sidebar .count", "1").await;
    ida.press("Mentions").await;
    ida.sees_in("main .note[data-unread]", "Grace Hopper").await;
    assert_eq!(ida.axe(&[]).await, Vec::<String>::new());
    ida.picture("mentions-1440-light").await;
    ida.size(390, 844).await;
    ida.scheme("dark").await;
    ida.picture("mentions-390-dark").await;
    ida.size(1440, 1000).await;
    ida.scheme("light").await;
    ida.press("Grace Hopper").await;
    ida.sees_in(".note .mention", "@ida@example.com").await;
    ida.holds("document.querySelector('#sidebar .count').textContent === ''")
        .await;
    ida.end().await;
    stage.end().await;
}
