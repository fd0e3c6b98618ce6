//! The guides: opened from the page that they are about, with their pictures, and where those pictures come from.

use serde_json::json;

use crate::{harness::Browser, shop, stage::Stage};

/// Waits until every picture of the guide is drawn; each is loaded when it is scrolled to.
async fn sees_pictures(browser: &Browser) {
    let count = browser
        .run("return document.querySelectorAll('.guide img').length")
        .await;
    assert_ne!(count, json!(0), "the guide has pictures");
    for number in 0..count.as_u64().unwrap() {
        let script = format!(
            "const image = document.querySelectorAll('.guide img')[{number}];
             image.scrollIntoView();
             image.decode().then(() => image.setAttribute('data-drawn', image.naturalWidth));"
        );
        browser.run(&script).await;
        let drawn = format!("document.querySelectorAll('.guide img[data-drawn]').length > {number}");
        browser.holds(&drawn).await;
    }
    let widths = "return [...document.querySelectorAll('.guide img')].every((one) => one.naturalWidth > 0)";
    assert_eq!(browser.run(widths).await, json!(true));
}

#[tokio::test]
async fn a_page_leads_to_its_guide_and_back() {
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    browser.scheme("light").await;
    for (width, height) in [(1440, 1000), (390, 844)] {
        browser.size(width, height).await;
        browser.go("/customers").await;
        browser.sees("No customers yet").await;
        browser.press("Guide: finding people").await;
        browser.sees_in("h1", "Finding people").await;
        assert_eq!(browser.address().await, "/help/finding-people");
        sees_pictures(browser).await;
        assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "{width} px");
        browser.run("history.back()").await;
        browser
            .arrives(|address| address == "/customers", "the list")
            .await;
        browser.sees("No customers yet").await;
    }
    browser.size(1440, 1000).await;

    // A page whose guide is about others as well leads to its heading.
    browser.go("/settings/jobs").await;
    browser.press("Guide: settings").await;
    browser
        .arrives(|address| address == "/help/settings#jobs", "the heading")
        .await;
    browser.sees_in("h1", "Settings").await;
    browser.press("Members and roles").await;
    browser
        .arrives(
            |address| address.ends_with("#members-and-roles"),
            "another heading",
        )
        .await;
    // The other ways in: the account menu and the palette.
    browser.click(".organization").await;
    browser.press("Guides").await;
    browser.sees_in(".guide-list", "First hour").await;
    assert_eq!(browser.axe(&[]).await, Vec::<String>::new(), "the list of guides");
    browser.control("k").await;
    browser.find("#palette [data-palette-input]").await;
    browser.keys("first hour").await;
    browser.sees_no("#palette-list", "Dashboard").await;
    browser.keys("\n").await;
    browser.sees_in("h1", "First hour").await;
    sees_pictures(browser).await;
    browser.go("/help/no-such-guide").await;
    browser.sees("Not found").await;
    stage.end().await;
}

/// The window of the guides' pictures: narrow, so that they can be read where they are shown smaller.
const WIDTH: u32 = 1120;
/// The list in it: as many columns as leave room for the names.
const LIST: &str = "/customers?country=GB&country=US&sort=full_name&columns=status,tags,place,created_at";

