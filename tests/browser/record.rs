//! The customer's page: what is known, changed, added, deleted and brought back.

use reqwest::Method;
use serde_json::json;

use crate::{api::answer, stage::Stage};

#[tokio::test]
async fn a_tick_goes_when_another_address_is_written() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(
            json!({"first_name": "Ada", "email": "ada@example.com", "email_verified": true,
            "phone": "+4930123456", "phone_verified": true}),
        )
        .await;
    browser.go(&format!("/customers/{id}/edit")).await;
    let tick = "[type=checkbox][name=email_verified]";
    let is_ticked = format!("document.querySelector('{tick}').checked");
    browser.holds(&is_ticked).await;
    browser.fill("[name=email]", "byron@example.com").await;
    browser.holds(&format!("!{is_ticked}")).await;
    for same in ["ada@example.com", "Ada@EXAMPLE.com"] {
        browser.fill("[name=email]", "").await;
        browser.fill("[name=email]", same).await;
        browser.holds(&is_ticked).await;
    }
    let tel = "[type=checkbox][name=phone_verified]";
    for (phone, is_same) in [("+49 (30) 123-456", true), ("+49 30 123457", false)] {
        browser.fill("[name=phone]", phone).await;
        browser
            .holds(&format!("document.querySelector('{tel}').checked === {is_same}"))
            .await;
    }
    browser.fill("[name=phone]", "+4930123456").await;
    browser.fill("[name=email]", "byron@example.com").await;
    browser.click(tick).await;
    browser.picture("customer-verified-1440-light").await;
    browser.press("Save changes").await;
    browser.sees("byron@example.com").await;
    let saved = stage
        .api
        .get(&format!("/api/v1/customers/{id}"))
        .await
        .expect(200);
    assert_eq!(saved.at("/email_verified"), "true");
    stage.end().await;
}

#[tokio::test]
async fn an_edit_is_saved_and_one_that_was_overtaken_says_so() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Ada", "last_name": "Byron", "email": "ada.b@example.com"}))
        .await;
    browser.go(&format!("/customers/{id}")).await;
    browser.keys("e").await;
    browser.fill("#sheet [name=last_name]", "Lovelace").await;
    browser.fill("#sheet [name=email]", "nonsense").await;
    browser.press("Save changes").await;
    browser
        .sees_in("#sheet [data-form-errors]", "Please correct one thing")
        .await;
    browser.fill("#sheet [name=email]", "lovelace@example.com").await;
    browser.press("Save changes").await;
    browser.sheet_closed().await;
    browser.sees_in("h1", "Ada Lovelace").await;
    browser.sees("lovelace@example.com").await;

    browser.press("Edit").await;
    browser.find("#sheet [name=last_name]").await;
    let path = format!("/api/v1/customers/{id}");
    let meanwhile = json!({"last_name": "King", "industry": "Mathematics"});
    answer(stage.api.request(Method::PATCH, &path).json(&meanwhile))
        .await
        .expect(200);
    browser.fill("#sheet [name=last_name]", "Lovelace-King").await;
    browser.press("Save changes").await;
    browser
        .sees_in("#sheet", "This was saved elsewhere meanwhile")
        .await;
    browser.sees_in("#sheet .choose", "King").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("customer-stale-1440-light").await;
    // Once more meanwhile: then theirs is taken in one field and one's own in the other.
    let again = json!({"last_name": "Byron", "industry": "Poetry"});
    answer(stage.api.request(Method::PATCH, &path).json(&again))
        .await
        .expect(200);
    browser.fill("#sheet [name=industry]", "Engines").await;
    browser.press("Save as chosen").await;
    browser.sees_in("#sheet .choose", "Byron").await;
    browser.sees_in("#sheet", "Poetry").await;
    browser
        .click("#sheet [name='choose/industry'][value=theirs]")
        .await;
    browser.press("Save as chosen").await;
    browser.sheet_closed().await;
    browser.sees_in("h1", "Ada Lovelace-King").await;
    let now = stage.api.get(&path).await.expect(200);
    assert_eq!(
        now.at("/industry"),
        "Poetry",
        "what was chosen of the other is kept"
    );
    browser
        .sees_in(".record-section", "Last name changed from Byron to Lovelace-King")
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_form_on_a_page_of_its_own_stays_there_until_it_is_saved() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Ada", "email": "ada.b@example.com"}))
        .await;
    for path in ["/customers/new".to_owned(), format!("/customers/{id}/edit")] {
        browser.go(&path).await;
        browser.fill("main [name=last_name]", "Hopper").await;
        browser.fill("main [name=email]", "nonsense").await;
        browser.click("main form [type=submit]").await;
        browser
            .sees_in("main [data-form-errors]", "Please correct one thing")
            .await;
        let forms = browser
            .run("return document.querySelectorAll('[name=email]').length")
            .await;
        assert_eq!(forms, 1, "{path}: one form");
        browser
            .fill("main [name=email]", &format!("hopper{}@example.com", path.len()))
            .await;
        browser.click("main form [type=submit]").await;
        browser.sees_in("h1", "Hopper").await;
    }
    browser.go(&format!("/customers/{id}/notes/new")).await;
    browser.fill("main [name=body]", "Found a moth.").await;
    browser.click("main form [type=submit]").await;
    browser.sees_in(".record-section", "Found a moth.").await;
    browser.go(&format!("/customers/{id}/edit")).await;
    browser.press("Cancel").await;
    browser.sees_in("h1", "Ada Hopper").await;
    stage.end().await;
}

