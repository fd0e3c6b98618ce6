//! What was seen of an e-mail address and a phone, in the form of a customer.

use regulars_kernel::Role;

use crate::pages::{Pages, hidden};

#[tokio::test]
async fn what_was_seen_of_an_address_is_ticked_beside_it() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages
        .customer(&[("first_name", "Ada"), ("email", "ada@example.com")])
        .await;
    let edit = async || {
        let form = pages
            .piece(pages.app.get(&format!("{href}/edit")))
            .await
            .expect(200)
            .text();
        let ticked = ["email", "phone"].map(|name| {
            let at = form
                .find(&format!("id=\"field-{name}_verified\""))
                .expect("the tick is there");
            let tag = &form[form[..at].rfind('<').unwrap()..at + form[at..].find('>').unwrap()];
            tag.contains(" checked")
        });
        (hidden(&form, "version"), hidden(&form, "was"), ticked)
    };
    let (version, was, ticked) = edit().await;
    assert_eq!(ticked, [false, false]);
    let save = async |version: &str, was: &str, fields: &[(&str, &str)]| {
        let fields = [&[("version", version), ("was", was)], fields].concat();
        pages.post(&href, &fields).await
    };
    let ticks = [("email_verified", "false"), ("email_verified", "true")];
    save(&version, &was, &ticks).await.expect(204);
    let (version, was, ticked) = edit().await;
    assert_eq!(ticked, [true, false]);
    let page = pages.get(&href).await.text();
    assert!(page.contains("E-mail verified changed"), "{page}");
    // There is no phone that it could be said of.
    let ticks = [
        ("phone", ""),
        ("phone_verified", "false"),
        ("phone_verified", "true"),
    ];
    let refused = save(&version, &was, &ticks).await.expect(422).text();
    assert!(refused.contains("id=\"field-phone_verified-error\""), "{refused}");
    // The script took the tick away when the address was written anew.
    let other = [("email", "byron@example.com"), ("email_verified", "false")];
    save(&version, &was, &other).await.expect(204);
    assert_eq!(edit().await.2, [false, false]);
    // Somebody else meanwhile: both are shown.
    let mine = [
        ("email", "mine@example.com"),
        ("email_verified", "false"),
        ("email_verified", "true"),
    ];
    let stale = save(&version, &was, &mine).await.expect(412).text();
    assert!(
        stale.contains("choose/email\"") && !stale.contains("choose/email_verified"),
        "{stale}"
    );
    // Theirs is not as verified as mine was.
    let theirs = [("choose/email", "theirs"), ("theirs/email", "byron@example.com")];
    let (version, was) = (hidden(&stale, "version"), hidden(&stale, "was"));
    save(&version, &was, &[&mine[..], &theirs].concat())
        .await
        .expect(204);
    assert_eq!(edit().await.2, [false, false]);
    assert!(pages.get(&href).await.text().contains("byron@example.com"));
    // Who is new has nothing to be ticked yet.
    let new = pages
        .piece(pages.app.get("/customers/new"))
        .await
        .expect(200)
        .text();
    assert!(!new.contains("_verified"), "{new}");
}

#[tokio::test]
async fn a_cell_that_is_taken_back_is_as_verified_as_before_however_often_it_was_sent() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages
        .customer(&[("first_name", "Ada"), ("email", "ada@example.com")])
        .await;
    let form = pages.get(&format!("{href}/edit")).await.text();
    let ticked = [
        ("version", hidden(&form, "version")),
        ("was", hidden(&form, "was")),
        ("email_verified", "true".to_owned()),
    ];
    let ticked: Vec<_> = ticked
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    pages.post(&href, &ticked).await.expect(204);
    let cell = format!("{href}/cells/email");
    let editor = pages.piece(pages.app.get(&cell)).await.expect(200).text();
    let save = editor.split("hx-post=\"").nth(1).unwrap();
    let save = save[..save.find('"').unwrap()].replace("&amp;", "&");
    for time in 0..2 {
        let saved = pages
            .post(&save, &[("value", "byron@example.com")])
            .await
            .expect(200);
        let told = serde_json::from_str::<serde_json::Value>(saved.header("hx-trigger")).unwrap();
        let undo = told["toast"]["undo"].as_str().unwrap();
        if time == 1 {
            pages.post(undo, &[]).await.expect(204);
        }
    }
    let form = pages.get(&format!("{href}/edit")).await.text();
    assert!(
        hidden(&form, "was").contains("email=ada%40example.com&"),
        "{form}"
    );
    assert!(hidden(&form, "was").contains("email_verified=true"), "{form}");
}
