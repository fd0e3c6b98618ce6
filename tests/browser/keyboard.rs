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

#[tokio::test]
async fn the_menu_of_a_row_is_fetched_used_and_left_by_keyboard_and_by_pointer() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    for name in ["Alpha", "Bravo"] {
        stage
            .customer(json!({"first_name": name, "last_name": "Tester"}))
            .await;
    }
    browser.go("/customers?sort=full_name").await;
    browser.sees("2 customers").await;
    let on = |words: &str| format!("document.activeElement.innerText.trim() === '{words}'");
    let back = "document.activeElement.matches('[aria-label=\"Actions for Alpha Tester\"][aria-expanded=false]') && !document.querySelector('.menu:popover-open')";
    for key in ["\n", " "] {
        browser
            .run("document.querySelector('[aria-label=\"Actions for Alpha Tester\"]').focus()")
            .await;
        browser.keys(key).await;
        browser.holds(&on("Open")).await;
        browser
            .holds("document.querySelectorAll('[aria-expanded=true][data-opens]').length === 1")
            .await;
        browser.keys(&Key::Down).await;
        browser.holds(&on("Preview")).await;
        browser.keys(&Key::Up).await;
        browser.keys(&Key::Up).await;
        browser.holds(&on("Delete")).await;
        assert_eq!(browser.axe(&[]).await, Vec::<String>::new());
        browser.keys(&Key::Escape).await;
        browser.holds(back).await;
    }
    // What is looked at from it is the current row, and the button has the focus again afterwards.
    browser.keys("\n").await;
    browser.press("Preview").await;
    browser.sees_in("#sheet h2", "Alpha Tester").await;
    browser.sees_in("[data-current]", "Alpha").await;
    browser.keys("j").await;
    browser.sees_in("#sheet h2", "Bravo Tester").await;
    browser.keys(&Key::Escape).await;
    browser.sheet_closed().await;
    browser.holds(back).await;

    // Pressed again, a button closes its menu; another one's opens beside that one.
    browser.click("[aria-label='Actions for Alpha Tester']").await;
    browser.sees_in("#cell-menu", "Delete").await;
    browser.click("[aria-label='Actions for Alpha Tester']").await;
    browser
        .holds("!document.querySelector('.menu:popover-open')")
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(
        browser
            .run("return document.querySelector('.menu:popover-open') === null")
            .await,
        true
    );
    browser.click("[aria-label='Actions for Alpha Tester']").await;
    browser.sees_in("#cell-menu", "Delete").await;
    browser
        .run("document.querySelector('[aria-label=\"Actions for Bravo Tester\"]').focus()")
        .await;
    browser.keys("\n").await;
    browser
        .holds(
            "document.querySelector('#cell-menu:popover-open [aria-label]')?.ariaLabel === 'Actions for Bravo Tester'
             && document.querySelector('[aria-expanded=true][data-opens]').ariaLabel === 'Actions for Bravo Tester'",
        )
        .await;
    let beside = "const [menu, button] = ['#cell-menu', '[aria-label=\"Actions for Bravo Tester\"].btn'].map((css) => document.querySelector(css).getBoundingClientRect());
        return Math.abs(menu.right - button.right) < 1 && Math.abs(menu.top - button.bottom) < 8";
    assert_eq!(browser.run(beside).await, true);

    // A deleted one is brought back from there.
    browser.press("Delete").await;
    browser.press("Delete customer").await;
    browser.sees("1 customer").await;
    browser.go("/customers?deleted=only").await;
    browser.press("Actions for Bravo Tester").await;
    browser.sees_in("#cell-menu", "Restore").await;
    browser.sees_no("#cell-menu", "Edit").await;
    browser.press("Restore").await;
    browser.sees("Bravo Tester is back.").await;
    browser.sees("Nobody matches").await;
    stage.end().await;
}
