//! How every page looks: accessible by axe's account, nothing wider than the window, and pictures for people.

use crate::{
    harness::Browser,
    looked::{Looked, empty},
    privacy::owing,
    shop::furnished,
    stage::Stage,
};

const SIZES: [(u32, u32); 2] = [(1440, 1000), (390, 844)];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Opens a page and does on it what its steps say: `keys:` types, `control:` presses Control with a key, `click:` clicks
/// an element, `email:` fills the sheet's e-mail address, `sidebar:` shows the sidebar; anything else presses what reads so.
async fn open(browser: &Browser, page: &Looked) {
    browser.go(&page.address).await;
    browser.find("main").await;
    for step in page.steps {
        settled(browser).await;
        match step.split_once(':') {
            Some(("keys", keys)) => browser.keys(keys).await,
            Some(("control", key)) => browser.control(key).await,
            // Phones keep it behind a button.
            Some(("sidebar", _)) => {
                let hidden = "document.querySelector('.only-narrow [data-sidebar-toggle]').getClientRects().length > 0";
                if browser.run(&format!("return {hidden}")).await == true {
                    browser.click(".only-narrow [data-sidebar-toggle]").await;
                }
            }
            Some(("click", css)) => browser.click(css).await,
            Some(("email", text)) => browser.fill("#sheet [name=email]", text).await,
            _ => browser.press(step).await,
        }
    }
    settled(browser).await;
}

/// Waits until what was asked for is there and nothing moves any more.
async fn settled(browser: &Browser) {
    browser
        .holds(
            "document.readyState === 'complete' && !document.querySelector('.htmx-request')
             && document.getAnimations().every((one) => one.playState === 'finished' || one.effect.getComputedTiming().iterations === Infinity)",
        )
        .await;
}

/// What is wrong with the open page by axe's account, and whether it must be scrolled sideways.
async fn faults(browser: &Browser, what: &str) -> Vec<String> {
    let light = browser.axe(&[]).await;
    let mut found: Vec<_> = light
        .into_iter()
        .map(|fault| format!("{what}: {fault}"))
        .collect();
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

/// The same in dark, as far as colours go.
async fn dark_faults(browser: &Browser, what: &str) -> Vec<String> {
    browser.scheme("dark").await;
    let dark = browser.axe(&["color-contrast", "link-in-text-block"]).await;
    browser.scheme("light").await;
    dark.into_iter()
        .map(|fault| format!("{what}, dark: {fault}"))
        .collect()
}

/// Each page on a desk, in light and in dark, then on a phone, where it is the same page in a narrower window; what was
/// opened on it is opened anew there.
async fn every_page_is_accessible(pages: impl Iterator<Item = Looked>, stage: &Stage) {
    let browser = &stage.browser;
    browser.scheme("light").await;
    let mut found = Vec::new();
    for page in pages {
        browser.size(1440, 1000).await;
        open(browser, &page).await;
        found.extend(faults(browser, &format!("{}, 1440 px", page.name)).await);
        found.extend(dark_faults(browser, page.name).await);
        browser.size(390, 844).await;
        if !page.steps.is_empty() {
            open(browser, &page).await;
        }
        settled(browser).await;
        found.extend(faults(browser, &format!("{}, 390 px", page.name)).await);
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

/// Pages of a shop that has everything.
async fn full(stage: &Stage) -> Vec<Looked> {
    let mut pages = furnished(stage).await;
    pages.extend(owing(stage).await);
    pages
}

#[tokio::test]
async fn pages_are_accessible_empty_and_every_other_one_full() {
    let stage = Stage::signed_in().await;
    every_page_is_accessible(empty().into_iter(), &stage).await;
    let full = full(&stage).await;
    every_page_is_accessible(full.into_iter().step_by(2), &stage).await;
    stage.end().await;
}

#[tokio::test]
async fn pages_are_accessible_and_the_others_full() {
    let stage = Stage::signed_in().await;
    let full = full(&stage).await;
    every_page_is_accessible(full.into_iter().skip(1).step_by(2), &stage).await;
    stage.end().await;
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
            found.extend(dark_faults(&browser, address).await);
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
        found.extend(dark_faults(&browser, "/sign-in").await);
    }
    // Long, so once only: nothing of it changes with the window but its width.
    browser.go("/api/docs").await;
    found.extend(faults(&browser, "/api/docs").await);
    found.extend(dark_faults(&browser, "/api/docs").await);
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    browser.end().await;
}

/// `tools/screenshots.sh` runs this one; without `REGULARS_SHOTS` there is nothing to do. `REGULARS_SHOTS_OF=order,cart` takes
/// those pages alone whose names begin so.
#[tokio::test]
async fn pictures_of_every_page_are_taken() {
    if std::env::var_os("REGULARS_SHOTS").is_none() {
        return;
    }
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mut pages = empty();
    for is_furnished in [false, true] {
        if is_furnished {
            pages = full(&stage).await;
        }
        if let Ok(wanted) = std::env::var("REGULARS_SHOTS_OF") {
            pages.retain(|page| wanted.split(',').any(|name| page.name.starts_with(name)));
        }
        for (width, height) in SIZES {
            browser.size(width, height).await;
            for scheme in SCHEMES {
                browser.scheme(scheme).await;
                for page in &pages {
                    open(browser, page).await;
                    browser.picture(&format!("{}-{width}-{scheme}", page.name)).await;
                }
            }
        }
    }
    stage.end().await;
}