#[tokio::test]
async fn contacts_addresses_tags_and_notes_are_added_and_a_deletion_is_undone() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"kind": "company", "company_name": "Analytical Engines", "status": "vip"}))
        .await;
    let page = format!("/customers/{id}");

    browser.go(&format!("{page}?tab=contacts")).await;
    browser.press("Add a contact").await;
    browser.fill("#sheet [name=first_name]", "Grace").await;
    browser.fill("#sheet [name=last_name]", "Hopper").await;
    browser.fill("#sheet [name=title]", "Admiral").await;
    browser.click("#sheet [name=is_decision_maker]").await;
    browser.press("Add contact").await;
    browser.sheet_closed().await;
    browser.sees_in(".record-section", "Grace Hopper").await;
    browser.sees_in(".record-section", "decides").await;

    browser.go(&format!("{page}?tab=addresses")).await;
    browser.press("Add an address").await;
    browser.fill("#sheet [name=line1]", "12 St James's Square").await;
    browser.fill("#sheet [name=city]", "London").await;
    browser.fill("#sheet [name=postal_code]", "SW1Y 4LE").await;
    browser.choose("#sheet [name=country]", "GB").await;
    browser.press("Add address").await;
    browser.sheet_closed().await;
    browser.sees_in(".record-section .postal", "London").await;

    browser.fill(".tag-form [name=tag]", "wholesale").await;
    browser.keys("\n").await;
    browser.sees_in(".record aside", "wholesale").await;
    browser.press("Remove tag wholesale").await;
    browser.sees_no(".record aside .tag-list", "wholesale").await;

    browser.go(&format!("{page}?tab=notes")).await;
    for note in ["Calls on Mondays", "Pays in advance"] {
        browser.fill(".note-form textarea", note).await;
        browser.press("Add note").await;
        browser.sees_in(".record-section", note).await;
    }
    browser.sees_in(".note", "Pays in advance").await;
    browser
        .run(
            "[...document.querySelectorAll('.note')].find((note) => note.textContent.includes('Mondays'))
        .querySelector('[popovertarget]').click()",
        )
        .await;
    browser.press("Pin to the top").await;
    browser.sees_in(".note[data-pinned]", "Calls on Mondays").await;
    browser.sees_no(".note[data-pinned]", "edited").await;
    browser.sees_in(".note", "Calls on Mondays").await;

    browser.press("More").await;
    browser.press("Delete").await;
    browser.sees_in("#confirm", "Delete Analytical Engines?").await;
    browser.press("Delete customer").await;
    browser.sees_in("#toasts", "deleted").await;
    let gone = stage.api.get(&format!("/api/v1/customers/{id}")).await;
    assert!(
        gone.status == 404 || !gone.json["deleted_at"].is_null(),
        "{}",
        gone.text
    );
    browser.press("Undo").await;
    browser.sees_in("#toasts", "is back").await;
    let back = stage
        .api
        .get(&format!("/api/v1/customers/{id}"))
        .await
        .expect(200);
    assert!(back.json["deleted_at"].is_null(), "{}", back.text);
    browser.go(&page).await;
    for happening in ["Restored", "Deleted", "Note", "Address", "Contact"] {
        browser.sees_in(".record-section", happening).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn a_note_keeps_what_it_said_consent_is_written_down_and_ids_are_linked() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"first_name": "Ada", "last_name": "Byron", "email": "ada.b@example.com"}))
        .await;
    let page = format!("/customers/{id}");
    browser.go(&format!("{page}?tab=notes")).await;
    browser.fill(".note-form textarea", "Calls on Mondays").await;
    browser.press("Add note").await;
    browser.sees_in(".note", "Calls on Mondays").await;
    browser.press("Actions for this note").await;
    browser.press("Edit").await;
    browser.fill("#sheet [name=body]", "Calls on Tuesdays").await;
    browser.press("Save note").await;
    browser.sheet_closed().await;
    browser.sees_in(".note", "Calls on Tuesdays").await;
    browser.press("edited").await;
    browser.sees_in("#sheet", "What the note said").await;
    browser.sees_in("#sheet", "Calls on Mondays").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.press("Close").await;
    browser.sheet_closed().await;

    browser.press("Details").await;
    browser.press("Change consent").await;
    browser.choose("#sheet [name=email]", "subscribed").await;
    browser.press("Save consent").await;
    browser.sheet_closed().await;
    browser.sees_in(".record-section", "subscribed").await;
    browser.press("Change consent").await;
    browser.choose("#sheet [name=email]", "unsubscribed").await;
    browser.press("Save consent").await;
    browser.sheet_closed().await;
    browser.sees_in(".record-section", "unsubscribed").await;

    browser.press("Link an id").await;
    browser.fill("#sheet [name=source]", "Shopify!").await;
    browser.fill("#sheet [name=external_id]", "4711").await;
    browser.press("Link id").await;
    browser.sees_in("#sheet [data-form-errors]", "correct").await;
    browser.fill("#sheet [name=source]", "shopify").await;
    browser.press("Link id").await;
    browser.sheet_closed().await;
    browser.sees_in(".record-section", "4711").await;
    browser.press("Unlink").await;
    browser.sees_in("#confirm", "Unlink this source?").await;
    browser.click("#confirm [data-confirm-part=ok]").await;
    browser
        .sees_in(".record-section", "Not linked to another system")
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_list_is_gone_through_one_by_one_and_sorted_by_two_columns() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for (name, status) in [
        ("Anna", "vip"),
        ("Berta", "active"),
        ("Clara", "vip"),
        ("Dora", "vip"),
    ] {
        stage
            .customer(json!({"first_name": name, "last_name": "Maier", "status": status}))
            .await;
    }
    browser.go("/customers?status=vip&sort=full_name").await;
    browser.press("Clara Maier").await;
    browser.sees_in("h1", "Clara").await;
    browser.press("Next in the list").await;
    browser.sees_in("h1", "Dora").await;
    browser.keys("k").await;
    browser.sees_in("h1", "Clara").await;
    browser.press("Notes").await;
    browser.press("Previous in the list").await;
    browser.sees_in("h1", "Anna").await;
    let address = browser.address().await;
    assert!(address.contains("tab=notes"), "the section stays open: {address}");
    browser.click(".crumbs a").await;
    browser
        .arrives(
            |address| address == "/customers?status=vip&sort=full_name",
            "the list",
        )
        .await;

    browser
        .run(
            "[...document.querySelectorAll('a.sort')].find((link) => link.textContent.includes('Created'))
            .dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, shiftKey: true}))",
        )
        .await;
    browser
        .arrives(
            |address| address.contains("sort=full_name%2C-created_at"),
            "both columns",
        )
        .await;
    browser.find("th[aria-sort=descending]").await;
    browser.find("th[aria-sort=ascending]").await;
    stage.end().await;
}

#[tokio::test]
async fn the_sidebar_leads_to_the_documents_of_the_api() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.press("API docs").await;
    browser
        .arrives(|address| address.starts_with("/api/docs"), "/api/docs")
        .await;
    browser.sees("List and search customers").await;
    stage.end().await;
}
