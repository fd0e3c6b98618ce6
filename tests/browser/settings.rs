//! The organization's settings, invitations to it, its audit log, its jobs; an import that outlives its server.

use std::{fmt::Write as _, time::Duration};

use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn the_organization_is_renamed_and_what_is_wrong_is_said_at_its_field() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.go("/settings/organization").await;
    browser.fill("[name=currency]", "EU").await;
    browser.fill("[name=name]", "Maison Lumière & Fils").await;
    browser.press("Save").await;
    browser.find("[name=currency][aria-invalid=true]").await;
    assert_eq!(browser.value("[name=name]").await, "Maison Lumière & Fils");
    browser.fill("[name=currency]", "CHF").await;
    browser.choose("[name=time_zone]", "Europe/Zurich").await;
    browser.fill("[name=locale]", "de-CH").await;
    browser.press("Save").await;
    browser.sees_in("#toasts", "aved").await;
    browser.sees_in(".organization", "Maison Lumière & Fils").await;
    assert_eq!(browser.value("[name=currency]").await, "CHF");
    assert_eq!(browser.value("[name=time_zone]").await, "Europe/Zurich");

    // The log says who changed what, narrowed to what one looks for.
    browser.go("/settings/audit").await;
    browser.sees_in("main table", "hanged the organization").await;
    let all = browser
        .run("return document.querySelectorAll('main tbody tr').length")
        .await;
    browser.choose("[name=action]", "organization").await;
    browser.press("Filter").await;
    browser
        .arrives(
            |address| address.contains("action=organization"),
            "the filtered log",
        )
        .await;
    browser.sees_in("main table", "hanged the organization").await;
    let some = browser
        .run("return document.querySelectorAll('main tbody tr').length")
        .await;
    assert!(some.as_i64() < all.as_i64(), "{some} of {all}");
    stage.end().await;
}

#[tokio::test]
async fn who_has_an_account_accepts_an_invitation_and_moves_between_organizations() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage
        .home
        .ok(&["organization", "create", "Atelier Nord", "--slug", "nord"]);
    let nord = stage.api.with_key(&stage.home.key("nord", "owner"));
    let asked = json!({"email": "ada@example.com", "role": "agent"});
    let link = nord
        .post("/api/v1/users", &asked)
        .await
        .expect(201)
        .at("/link/url");
    browser.go(&link[link.find("/set-password/").unwrap()..]).await;
    browser.sees("Atelier Nord").await;
    browser.press("Accept").await;
    browser.sees_in(".organization", "Atelier Nord").await;
    browser.go("/settings/sessions").await;
    browser.sees("Your organizations").await;
    browser.click("[aria-label='Switch to Maison Lumière']").await;
    browser.sees_in(".organization", "Maison Lumière").await;
    // The other one's customers are not here.
    stage
        .customer(json!({"first_name": "Only", "last_name": "Maison"}))
        .await;
    browser.go("/customers").await;
    browser.sees_in("main", "Only Maison").await;
    browser.click("[popovertarget=account-menu]").await;
    browser.find("#account-menu [name=organization]").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("account-menu-1440-light").await;
    browser.click("#account-menu [name=organization]").await;
    browser.sees_in(".organization", "Atelier Nord").await;
    browser.go("/customers").await;
    browser.sees("No customers yet").await;
    stage.end().await;
}

