//! What the rows of the list say, and in which order they stand.

use regulars_kernel::{Country, Role, clock};
use regulars_web::pages::format;
use serde_json::json;

use crate::pages::Pages;

/// The rows of a list, each from its beginning to its end, without what stands around the table.
async fn rows(pages: &Pages, query: &str) -> Vec<String> {
    let page = pages.get(&format!("/customers?{query}")).await.expect(200).text();
    page.split("<tr data-row")
        .skip(1)
        .map(|row| row.split("</tr>").next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_deleted_customer_says_since_when_among_the_others_and_nobody_else_says_it() {
    let pages = Pages::new(Role::Agent).await;
    for (name, email) in [
        ("Ada", "ada@example.com"),
        ("Bea", "bea@example.com"),
        ("Cem", ""),
    ] {
        let href = pages.customer(&[("first_name", name), ("email", email)]).await;
        if name != "Bea" {
            pages.post(&format!("{href}/delete"), &[]).await.expect(204);
        }
    }
    // A day that is another one in Berlin, where the organization is.
    sqlx::query("UPDATE customers SET deleted_at = '2025-03-04 23:30Z' WHERE first_name = 'Ada'")
        .execute(pages.app.test_database().owner())
        .await
        .unwrap();
    let today = format::date(
        clock::now()
            .with_timezone(&chrono_tz::Europe::Berlin)
            .date_naive(),
    );

    let ada = ">Deleted 5 Mar 2025 · ada@example.com<".to_owned();
    let cem = format!(">Deleted {today}<");
    for (query, wanted) in [
        ("deleted=with", vec![&ada, ">bea@example.com<", &cem]),
        ("deleted=only", vec![&ada, &cem]),
    ] {
        let found = rows(&pages, &format!("{query}&sort=full_name")).await;
        assert_eq!(found.len(), wanted.len(), "{query}");
        for (row, second) in found.iter().zip(wanted) {
            assert!(row.contains(second), "{query}, {second}: {row}");
            assert_eq!(
                row.contains("Deleted"),
                second.contains("Deleted"),
                "{query}: {row}"
            );
        }
    }
    let living = rows(&pages, "sort=full_name").await;
    assert_eq!(living.len(), 1);
    assert!(!living[0].contains("Deleted"), "{}", living[0]);
}

#[tokio::test]
async fn a_list_by_country_shows_names_of_countries_in_the_order_in_which_they_are_chosen() {
    let pages = Pages::new(Role::Agent).await;
    let key = pages.app.key(Role::Owner).await;
    // Their codes would be AT, CH, DE, ES, GB: another order.
    for (name, address) in [
        ("Gil", json!([{"city": "London", "country": "GB"}])),
        ("Eva", json!([{"city": "Bern", "country": "CH"}])),
        ("Cem", json!([{"city": "Berlin", "country": "DE"}])),
        ("Dea", json!([{"city": "Cádiz", "country": "ES"}])),
        ("Ada", json!([{"city": "Mariehamn", "country": "AX"}])),
        ("Bea", json!([{"city": "Wien", "country": "AT"}])),
        ("Zoe", json!([])),
    ] {
        pages
            .app
            .post("/api/v1/customers")
            .bearer(&key)
            .json(json!({"first_name": name, "addresses": address}))
            .await
            .expect(201);
    }
    let places = [
        "–",
        "Mariehamn, Åland Islands",
        "Wien, Austria",
        "Berlin, Germany",
        "Cádiz, Spain",
        "Bern, Switzerland",
        "London, United Kingdom",
    ];
    let query = "columns=place&sort=";
    let mut wanted = places.to_vec();
    for sort in ["country", "-country"] {
        let found = rows(&pages, &format!("{query}{sort}")).await;
        assert_eq!(found.len(), wanted.len());
        for (row, place) in found.iter().zip(&wanted) {
            assert!(row.contains(&format!(">{place}</td>")), "{sort}, {place}: {row}");
        }
        wanted.reverse();
    }
    // Page by page it is the same order, and so is that of the lists in which a country is chosen.
    for (at, place) in places.iter().enumerate() {
        let page = rows(&pages, &format!("{query}country&limit=1&page={}", at + 1)).await;
        assert!(
            page[0].contains(&format!(">{place}</td>")),
            "{place}: {}",
            page[0]
        );
    }
    let customer = pages.customer(&[("first_name", "Ines")]).await;
    let form = pages
        .get(&format!("{customer}/addresses/new"))
        .await
        .expect(200)
        .text();
    let options: Vec<_> = form
        .split("<option value=\"")
        .filter_map(|option| Country::from_code(option.get(..2)?).map(|country| (country, option)))
        .collect();
    assert_eq!(
        options.iter().map(|(country, _)| *country).collect::<Vec<_>>(),
        Country::by_name()
    );
    for (country, option) in options {
        let shown = option.split('>').nth(1).unwrap();
        assert!(shown.starts_with(country.name()), "{option}");
    }
}

/// What a row's menu offers, in order: the words of its items.
async fn offered(pages: &Pages, cookie: &str, path: &str) -> Vec<String> {
    let request = pages.app.get(path).header("hx-request", "true");
    let menu = request.header("cookie", cookie).await.expect(200).text();
    let items = menu.split("<span>").skip(1);
    items
        .map(|item| item.split("</span>").next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_rows_menu_offers_what_one_may_do_with_a_customer_as_it_is_by_now() {
    let pages = Pages::new(Role::Agent).await;
    let company = pages
        .customer(&[("kind", "company"), ("company_name", "Acme")])
        .await;
    let ada = pages
        .customer(&[("first_name", "Ada"), ("email", "ada@example.com")])
        .await;
    let bea = pages.customer(&[("first_name", "Bea")]).await;
    let (agent, viewer) = (&pages.cookie, pages.sign_in("acme", Role::Viewer).await);
    let stranger = pages.sign_in("globex", Role::Owner).await;
    let menu = |href: &str| format!("{href}/menu");

    // The list has the buttons alone, and shows the menu for viewers too.
    for cookie in [agent, &viewer] {
        let page = pages.app.get("/customers").header("cookie", cookie).await.text();
        assert_eq!(page.matches("id=\"cell-menu\"").count(), 1);
        for href in [&company, &ada, &bea] {
            assert_eq!(page.matches(&format!("hx-get=\"{href}/menu\"")).count(), 1);
            assert!(page.contains(&format!("data-row-preview=\"{href}/preview\"")));
        }
        assert!(!page.contains("Copy code"));
    }
    let look = ["Open", "Preview", "Copy e-mail", "Copy code"];
    let write = ["Edit", "Add a note", "Delete"];
    assert_eq!(offered(&pages, &viewer, &menu(&ada)).await, look);
    assert_eq!(
        offered(&pages, agent, &menu(&ada)).await,
        [&look[..], &write].concat()
    );
    assert_eq!(
        offered(&pages, agent, &menu(&bea)).await,
        [&["Open", "Preview", "Copy code"][..], &write].concat()
    );
    let foreign = pages.app.get(&menu(&ada)).header("cookie", &stranger).await;
    foreign.expect(404);

    // Out of what it stands below, where it is shown below it, and only as long as it does.
    let below = format!("{}?below=1", menu(&ada));
    let without = [&look[..], &write].concat();
    assert_eq!(offered(&pages, agent, &below).await, without);
    let to = company.rsplit('/').next().unwrap();
    pages
        .post(&format!("{ada}/parent?to={to}"), &[])
        .await
        .expect(204);
    let branch = pages.get(&format!("{company}/below?level=1")).await.text();
    assert!(branch.contains(&format!("hx-get=\"{below}\"")), "{branch}");
    let taking_out = ["Edit", "Add a note", "Take out", "Delete"];
    assert_eq!(
        offered(&pages, agent, &below).await,
        [&look[..], &taking_out].concat()
    );
    assert_eq!(offered(&pages, agent, &menu(&ada)).await, without);
    assert_eq!(offered(&pages, &viewer, &below).await, look);

    pages.post(&format!("{ada}/delete"), &[]).await.expect(204);
    assert_eq!(
        offered(&pages, agent, &below).await,
        [&look[..], &["Restore"]].concat()
    );
    assert_eq!(offered(&pages, &viewer, &menu(&ada)).await, look);
}
