//! The four steps of a company: by keyboard alone, kept over reloads and a killed server, with hints and faults in place.

use fantoccini::key::Key;
use serde_json::json;

use crate::{harness::Browser, stage::Stage};

/// Goes to a field or button with the Tab key.
async fn reach(browser: &Browser, css: &str) {
    let there = format!("return document.activeElement.matches({})", json!(css));
    for _ in 0..90 {
        if browser.run(&there).await == true {
            return;
        }
        browser.keys(&Key::Tab).await;
    }
    panic!("the keyboard does not reach {css}");
}

/// Types into a field that is reached with the Tab key.
async fn write(browser: &Browser, name: &str, text: &str) {
    reach(browser, &format!("[name='{name}']")).await;
    browser.keys(text).await;
}

/// Waits until what was typed is kept.
async fn kept(browser: &Browser) {
    browser
        .holds("document.querySelector('[data-draft=saved] [data-draft-said]')?.textContent === 'Saved as a draft'")
        .await;
}

async fn at(browser: &Browser, step: &str) {
    let path = format!("/customers/new/company{step}");
    browser
        .arrives(|address| address.split('?').next() == Some(&path), &path)
        .await;
    browser.find(".steps a[aria-current=step]").await;
}

#[tokio::test]
async fn a_company_is_written_by_keyboard_alone_and_outlives_reloads() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.control("k").await;
    browser.find("#palette [data-palette-input]").await;
    browser.keys("step by step").await;
    browser
        .sees_in("#palette-results", "New company, step by step")
        .await;
    browser.keys("\n").await;
    at(browser, "").await;
    browser
        .holds("document.activeElement.matches('[name=company_name]')")
        .await;
    browser.keys("Analytical Engines").await;
    write(browser, "email", "office@engines.example").await;
    write(browser, "industry", "Calculation").await;
    reach(browser, "[name=status]").await;
    browser.keys("VIP").await;
    write(browser, "tags", "b2b, north").await;
    kept(browser).await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.keys(&Key::Enter).await;

    // None yet; one is added and has the focus, then another.
    at(browser, "/contacts").await;
    browser.sees("No contacts yet").await;
    reach(browser, "[value=add]").await;
    browser.keys(&Key::Enter).await;
    browser
        .holds("document.activeElement.matches('[name=\"contacts/0/first_name\"]')")
        .await;
    browser.keys("Grace").await;
    write(browser, "contacts/0/email", "grace@engines.example").await;
    reach(browser, "[name='contacts/0/is_primary']").await;
    browser.keys(" ").await;
    reach(browser, "[value=add]").await;
    browser.keys(&Key::Enter).await;
    browser
        .holds("document.activeElement.matches('[name=\"contacts/1/first_name\"]')")
        .await;
    browser.keys("Ada").await;
    kept(browser).await;
    browser.go("/customers/new/company/contacts").await;
    assert_eq!(
        browser.value("[name='contacts/0/email']").await,
        "grace@engines.example"
    );
    assert_eq!(browser.value("[name='contacts/1/first_name']").await, "Ada");
    browser
        .holds("document.querySelector('[name=\"contacts/0/is_primary\"]').checked")
        .await;
    reach(browser, ".steps-foot [value=next]").await;
    browser.keys(&Key::Enter).await;

    at(browser, "/addresses").await;
    reach(browser, "[value=add]").await;
    browser.keys(&Key::Enter).await;
    write(browser, "addresses/0/line1", "Hauptstraße 1").await;
    write(browser, "addresses/0/city", "Berlin").await;
    reach(browser, "[name='addresses/0/country']").await;
    browser.keys("Germany").await;
    kept(browser).await;
    browser.run("location.reload()").await;
    browser
        .holds("document.querySelector('[name=\"addresses/0/city\"]')?.value === 'Berlin'")
        .await;
    assert_eq!(browser.value("[name='addresses/0/line1']").await, "Hauptstraße 1");
    assert_eq!(browser.value("[name='addresses/0/country']").await, "DE");

    // Back by the line of progress at once, with a key that was not kept yet.
    write(browser, "addresses/0/name", "Goods inwards").await;
    browser.run("document.querySelector('.steps a').focus()").await;
    browser.keys(&Key::Enter).await;
    at(browser, "").await;
    assert_eq!(browser.value("[name=industry]").await, "Calculation");
    assert_eq!(browser.value("[name=status]").await, "vip");
    browser
        .run("document.querySelector('.steps li:last-child a').focus()")
        .await;
    browser.keys(&Key::Enter).await;
    at(browser, "/review").await;
    for shown in [
        "Analytical Engines",
        "office@engines.example",
        "VIP",
        "b2b, north",
        "Grace",
        "Ada",
        "Goods inwards",
        "Berlin",
        "Germany",
    ] {
        browser.sees_in("main", shown).await;
    }
    reach(browser, ".steps-foot button").await;
    browser.keys(&Key::Enter).await;
    browser
        .sees_in("#toasts", "Analytical Engines is a customer now.")
        .await;
    browser.sees_in("h1", "Analytical Engines").await;
    let id = browser.address().await.rsplit('/').next().unwrap().to_owned();
    let made = stage
        .api
        .get(&format!("/api/v1/customers/{id}?include=contacts,addresses"))
        .await
        .expect(200);
    assert_eq!(made.at("/kind"), "company");
    assert_eq!(made.at("/contacts/0/full_name"), "Grace");
    assert_eq!(made.at("/contacts/1/full_name"), "Ada");
    assert_eq!(made.at("/addresses/0/city"), "Berlin");
    browser.go("/customers/new/company").await;
    assert_eq!(
        browser.value("[name=company_name]").await,
        "",
        "the draft is said"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_draft_is_found_again_in_the_sheet_and_given_up_after_asking() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.keys("n").await;
    browser.press("Company, step by step").await;
    at(browser, "").await;
    browser
        .holds("document.querySelector('[data-draft-begun]').hidden")
        .await;
    browser.fill("[name=company_name]", "Engines").await;
    kept(browser).await;
    browser.go("/customers").await;
    browser.keys("n").await;
    browser.sees_in("#sheet", "You began a company, Engines.").await;
    browser.press("Go on with your draft").await;
    at(browser, "").await;
    assert_eq!(browser.value("[name=company_name]").await, "Engines");
    browser.press("Start over").await;
    browser
        .sees_in("#confirm", "Everything typed in the four steps is lost")
        .await;
    browser.press("Discard draft").await;
    browser.sees_in("#toasts", "Draft discarded.").await;
    assert_eq!(browser.value("[name=company_name]").await, "");
    stage.end().await;
}

