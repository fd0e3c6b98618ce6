//! The columns of the list: chosen, ordered, made wider, and kept by a view or by the browser.

use fantoccini::key::Key;
use reqwest::Method;
use serde_json::json;

use crate::{api::answer, harness::Browser, stage::Stage};

/// The headings as they stand, without those that have no words.
async fn headings(browser: &Browser) -> String {
    let script = "return [...document.querySelectorAll('#list th')].map((one) => one.innerText.trim()).filter(Boolean).join(' ')";
    browser.run(script).await.as_str().unwrap().to_owned()
}

async fn width(browser: &Browser, column: &str) -> i64 {
    let script = format!("return document.querySelector('th[data-column={column}]').offsetWidth");
    browser.run(&script).await.as_i64().unwrap()
}

#[tokio::test]
async fn columns_are_chosen_ordered_made_wider_and_kept() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let attribute = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"});
    stage.api.post("/api/v1/attributes", &attribute).await.expect(201);
    stage
        .customer(json!({"first_name": "Ada", "email": "ada@example.com", "phone": "+49 30 123456", "attributes": {"shoe_size": 38}}))
        .await;
    browser.go("/customers").await;
    browser.sees("1 customer").await;
    assert_eq!(
        headings(browser).await,
        "Customer Status Tags Place Type Last active Created"
    );

    browser.press("Columns").await;
    browser.sees_in("#sheet", "Shoe size").await;
    browser.picture("customers-columns-1440-light").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    for value in [
        "tags",
        "place",
        "type",
        "last_active_at",
        "phone",
        "attribute.shoe_size",
    ] {
        browser
            .click(&format!("#sheet [name=columns][value='{value}']"))
            .await;
    }
    browser.click("#sheet [aria-label='Move Created up']").await;
    for _ in 0..4 {
        browser.keys(&Key::Enter).await;
    }
    browser.press("Show columns").await;
    browser.sees_in("#list", "38").await;
    assert_eq!(headings(browser).await, "Customer Created Status Phone Shoe size");

    // Made wider by keyboard, by pointer, and as wide as that on the next visit.
    let was = width(browser, "phone").await;
    browser
        .run("document.querySelector('th[data-column=phone] [data-column-edge]').focus()")
        .await;
    browser.keys(&Key::Right).await;
    let wanted = format!("phone:{}", was + 20);
    browser
        .arrives(|address| address.replace("%3A", ":").contains(&wanted), &wanted)
        .await;
    browser.find("table.sized").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    let edge = "const box = document.querySelector('th[data-column=created_at] [data-column-edge]').getBoundingClientRect(); return [box.x + 4, box.y + 10]";
    let at = browser.run(edge).await;
    let before = width(browser, "created_at").await;
    for (kind, by) in [
        ("mousePressed", 0.0),
        ("mouseMoved", 50.0),
        ("mouseMoved", 90.0),
        ("mouseReleased", 90.0),
    ] {
        let x = at[0].as_f64().unwrap() + by;
        browser
            .devtools(
                "Input.dispatchMouseEvent",
                json!({"type": kind, "x": x, "y": at[1], "button": "left", "buttons": 1, "clickCount": 1}),
            )
            .await;
    }
    browser
        .arrives(
            |address| address.contains("created_at%3A"),
            "a width of created_at",
        )
        .await;
    browser.sees_in("#list", "38").await;
    assert!(
        width(browser, "created_at").await > before + 40,
        "it was {before}"
    );
    browser.size(390, 844).await;
    assert_eq!(
        browser
            .run("return document.documentElement.scrollWidth > innerWidth")
            .await,
        false
    );
    browser.picture("customers-sized-390-light").await;
    browser.size(1440, 1000).await;
    browser.picture("customers-sized-1440-light").await;
    browser.go("/customers").await;
    browser.sees_in("#list", "38").await;
    assert_eq!(headings(browser).await, "Customer Created Status Phone Shoe size");

    // A view has its own, and the search does not lose them.
    browser.go("/customers?columns=email:300,code&q=ada").await;
    browser.sees_in("#list", "ada@example.com").await;
    browser.press("Save view").await;
    browser.fill("#sheet [name=name]", "Addresses").await;
    browser.press("Save view").await;
    browser
        .arrives(|address| address.contains("view="), "the view")
        .await;
    assert_eq!(headings(browser).await, "Customer E-mail Code");
    browser.go("/customers").await;
    browser.press("Columns").await;
    browser.press("Usual columns").await;
    browser.sees_in("#list", "Ada").await;
    browser.go("/customers").await;
    browser.sees_in("#list", "Ada").await;
    assert_eq!(
        headings(browser).await,
        "Customer Status Tags Place Type Last active Created"
    );
    browser.press("Addresses").await;
    browser
        .arrives(|address| address.contains("view="), "the view")
        .await;
    assert_eq!(headings(browser).await, "Customer E-mail Code");
    stage.end().await;
}

#[tokio::test]
async fn a_cell_is_changed_where_it_stands_and_back_again() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Ada", "last_name": "Sample", "email": "ada@example.com"}))
        .await;
    stage
        .customer(json!({"first_name": "Bea", "email": "bea@example.com"}))
        .await;
    browser.go("/customers?columns=status,email&sort=full_name").await;
    let status = format!("#cell-{id}-status button");
    let email = format!("#cell-{id}-email button");
    browser.click(&status).await;
    browser.sees_in("#cell-menu", "Churned").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customers-cell-choices-1440-light").await;
    browser.press("VIP").await;
    browser.sees_in("#toasts", "Status of Ada Sample changed.").await;
    browser.sees_in(&status, "vip").await;
    browser.press("Undo").await;
    browser
        .sees_in("#toasts", "Status of Ada Sample is as it was.")
        .await;
    browser.sees_in(&status, "active").await;

    // By keyboard; a refused value stays in its field with the reason.
    browser
        .run(&format!("document.querySelector('{email}').focus()"))
        .await;
    browser.keys(&Key::Enter).await;
    browser.find("#cell-menu [name=value]").await;
    browser.fill("#cell-menu [name=value]", "bea@example.com").await;
    browser.keys(&Key::Enter).await;
    browser
        .sees_in("#cell-menu", "Another customer has this e-mail address")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customers-cell-fault-1440-light").await;
    browser.fill("#cell-menu [name=value]", "ada@example.org").await;
    browser.keys(&Key::Enter).await;
    browser.sees_in(&email, "ada@example.org").await;
    let focused = format!("return document.activeElement === document.querySelector('{email}')");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while browser.run(&focused).await != true {
        let on = browser.run("return document.activeElement.outerHTML.slice(0, 300) + document.querySelector(\"#cell-menu\").matches(\":popover-open\")").await;
        assert!(std::time::Instant::now() < until, "the focus is on {on}");
    }

    // What somebody else changed meanwhile is not overwritten.
    browser.click(&status).await;
    browser.sees_in("#cell-menu", "Churned").await;
    let path = format!("/api/v1/customers/{id}");
    let blocked = json!({"status": "blocked"});
    answer(stage.api.request(Method::PATCH, &path).json(&blocked))
        .await
        .expect(200);
    browser.press("Churned").await;
    browser.sees_in("#toasts", "it is blocked now").await;
    assert_eq!(stage.api.get(&path).await.expect(200).at("/status"), "blocked");
    stage.end().await;
}
