//! Files in: upload, say what the columns mean, check, import, and what came of it.

use std::fmt::Write as _;

use crate::stage::Stage;

#[tokio::test]
async fn a_file_is_uploaded_mapped_checked_and_imported_before_ones_eyes() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mut text = String::from("Kundennummer;E-Mail;Vorname;Nachname;Ort;Lieblingsfarbe\n");
    for number in 0..1_500 {
        let _ = writeln!(
            text,
            "k{number};kunde{number}@example.com;Hanna;Müller {number};Köln;grün"
        );
    }
    text.push_str("k9998;keine Adresse;Ohne;Post;Bonn;rot\n");
    let file = stage.home.path().join("kunden.csv");
    std::fs::write(&file, &text).unwrap();

    browser.go("/customers").await;
    browser.press("Import a file").await;
    browser.press("Upload").await;
    assert_eq!(
        browser.address().await,
        "/imports/new",
        "without a file nothing is sent"
    );
    browser.attach("input[type=file]", &file).await;
    browser.sees("kunden.csv").await;
    browser.press("Upload").await;
    browser.sees("Match each column to a field").await;
    let means = "return Object.fromEntries([...document.querySelectorAll('tbody tr')].map((row) =>
        [row.querySelector('b').textContent, row.querySelector('select').value]))";
    let means = browser.run(means).await;
    assert_eq!(means["E-Mail"], "email");
    assert_eq!(means["Vorname"], "first_name");
    assert_eq!(means["Nachname"], "last_name");
    assert_eq!(means["Ort"], "address.city");
    browser
        .choose("select[aria-label*=Lieblingsfarbe]", "ignore")
        .await;
    browser.press("Check the file").await;
    browser.sees("This is what will happen").await;
    browser.sees("1 row will not be imported").await;
    browser.sees_in("main", "keine Adresse").await;
    assert_eq!(
        stage
            .api
            .get("/api/v1/customers")
            .await
            .expect(200)
            .at("/page/total/value"),
        "0",
        "nothing is changed yet"
    );

    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "checked");
    browser.press("Import 1,500 rows").await;
    // The page goes from progress to the result by itself.
    browser.sees_in("main", "created").await;
    browser.sees_in("main", "1,500").await;
    browser.sees("was not imported").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "done");
    browser.go("/customers?q=Müler 1234").await;
    browser.sees_in("#list", "Müller 1234").await;
    browser.go("/imports").await;
    browser.sees_in("main table", "kunden.csv").await;
    stage.end().await;
}

#[tokio::test]
async fn past_orders_of_shopify_are_imported_before_ones_eyes() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let text = include_str!("../../crates/commerce-exchange/tests/it/files/shopify_orders.csv");
    let file = stage.home.path().join("orders_export.csv");
    std::fs::write(&file, text).unwrap();
    browser.go("/imports/new").await;
    browser.attach("input[type=file]", &file).await;
    browser.sees("orders_export.csv").await;
    browser.press("Upload").await;
    browser.sees("Match each column to a field").await;
    let kind = "return document.querySelector('select[name=kind]').value";
    assert_eq!(browser.run(kind).await, "orders", "its columns say so");
    let means = "return document.querySelector('select[aria-label*=\"Lineitem name\"]').value";
    assert_eq!(browser.run(means).await, "line.title");
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "columns");
    browser.choose("select[name=kind]", "customers").await;
    browser.press("Change").await;
    browser.sees("A customer is recognised by").await;
    browser.choose("select[name=kind]", "orders").await;
    browser.press("Change").await;
    browser.sees("Rows of one order follow each other").await;
    browser.press("Check the file").await;
    browser.sees("This is what will happen").await;
    browser.click("summary").await;
    browser.sees_in("main", "#1002").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "checked");
    browser.press("Import 3 orders").await;
    browser.sees_in("main", "created").await;
    browser.press("See the orders").await;
    browser.sees_in("#list", "#1003").await;
    browser.go("/imports").await;
    browser.sees_in("main table", "Orders").await;
    stage.end().await;
}

#[tokio::test]
async fn a_check_that_takes_long_is_cancelled() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let mut text = String::from("E-Mail,Vorname,Nachname\n");
    for number in 0..150_000 {
        let _ = writeln!(text, "kunde{number}@example.com,Hanna,Müller {number}");
    }
    let file = stage.home.path().join("viele.csv");
    std::fs::write(&file, &text).unwrap();
    browser.go("/imports/new").await;
    browser.attach("input[type=file]", &file).await;
    browser.sees("viele.csv").await;
    browser.press("Upload").await;
    browser.sees("Match each column to a field").await;
    browser.press("Check the file").await;
    browser.sees("Checking the file").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "working");
    browser.press("Cancel import").await;
    browser.sees_in("#confirm", "Cancel the import?").await;
    browser.click("#confirm [data-confirm-part=ok]").await;
    browser.sees_in("main", "ancelled").await;
    browser.go("/imports").await;
    browser.sees_in("main table", "cancelled").await;
    stage.end().await;
}
