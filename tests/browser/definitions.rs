//! Tags and attributes: made, used, changed, put in order, merged, archived, deleted.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn tags_are_made_coloured_merged_and_deleted() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage
        .customer(json!({"first_name": "Ada", "tags": ["wholesale"]}))
        .await;
    stage
        .customer(json!({"first_name": "Grace", "tags": ["Großhandel"]}))
        .await;
    browser.go("/settings/definitions").await;
    browser.press("New tag").await;
    browser.press("Save tag").await;
    assert_eq!(
        browser
            .run("return document.querySelector('#sheet [name=name]').validity.valueMissing")
            .await,
        true
    );
    browser.fill("#sheet [name=name]", "WHOLESALE").await;
    browser.press("Save tag").await;
    browser
        .sees_in("#sheet [data-form-errors]", "there is a tag of this name")
        .await;
    browser.fill("#sheet [name=name]", "spring fair").await;
    browser
        .run("document.querySelector('#sheet [name=color][value=teal]').click()")
        .await;
    browser.press("Save tag").await;
    browser.sheet_closed().await;
    browser.sees_in("#definitions", "spring fair").await;

    browser.press("Actions for Großhandel").await;
    browser.press("Merge into another").await;
    browser.find("#sheet [name=into]").await;
    let id = "return [...document.querySelectorAll('#sheet [name=into] option')].find((one) => one.textContent === 'wholesale').value";
    let id = browser.run(id).await;
    browser.choose("#sheet [name=into]", id.as_str().unwrap()).await;
    browser.press("Merge tags").await;
    browser.sheet_closed().await;
    browser.sees_no("#definitions", "Großhandel").await;
    browser.go("/customers?tag=wholesale").await;
    browser.sees("2 customers").await;

    browser.go("/settings/definitions").await;
    browser.press("Actions for wholesale").await;
    browser.press("Delete").await;
    browser.sees_in("#confirm", "2 customers lose it").await;
    browser
        .fill("#confirm [data-confirm-part=input]", "wholesale")
        .await;
    browser.press("Delete tag").await;
    browser.sees_in("#toasts", "Tag deleted").await;
    browser.sees_no("#definitions", "wholesale").await;
    stage.end().await;
}

#[tokio::test]
async fn attributes_are_made_used_ordered_archived_and_deleted() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/settings/definitions").await;
    for (label, name, kind) in [("Shoe size", "shoe_size", "number"), ("Plan", "plan", "select")] {
        browser.press("New attribute").await;
        browser.fill("#sheet [name=label]", label).await;
        browser.fill("#sheet [name=name]", name).await;
        browser.choose("#sheet [name=kind]", kind).await;
        if kind == "select" {
            browser.press("Save attribute").await;
            browser.sees_in("#sheet [data-form-errors]", "correct").await;
            browser.fill("#sheet [name=options]", "basic\npro").await;
        }
        browser.press("Save attribute").await;
        browser.sheet_closed().await;
        browser.sees_in("#definitions", label).await;
    }
    browser.press("Actions for Plan").await;
    browser.press("Move up").await;
    let order = "return [...document.querySelectorAll('#attributes-title')].length && \
        [...document.querySelectorAll('table[aria-label=Attributes] tbody tr')].map((row) => row.cells[0].textContent.trim()).join()";
    let mut now = browser.run(order).await;
    for _ in 0..100 {
        if now == "Plan,Shoe size" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        now = browser.run(order).await;
    }
    assert_eq!(now, "Plan,Shoe size");

    browser.go("/customers").await;
    browser.press("New customer").await;
    browser.fill("#sheet [name=last_name]", "Byron").await;
    browser.fill("#sheet [name='attributes/shoe_size']", "38").await;
    browser.press("Create customer").await;
    browser.sheet_closed().await;
    browser.press("Details").await;
    browser.sees_in(".record-section", "Shoe size").await;
    browser.sees_in(".record-section", "38").await;

    browser.go("/settings/definitions").await;
    browser.press("Actions for Shoe size").await;
    browser.press("Delete").await;
    browser.press("Delete attribute").await;
    browser.sees_in("#toasts", "archive it instead").await;
    browser.press("Actions for Shoe size").await;
    browser.press("Archive").await;
    browser.press("Archive").await;
    browser.sees_in("#definitions", "archived").await;
    browser.press("Actions for Plan").await;
    browser.press("Delete").await;
    browser.press("Delete attribute").await;
    browser.sees_no("#definitions", "Plan").await;
    stage.end().await;
}
