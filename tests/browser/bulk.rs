//! The same to many: all that match, across pages, with progress; what is deleted is found again and brought back.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn all_that_match_are_tagged_deleted_found_again_and_brought_back() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for number in 0..130 {
        let status = if number < 120 { "vip" } else { "active" };
        let body =
            json!({"first_name": format!("Person {number:03}"), "last_name": "Sample", "status": status});
        stage.customer(body).await;
    }
    browser.go("/customers?status=vip").await;
    browser.sees("120 customers").await;
    browser.click("[data-select-all]").await;
    browser.sees_in("[data-bulk-bar]", "50 selected").await;
    browser.size(390, 844).await;
    browser.axe(&["label"]).await;
    browser.picture("customers-bulk-some-390-light").await;
    let outside = "const bar = document.querySelector('[data-bulk-bar]').getBoundingClientRect(); return bar.left < 0 || bar.right > innerWidth";
    assert_eq!(browser.run(outside).await, false, "the bar fits a phone");
    // Nothing moves away under the pointer when more or fewer are meant.
    let places = "return [...document.querySelectorAll('[data-bulk-bar] button')].map((button) => { const box = button.getBoundingClientRect(); return [box.left, box.top, box.width]; })";
    browser.size(1440, 1000).await;
    let before = browser.run(places).await;
    browser.press("Select all 120 that match").await;
    browser.sees_in("[data-bulk-bar]", "all 120 selected").await;
    assert_eq!(browser.run(places).await, before);
    browser.press("Only those on this page").await;
    browser.sees_in("[data-bulk-bar]", "50 selected").await;
    assert_eq!(browser.run(places).await, before);
    browser.press("Select all 120 that match").await;
    for (width, height) in [(390, 844), (1440, 1000)] {
        browser.size(width, height).await;
        assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
        let wide = "return document.documentElement.scrollWidth > innerWidth";
        assert_eq!(browser.run(wide).await, false, "at {width} px");
        browser.picture(&format!("customers-bulk-{width}-light")).await;
    }
    browser.press("Tag").await;
    browser.sees_in("#sheet", "Tag all 120 who match").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.fill("#sheet [name=tag]", "spring").await;
    browser.press("Add tag").await;
    browser.sheet_closed().await;
    browser
        .sees_in("#bulk-work", "120 customers tagged “spring”.")
        .await;
    browser.picture("customers-bulk-done-1440-light").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.sees_in("#list", "spring").await;
    // On the phone the page was scrolled; the line stands at its top.
    browser.run("scrollTo(0, 0)").await;
    browser.press("Hide this line").await;
    browser.sees_no("#bulk-work", "tagged").await;
    browser.go("/customers?status=vip").await;
    browser.sees_in("#list", "spring").await;
    browser.sees_no("#bulk-work", "tagged").await;

    // What a job did is undone by a job.
    browser.click("[data-select-all]").await;
    browser.press("Select all 120 that match").await;
    browser.press("Tag").await;
    browser.fill("#sheet [name=tag]", "by mistake").await;
    browser.press("Add tag").await;
    browser
        .sees_in("#bulk-work", "120 customers tagged “by mistake”.")
        .await;
    browser
        .run("[...document.querySelectorAll('#bulk-work .work-line')].find((line) => line.innerText.includes('by mistake')).querySelector('[hx-post]').click()")
        .await;
    browser.sees_in("#bulk-work", "120 customers as before.").await;
    browser.sees_no("#bulk-work", "by mistake").await;
    browser.sees_no("#list", "by mistake").await;
    browser.sees_in("#list", "spring").await;
    browser.go("/customers?tag=spring").await;
    browser.sees("120 customers").await;

    // Choosing one of them less takes back that all are meant.
    browser.click("[data-select-all]").await;
    browser.press("Select all 120 that match").await;
    browser.click("[data-row]:nth-child(1) [data-select-row]").await;
    browser.sees_in("[data-bulk-bar]", "49 selected").await;
    browser.click("[data-row]:nth-child(1) [data-select-row]").await;
    browser.press("Select all 120 that match").await;
    browser.press("Delete").await;
    browser.sees_in("#confirm", "Delete all 120 customers?").await;
    browser.press("Delete customers").await;
    browser.sees_in("#bulk-work", "120 customers deleted.").await;
    browser.sees_in("#list", "Nobody matches").await;

    // They stay within reach: a filter shows them, alone or one by one.
    browser.go("/customers").await;
    browser.sees("10 customers").await;
    browser.press("Filter").await;
    browser.press("Birthdays and deleted customers").await;
    browser.choose("#sheet [name=deleted]", "only").await;
    browser.press("Show customers").await;
    browser.sees("120 customers").await;
    browser.sees_in(".chip", "Deleted only").await;
    browser.click("[data-row]:nth-child(1) [data-row-link]").await;
    browser.sees("This customer is deleted").await;
    browser.press("Restore").await;
    browser.sees_in("#toasts", "is back").await;
    browser.go("/customers?deleted=only").await;
    browser.sees("119 customers").await;
    browser.click("[data-select-all]").await;
    browser.press("Select all 119 that match").await;
    browser.press("Restore").await;
    browser.sees_in("#bulk-work", "119 customers restored.").await;
    browser.go("/customers").await;
    browser.sees("130 customers").await;
    stage.end().await;
}

#[tokio::test]
async fn the_chosen_get_an_owner_and_are_exported() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for name in ["Ada", "Bea", "Cem"] {
        stage
            .customer(json!({"first_name": name, "last_name": "Sample"}))
            .await;
    }
    browser.go("/customers?sort=full_name").await;
    browser.sees("3 customers").await;
    for row in [1, 2] {
        browser
            .click(&format!("[data-row]:nth-child({row}) [data-select-row]"))
            .await;
    }
    browser.press("Owner").await;
    browser.sees_in("#sheet", "Owner of 2 customers").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    let pick = "const list = document.querySelector('#sheet [name=owner_id]'); list.selectedIndex = 1; list.dispatchEvent(new Event('change', {bubbles: true}))";
    browser.run(pick).await;
    browser.press("Set owner").await;
    browser.sheet_closed().await;
    browser.sees_in("#toasts", "2 customers changed.").await;
    browser.go("/customers?owner=me&sort=full_name").await;
    browser.sees("2 customers").await;
    browser.click("[data-row]:nth-child(2) [data-select-row]").await;
    browser.click("[data-bulk-bar] [hx-post$='action=export']").await;
    browser
        .arrives(
            |address| address.starts_with("/exports/new?filter="),
            "the export of one",
        )
        .await;
    browser.sees("Code is C-000002").await;
    browser.go("/customers?owner=none").await;
    browser.sees("1 customer").await;
    stage.end().await;
}
