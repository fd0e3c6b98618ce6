//! Everything by keyboard alone.

use fantoccini::key::Key;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test]
async fn the_list_is_worked_without_a_mouse() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for name in ["Alpha", "Bravo", "Charlie"] {
        stage
            .customer(json!({"first_name": name, "last_name": "Tester"}))
            .await;
    }
    browser.go("/customers?sort=full_name").await;
    browser.sees_in("#list", "Charlie Tester").await;
    browser.keys("/").await;
    assert_eq!(
        browser
            .run("return document.activeElement.matches('[data-search]')")
            .await,
        true
    );
    // While typing, letters are letters.
    browser.keys("jn").await;
    assert_eq!(browser.value("[data-search]").await, "jn");
    browser.go("/customers?sort=full_name").await;
    browser.sees_in("#list", "Charlie Tester").await;
    browser.keys("jj").await;
    browser.sees_in("[data-current]", "Bravo").await;
    browser.keys("x").await;
    browser.sees_in("[data-bulk-bar]", "1").await;
    browser.keys("k").await;
    browser.sees_in("[data-current]", "Alpha").await;
    browser.keys("\n").await;
    browser.sees_in("h1", "Alpha Tester").await;
    browser.blur().await;
    browser.keys("e").await;
    browser.find("#sheet [name=first_name]").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;

    browser.control("k").await;
    browser.find("#palette [data-palette-input]").await;
    browser.keys("charlei").await;
    browser.sees_in("#palette-results", "Charlie Tester").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "the palette");
    browser.keys("\n").await;
    browser.sees_in("h1", "Charlie Tester").await;

    browser.blur().await;
    browser.keys("?").await;
    browser.sees_in("#shortcuts", "Keyboard shortcuts").await;
    browser.sees_in("#shortcuts", "Edit").await;
    browser.keys(&Key::Escape).await;
    browser.control("k").await;
    browser.keys("api keys").await;
    browser.keys("\n").await;
    browser
        .arrives(|address| address == "/settings/keys", "/settings/keys")
        .await;
    stage.end().await;
}

#[tokio::test]
async fn sorting_keeps_ones_place_and_a_preview_goes_through_the_list() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for name in ["Alpha", "Bravo", "Charlie"] {
        stage
            .customer(json!({"first_name": name, "last_name": "Tester"}))
            .await;
    }
    browser
        .go("/customers?sort=-full_name&columns=email,status,created_at:800,updated_at:800")
        .await;
    browser.run("document.querySelector('th a.sort').focus()").await;
    browser.keys("\n").await;
    browser
        .arrives(|address| address.contains("sort=full_name"), "sorted")
        .await;
    browser.sees_in("#list", "Charlie Tester").await;
    browser
        .holds("document.activeElement.matches('th a.sort') && document.activeElement.innerText.includes('Customer')")
        .await;
    // However wide the columns are, what one can do with a row is in sight.
    let menu = "const box = document.querySelector('.cell-menu .btn').getBoundingClientRect(); return box.right <= innerWidth && box.left > 0";
    assert_eq!(browser.run(menu).await, true);

    browser.blur().await;
    browser.keys("j").await;
    browser.sees_in("[data-current]", "Alpha").await;
    browser.keys("p").await;
    browser.sees_in("#sheet h2", "Alpha Tester").await;
    browser.find("#sheet [data-preview-step='-1']:disabled").await;
    browser.keys("j").await;
    browser.sees_in("#sheet h2", "Bravo Tester").await;
    browser.press("Next in the list (j)").await;
    browser.sees_in("#sheet h2", "Charlie Tester").await;
    browser.find("#sheet [data-preview-step='1']:disabled").await;
    browser.keys("k").await;
    browser.sees_in("#sheet h2", "Bravo Tester").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
    browser.picture("preview-through-1440-light").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;
    browser.sees_in("[data-current]", "Bravo").await;
    stage.end().await;
}
