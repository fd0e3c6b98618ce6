//! The list as a tree, by keyboard alone, and what lies below a customer on its page.

use fantoccini::key::Key;
use serde_json::json;

use crate::{harness::Browser, stage::Stage};

/// The names in the rows that are seen, each with its level before it.
async fn rows(browser: &Browser) -> String {
    let script = "return [...document.querySelectorAll('[role=treegrid] tr[data-row]')].filter((row) => !row.hidden)
        .map((row) => row.getAttribute('aria-level') + ' ' + row.querySelector('[data-row-link]').innerText).join(', ')";
    browser.run(script).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_tree_is_opened_closed_and_left_by_keyboard() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let company = |name: &str, parent: Option<&str>| json!({"kind": "company", "company_name": name, "parent_id": parent});
    let group = stage.customer(company("Acme Group", None)).await;
    let trading = stage.customer(company("Acme Trading", Some(&group))).await;
    stage
        .customer(json!({"first_name": "Ada", "last_name": "Lovelace", "parent_id": trading}))
        .await;
    stage.customer(company("Zenith", None)).await;
    stage
        .customer(json!({"first_name": "Grace", "last_name": "Hopper"}))
        .await;

    browser.go("/customers").await;
    browser.sees("5 customers").await;
    browser.keys("l").await;
    browser
        .arrives(|address| address.contains("layout=tree"), "the tree")
        .await;
    browser.sees("2 companies at the top").await;
    assert_eq!(rows(browser).await, "1 Acme Group, 1 Zenith");
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());

    browser.keys("j").await;
    browser.keys(&Key::Right).await;
    browser.sees_in("#list", "Acme Trading").await;
    browser
        .holds("document.querySelector('[data-current][aria-expanded=true]') !== null")
        .await;
    browser.keys(&Key::Right).await;
    browser.sees_in("[data-current]", "Acme Trading").await;
    browser.keys(&Key::Right).await;
    browser.sees_in("#list", "Ada Lovelace").await;
    assert_eq!(
        rows(browser).await,
        "1 Acme Group, 2 Acme Trading, 3 Ada Lovelace, 1 Zenith"
    );
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());

    // Left goes up from what has nothing below, and closes what is open; what was open below that stays so.
    browser.keys(&Key::Right).await;
    browser.sees_in("[data-current]", "Ada Lovelace").await;
    browser.keys(&Key::Left).await;
    browser.sees_in("[data-current]", "Acme Trading").await;
    browser.keys("k").await;
    browser.sees_in("[data-current]", "Acme Group").await;
    browser.keys(&Key::Left).await;
    assert_eq!(rows(browser).await, "1 Acme Group, 1 Zenith");
    browser.keys(&Key::Right).await;
    assert_eq!(
        rows(browser).await,
        "1 Acme Group, 2 Acme Trading, 3 Ada Lovelace, 1 Zenith"
    );

    browser.keys("jx").await;
    browser.sees_in("[data-bulk-bar]", "1").await;
    browser.keys("x").await;
    browser.keys("j\n").await;
    browser.sees_in("h1", "Ada Lovelace").await;
    browser.run("history.back()").await;
    browser.sees_in("#list", "Ada Lovelace").await;
    assert_eq!(
        rows(browser).await,
        "1 Acme Group, 2 Acme Trading, 3 Ada Lovelace, 1 Zenith"
    );
    // Loaded anew as well.
    browser.go("/customers?layout=tree").await;
    browser.sees_in("#list", "Ada Lovelace").await;

    browser.keys("l").await;
    browser
        .arrives(|address| !address.contains("layout"), "the table")
        .await;
    browser.sees("5 customers").await;
    stage.end().await;
}

#[tokio::test]
async fn a_customer_shows_where_it_stands_and_what_lies_below() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let limit = json!({"amount": "1000.00", "currency": "EUR"});
    let group = stage
        .customer(json!({"kind": "company", "company_name": "Acme Group", "credit_limit": limit}))
        .await;
    let trading = stage
        .customer(json!({"kind": "company", "company_name": "Acme Trading", "parent_id": group, "credit_limit": limit}))
        .await;
    stage
        .customer(json!({"first_name": "Ada", "last_name": "Lovelace", "parent_id": trading}))
        .await;
    browser.go(&format!("/customers/{group}?tab=hierarchy")).await;
    browser.sees_in("#hierarchy", "2 on 2 levels").await;
    browser.sees_in("#hierarchy", "2 companies").await;
    browser.sees_in("#hierarchy", "2,000.00").await;
    browser.click("#hierarchy [data-tree-toggle]").await;
    browser.sees_in("#hierarchy", "Ada Lovelace").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.go(&format!("/customers/{trading}?tab=hierarchy")).await;
    browser.sees_in("#hierarchy nav", "Acme Group").await;
    stage.end().await;
}