#[tokio::test]
async fn what_was_kept_outlives_a_killed_server() {
    let stage = Stage::signed_in().await;
    stage.browser.go("/customers/new/company").await;
    stage.browser.fill("[name=company_name]", "Engines").await;
    kept(&stage.browser).await;
    let Stage {
        browser,
        server,
        home,
        ..
    } = stage;
    server.kill_nine();
    let server = home.serve();
    browser.go(&format!("{}/customers/new/company", server.url)).await;
    assert_eq!(browser.value("[name=company_name]").await, "Engines");
    browser
        .run("document.querySelector('.parents').scrollIntoView({block: 'center'})")
        .await;
    browser.picture("company-parents-1440-light").await;
    browser.end().await;
}

#[tokio::test]
async fn who_it_may_already_be_is_told_and_faults_stand_at_their_fields() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let id = stage
        .customer(json!({"kind": "company", "company_name": "Analytical Engines", "email": "office@engines.example"}))
        .await;
    browser.go("/customers/new/company").await;
    browser.fill("[name=company_name]", "Analytical Engnes").await;
    browser.sees_in("#similar", "A name like it").await;
    browser.fill("[name=email]", "OFFICE@engines.example").await;
    browser.sees_in("#similar", "Same e-mail address").await;
    // Found again after a reload, as it is kept.
    kept(browser).await;
    browser.go("/customers/new/company").await;
    browser.sees_in("#similar", "Use this one").await;
    browser.fill("[name=phone]", "12").await;
    browser.click(".steps-foot [value=next]").await;
    browser.sees_in("[data-form-errors]", "2 things to correct").await;
    browser.find("[name=email][aria-invalid=true]").await;
    browser.find("#field-phone-error").await;
    browser.sees("Already a customer").await;
    browser
        .holds("document.activeElement.matches('[name=email]')")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    // Creating it anyway leads back to the step, with a word.
    browser.click(".steps li:last-child a").await;
    at(browser, "/review").await;
    browser.sees_in("[data-form-errors]", "2 things to correct").await;
    browser.press("Create company").await;
    at(browser, "").await;
    browser.sees_in("#toasts", "Nothing was created").await;
    browser.press("Use this one").await;
    browser
        .arrives(|address| address == format!("/customers/{id}"), "the customer")
        .await;
    // What it belongs to is found while one types, and stays chosen.
    browser.go("/customers/new/company").await;
    browser.fill("[name=email]", "other@engines.example").await;
    browser.fill("[name=phone]", "+49 30 123456").await;
    browser.fill(".parents [name=q]", "analytical").await;
    browser.sees_in("#parents", "office@engines.example").await;
    browser.click("#parents label:nth-of-type(2)").await;
    kept(browser).await;
    browser.go("/customers/new/company/review").await;
    browser.sees_in("main", "Belongs to").await;
    browser.press("Create company").await;
    browser.sees_in("h1", "Analytical Engnes").await;
    stage.end().await;
}

