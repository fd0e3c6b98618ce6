//! A day's work in a shop of a hundred thousand customers: every flow where there are many, counted against the API.

use std::time::{Duration, Instant};

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::{
    filters::field,
    stage::{CROWD, Stage},
};

/// How pages write a number.
fn written(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Stage {
    /// How many the API finds, exactly.
    async fn count(&self, query: &str) -> i64 {
        let path = format!("/api/v1/customers?limit=1&count=exact&{query}");
        let answer = self.api.get(&path).await.expect(200);
        answer.json["page"]["total"]["value"]
            .as_i64()
            .unwrap_or_else(|| panic!("{path}: {}", answer.text))
    }

    /// Waits until the API finds so many: what is done to thousands takes a while in an unoptimized build.
    async fn comes_to(&self, query: &str, wanted: i64) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let found = self.count(query).await;
            if found == wanted {
                return;
            }
            assert!(Instant::now() < until, "{query}: {found}, not {wanted}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Some customers as the API gives them.
    async fn some(&self, query: &str) -> Vec<Value> {
        let answer = self
            .api
            .get(&format!("/api/v1/customers?{query}"))
            .await
            .expect(200);
        answer.json["data"].as_array().unwrap().clone()
    }
}

/// A pair of an address.
fn pair(name: &str, value: &str) -> String {
    let address = reqwest::Url::parse_with_params("http://localhost/", [(name, value)]).unwrap();
    address.query().unwrap().to_owned()
}

fn text(customer: &Value, field: &str) -> String {
    customer[field].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_agent_works_by_keyboard_alone() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    let who = &stage
        .some("limit=1&status=active&kind=person&sort=-created_at&has_email=true")
        .await[0];
    let (first, last, id) = (text(who, "first_name"), text(who, "last_name"), text(who, "id"));

    // Found in the palette by the address somebody wrote from.
    browser.go("/dashboard").await;
    browser.sees_in("#dashboard-numbers", &written(CROWD)).await;
    browser.control("k").await;
    browser.keys(&text(who, "email")).await;
    browser
        .sees_in("#palette-results", &format!("{first} {last}"))
        .await;
    browser.keys(&Key::Enter).await;
    browser
        .arrives(|address| address.contains(&id), "the customer's page")
        .await;

    // A note, a tag, another name.
    browser.blur().await;
    browser.keys("o").await;
    browser.find("#sheet [name=body]").await;
    browser.keys("Asked whether the blue chair comes back").await;
    browser.control("Enter").await;
    browser.sheet_closed().await;
    browser.sees_in("#record", "Asked whether the blue chair").await;
    browser.blur().await;
    browser.keys("t").await;
    browser.find("#sheet [name=tag]").await;
    browser.keys("blue chair").await;
    browser.keys(&Key::Enter).await;
    browser.sheet_closed().await;
    browser.sees_in("#record aside", "blue chair").await;
    browser.blur().await;
    browser.keys("e").await;
    browser.find("#sheet [name=first_name]").await;
    browser.fill("#sheet [name=first_name]", "Zenobia").await;
    browser.keys(&Key::Enter).await;
    browser.sheet_closed().await;
    browser.sees_in("h1", &format!("Zenobia {last}")).await;

    // The list: searched with a slip of the finger, gone through, ticked, opened, left.
    browser.control("k").await;
    browser.keys("customers").await;
    browser.keys(&Key::Enter).await;
    browser
        .arrives(
            |address| address.starts_with("/customers") && !address.contains(&id),
            "the list",
        )
        .await;
    browser.find("[data-row]").await;
    browser.blur().await;
    browser.keys("/").await;
    browser.keys(&format!("Zenobai {last}")).await;
    browser.sees_in("#list", &format!("Zenobia {last}")).await;
    browser.blur().await;
    browser.go("/customers?status=vip&sort=full_name").await;
    browser.find("[data-row]").await;
    browser.keys("jjx").await;
    browser.sees_in("[data-bulk-bar]", "1").await;
    browser.keys("jx").await;
    browser.sees_in("[data-bulk-bar]", "2").await;
    let third = browser.text("[data-current] [data-row-link]").await;
    browser.keys("p").await;
    browser.sees_in("#sheet", "Latest").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;
    browser.keys(&Key::Enter).await;
    browser.sees_in("h1", &third).await;
    // Further in the order of that list, and back to where one was.
    browser.blur().await;
    browser.keys("j").await;
    browser.sees_no("h1", &third).await;
    browser.find("h1").await;
    browser.keys("k").await;
    browser.sees_in("h1", &third).await;
    browser.keys("?").await;
    browser.sees_in("#shortcuts", "Note").await;
    browser.keys(&Key::Escape).await;
    stage.end().await;
}

#[tokio::test]
async fn a_marketer_narrows_the_directory_and_keeps_what_was_found() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    browser.go("/customers").await;
    browser.sees(&format!("about {} customers", written(CROWD))).await;

    // Two conditions in rows; the same number as the API says, and the same again for who opens the link.
    let chosen = stage.count("status=vip&tag=newsletter").await;
    assert!(chosen > 100, "{chosen}");
    browser.keys("f").await;
    browser.find("#builder-0-field").await;
    field(browser, "0", "status", "value-0").await;
    browser
        .run("document.querySelector('#builder [value=vip]').click()")
        .await;
    browser.press("Condition").await;
    browser.choose("#builder-1-field", "tag").await;
    browser
        .holds("document.querySelector('#builder option[value=newsletter]') !== null")
        .await;
    browser
        .run("const all = document.querySelector('#builder option[value=newsletter]').parentElement; all.value = 'newsletter'; all.dispatchEvent(new Event('change', {bubbles: true}))")
        .await;
    browser
        .sees_in("#builder-said", &format!("{} customers", written(chosen)))
        .await;
    browser.press("Show customers").await;
    browser.sheet_closed().await;
    browser.sees(&format!("{} customers", written(chosen))).await;
    let address = browser.address().await;
    browser.go("/dashboard").await;
    browser.go(&address).await;
    browser.sees(&format!("{} customers", written(chosen))).await;

    // Sorted by two columns; the second page goes on where the first ends; Back works.
    browser.go(&format!("{address}&sort=country,-created_at")).await;
    browser.find("[data-row]").await;
    let rows = "return [...document.querySelectorAll('[data-row-link]')].map((link) => link.pathname)";
    let on_first = browser.run(rows).await;
    browser.click("a[rel=next]").await;
    browser
        .arrives(|address| address.contains("page=2"), "the second page")
        .await;
    browser
        .holds(&format!(
            "![null, {}].includes(document.querySelector('[data-row-link]')?.pathname ?? null)",
            on_first[0]
        ))
        .await;
    let on_second = browser.run(rows).await;
    let (first, second) = (on_first.as_array().unwrap(), on_second.as_array().unwrap());
    assert_eq!((first.len(), second.len()), (50, 50));
    assert!(second.iter().all(|row| !first.contains(row)));
    browser.run("history.back()").await;
    browser
        .arrives(|address| !address.contains("page=2"), "the first page")
        .await;
    browser
        .holds(&format!(
            "document.readyState === 'complete' && document.querySelector('[data-row-link]')?.pathname === {}",
            on_first[0]
        ))
        .await;

    // A view keeps it. The list is where it was left, at its end.
    browser.run("scrollTo(0, 0)").await;
    browser.press("Save view").await;
    browser
        .fill("#sheet [name=name]", "VIPs with the newsletter")
        .await;
    browser.press("Save view").await;
    browser.sheet_closed().await;
    browser.go("/customers").await;
    browser.press("VIPs with the newsletter").await;
    browser.sees(&format!("{} customers", written(chosen))).await;

    // What several common conditions come to is estimated, and said so; who they are is the same as the API says.
    let expression =
        "status = vip and (country = \"DE\" or tag in (wholesale)) and created_at >= days_ago(900)";
    let asked = format!("sort=code&{}", pair("filter", expression));
    let meant: Vec<_> = stage
        .some(&format!("limit=50&{asked}"))
        .await
        .iter()
        .map(|one| format!("/customers/{}", text(one, "id")))
        .collect();
    assert_eq!(meant.len(), 50);
    browser.go(&format!("/customers?{asked}")).await;
    browser.sees("about ").await;
    assert_eq!(browser.run(rows).await, json!(meant));
    stage.end().await;
}

#[tokio::test]
async fn thousands_are_tagged_and_untagged_deleted_and_brought_back() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    let vips = stage.count("status=vip").await;
    assert!(vips > 5_000, "{vips}");
    browser.go("/customers?status=vip").await;
    browser.sees(&format!("{} customers", written(vips))).await;
    let all = format!("Select all {} that match", written(vips));
    browser.click("[data-select-all]").await;
    browser.press(&all).await;
    browser.press("Tag").await;
    browser.fill("#sheet [name=tag]", "autumn fair").await;
    browser.press("Add tag").await;
    browser
        .sees_in(
            "#bulk-work",
            &format!("{} customers tagged “autumn fair”.", written(vips)),
        )
        .await;
    // The page of tags says so as well, and what is done to so many is undone.
    browser.go("/settings/definitions").await;
    browser.sees_in("main", &written(vips)).await;
    browser.go("/customers?status=vip").await;
    browser.sees_in("#bulk-work", "autumn fair").await;
    browser
        .run("[...document.querySelectorAll('#bulk-work .work-line')].find((line) => line.innerText.includes('autumn fair')).querySelector('[hx-post]').click()")
        .await;
    stage.comes_to("tag=autumn%20fair", 0).await;
    browser
        .sees_in("#bulk-work", &format!("{} customers as before.", written(vips)))
        .await;

    browser.go("/customers?status=blocked").await;
    let blocked = stage.count("status=blocked").await;
    browser.sees(&format!("{} customers", written(blocked))).await;
    browser.click("[data-select-all]").await;
    browser
        .press(&format!("Select all {} that match", written(blocked)))
        .await;
    browser.press("Delete").await;
    browser.press("Delete customers").await;
    stage.comes_to("", CROWD - blocked).await;
    browser
        .sees_in("#bulk-work", &format!("{} customers deleted.", written(blocked)))
        .await;
    browser
        .run("[...document.querySelectorAll('#bulk-work .work-line')].find((line) => line.innerText.includes('deleted')).querySelector('[hx-post]').click()")
        .await;
    stage.comes_to("", CROWD).await;
    browser
        .sees_in(
            "#bulk-work",
            &format!("{} customers as before.", written(blocked)),
        )
        .await;
    stage.end().await;
}