#[tokio::test]
async fn a_failed_job_is_retried_and_another_is_discarded() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    stage.customer(json!({"first_name": "Ada"})).await;
    let mut jobs = Vec::new();
    for tag in ["first", "second"] {
        let body = json!({"action": "tag", "query": {}, "tags": [tag]});
        let queued = stage.api.post("/api/v1/customers/bulk", &body).await.expect(202);
        let path = format!("/api/v1/jobs/{}", queued.at("/job_id"));
        stage.api.until(&path, &["done"], Duration::from_secs(20)).await;
        jobs.push(queued.at("/job_id"));
    }
    sqlx::query("UPDATE jobs SET state = 'dead', attempts = max_attempts, error = 'The disk was full.', result = NULL WHERE kind = 'customers.bulk'")
        .execute(stage.home.database().owner())
        .await
        .unwrap();
    browser.go("/settings/jobs?state=dead").await;
    browser.sees_in("main table", "The disk was full.").await;
    browser
        .click(&format!("form[action$='{}/retry'] button", jobs[0]))
        .await;
    browser.sees_in("#toasts", "Queued again").await;
    let path = format!("/api/v1/jobs/{}", jobs[0]);
    stage.api.until(&path, &["done"], Duration::from_secs(20)).await;
    browser.go("/settings/jobs?state=dead").await;
    browser
        .click(&format!("form[action$='{}/discard'] button", jobs[1]))
        .await;
    browser.sees_in("#toasts", "Discarded").await;
    browser.go("/settings/jobs?state=dead").await;
    browser.sees("No jobs here").await;
    stage.end().await;
}

#[tokio::test]
async fn an_import_goes_on_where_its_killed_server_left_it() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let rows = 15_000;
    let mut text = String::from("E-Mail,Vorname,Nachname\n");
    for number in 0..rows {
        let _ = writeln!(text, "kunde{number}@example.com,Hanna,Müller {number}");
    }
    let file = stage.home.path().join("viele.csv");
    std::fs::write(&file, &text).unwrap();
    browser.go("/imports/new").await;
    browser.attach("input[type=file]", &file).await;
    browser.press("Upload").await;
    browser.sees("Match each column to a field").await;
    browser.press("Check the file").await;
    browser.sees("This is what will happen").await;
    browser.press("Import 15,000 rows").await;
    // Some of it is done, and shown, before the server is gone.
    browser
        .holds("document.querySelector('main progress')?.value > 0")
        .await;
    let address = browser.address().await;
    let place = address[address.find("/imports/").unwrap()..].to_owned();
    let Stage {
        browser,
        api,
        server,
        home,
    } = stage;
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    server.kill_nine();
    let server = home.serve_on(port);
    browser.go(&place).await;
    let path = format!("/api/v1{place}");
    api.until(&path, &["done"], Duration::from_secs(90)).await;
    browser.sees_in("main", "15,000").await;
    browser.press("See the customers").await;
    let counted = api.get("/api/v1/customers?count=exact&limit=1").await.expect(200);
    assert_eq!(counted.at("/page/total/value"), rows.to_string());
    let stage = Stage {
        browser,
        api,
        server,
        home,
    };
    stage.end().await;
}

#[tokio::test]
async fn whom_one_keeps_at_hand_is_one_key_away() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let ada = stage
        .customer(json!({"first_name": "Ada", "last_name": "Byron"}))
        .await;
    stage
        .customer(json!({"first_name": "Grace", "last_name": "Hopper"}))
        .await;
    browser.go(&format!("/customers/{ada}")).await;
    browser.keys("f").await;
    browser.sees_in("#favourites", "Ada Byron").await;
    browser
        .find("[aria-label='Take from favourites'][aria-pressed=true]")
        .await;
    // On every page about customers, and in the palette before anything is typed.
    browser.go("/dashboard").await;
    browser.sees_in("#favourites", "Ada Byron").await;
    browser.control("k").await;
    browser.sees_in("#palette-results", "Recent").await;
    browser.sees_in("#palette-results", "Favourites").await;
    browser.keys("hopp").await;
    browser.sees_in("#palette-results", "Grace Hopper").await;
    browser.sees_no("#palette-results", "Favourites").await;
    browser.keys("\u{e007}").await;
    browser
        .arrives(|address| address.contains("/customers/"), "Grace Hopper")
        .await;
    browser.go("/customers").await;
    browser.control("k").await;
    browser
        .holds(
            "document.querySelector('#palette-results [role=option]')?.textContent.includes('Grace Hopper')",
        )
        .await;
    browser.keys("\u{e00c}").await;
    browser.go(&format!("/customers/{ada}")).await;
    browser.keys("f").await;
    browser
        .holds("document.querySelector('#favourites').hidden")
        .await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    stage.end().await;
}
