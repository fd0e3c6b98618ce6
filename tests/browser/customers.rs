//! The customer list: adding, finding, narrowing, sorting, turning pages, several at once.

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn a_customer_is_added_in_the_sheet_and_found_by_a_misspelt_name() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.sees("No customers yet").await;
    browser.keys("n").await;
    browser.fill("#sheet [name=first_name]", "Allen").await;
    browser.fill("#sheet [name=last_name]", "Grünwald").await;
    browser.fill("#sheet [name=email]", "allen@").await;
    browser.fill("#sheet [name=phone]", "12").await;
    browser.press("Create customer").await;
    browser
        .sees_in("#sheet [data-form-errors]", "2 things to correct")
        .await;
    browser.find("#sheet [name=email][aria-invalid=true]").await;
    browser.find("#sheet #field-email-error").await;
    assert_eq!(
        browser.value("#sheet [name=last_name]").await,
        "Grünwald",
        "what was typed is kept"
    );
    browser.fill("#sheet [name=email]", "allen@example.com").await;
    browser.fill("#sheet [name=phone]", "+49 30 123456").await;
    browser.press("Create customer").await;
    browser.sheet_closed().await;
    browser.sees("Allen Grünwald").await;

    browser.go("/customers").await;
    browser.fill("[data-search]", "Alen Grunwald").await;
    browser
        .arrives(|address| address.contains("q=Alen"), "the search")
        .await;
    browser.sees_in("#list", "Allen Grünwald").await;
    browser.fill("[data-search]", "Zzyzx").await;
    browser.sees_in("#list", "Nobody matches").await;
    // The address holds the search: opened anew it shows the same.
    let address = browser
        .arrives(|address| address.contains("q=Zzyzx"), "the search")
        .await;
    browser.go(&address).await;
    browser.sees_in("#list", "Nobody matches").await;
    assert_eq!(browser.value("[data-search]").await, "Zzyzx");

    // A second one with the same address is refused with the way to the first.
    browser.go("/customers").await;
    browser.press("New customer").await;
    browser.fill("#sheet [name=first_name]", "Another").await;
    browser.fill("#sheet [name=email]", "ALLEN@example.com").await;
    browser.press("Create customer").await;
    browser.sees_in("#sheet", "Already a customer").await;
    browser.press("Cancel").await;
    browser.press("Discard").await;
    browser.sheet_closed().await;
    stage.end().await;
}

#[tokio::test]
async fn who_a_new_customer_may_already_be_is_told_while_one_types() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Allen", "last_name": "Grünwald", "email": "allen@example.com", "phone": "+49 30 123456"}))
        .await;
    browser.go("/customers").await;
    browser.keys("n").await;
    browser.fill("#sheet [name=email]", "ALLEN@example.com").await;
    browser.sees_in("#similar", "Same e-mail address").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customer-similar-1440-light").await;
    browser.fill("#sheet [name=email]", "other@example.com").await;
    browser.sees_no("#similar", "Allen").await;
    browser.fill("#sheet [name=phone]", "+4930123456").await;
    browser.sees_in("#similar", "Same phone number").await;
    browser.fill("#sheet [name=phone]", "+4930999999").await;
    browser.sees_no("#similar", "Allen").await;
    browser.fill("#sheet [name=first_name]", "Alen").await;
    browser.fill("#sheet [name=last_name]", "Grunwald").await;
    browser.sees_in("#similar", "A name like it").await;
    browser.click("#similar a").await;
    browser
        .arrives(|address| address == format!("/customers/{id}"), "the customer")
        .await;
    stage.end().await;
}