#[tokio::test]
async fn who_is_there_already_is_known_among_so_many() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    let who = &stage
        .some("limit=1&kind=person&sort=created_at&has_email=true&has_phone=true")
        .await[0];
    browser.go("/customers").await;
    browser.find("[data-row]").await;
    browser.keys("n").await;
    browser
        .fill("#sheet [name=email]", &text(who, "email").to_uppercase())
        .await;
    browser.sees_in("#similar", "Same e-mail address").await;
    browser
        .fill("#sheet [name=email]", "nobody.yet@example.com")
        .await;
    browser.fill("#sheet [name=phone]", &text(who, "phone")).await;
    browser.sees_in("#similar", "Same phone number").await;
    browser.click("#similar a").await;
    browser
        .arrives(
            |address| address.contains(&text(who, "id")),
            "the one who is there",
        )
        .await;

    // A company below another one; the tree shows it, and so do both pages.
    let companies = stage.some("limit=61&kind=company&sort=code").await;
    let above = text(&companies[0], "id");
    for below in &companies[1..] {
        let request = stage.api.request(
            reqwest::Method::PATCH,
            &format!("/api/v1/customers/{}", text(below, "id")),
        );
        let moved = request.json(&json!({"parent_id": above})).send().await.unwrap();
        assert_eq!(moved.status(), 200);
    }
    browser
        .go(&format!(
            "/customers?layout=tree&filter=code%20is%20%22{}%22",
            text(&companies[0], "code")
        ))
        .await;
    browser.find("[data-tree-toggle]").await;
    browser.click("[data-tree-toggle]").await;
    browser
        .holds("document.querySelectorAll('[aria-level=\"2\"]').length >= 50")
        .await;
    browser.go(&format!("/customers/{above}?tab=hierarchy")).await;
    browser.sees_in("#hierarchy", "60").await;
    browser.sees_in("#hierarchy", "Including itself").await;
    stage.end().await;
}

