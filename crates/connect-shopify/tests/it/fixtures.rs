//! Every payload of the shared fixtures that concerns Shopify is taken and processed. Skipped, by name, where the folder is not.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shop::Shop;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/shopify");
    folder.is_dir().then_some(folder)
}

/// Topic and body of each file. `customers.update.json` is `customers/update`; `customer.tags_added.json` has a dot in its topic, too.
fn payloads(folder: &Path) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for version in ["2023-01", "2026-07"] {
        let files = std::fs::read_dir(folder.join(version)).expect("a folder of a version");
        for file in files {
            let path = file.expect("a file").path();
            let text = std::fs::read(&path).expect("a payload");
            let json: Value = serde_json::from_slice(&text).expect("JSON");
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let topic = match json["topic"].as_str() {
                Some(topic) => topic.to_owned(),
                None if stem.starts_with("customer.") => stem,
                None => stem.replace('.', "/"),
            };
            all.push((
                topic,
                if json["body"].is_object() {
                    json["body"].clone()
                } else {
                    json
                },
            ));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[tokio::test]
async fn every_payload_of_the_fixtures_is_taken_and_none_is_dead() {
    let Some(folder) = folder() else {
        eprintln!("skipped: no ../shared/fixtures/shopify beside the checkout");
        return;
    };
    let shop = Shop::new().await;
    let payloads = payloads(&folder);
    assert!(payloads.len() > 90, "{}", payloads.len());
    // Deletions last: what is deleted does not come back.
    for is_deletion in [false, true] {
        let now = payloads
            .iter()
            .filter(|(topic, _)| topic.ends_with("/delete") == is_deletion);
        for (number, (topic, body)) in now.enumerate() {
            let at = format!(
                "2026-05-01T1{}:{:02}:{:02}Z",
                u8::from(is_deletion),
                number / 60,
                number % 60
            );
            shop.says(topic, &at, body).await;
        }
        shop.process().await;
        if !is_deletion {
            // Of the current version, with an id beyond 2^53.
            let customer = shop.customer("706405506930370084").await;
            assert_eq!(customer["full_name"], "Bob Biller");
        }
    }
    shop.get("/customers/by-external-id/shopify/706405506930370084")
        .await
        .expect(404);
    let mut tx = shop.app.tx("acme").await;
    let dead: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT topic, error FROM webhook_events WHERE state NOT IN ('done', 'ignored')")
            .fetch_all(tx.conn())
            .await
            .unwrap();
    tx.commit().await.unwrap();
    assert!(dead.is_empty(), "{dead:?}");
}
