//! The cards beside a customer's page: facts changed where they stand, and who is related to whom.

use fantoccini::key::Key;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn facts_are_changed_where_they_stand_by_keyboard_and_back_again() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "email_verified": true, "consents": {"email": "subscribed"}}))
        .await;
    stage.customer(json!({"email": "bea@example.com"})).await;
    browser.go(&format!("/customers/{id}")).await;
    browser.sees_in("#record aside", "subscribed").await;
    browser.sees_in("#record aside", "verified").await;
    let email = format!("#cell-{id}-email");

    // By keyboard alone: to the button, another address, refused, right.
    browser
        .run(&format!(
            "document.querySelector('{email}').focus({{ focusVisible: true }})"
        ))
        .await;
    browser.keys(&Key::Enter).await;
    browser.find("#cell-menu [name=value]").await;
    browser.picture("customer-fact-1440-light").await;
    browser.fill("#cell-menu [name=value]", "bea@example.com").await;
    browser.keys(&Key::Enter).await;
    browser
        .sees_in("#cell-menu", "Another customer has this e-mail address")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.fill("#cell-menu [name=value]", "ada@example.org").await;
    browser.keys(&Key::Enter).await;
    browser.sees_in("#record aside", "ada@example.org").await;
    browser.sees_in(".record-facts", "ada@example.org").await;
    browser.sees_no("#record aside", "verified").await;
    browser
        .holds("!document.querySelector('#cell-menu:popover-open')")
        .await;
    browser
        .holds(&format!("document.activeElement.matches('{email}')"))
        .await;
    browser.press("Undo").await;
    browser.sees_in("#record aside", "ada@example.com").await;
    browser.sees_in("#record aside", "verified").await;

    // The owner is chosen among the members.
    browser.click(&format!("#cell-{id}-owner")).await;
    browser.find("#cell-menu button[autofocus]").await;
    browser.press("ada@example.com").await;
    browser.sees("Owner of Ada Byron changed.").await;
    let answer = stage
        .api
        .get(&format!("/api/v1/customers/{id}"))
        .await
        .expect(200);
    assert!(!answer.at("/owner_id").is_empty());
    stage.end().await;
}

#[tokio::test]
async fn a_person_is_led_to_the_companies_that_name_them_and_an_address_to_the_map() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let person = stage
        .customer(json!({"first_name": "Grace", "last_name": "Hopper", "email": "Grace@Example.com"}))
        .await;
    let company = stage
        .customer(json!({"kind": "company", "company_name": "Acme"}))
        .await;
    let contact = json!({"first_name": "Grace", "email": "grace@example.com", "title": "Head of purchasing", "is_primary": true});
    stage
        .api
        .post(&format!("/api/v1/customers/{company}/contacts"), &contact)
        .await
        .expect(201);
    let address = json!({"name": "Grace Hopper", "line1": "Chausseestraße 12", "postal_code": "10115", "city": "Berlin", "country": "DE"});
    stage
        .api
        .post(&format!("/api/v1/customers/{person}/addresses"), &address)
        .await
        .expect(201);

    browser.go(&format!("/customers/{person}")).await;
    browser.sees_in("#record aside", "Head of purchasing").await;
    let map = browser
        .run("return document.querySelector('#record aside a[href^=\"https://www.openstreetmap.org\"]').href")
        .await;
    let map = map.as_str().unwrap();
    assert!(
        map.contains("Chausseestra") && map.contains("10115") && !map.contains("Grace"),
        "{map}"
    );
    browser.press("Acme").await;
    browser
        .arrives(|address| address.contains(&company), "the company's page")
        .await;
    browser.sees_in("#record aside", "Main contact").await;
    // A company that is deleted is nobody's.
    let deleted = stage
        .api
        .request(reqwest::Method::DELETE, &format!("/api/v1/customers/{company}"));
    assert_eq!(deleted.send().await.unwrap().status(), 204);
    browser.go(&format!("/customers/{person}")).await;
    browser.find("#record").await;
    browser.sees_no("#record aside", "Acme").await;
    stage.end().await;
}
