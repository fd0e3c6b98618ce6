//! Taking customers out: what the list shows, as a file on one's own machine.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::stage::Stage;

/// Waits for a whole file in a folder and gives its text.
async fn downloaded(folder: &Path) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let whole = fs::read_dir(folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|end| end == "csv" || end == "jsonl"));
        if let Some(path) = whole {
            return fs::read_to_string(path).unwrap();
        }
        assert!(Instant::now() < until, "nothing was downloaded");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_the_list_shows_is_exported_and_downloaded() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for (name, status) in [("Ada", "vip"), ("Grace", "vip"), ("Ida", "active")] {
        stage
            .customer(json!({"first_name": name, "last_name": "Zöllner", "status": status}))
            .await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    browser
        .devtools(
            "Browser.setDownloadBehavior",
            json!({"behavior": "allow", "downloadPath": path}),
        )
        .await;

    browser.go("/customers?status=vip&sort=full_name").await;
    browser.sees("2 customers").await;
    // A search as one types narrows what the link takes as well.
    browser.fill("[data-search]", "Grace").await;
    browser
        .arrives(|address| address.contains("q=Grace"), "the search")
        .await;
    browser.sees("1 customer").await;
    browser.press("Export").await;
    let address = browser
        .arrives(|address| address.starts_with("/exports/new"), "/exports/new")
        .await;
    assert!(
        address.contains("status=vip") && address.contains("q=Grace"),
        "{address}"
    );
    browser.sees("Status is VIP").await;
    browser.sees("Search is Grace").await;
    browser.press("Export").await;
    browser.sees("Status is VIP").await;
    browser.sees_in("tbody", "done").await;
    browser.press("Download").await;
    let text = downloaded(folder.path()).await;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    assert_eq!(lines.len(), 2, "a head and one customer: {text}");
    assert!(
        lines[1].contains("Grace") && lines[1].contains("Zöllner"),
        "{text}"
    );

    browser.press("Delete the export").await;
    browser.press("Delete export").await;
    browser.sees("No exports yet").await;
    stage.end().await;
}
