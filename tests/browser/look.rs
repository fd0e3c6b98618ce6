//! How every page looks: accessible by axe's account, nothing wider than the window, and pictures for people.

use serde_json::json;

use crate::{harness::Browser, stage::Stage};

const SIZES: [(u32, u32); 2] = [(1440, 1000), (390, 844)];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// A shop with people in it, and the pages worth looking at: a name, an address, what opens a sheet on it.
pub async fn furnished(stage: &Stage) -> Vec<(&'static str, String, &'static [&'static str])> {
    let people = [
        (
            "Ada",
            "Lovelace",
            "vip",
            "London",
            "GB",
            "Europe/London",
            &["wholesale", "newsletter"][..],
        ),
        (
            "Grace",
            "Hopper",
            "active",
            "Arlington",
            "US",
            "America/New_York",
            &["press"],
        ),
        (
            "Émilie",
            "du Châtelet",
            "active",
            "Paris",
            "FR",
            "Europe/Paris",
            &["vip club", "newsletter", "spring fair"],
        ),
        (
            "Sofja",
            "Kowalewskaja",
            "prospect",
            "Stockholm",
            "SE",
            "Europe/Stockholm",
            &[],
        ),
        (
            "Maria",
            "Mitchell",
            "inactive",
            "Nantucket",
            "US",
            "America/New_York",
            &["newsletter"],
        ),
        (
            "顕子",
            "湯浅",
            "active",
            "東京",
            "JP",
            "Asia/Tokyo",
            &["newsletter"],
        ),
        (
            "Lise",
            "Meitner",
            "vip",
            "Wien",
            "AT",
            "Europe/Vienna",
            &["wholesale"],
        ),
        (
            "Emmy",
            "Noether",
            "churned",
            "Erlangen",
            "DE",
            "Europe/Berlin",
            &[],
        ),
        (
            "Rosalind",
            "Franklin",
            "active",
            "Notting Hill",
            "GB",
            "Europe/London",
            &["press", "newsletter"],
        ),
        (
            "Mary",
            "Jackson",
            "blocked",
            "Hampton",
            "US",
            "America/New_York",
            &[],
        ),
    ];
    let mut first = String::new();
    for (number, (given, family, status, city, country, zone, tags)) in people.into_iter().enumerate() {
        let id = stage
            .customer(json!({
                "first_name": given, "last_name": family, "status": status, "time_zone": zone, "tags": tags,
                "email": format!("person{number}@example.com"), "phone": format!("+49301234{number:03}"),
            }))
            .await;
        let address = json!({"line1": "1 Main Street", "city": city, "country": country, "is_default": true});
        stage
            .api
            .post(&format!("/api/v1/customers/{id}/addresses"), &address)
            .await
            .expect(201);
        if number == 0 {
            first = id;
        }
    }
    let below = |part: &str| format!("/api/v1/customers/{first}/{part}");
    for body in [
        "Prefers to be called in the afternoon.",
        "Asked for the autumn catalogue; sent on Monday.",
    ] {
        stage
            .api
            .post(&below("notes"), &json!({"body": body}))
            .await
            .expect(201);
    }
    let contact = json!({"first_name": "Charles", "last_name": "Babbage", "title": "Engineer", "email": "charles@example.com",
        "is_decision_maker": true});
    stage.api.post(&below("contacts"), &contact).await.expect(201);
    let group = stage
        .customer(json!({"kind": "company", "company_name": "Northwind Group", "status": "vip", "credit_limit": {"amount": "50000.00", "currency": "EUR"}}))
        .await;
    let trading = stage
        .customer(json!({"kind": "company", "company_name": "Northwind Trading", "parent_id": group}))
        .await;
    for (name, parent) in [
        ("Northwind Retail", &group),
        ("Northwind Outlet Berlin", &trading),
    ] {
        stage
            .customer(
                json!({"kind": "company", "company_name": name, "status": "prospect", "parent_id": parent}),
            )
            .await;
    }
    let attribute = json!({"name": "shoe_size", "label": "Shoe size", "kind": "number"});
    stage.api.post("/api/v1/attributes", &attribute).await.expect(201);
    let file = "E-Mail;Vorname;Ort\nmarie@example.com;Marie;Paris\n";
    let import = stage
        .api
        .upload("kunden.csv", file.into())
        .await
        .expect(201)
        .at("/id");
    let broken = stage
        .api
        .upload("kaputt.xlsx", "no workbook".into())
        .await
        .expect(201)
        .at("/id");
    let nobody = "0193e0a0-0000-7000-8000-000000000000";
    let record = |tab: &str| format!("/customers/{first}{tab}");
    vec![
        ("dashboard", "/dashboard".into(), &[]),
        ("customers", "/customers".into(), &[]),
        ("customers-tree", "/customers?layout=tree".into(), &[]),
        (
            "customers-tree-filtered",
            "/customers?layout=tree&status=vip".into(),
            &[],
        ),
        (
            "customers-tree-nobody",
            "/customers?layout=tree&q=zzyzx".into(),
            &[],
        ),
        (
            "customer-hierarchy",
            format!("/customers/{group}?tab=hierarchy"),
            &[],
        ),
        ("customers-nobody", "/customers?q=zzyzx".into(), &[]),
        ("customers-filter", "/customers?status=vip".into(), &["Filter"]),
        (
            "customers-expression",
            format!("/customers?filter={EXPRESSION}"),
            &[],
        ),
        (
            "customers-filter-page",
            format!("/customers/filters?filter={EXPRESSION}"),
            &[],
        ),
        ("customers-deleted", "/customers?deleted=only".into(), &[]),
        ("export-new", "/exports/new?status=vip&q=ada".into(), &[]),
        ("customer-new", "/customers".into(), &["New customer"]),
        ("company-new", "/customers/new/company".into(), &[]),
        (
            "company-new-contacts",
            "/customers/new/company/contacts".into(),
            &[],
        ),
        ("customer", record(""), &[]),
        ("customer-edit", record(""), &["Edit"]),
        ("customer-edit-page", record("/edit"), &[]),
        ("customer-preview-page", record("/preview"), &[]),
        ("customer-notes", record("?tab=notes"), &[]),
        ("customer-contacts", record("?tab=contacts"), &[]),
        ("customer-addresses", record("?tab=addresses"), &[]),
        ("customer-details", record("?tab=details"), &[]),
        ("imports", "/imports".into(), &[]),
        ("import-new", "/imports/new".into(), &[]),
        ("import-map", format!("/imports/{import}"), &[]),
        ("exports", "/exports".into(), &[]),
        ("definitions", "/settings/definitions".into(), &[]),
        ("members", "/settings/members".into(), &[]),
        ("member-invite", "/settings/members".into(), &["Invite member"]),
        ("keys", "/settings/keys".into(), &["New key"]),
        ("organization", "/settings/organization".into(), &[]),
        ("audit", "/settings/audit".into(), &[]),
        ("sessions", "/settings/sessions".into(), &[]),
        ("jobs", "/settings/jobs".into(), &[]),
        ("health", "/settings/health".into(), &[]),
        ("help", "/help".into(), &[]),
        ("help-guide", "/help/finding-people".into(), &[]),
        // What went wrong.
        ("wrong-address", "/no-such-page".into(), &[]),
        ("wrong-guide", "/help/no-such-guide".into(), &[]),
        ("wrong-customer", format!("/customers/{nobody}"), &[]),
        ("wrong-import", format!("/imports/{nobody}"), &[]),
        (
            "wrong-filter",
            "/customers?status=shiny&created_from=yesterday".into(),
            &[],
        ),
        ("wrong-expression", "/customers?filter=status%20%3D".into(), &[]),
        ("wrong-export", "/exports/new?status=shiny".into(), &[]),
        (
            "wrong-new",
            "/customers".into(),
            &["New customer", "Create customer"],
        ),
        (
            "wrong-invite",
            "/settings/members".into(),
            &["Invite member", "Invite"],
        ),
        ("wrong-file", format!("/imports/{broken}"), &[]),
    ]
}

/// `(status = vip or tag in (berlin, newsletter)) and created_at >= days_ago(900)`
const EXPRESSION: &str = "(status%20%3D%20vip%20or%20tag%20in%20(berlin%2C%20newsletter))%20and%20created_at%20%3E%3D%20days_ago(900)";

async fn open(browser: &Browser, address: &str, presses: &[&str]) {
    browser.go(address).await;
    browser.find("main").await;
    let mut presses = presses.iter();
    if let Some(words) = presses.next() {
        browser.press(words).await;
        browser.find("#sheet[open] button").await;
        // It slides in.
        browser
            .holds("document.getAnimations().every((one) => one.playState === 'finished')")
            .await;
    }
    // And what is sent off wrongly.
    if let Some(words) = presses.next() {
        browser.fill("#sheet [name=email]", "allen@").await;
        browser.press(words).await;
        browser.find("[data-form-errors]").await;
    }
}

/// What is wrong with the open page: axe's faults in light and, as far as colours go, in dark, and whether it must be
/// scrolled sideways.
async fn faults(browser: &Browser, what: &str) -> Vec<String> {
    let light = browser.axe(&[]).await;
    let mut found: Vec<_> = light
        .into_iter()
        .map(|fault| format!("{what}: {fault}"))
        .collect();
    browser.scheme("dark").await;
    let dark = browser.axe(&["color-contrast", "link-in-text-block"]).await;
    found.extend(dark.into_iter().map(|fault| format!("{what}, dark: {fault}")));
    browser.scheme("light").await;
    let wide = browser
        .run("return document.documentElement.scrollWidth - innerWidth")
        .await
        .as_i64()
        .unwrap();
    if wide > 0 {
        found.push(format!("{what}: {wide} px wider than the window"));
    }
    found
}

async fn every_page_is_accessible(width: u32, height: u32) {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let pages = furnished(&stage).await;
    browser.size(width, height).await;
    browser.scheme("light").await;
    let mut found = Vec::new();
    for (name, address, presses) in &pages {
        open(browser, address, presses).await;
        found.extend(faults(browser, &format!("{name}, {width} px")).await);
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    stage.end().await;
}

#[tokio::test]
async fn every_page_is_accessible_on_a_desk() {
    every_page_is_accessible(1440, 1000).await;
}

#[tokio::test]
async fn every_page_is_accessible_on_a_phone() {
    every_page_is_accessible(390, 844).await;
}

#[tokio::test]
async fn pages_without_a_sidebar_are_accessible() {
    let home = crate::process::Home::shared().await;
    let server = home.serve();
    let browser = Browser::open(&server.url).await;
    browser.scheme("light").await;
    let mut found = Vec::new();
    for (width, height) in SIZES {
        browser.size(width, height).await;
        for address in [
            server.setup_link().as_str(),
            "/sign-in",
            "/no-such-page",
            "/api/docs/errors",
        ] {
            browser.go(address).await;
            found.extend(faults(&browser, &format!("{address}, {width} px")).await);
        }
    }
    // Once somebody is there, the page to sign in on.
    home.organization("acme", "owner");
    let person = [
        "user",
        "create",
        "ada@example.com",
        "--organization",
        "acme",
        "--role",
        "owner",
    ];
    home.ok(&person);
    for (width, height) in SIZES {
        browser.size(width, height).await;
        browser.go("/sign-in").await;
        browser.find("[name=password]").await;
        found.extend(faults(&browser, &format!("/sign-in, {width} px")).await);
    }
    // Long, so once only: nothing of it changes with the window but its width.
    browser.go("/api/docs").await;
    found.extend(faults(&browser, "/api/docs").await);
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    browser.end().await;
}

/// `tools/screenshots.sh` runs this one; without `REGULARS_SHOTS` there is nothing to do.
#[tokio::test]
async fn pictures_of_every_page_are_taken() {
    if std::env::var_os("REGULARS_SHOTS").is_none() {
        return;
    }
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let pages = furnished(&stage).await;
    for (width, height) in SIZES {
        browser.size(width, height).await;
        for scheme in SCHEMES {
            browser.scheme(scheme).await;
            for (name, address, presses) in &pages {
                open(browser, address, presses).await;
                browser.picture(&format!("{name}-{width}-{scheme}")).await;
            }
        }
    }
    stage.end().await;
}
