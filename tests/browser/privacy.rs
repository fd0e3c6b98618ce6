//! Privacy duties: what a shop passes on is seen with its day, done with a note, and opened again.

use std::time::Duration;

use serde_json::json;

use crate::{
    looked::{Looked, look},
    stage::Stage,
    strangers,
};

/// A shop that passes on a request for data and two for erasure; gives their ids, by when they are due.
async fn owed(stage: &Stage) -> Vec<String> {
    let api = &stage.api;
    let shop = json!({"provider": "shopify", "name": "Second shop", "secret": "hush"});
    let shop = api.post("/api/v1/connections", &shop).await.expect(201);
    let request = r#"{"shop_domain": "acme.myshopify.com", "orders_requested": [299938, 280263], "customer": {"id": 191167, "email": "john@example.com", "phone": "+15556251199"}, "data_request": {"id": 9999}}"#;
    let redact = r#"{"shop_domain": "acme.myshopify.com", "customer": {"id": 191168, "email": "jane@example.com"}, "orders_to_redact": [299939]}"#;
    for (id, topic, body) in [
        ("1", "customers/data_request", request),
        ("2", "customers/redact", redact),
        ("3", "shop/redact", r#"{"shop_domain": "acme.myshopify.com"}"#),
    ] {
        strangers::send(api, &shop.at("/webhook_path"), topic, id, body)
            .await
            .expect(200);
    }
    loop {
        let duties = api.get("/api/v1/privacy/duties").await.expect(200);
        let duties = duties.json["data"].as_array().unwrap();
        if duties.len() == 3 {
            return duties
                .iter()
                .map(|duty| duty["id"].as_str().unwrap().to_owned())
                .collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Pages of a shop that owes something.
pub async fn owing(stage: &Stage) -> Vec<Looked> {
    let duties = owed(stage).await;
    let done = json!({"note": "Sent to the shop's owner"});
    stage
        .api
        .post(&format!("/api/v1/privacy/duties/{}/done", duties[0]), &done)
        .await
        .expect(200);
    vec![
        look("privacy", "/settings/privacy".into(), &[]),
        look("privacy-done", "/settings/privacy?state=done".into(), &[]),
        look(
            "privacy-duty",
            "/settings/privacy".into(),
            &["click:[data-row-link]"],
        ),
        look(
            "privacy-duty-done",
            format!("/settings/privacy/{}", duties[0]),
            &[],
        ),
    ]
}

#[tokio::test]
async fn what_is_owed_is_done_with_a_note_and_opened_again() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/settings/privacy").await;
    browser.sees("Nothing is owed").await;
    owed(&stage).await;
    browser.go("/settings/privacy").await;
    browser.sees("john@example.com").await;
    browser.sees("jane@example.com").await;
    browser.sees("acme.myshopify.com").await;

    // Read and done in the sheet; how is asked for and kept.
    browser
        .run("[...document.querySelectorAll('[data-row]')].find((row) => row.textContent.includes('john@')).querySelector('[data-row-link]').click()")
        .await;
    browser.sees_in("#sheet", "299938, 280263").await;
    browser
        .fill("#sheet [name=note]", "Sent to the shop's owner")
        .await;
    browser.press("Done").await;
    browser.sheet_closed().await;
    browser.sees("The duty is done.").await;
    browser.sees_no("tbody", "john@example.com").await;

    browser.go("/settings/privacy?state=done").await;
    browser.click("[data-row-link]").await;
    browser.sees_in("#sheet", "Sent to the shop's owner").await;
    browser.press("Reopen").await;
    browser.sheet_closed().await;
    browser.sees("The duty is open again.").await;
    browser.go("/settings/privacy").await;
    browser.sees("john@example.com").await;
    let audit = stage.api.get("/api/v1/audit").await.expect(200);
    assert!(audit.text.contains("done") && audit.text.contains("reopened"));
    stage.end().await;
}
