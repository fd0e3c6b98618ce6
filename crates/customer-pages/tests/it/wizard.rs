//! The four steps of a company: what is kept, what is refused, and that a company is created once.

use regulars_kernel::Role;
use regulars_testkit::TestResponse;
use regulars_web::pages::samples::{HOSTILE, assert_harmless};

use crate::pages::Pages;

const BASICS: &str = "/customers/new/company";
const CONTACTS: &str = "/customers/new/company/contacts";
const ADDRESSES: &str = "/customers/new/company/addresses";
const REVIEW: &str = "/customers/new/company/review";
const DISCARD: &str = "/customers/new/company/discard";

/// Sends a form as a browser without script does.
async fn send(pages: &Pages, path: &str, fields: &[(&str, &str)]) -> TestResponse {
    pages
        .app
        .post(path)
        .header("cookie", &pages.cookie)
        .form(fields)
        .await
}

/// How many rows there are.
async fn count(pages: &Pages, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(pages.app.test_database().owner())
        .await
        .unwrap()
}

/// Writes a company with a contact and two addresses.
async fn written(pages: &Pages, name: &str) {
    let basics = [
        ("company_name", name),
        ("email", "office@engines.example"),
        ("status", "vip"),
        ("tags", "b2b, north"),
        ("do", "next"),
    ];
    let to = send(pages, BASICS, &basics).await.expect(303);
    assert_eq!(to.header("location"), CONTACTS);
    let contact = [
        ("contacts/0/first_name", "Grace"),
        ("contacts/0/email", "grace@engines.example"),
        ("contacts/0/is_primary", "true"),
        ("do", "next"),
    ];
    let to = send(pages, CONTACTS, &contact).await.expect(303);
    assert_eq!(to.header("location"), ADDRESSES);
    let addresses = [
        ("addresses/0/type", "billing"),
        ("addresses/0/city", "Berlin"),
        ("addresses/0/country", "DE"),
        ("addresses/1/type", "shipping"),
        ("addresses/1/city", "Wien"),
        ("addresses/1/country", "AT"),
        ("addresses/1/is_default", "true"),
        ("do", "next"),
    ];
    let to = send(pages, ADDRESSES, &addresses).await.expect(303);
    assert_eq!(to.header("location"), REVIEW);
}

#[tokio::test]
async fn a_company_is_written_in_four_steps_and_created_with_what_belongs_to_it() {
    let pages = Pages::new(Role::Agent).await;
    written(&pages, "Analytical Engines").await;
    let review = pages.get(REVIEW).await.expect(200).text();
    for shown in [
        "Analytical Engines",
        "VIP",
        "b2b, north",
        "Grace",
        "Berlin",
        "Wien",
        "Austria",
    ] {
        assert!(review.contains(shown), "{shown}: {review}");
    }
    assert_eq!(
        count(&pages, "customers").await,
        0,
        "nothing is created by looking"
    );
    let made = send(&pages, REVIEW, &[]).await.expect(303);
    let href = made.header("location").to_owned();
    let page = pages.get(&href).await.expect(200).text();
    assert!(page.contains("Analytical Engines"), "{page}");
    for (tab, shown) in [
        ("contacts", "Grace"),
        ("addresses", "Wien"),
        ("details", "office@engines.example"),
    ] {
        let text = pages.get(&format!("{href}?tab={tab}")).await.expect(200).text();
        assert!(text.contains(shown), "{tab}: {text}");
    }
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM events WHERE kind NOT LIKE 'member%' ORDER BY kind")
            .fetch_all(pages.app.test_database().owner())
            .await
            .unwrap();
    for kind in ["customer.created", "customer.tagged"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind} in {kinds:?}");
    }
    assert_eq!(
        kinds.iter().filter(|kind| kind.starts_with("address")).count(),
        2,
        "{kinds:?}"
    );
    assert_eq!(
        kinds.iter().filter(|kind| kind.starts_with("contact")).count(),
        1,
        "{kinds:?}"
    );
    assert_eq!(count(&pages, "drafts").await, 0, "the draft is said");
}