#[tokio::test]
async fn every_page_stands_with_so_many() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    let id = text(&stage.some("limit=1&status=vip").await[0], "id");
    for page in [
        "/dashboard".to_owned(),
        "/customers".into(),
        "/customers?layout=tree".into(),
        "/customers?q=anna".into(),
        format!("/customers/{id}"),
        format!("/customers/{id}?tab=notes"),
        format!("/customers/{id}?tab=hierarchy"),
        format!("/customers/{id}?tab=details"),
        "/imports".into(),
        "/exports".into(),
        "/settings/definitions".into(),
        "/settings/audit".into(),
        "/settings/jobs".into(),
        "/settings/health".into(),
    ] {
        for (width, height) in [(1440, 1000), (390, 844)] {
            browser.size(width, height).await;
            browser.go(&page).await;
            browser.find("main").await;
            browser
                .holds("document.readyState === 'complete' && !document.querySelector('.htmx-request')")
                .await;
            assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "{page} at {width}");
            let wide = "return document.documentElement.scrollWidth > innerWidth";
            assert_eq!(browser.run(wide).await, false, "{page} at {width} px");
            browser
                .picture(&format!(
                    "crowd-{}-{width}-light",
                    page.replace(['/', '?', '=', '&'], "-")
                ))
                .await;
        }
    }
    stage.end().await;
}
