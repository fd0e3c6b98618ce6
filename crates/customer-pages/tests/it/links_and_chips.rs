//! Links to other systems on the record, attributes nobody uses, the way through a list, and whom a chip names.

use regulars_accounts::ops as accounts;
use regulars_kernel::Role;
use serde_json::json;

use crate::pages::Pages;

#[tokio::test]
async fn ids_are_linked_and_unlinked_on_the_page_and_offered_as_a_filter() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages.customer(&[("first_name", "Ada"), ("kind", "person")]).await;
    let other = pages
        .customer(&[("first_name", "Grace"), ("kind", "person")])
        .await;
    pages.get(&format!("{href}/sources/new")).await.expect(200);
    let link = [("source", "shopify"), ("external_id", "7")];
    pages.post(&format!("{href}/sources"), &link).await.expect(204);
    let details = pages.get(&format!("{href}?tab=details")).await.expect(200).text();
    assert!(
        details.contains("Shopify") && details.contains("/sources/shopify/7/unlink"),
        "{details}"
    );
    let taken = pages
        .post(&format!("{other}/sources"), &link)
        .await
        .expect(422)
        .text();
    assert!(taken.contains("another customer has this id"), "{taken}");
    let wrong = pages
        .post(
            &format!("{other}/sources"),
            &[("source", "Shop!"), ("external_id", "")],
        )
        .await;
    assert!(wrong.expect(422).text().contains("2 things to correct"));
    let filters = pages
        .get("/customers/filters/build?group=all&field=source&was=source&operator=in&end=1")
        .await
        .expect(200)
        .text();
    assert!(
        filters.contains("Shopify") && !filters.contains("Mailchimp"),
        "only what there is"
    );
    pages
        .post(&format!("{href}/sources/shopify/7/unlink"), &[])
        .await
        .expect(204);
    let details = pages.get(&format!("{href}?tab=details")).await.expect(200).text();
    assert!(details.contains("Not linked to another system"));
    let timeline = pages.get(&format!("{href}/timeline")).await.expect(200).text();
    for words in ["Has the id 7 in Shopify", "No longer has the id 7 in Shopify"] {
        assert!(timeline.contains(words), "{timeline}");
    }
}

#[tokio::test]
async fn a_credit_limit_is_edited_in_the_currency_it_was_said_in() {
    let mut pages = Pages::new(Role::Agent).await;
    let fields = [("first_name", "Ada"), ("credit_limit/amount", "100.50")];
    let href = pages.customer(&fields).await;
    sqlx::query("UPDATE organizations SET currency = 'JPY'")
        .execute(pages.app.test_database().owner())
        .await
        .unwrap();
    // What a session's organization is like is remembered for a moment, so another one is used.
    pages.cookie = pages.sign_in("acme", Role::Admin).await;
    let form = pages.get(&format!("{href}/edit")).await.expect(200).text();
    assert!(
        form.contains("Credit limit (EUR)") && form.contains("100.50"),
        "{form}"
    );
    let new = pages.get("/customers/new").await.expect(200).text();
    assert!(new.contains("Credit limit (JPY)"));
}

#[tokio::test]
async fn only_an_attribute_without_values_is_deleted() {
    let pages = Pages::new(Role::Admin).await;
    let list = || async { pages.get("/settings/definitions").await.expect(200).text() };
    let id = |page: &str| {
        let from = page.find("/settings/definitions/attributes/0").unwrap() + 33;
        page[from..from + 36].to_owned()
    };
    let fields = [("label", "Shoe size"), ("name", "shoe_size"), ("kind", "number")];
    pages
        .post("/settings/definitions/attributes", &fields)
        .await
        .expect(204);
    let at = format!("/settings/definitions/attributes/{}/delete", id(&list().await));
    let href = pages
        .customer(&[
            ("first_name", "Ada"),
            ("kind", "person"),
            ("attributes/shoe_size", "38"),
        ])
        .await;
    let refused = pages.post(&at, &[]).await.expect(204);
    assert!(
        refused.header("hx-trigger").contains("archive it instead"),
        "{}",
        refused.header("hx-trigger")
    );
    let key = pages.app.key(Role::Agent).await;
    let cleared = pages.app.patch(&format!("/api/v1{href}")).bearer(&key);
    cleared
        .json(json!({"attributes": {"shoe_size": null}}))
        .await
        .expect(200);
    pages.post(&at, &[]).await.expect(204);
    assert!(list().await.contains("No attributes yet"));
}

#[tokio::test]
async fn a_record_leads_on_through_the_list_that_one_came_from() {
    let pages = Pages::new(Role::Agent).await;
    let mut hrefs = Vec::new();
    for name in ["Anna", "Berta", "Clara", "Dora"] {
        let status = if name == "Berta" { "vip" } else { "active" };
        hrefs.push(
            pages
                .customer(&[
                    ("first_name", name),
                    ("last_name", "Maier"),
                    ("kind", "person"),
                    ("status", status),
                ])
                .await,
        );
    }
    let list = pages
        .get("/customers?status=active&sort=full_name")
        .await
        .expect(200)
        .text();
    let inside = "?in=status%3Dactive%26sort%3Dfull_name";
    assert!(list.contains(&format!("{}{inside}", hrefs[2])), "{list}");
    let clara = pages
        .get(&format!("{}{inside}", hrefs[2]))
        .await
        .expect(200)
        .text();
    assert!(
        clara.contains(&format!(
            "href=\"{}{inside}\" aria-label=\"Previous in the list\"",
            hrefs[0]
        )) || clara.contains(&format!("{}{inside}", hrefs[0])),
        "{clara}"
    );
    assert!(clara.contains(&format!("{}{inside}", hrefs[3])), "Dora is next");
    assert!(!clara.contains(&hrefs[1]), "Berta is not in the list");
    let first = pages
        .get(&format!("{}{inside}", hrefs[0]))
        .await
        .expect(200)
        .text();
    assert!(!first.contains("Previous in the list") && first.contains("Next in the list"));
    // Of a search, best match first, and of the plain list as well.
    let found = pages
        .get(&format!("{}?in=q%3Dmaier", hrefs[1]))
        .await
        .expect(200)
        .text();
    assert!(found.contains(&hrefs[0]) && found.contains(&hrefs[2]));
    let plain = pages.get(&hrefs[1]).await.expect(200).text();
    assert!(plain.contains(&hrefs[0]) && plain.contains(&hrefs[2]));
    pages
        .get(&format!("{}?in=nonsense%3D1", hrefs[1]))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_chip_names_members_and_nobody_of_another_organization() {
    let pages = Pages::new(Role::Agent).await;
    let scope = pages.app.organization("other").await;
    let other = accounts::create_user(
        pages.app.database(),
        scope.organization_id,
        "eve@other.example",
        Role::Agent,
    );
    let other = other.await.unwrap().member.id;
    let page = pages
        .get(&format!("/customers?owner={other}"))
        .await
        .expect(200)
        .text();
    assert!(page.contains(&other.to_string()) && !page.contains("eve@other.example"));
    let own = pages.app.organization("acme").await;
    let colleague = accounts::create_user(
        pages.app.database(),
        own.organization_id,
        "bob@acme.example",
        Role::Agent,
    );
    let colleague = colleague.await.unwrap().member.id;
    let page = pages
        .get(&format!("/customers?owner={colleague}"))
        .await
        .expect(200)
        .text();
    assert!(page.contains("bob@acme.example"));
}