/// `tools/screenshots.sh` runs this one; without `REGULARS_SHOTS` there is nothing to do.
#[tokio::test]
async fn pictures_of_the_guides_are_taken() {
    if std::env::var_os("REGULARS_SHOTS").is_none() {
        return;
    }
    let stage = Stage::signed_in().await;
    let browser = &stage.browser;
    let tags = [
        ("newsletter", "blue", "Asked for the monthly letter"),
        ("press", "violet", "Journalists and bloggers"),
        ("wholesale", "teal", "Buys by the box"),
    ];
    for (name, color, description) in tags {
        let tag = json!({"name": name, "color": color, "description": description});
        stage.api.post("/api/v1/tags", &tag).await.expect(201);
    }
    shop::furnished(&stage).await;
    browser.scheme("light").await;
    browser.size(WIDTH, 620).await;
    browser.go("/dashboard").await;
    browser.sees_in("#dashboard-numbers", "As a table").await;
    browser.picture("guide-dashboard").await;

    browser.size(WIDTH, 340).await;
    browser
        .go("/customers?q=Lovelase&columns=status,tags,place,created_at")
        .await;
    browser.sees_in("#list", "Ada Lovelace").await;
    browser.picture("guide-search").await;

    browser.size(WIDTH, 720).await;
    browser
        .go(&format!("{LIST}&filter=tag+%3D+wholesale+or+city+%3D+London"))
        .await;
    browser.press("Filter").await;
    browser.sees_in("#builder-said", "customer").await;
    browser.picture("guide-filters").await;
    browser.press("Text").await;
    browser
        .fill("#sheet [name=text]", "(status = vip or tag = ")
        .await;
    browser.sees_in("[data-expression-offers]", "newsletter").await;
    browser.picture("guide-expression").await;

    view(browser).await;
    imports(&stage).await;

    browser.size(WIDTH, 400).await;
    for (name, role) in [
        ("Grace Hopper", "admin"),
        ("Emmy Noether", "agent"),
        ("Lise Meitner", "viewer"),
    ] {
        let email = format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase());
        let member = json!({"email": email, "name": name, "role": role});
        stage.api.post("/api/v1/users", &member).await.expect(201);
    }
    browser.go("/settings/members").await;
    browser.sees_in("#members", "Grace Hopper").await;
    browser.picture("guide-members").await;

    browser.size(WIDTH, 600).await;
    browser.go("/settings/definitions").await;
    browser.sees_in("#definitions", "wholesale").await;
    browser.picture("guide-definitions").await;

    browser.go(LIST).await;
    browser.sees_in("#list", "Ada Lovelace").await;
    browser.keys("?").await;
    browser.sees_in("#shortcuts", "New customer").await;
    browser.picture("guide-shortcuts").await;
    stage.end().await;
}

/// A view that is kept and open, with its menu.
async fn view(browser: &Browser) {
    browser.size(WIDTH, 460).await;
    browser.go(LIST).await;
    browser.press("Save view").await;
    browser.fill("#sheet [name=name]", "Britain and America").await;
    browser
        .run("document.querySelector('#sheet [name=shared]').click()")
        .await;
    browser.press("Save view").await;
    browser
        .arrives(|address| address.contains("view="), "the view")
        .await;
    browser.sees_in("#list", "Ada Lovelace").await;
    // Without the message that it was saved.
    let address = browser.address().await;
    browser.go(&address).await;
    browser.press("This view").await;
    browser.sees("Rename or share").await;
    browser.picture("guide-view").await;
}

/// A file, mapped and checked.
async fn imports(stage: &Stage) {
    let browser = &stage.browser;
    let file = "Customer no,E-mail,First name,Last name,City,Country,Favourite colour\n\
        1001,hedy@example.com,Hedy,Lamarr,Wien,AT,blue\n\
        1002,katherine@example.com,Katherine,Johnson,Hampton,US,green\n\
        1003,mary.somerville@example,Mary,Somerville,Jedburgh,GB,red\n\
        1004,person0@example.com,Ada,Lovelace,London,GB,violet\n\
        1005,wang@example.com,贞仪,王,Nanjing,CN,yellow\n";
    let import = stage
        .api
        .upload("customers.csv", file.into())
        .await
        .expect(201)
        .at("/id");
    browser.size(WIDTH, 720).await;
    browser.go(&format!("/imports/{import}")).await;
    browser.sees("Match each column to a field").await;
    browser.picture("guide-import-map").await;
    browser.press("Check the file").await;
    browser.sees("This is what will happen").await;
    browser.picture("guide-import-check").await;
}