#[tokio::test]
async fn the_list_narrows_sorts_turns_pages_and_changes_several_at_once() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for number in 0..60 {
        let status = if number % 3 == 0 { "vip" } else { "active" };
        let name = format!("Person {number:02}");
        stage
            .customer(json!({"first_name": name, "last_name": "Sample", "status": status}))
            .await;
    }
    browser.go("/customers").await;
    browser.sees("60 customers").await;

    browser.press("Filter").await;
    browser.choose("#builder-0-field", "status").await;
    browser.find("#builder-0-value-0").await;
    browser
        .run("document.querySelector('#builder [value=vip]').click()")
        .await;
    browser.press("Show customers").await;
    browser
        .arrives(|address| address.contains("status=vip"), "the filter")
        .await;
    browser.sees("20 customers").await;
    browser.sees_in(".chip", "VIP").await;
    browser.click(".chip-remove").await;
    browser.sees("60 customers").await;

    browser.click("th a.sort").await;
    browser.find("th[aria-sort=ascending]").await;
    browser.sees_in("#list tbody tr", "Person 00").await;
    browser.click("th[aria-sort=ascending] a.sort").await;
    browser.find("th[aria-sort=descending]").await;
    browser.sees_in("#list tbody tr", "Person 59").await;
    browser.press("Next").await;
    browser.sees_in("#list", "Person 00").await;
    browser.press("Previous").await;
    browser.sees_in("#list tbody tr", "Person 59").await;

    browser.click("[data-row]:nth-child(1) [data-select-row]").await;
    browser.click("[data-row]:nth-child(2) [data-select-row]").await;
    browser.sees_in("[data-bulk-bar]", "2").await;
    browser.press("Tag").await;
    browser
        .fill("#sheet [name=tag], #sheet [name=tags]", "spring")
        .await;
    browser.click("#sheet button[type=submit]").await;
    browser.sheet_closed().await;
    browser.sees_in("#list", "spring").await;
    browser.go("/customers?tag=spring").await;
    browser.sees("2 customers").await;

    browser.press("Save view").await;
    browser.fill("#sheet [name=name]", "Spring people").await;
    browser.click("#sheet button[type=submit]").await;
    browser.sees_in(".view-bar", "Spring people").await;

    // Narrowed in the sheet it is still open, so that what is shown can become what it asks for.
    browser.press("Filter").await;
    browser.press("Condition").await;
    browser.choose("#builder-1-field", "status").await;
    browser.find("#builder-1-value-0").await;
    browser
        .run("document.querySelector('#builder [value=vip]').click()")
        .await;
    browser.press("Show customers").await;
    browser
        .arrives(
            |address| address.contains("status=vip") && address.contains("view="),
            "the view, narrowed",
        )
        .await;
    browser.press("This view").await;
    browser.press("Save the filters shown").await;
    browser.sees_in("#toasts", "View Spring people saved").await;
    browser.go("/customers").await;
    browser.press("Spring people").await;
    browser
        .arrives(
            |address| address.contains("status=vip"),
            "the view as it was saved",
        )
        .await;
    stage.end().await;
}

#[tokio::test]
async fn hostile_names_are_shown_as_they_are_and_do_nothing() {
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/names/blns/blns.json"
    );
    let Ok(text) = std::fs::read_to_string(fixtures) else {
        println!("skipped: hostile_names_are_shown_as_they_are_and_do_nothing needs the shared fixtures");
        return;
    };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mut shown = Vec::new();
    for string in strings
        .iter()
        .filter(|text| text.contains(['<', '&', '\'', '"', '{', '\u{202e}']))
    {
        let answer = stage
            .api
            .post(
                "/api/v1/customers",
                &json!({"last_name": string, "company_name": string}),
            )
            .await;
        // Some are refused (too long, control characters); nothing is a fault of the server.
        assert!(answer.status.as_u16() < 500, "{string:?}: {}", answer.text);
        if answer.status == 201 {
            assert_eq!(
                answer.json["last_name"].as_str().unwrap(),
                string.trim(),
                "stored as it was sent"
            );
            shown.push((answer.at("/id"), answer.at("/full_name")));
        }
    }
    assert!(shown.len() > 100, "only {} were taken", shown.len());
    let harmless = "return !window.__proof && document.querySelectorAll(
        'main img, main iframe, main object, main embed, main svg[onload], main [onerror], main [onclick], main [style]').length === 0";
    browser
        .run("window.alert = window.confirm = window.prompt = () => { window.__proof = true }")
        .await;
    let mut address = "/customers?sort=created_at".to_owned();
    let mut names = 0;
    loop {
        browser.go(&address).await;
        browser.find("#list [data-row]").await;
        assert_eq!(browser.run(harmless).await, true, "at {address}");
        names += browser
            .run("return document.querySelectorAll('#list [data-row]').length")
            .await
            .as_u64()
            .unwrap();
        let next = browser
            .run("return document.querySelector('a[rel=next]')?.getAttribute('href') ?? ''")
            .await;
        address = next.as_str().unwrap().to_owned();
        if address.is_empty() {
            break;
        }
    }
    assert_eq!(names, shown.len() as u64, "each is in the list");
    for (id, name) in shown.iter().step_by(25) {
        browser.go(&format!("/customers/{id}?tab=details")).await;
        let heading = browser
            .run("return document.querySelector('h1').textContent")
            .await;
        assert_eq!(heading.as_str().unwrap(), name);
        assert_eq!(browser.run(harmless).await, true, "of {name:?}");
        // The same text as everything below a customer, on each of its tabs.
        let part = |part: &str| format!("/api/v1/customers/{id}/{part}");
        for (place, body) in [
            (
                "contacts",
                json!({"last_name": name, "title": name, "note": name}),
            ),
            ("addresses", json!({"line1": name, "city": name})),
            ("notes", json!({"body": name})),
            (
                "tags",
                json!({"tags": [name.chars().take(60).collect::<String>()]}),
            ),
            (
                "sources",
                json!({"source": "shopify", "external_id": format!("{id} {name}")}),
            ),
        ] {
            let answer = stage.api.post(&part(place), &body).await;
            assert!(
                answer.status.as_u16() < 500,
                "{place} of {name:?}: {}",
                answer.text
            );
        }
        for tab in [
            "timeline",
            "notes",
            "contacts",
            "addresses",
            "hierarchy",
            "details",
        ] {
            browser.go(&format!("/customers/{id}?tab={tab}")).await;
            browser.find(".record-section").await;
            assert_eq!(browser.run(harmless).await, true, "{tab} of {name:?}");
        }
    }
    stage.end().await;
}
