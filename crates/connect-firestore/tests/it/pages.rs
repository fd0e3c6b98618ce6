//! What the pages say of the mirror and of a customer's document.

use regulars_kernel::Role;
use serde_json::json;

use crate::{emulator::Emulator, proxy::Answering, shop::Shop};

/// A page's text as it is read: without tags, with single spaces.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            _ if !is_tag => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Reader<'a> {
    shop: &'a Shop,
    cookie: String,
}

impl Reader<'_> {
    async fn page(&self, path: &str) -> String {
        let asked = self.shop.app.get(path).header("cookie", &self.cookie);
        asked.await.expect(200).text()
    }

    /// What a customer's page says of the document.
    async fn line(&self, id: &str) -> String {
        let page = words(&self.page(&format!("/customers/{id}")).await);
        let Some(begin) = page.find("Firestore : ") else {
            return String::new();
        };
        page[begin..].chars().take(120).collect()
    }
}

async fn reader(shop: &Shop, role: Role) -> Reader<'_> {
    let cookie = shop.app.sign_in("acme", role).await;
    Reader { shop, cookie }
}

#[tokio::test]
async fn a_customers_page_says_that_the_document_waits_and_why() {
    let shop = Shop::new().await;
    let id = shop.customer(json!({"first_name": "Ada"})).await;
    let agent = reader(&shop, Role::Agent).await;
    assert_eq!(agent.line(&id).await, "", "there is no mirror");
    let piece = format!("/customers/{id}/firestore");
    let get = |path: &str| shop.app.get(path).header("cookie", &agent.cookie);
    assert_eq!(get(&piece).await.expect(200).text(), "");
    shop.set_up(json!({})).await;
    assert!(agent.line(&id).await.contains("Firestore : not written yet"));
    shop.patch(&format!("/customers/{id}"), json!({"last_name": "Byron"}))
        .await
        .expect(200);
    let page = agent.page(&format!("/customers/{id}")).await;
    assert!(words(&page).contains("Firestore : waits to be written"));
    // It asks for itself again until it is written.
    assert!(page.contains(&format!("hx-get=\"{piece}\"")));
    let again = get(&piece).header("hx-request", "true").await.expect(200).text();
    assert!(
        again.starts_with("<p") && words(&again) == "Firestore : waits to be written",
        "{again}"
    );
    let preview = agent.page(&format!("/customers/{id}/preview")).await;
    assert!(words(&preview).contains("Firestore : waits to be written"));
    let mut tx = shop.app.tx("acme").await;
    sqlx::query("UPDATE firestore_progress SET error = 'Firestore cannot be reached', failed_at = now()")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(
        agent
            .line(&id)
            .await
            .contains("waits to be written; nothing can be written at the moment")
    );
    // The mirror's page tells how late it is, and why.
    let mut tx = shop.app.tx("acme").await;
    sqlx::query("UPDATE customer_changes SET changed_at = now() - interval '5 minutes'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = words(&agent.page("/settings/firestore").await);
    for expected in [
        "Nothing can be written Firestore cannot be reached.",
        "State Failing",
        "Waiting 1",
        "Lag 5 min",
        "Last written never",
        "All customers Under way",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    shop.patch("/sync/firestore", json!({"paused": true}))
        .await
        .expect(200);
    let page = agent.page(&format!("/customers/{id}")).await;
    assert!(words(&page).contains("waits to be written; the mirror is paused"));
    assert!(!page.contains(&piece), "nothing will come of asking again");

    // Who may not know of connections is not told of them, and nobody of others' customers.
    let viewer = reader(&shop, Role::Viewer).await;
    assert_eq!(viewer.line(&id).await, "");
    shop.app
        .get(&piece)
        .header("cookie", &viewer.cookie)
        .await
        .expect(403);
    let stranger = shop.app.sign_in("others", Role::Admin).await;
    shop.app.get(&piece).header("cookie", &stranger).await.expect(404);
}

#[tokio::test]
async fn a_customers_page_says_when_the_document_was_written_refused_or_taken_away() {
    let Some(emulator) = Emulator::start().await else {
        return;
    };
    let shop = Shop::mirrored().await;
    let proxy = Answering::start(emulator.address()).await;
    proxy.refuses(Some("arsenic"));
    let good = shop.customer(json!({"first_name": "Ada"})).await;
    let bad = shop
        .customer(json!({"first_name": "Eve", "note": "arsenic"}))
        .await;
    let _worker = shop.worker(&proxy.address);
    shop.settled().await;
    let agent = reader(&shop, Role::Agent).await;
    shop.compare("verify").await;
    let page = words(&agent.page("/settings/firestore").await);
    for expected in [
        "State Current",
        "Waiting 0",
        "Lag none",
        "Refused 1",
        "Last written just now",
        "All customers 2 customers",
        "Refused 1 document: ",
        "Comparison 1 not as they should be",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    let line = agent.line(&good).await;
    assert!(line.starts_with("Firestore : written "), "{line}");
    assert!(
        !agent
            .page(&format!("/customers/{good}"))
            .await
            .contains(&format!("/customers/{good}/firestore"))
    );
    let state = shop
        .get(&format!("/sync/firestore/customers/{bad}"))
        .await
        .expect(200)
        .json;
    let why = state["error"].as_str().unwrap();
    let line = agent.line(&bad).await;
    assert!(line.starts_with("Firestore : not written. "), "{line}");
    assert!(
        line.to_lowercase()
            .contains(&why[..why.len().min(20)].to_lowercase()),
        "{line} {why}"
    );
    assert!(line.contains(" Tried again "), "{line}");
    shop.delete(&format!("/customers/{good}")).await.expect(204);
    shop.settled().await;
    let line = agent.line(&good).await;
    assert!(line.starts_with("Firestore : taken away "), "{line}");
}