/// Sends a step's form as its page does.
async fn keep(browser: &Browser, step: &str, fields: &[(&str, &str)]) {
    let script = format!(
        "return fetch('/customers/new/company{step}', {{method: 'POST', headers: {{'HX-Request': 'true'}}, \
         body: new URLSearchParams({})}}).then((answer) => answer.status)",
        json!(fields)
    );
    assert_eq!(browser.run(&script).await, 200, "{step}");
}

/// Each step as it is empty, filled in, and with faults: nothing is wider than the window, axe finds nothing.
#[tokio::test]
async fn the_steps_are_accessible_in_every_state() {
    const STEPS: [&str; 4] = ["", "/contacts", "/addresses", "/review"];
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage
        .customer(json!({"kind": "company", "company_name": "Analytical Engines Holding", "email": "taken@engines.example"}))
        .await;
    let attribute = json!({"name": "region", "label": "Region", "kind": "text"});
    stage.api.post("/api/v1/attributes", &attribute).await.expect(201);
    let mut found = Vec::new();
    for state in ["empty", "filled", "wrong"] {
        browser.go("/customers").await;
        let (email, contact, zone) = match state {
            "empty" => ("", "", ""),
            "filled" => ("office@engines.example", "grace@engines.example", "Europe/Berlin"),
            _ => ("taken@engines.example", "grace@", "Nowhere"),
        };
        if state != "empty" {
            let basics = [
                ("company_name", "Analytical Engines Ltd"),
                ("legal_name", "Analytical Engines Limited"),
                ("email", email),
                ("phone", "+44 20 7946 0000"),
                ("industry", "Calculation"),
                ("tax_id", "GB123456789"),
                ("status", "vip"),
                ("tags", "b2b, north"),
                ("attributes/region", "North"),
                ("do", "save"),
            ];
            keep(browser, "", &basics).await;
            let contacts = [
                ("contacts/0/first_name", "Grace"),
                ("contacts/0/last_name", "Hopper"),
                ("contacts/0/email", contact),
                ("contacts/0/title", "Head of purchasing"),
                ("contacts/0/is_primary", "true"),
                ("contacts/0/is_decision_maker", "true"),
                ("contacts/1/first_name", "Charles"),
                ("contacts/1/note", "Call before noon."),
                ("do", "save"),
            ];
            keep(browser, "/contacts", &contacts).await;
            let addresses = [
                ("addresses/0/type", "billing"),
                ("addresses/0/line1", "1 Main Street"),
                ("addresses/0/postal_code", "W1U 8ED"),
                ("addresses/0/city", "London"),
                ("addresses/0/country", "GB"),
                ("addresses/0/time_zone", zone),
                ("addresses/1/type", "shipping"),
                ("addresses/1/city", "Berlin"),
                ("addresses/1/country", "DE"),
                ("do", "save"),
            ];
            keep(browser, "/addresses", &addresses).await;
        }
        for (width, height) in [(1440, 1000), (390, 844)] {
            browser.size(width, height).await;
            for step in STEPS {
                let check = if state == "wrong" && step != "/review" {
                    "?check=1"
                } else {
                    ""
                };
                browser.go(&format!("/customers/new/company{step}{check}")).await;
                browser.find(".steps").await;
                let name = if step.is_empty() { "/basics" } else { step };
                let what = format!("company-{}-{state}-{width}", &name[1..]);
                for scheme in ["light", "dark"] {
                    browser.scheme(scheme).await;
                    let faults = browser
                        .axe(if scheme == "light" {
                            &[]
                        } else {
                            &["color-contrast"]
                        })
                        .await;
                    found.extend(
                        faults
                            .into_iter()
                            .map(|fault| format!("{what}, {scheme}: {fault}")),
                    );
                    browser.picture(&format!("{what}-{scheme}")).await;
                }
                let wide = browser
                    .run("return document.documentElement.scrollWidth - innerWidth")
                    .await;
                if wide.as_i64().unwrap() > 0 {
                    found.push(format!("{what}: {wide} px wider than the window"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    stage.end().await;
}