#[tokio::test]
async fn looking_writes_nothing_and_a_draft_is_its_members_own() {
    let mut pages = Pages::new(Role::Agent).await;
    for path in [BASICS, CONTACTS, ADDRESSES] {
        pages.get(path).await.expect(200);
        pages.get(&format!("{path}?check=1")).await.expect(200);
    }
    assert_eq!(pages.get(REVIEW).await.expect(303).header("location"), BASICS);
    let empty = [
        ("company_name", ""),
        ("status", "active"),
        ("type", "registered"),
        ("do", "save"),
    ];
    assert_eq!(pages.post(BASICS, &empty).await.expect(200).text(), "");
    assert_eq!(count(&pages, "drafts").await, 0);
    assert!(
        pages
            .get("/customers/new")
            .await
            .text()
            .contains("Company, step by step")
    );

    let saved = pages
        .post(BASICS, &[("company_name", "Engines"), ("do", "save")])
        .await
        .expect(200);
    assert_eq!(saved.text(), "Saved as a draft");
    assert!(
        pages
            .get("/customers/new")
            .await
            .text()
            .contains("Go on with your draft")
    );
    let agent = pages.cookie.clone();
    pages.cookie = pages.sign_in("acme", Role::Owner).await;
    assert!(!pages.get(BASICS).await.text().contains("Engines"));
    assert!(
        pages
            .get("/customers/new")
            .await
            .text()
            .contains("Company, step by step")
    );
    pages.cookie = agent;
    assert!(pages.get(BASICS).await.text().contains("value=\"Engines\""));
    send(&pages, DISCARD, &[]).await.expect(303);
    assert!(!pages.get(BASICS).await.text().contains("Engines"));
    assert_eq!(count(&pages, "drafts").await, 0);
}

#[tokio::test]
async fn viewers_are_refused() {
    let pages = Pages::new(Role::Viewer).await;
    for path in [BASICS, CONTACTS, ADDRESSES, REVIEW] {
        pages.get(path).await.expect(403);
        pages
            .post(path, &[("company_name", "X"), ("do", "save")])
            .await
            .expect(403);
    }
    pages.get("/customers/new/company/parents?q=a").await.expect(403);
    pages.post(DISCARD, &[]).await.expect(403);
    assert_eq!(count(&pages, "drafts").await, 0);
}

#[tokio::test]
async fn sent_twice_at_once_one_company_is_created() {
    let pages = Pages::new(Role::Agent).await;
    for round in 0..3 {
        let name = format!("Engines {round}");
        written(&pages, &name).await;
        let changed = [("email", ""), ("do", "save")];
        send(&pages, BASICS, &changed).await.expect(200);
        let (one, other) = tokio::join!(send(&pages, REVIEW, &[]), send(&pages, REVIEW, &[]));
        let mut to = [one, other].map(|answer| answer.expect(303).header("location").to_owned());
        to.sort();
        assert!(
            to[0].starts_with("/customers/") && to[1] == "/customers?sort=-created_at",
            "{to:?}"
        );
        assert_eq!(count(&pages, "customers").await, round + 1);
        assert_eq!(count(&pages, "contacts").await, round + 1);
        assert_eq!(count(&pages, "addresses").await, 2 * (round + 1));
    }
}

