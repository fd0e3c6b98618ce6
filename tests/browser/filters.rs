//! The sheet of filters: conditions in rows, the same as text, and what the list's address says of them.

use serde_json::json;

use crate::{harness::Browser, stage::Stage};

async fn opened(browser: &Browser, address: &str) {
    browser.go(address).await;
    browser.press("Filter").await;
    browser.find("#builder-0-field, #builder [name=text]").await;
}

/// Chooses a field of a row, and waits until the row is drawn for it.
pub async fn field(browser: &Browser, row: &str, name: &str, value: &str) {
    browser.choose(&format!("#builder-{row}-field"), name).await;
    browser.find(&format!("#builder-{row}-{value}")).await;
    browser
        .holds(&format!(
            "document.querySelector('#builder-{row}-field').value === '{name}'"
        ))
        .await;
}

#[tokio::test]
async fn a_field_is_chosen_by_typing_its_name_and_the_count_follows_what_is_typed() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for (name, city) in [("Ada", "London"), ("Bea", "Lisbon"), ("Carol", "Lima")] {
        stage
            .customer(json!({"first_name": name, "legal_name": format!("{city} Ltd")}))
            .await;
    }
    opened(browser, "/customers").await;
    browser
        .run("document.querySelector('#builder-0-field').focus()")
        .await;
    browser.keys("comp").await;
    browser.find("#builder-0-value").await;
    let chosen = "document.querySelector('#builder-0-field').selectedOptions[0].label";
    browser.holds(&format!("{chosen}.startsWith('Comp')")).await;
    // Another one at once, without leaving it.
    browser.keys("lega").await;
    browser.holds(&format!("{chosen} === 'Legal name'")).await;
    browser.choose("#builder-0-operator", "starts with").await;
    browser.find("#builder-0-value").await;
    browser.fill("#builder-0-value", "li").await;
    browser.sees_in("#builder-said", "2 customers").await;
    browser.keys("s").await;
    browser.sees_in("#builder-said", "1 customer").await;
    assert_eq!(
        browser.run("return document.activeElement.id").await,
        "builder-0-value"
    );
    // As text: one types on at once.
    browser.press("Text").await;
    browser.holds("document.activeElement.name === 'text'").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    stage.end().await;
}

#[tokio::test]
async fn everything_can_be_asked_in_rows() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage
        .customer(json!({"first_name": "Carol", "last_name": "Winter", "birthday": "1980-12-24", "priority": "urgent", "email": "carol@example.com", "tags": ["press"]}))
        .await;
    stage
        .customer(json!({"first_name": "Julia", "last_name": "Summer", "birthday": "1990-07-15", "phone": "+49 30 123456"}))
        .await;
    for (name, value, chip, found) in [
        ("birthday_from", "12-01", "Birthday from 12-01", "Carol"),
        ("birthday_to", "07-31", "Birthday until 07-31", "Julia"),
    ] {
        opened(browser, "/customers").await;
        browser.click("#sheet summary").await;
        browser.fill(&format!("#sheet [name={name}]"), value).await;
        browser.press("Show customers").await;
        browser.sees_in(".chip", chip).await;
        browser.sees("1 customer").await;
        browser.sees_in("#list", found).await;
    }
    for (name, chip, found) in [
        ("email", "E-mail is known", "Carol"),
        ("phone", "Phone is known", "Julia"),
    ] {
        opened(browser, "/customers").await;
        field(browser, "0", name, "value").await;
        browser.choose("#builder-0-operator", "is not empty").await;
        browser.sees_in("#builder-said", "1 customer").await;
        browser.press("Show customers").await;
        browser.sees_in(".chip", chip).await;
        browser.sees_in("#list", found).await;
        assert!(browser.address().await.contains(&format!("has_{name}=true")));
    }
    // Several of a few, one of many, a time from now: all of it together.
    opened(browser, "/customers").await;
    field(browser, "0", "priority", "value-0").await;
    browser
        .run("document.querySelector('#builder [value=urgent]').click()")
        .await;
    browser.press("Condition").await;
    field(browser, "1", "tag", "value-0").await;
    browser
        .run("document.querySelector('#builder [value=press]').click()")
        .await;
    browser
        .sees_in("#builder-said", "priority in (\"urgent\") and tag in (\"press\")")
        .await;
    browser.press("Condition").await;
    field(browser, "2", "created_at", "when").await;
    browser.sees_in("#builder-said", "1 customer").await;
    browser
        .sees_in(
            "#builder-said",
            "priority in (\"urgent\") and tag in (\"press\") and created_at >= days_ago(30)",
        )
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customers-builder-1440-light").await;
    browser.press("Show customers").await;
    browser.sees("Priority is urgent").await;
    browser.sees("Tag is press").await;
    browser.sees("Created since 30 days ago").await;
    browser.sees_in("#list", "Carol").await;
    // A chip leads back to the rows; one taken out leaves the others.
    browser.click(".chip-words").await;
    browser.find("#builder-2-when").await;
    browser.keys("\u{e00c}").await;
    browser.sheet_closed().await;
    browser
        .click("[aria-label='Remove filter Created since 30 days ago']")
        .await;
    browser
        .arrives(|address| !address.contains("filter="), "without the expression")
        .await;
    browser.sees("Tag is press").await;
    browser.go("/customers?owner=me").await;
    browser.sees("Owner is me").await;
    browser.sees("Nobody matches").await;
    stage.end().await;
}

