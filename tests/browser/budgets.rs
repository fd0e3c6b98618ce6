//! What pages may weigh, move and take: measured in the browser, printed, and held.

use serde_json::{Value, json};

use crate::{harness::Browser, stage::Stage};

/// Bytes on the wire, compressed.
const SCRIPT: u64 = 150_000;
const STYLE: u64 = 80_000;
/// Elements of the list with fifty customers: the browser lays out each before it shows any.
const ELEMENTS: f64 = 2_500.0;
/// The sum of all shifts of a page that nobody caused.
const SHIFT: f64 = 0.05;
/// From an interaction to the next paint, in milliseconds, of three out of four.
const INTERACTION: f64 = 100.0;

async fn number(browser: &Browser, script: &str) -> f64 {
    browser.run(script).await.as_f64().unwrap()
}

/// Notes what the browser observes from here on, and what it observed since the page began.
async fn observe(browser: &Browser) {
    browser
        .run(
            "window.shift = 0; window.taken = [];
             new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; })
               .observe({ type: 'layout-shift', buffered: true });
             new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (entry.interactionId) window.taken.push(entry.duration); })
               .observe({ type: 'event', buffered: true, durationThreshold: 16 });",
        )
        .await;
}

#[tokio::test]
async fn pages_are_light_stand_still_and_answer_at_once() {
    let stage = Stage::crowded().await;
    let browser = &stage.browser;
    let first = stage
        .api
        .get("/api/v1/customers?limit=1")
        .await
        .expect(200)
        .at("/data/0/id");
    let mut told = Vec::new();
    for page in [
        "/dashboard",
        "/customers",
        &format!("/customers/{first}"),
        "/imports",
        "/settings/jobs",
    ] {
        browser.go(page).await;
        browser.find("#sidebar").await;
        observe(browser).await;
        // What comes after the page has come by then.
        browser
            .holds("document.readyState === 'complete' && !document.querySelector('.htmx-request')")
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        let shift = number(browser, "return window.shift").await;
        told.push(format!("{page}: layout shift {shift:.3}"));
        assert!(shift < SHIFT, "{page} moves by {shift}");
    }
    let weight = |ending: &str| {
        format!(
            "return performance.getEntriesByType('resource').filter((entry) => new URL(entry.name).pathname.endsWith('{ending}')).reduce((sum, entry) => sum + entry.encodedBodySize, 0)"
        )
    };
    browser.devtools("Network.enable", json!({})).await;
    browser
        .devtools("Network.setCacheDisabled", json!({"cacheDisabled": true}))
        .await;
    browser.go("/customers").await;
    browser.find("[data-row]").await;
    for (ending, most) in [(".js", SCRIPT), (".css", STYLE)] {
        let bytes = number(browser, &weight(ending)).await as u64;
        told.push(format!("{ending}: {bytes} bytes of {most}"));
        assert!(bytes > 1_000 && bytes <= most, "{ending}: {bytes} bytes");
    }

    let rows = number(browser, "return document.querySelectorAll('[data-row]').length").await;
    assert_eq!(rows as u64, 50);
    let elements = number(browser, "return document.querySelectorAll('*').length").await;
    told.push(format!("/customers: {elements} elements of {ELEMENTS}"));
    assert!(elements <= ELEMENTS, "/customers has {elements} elements");
    observe(browser).await;
    for key in ["j", "j", "j", "k", "x", "j", "x", "j", "x"] {
        browser.keys(key).await;
    }
    browser.keys("p").await;
    browser.sees_in("#sheet", "Latest").await;
    browser.picture("customers-preview-1440-light").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.keys("\u{e00c}").await;
    browser.sheet_closed().await;
    browser.click("[data-select-all]").await;
    browser.control("k").await;
    browser.keys("anna").await;
    browser.keys("\u{e00c}").await;
    browser.press("Filter").await;
    browser.find("#sheet #builder-0-field").await;
    browser.keys("\u{e00c}").await;
    browser.sheet_closed().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut taken: Vec<f64> = browser
        .run("return window.taken")
        .await
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    taken.sort_by(f64::total_cmp);
    // What took less than a frame or two is not told by the browser.
    let quarter = taken.get(taken.len() * 3 / 4).copied().unwrap_or(0.0);
    told.push(format!(
        "/customers: {} interactions told, three of four within {quarter} ms, all within {} ms",
        taken.len(),
        taken.last().copied().unwrap_or(0.0)
    ));
    println!("{}", told.join("\n"));
    assert!(!taken.is_empty() && quarter <= INTERACTION, "{taken:?}");
    let shift = number(browser, "return window.shift").await;
    assert!(shift < SHIFT, "the directory moves by {shift} while it is used");
    stage.end().await;
}