#[tokio::test]
async fn each_step_shows_its_own_faults_and_a_refusal_changes_nothing() {
    let pages = Pages::new(Role::Agent).await;
    let first = pages
        .customer(&[("first_name", "Ada"), ("email", "office@engines.example")])
        .await;
    let basics = [
        ("company_name", "Engines"),
        ("email", "OFFICE@engines.example"),
        ("phone", "12"),
        ("do", "next"),
    ];
    let to = send(&pages, BASICS, &basics).await.expect(303);
    let checked = format!("{BASICS}?check=1");
    assert_eq!(to.header("location"), checked);
    let page = pages.get(&checked).await.expect(200).text();
    for shown in [
        "field-email-error",
        "field-phone-error",
        "2 things to correct",
        "Use this one",
        &first,
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let contacts = [
        ("contacts/0/first_name", "Grace"),
        ("contacts/0/email", "grace@"),
        ("contacts/1/first_name", ""),
        ("contacts/2/is_primary", "true"),
        ("do", "next"),
    ];
    let to = send(&pages, CONTACTS, &contacts)
        .await
        .expect(303)
        .header("location")
        .to_owned();
    let page = pages.get(&to).await.expect(200).text();
    assert!(page.contains("field-contacts-0-email-error"), "{page}");
    assert!(page.contains("a contact needs a name"), "{page}");
    assert!(
        !page.contains("field-contacts-2-"),
        "the empty one is gone: {page}"
    );
    let addresses = [
        ("addresses/0/city", "Berlin"),
        ("addresses/0/latitude", "north"),
        ("addresses/0/time_zone", "Nowhere"),
        ("do", "next"),
    ];
    let to = send(&pages, ADDRESSES, &addresses)
        .await
        .expect(303)
        .header("location")
        .to_owned();
    let page = pages.get(&to).await.expect(200).text();
    assert!(
        page.contains("field-addresses-0-latitude-error")
            && page.contains("field-addresses-0-time_zone-error"),
        "{page}"
    );

    let review = pages.get(REVIEW).await.expect(200).text();
    assert!(review.contains("6 things to correct"), "{review}");
    assert!(
        review.contains("/customers/new/company/contacts?check=1#field-contacts-0-email"),
        "{review}"
    );
    let refused = send(&pages, REVIEW, &[]).await.expect(303);
    assert_eq!(refused.header("location"), checked, "the first step with faults");
    assert_eq!(count(&pages, "customers").await, 1);
    assert_eq!(count(&pages, "drafts").await, 1);

    send(&pages, CONTACTS, &[("do", "next")]).await.expect(303);
    send(&pages, ADDRESSES, &[("do", "next")]).await.expect(303);
    let refused = send(&pages, REVIEW, &[]).await.expect(303);
    assert_eq!(refused.header("location"), checked);
    send(&pages, BASICS, &[("email", ""), ("phone", ""), ("do", "back")])
        .await
        .expect(303);
    let made = send(&pages, REVIEW, &[]).await.expect(303);
    assert!(made.header("location").starts_with("/customers/"));
    assert_eq!(count(&pages, "customers").await, 2);
    assert_eq!(count(&pages, "drafts").await, 0);
}

#[tokio::test]
async fn parts_are_added_and_taken_out_without_losing_the_others() {
    let pages = Pages::new(Role::Agent).await;
    let to = send(&pages, CONTACTS, &[("do", "add")]).await.expect(303);
    assert_eq!(to.header("location"), format!("{CONTACTS}?at=0"));
    let to = send(
        &pages,
        CONTACTS,
        &[("contacts/0/first_name", "Grace"), ("do", "add")],
    )
    .await
    .expect(303);
    assert_eq!(to.header("location"), format!("{CONTACTS}?at=1"));
    let both = [
        ("contacts/0/first_name", "Grace"),
        ("contacts/1/first_name", "Ada"),
        ("do", "remove/0"),
    ];
    send(&pages, CONTACTS, &both).await.expect(303);
    let page = pages.get(CONTACTS).await.expect(200).text();
    assert!(
        page.contains("name=\"contacts/0/first_name\" type=\"text\"") || page.contains("value=\"Ada\""),
        "{page}"
    );
    assert!(!page.contains("Grace") && !page.contains("contacts/1/"), "{page}");
    let last = [("contacts/0/first_name", "Ada"), ("do", "remove/7")];
    send(&pages, CONTACTS, &last).await.expect(303);
    send(
        &pages,
        CONTACTS,
        &[("contacts/0/first_name", "Ada"), ("do", "remove/0")],
    )
    .await
    .expect(303);
    assert_eq!(count(&pages, "drafts").await, 0, "nothing is left to keep");
}

#[tokio::test]
async fn what_it_belongs_to_is_found_and_what_an_organization_requires_is_asked_for() {
    let pages = Pages::new(Role::Owner).await;
    let parent = pages
        .customer(&[("kind", "company"), ("company_name", "Holding")])
        .await;
    let id = parent.rsplit('/').next().unwrap();
    let found = pages
        .get("/customers/new/company/parents?q=holding")
        .await
        .expect(200)
        .text();
    assert!(found.contains(id), "{found}");
    let chosen = pages
        .get(&format!("/customers/new/company/parents?q=zzyzx&parent_id={id}"))
        .await
        .text();
    assert!(
        chosen.contains(id) && chosen.contains("Nobody of that name"),
        "{chosen}"
    );
    let attribute = [
        ("name", "region"),
        ("label", "Region"),
        ("kind", "text"),
        ("required", "true"),
    ];
    pages.post("/settings/definitions/attributes", &attribute).await;
    let basics = [("company_name", "Engines"), ("parent_id", id), ("do", "next")];
    let to = send(&pages, BASICS, &basics).await.expect(303);
    let page = pages.get(to.header("location")).await.expect(200).text();
    assert!(page.contains("field-attributes-region-error"), "{page}");
    send(&pages, BASICS, &[("attributes/region", "North"), ("do", "next")])
        .await
        .expect(303);
    let made = send(&pages, REVIEW, &[]).await.expect(303);
    let page = pages.get(made.header("location")).await.expect(200).text();
    assert!(page.contains("Holding"), "{page}");
}

#[tokio::test]
async fn naughty_texts_are_kept_shown_and_do_nothing() {
    let pages = Pages::new(Role::Agent).await;
    let fields = [
        ("company_name", HOSTILE),
        ("owner_id", HOSTILE),
        ("parent_id", HOSTILE),
        ("attributes/\0", "\0"),
        ("do", "next"),
    ];
    let to = send(&pages, BASICS, &fields).await.expect(303);
    assert_harmless(&pages.get(to.header("location")).await.expect(200).text());
    let contact = [
        ("contacts/0/email", HOSTILE),
        ("contacts/99999999999999999999/email", "x"),
        ("do", "next"),
    ];
    send(&pages, CONTACTS, &contact).await.expect(303);
    assert_harmless(&pages.get(REVIEW).await.expect(200).text());
    send(&pages, REVIEW, &[]).await.expect(303);
    let long = "x".repeat(300_000);
    let much = send(&pages, BASICS, &[("internal_note", &long), ("do", "next")]).await;
    assert_eq!(much.status, 422);
    assert!(much.text().contains("of a draft are kept"));
}