#[tokio::test]
async fn groups_and_text_are_the_same_by_keyboard_alone() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for (name, city, status) in [
        ("Ada", "Berlin", "vip"),
        ("Bea", "Paris", "active"),
        ("Cleo", "Rome", "active"),
    ] {
        stage
            .customer(json!({"first_name": name, "status": status, "note": city}))
            .await;
    }
    opened(browser, "/customers").await;
    // The first row has the focus: a letter chooses, Tab goes on.
    browser
        .holds("document.activeElement.id === 'builder-0-field'")
        .await;
    field(browser, "0", "note", "value").await;
    browser
        .holds("document.activeElement.id === 'builder-0-field'")
        .await;
    browser.keys("\u{e004}\u{e004}Ber\u{e004}").await;
    browser.sees_in("#builder-said", "1 customer").await;
    browser.choose("#builder--group", "any").await;
    browser.sees_in("#builder-said", "note contains \"Ber\"").await;
    browser.press("Group").await;
    browser
        .holds("document.activeElement.id === 'builder-1-0-field'")
        .await;
    field(browser, "1-0", "first_name", "value").await;
    browser.fill("#builder-1-0-value", "Bea").await;
    browser.keys("\u{e004}").await;
    browser
        .sees_in(
            "#builder-said",
            "note contains \"Ber\" or first_name contains \"Bea\"",
        )
        .await;
    browser.sees_in("#builder-said", "2 customers").await;

    browser.press("Text").await;
    let text = browser.value("#builder [name=text]").await;
    assert_eq!(text, "note contains \"Ber\" or first_name contains \"Bea\"");
    browser.fill("#builder [name=text]", "not (status = vip").await;
    browser.press("Conditions").await;
    browser.sees_in("#builder .form-error", "Character").await;
    browser
        .fill("#builder [name=text]", "not (status = vip or first_name = Cleo)")
        .await;
    browser.press("Conditions").await;
    browser.find("#builder-1-value").await;
    assert_eq!(browser.value("#builder--group").await, "none");
    browser.sees_in("#builder-said", "1 customer").await;
    // What is missing is told at its row, and nothing is lost.
    browser.press("Condition").await;
    field(browser, "2", "city", "value").await;
    browser.press("Show customers").await;
    browser
        .sees_in("#builder-2-error", "Say what it is compared with")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customers-builder-fault-1440-light").await;
    browser.click("#builder-2-remove").await;
    browser.holds("!document.querySelector('#builder-2-field')").await;
    // Enter sends it.
    browser.click("#builder-1-value").await;
    browser.keys("\u{e007}").await;
    browser
        .arrives(|address| address.contains("filter=not"), "the list")
        .await;
    browser.sees_in("#list", "Bea").await;
    browser
        .sees_in(".chip", "not (Status is VIP or First name is Cleo)")
        .await;
    stage.end().await;
}
