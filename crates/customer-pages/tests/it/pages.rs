//! The pages through the real edge: who may see and change what, forms that come back with their faults, naughty texts.

use regulars_kernel::Role;
use regulars_testkit::{TestApp, TestRequest, TestResponse};
use regulars_web::pages::samples::{HOSTILE, assert_harmless};

/// The pages, an organization, and a session of somebody with a role.
pub struct Pages {
    pub app: TestApp,
    pub cookie: String,
}

impl Pages {
    pub async fn new(role: Role) -> Self {
        let pages = axum::Router::new()
            .merge(regulars_accounts::page_routes())
            .merge(regulars_customer_pages::page_routes());
        let app = TestApp::new(regulars_customers::api_routes(), pages).await;
        let mut pages = Self {
            app,
            cookie: String::new(),
        };
        pages.cookie = pages.sign_in("acme", role).await;
        pages
    }

    pub async fn sign_in(&self, organization: &str, role: Role) -> String {
        self.app.sign_in(organization, role).await
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.app.get(path).header("cookie", &self.cookie).await
    }

    /// As htmx asks for a piece.
    pub fn piece<'a>(&self, request: TestRequest<'a>) -> TestRequest<'a> {
        request
            .header("cookie", &self.cookie)
            .header("hx-request", "true")
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        self.piece(self.app.post(path)).form(fields).await
    }

    /// Makes a customer by the form; answers its page's address.
    pub async fn customer(&self, fields: &[(&str, &str)]) -> String {
        let made = self.post("/customers", fields).await.expect(200);
        made.header("hx-redirect").to_owned()
    }
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\" value=\"")).unwrap() + name.len() + 15;
    let value = &page[from..from + page[from..].find('"').unwrap()];
    value.replace("&amp;", "&")
}

#[tokio::test]
async fn each_page_is_shown_and_a_stranger_is_led_to_sign_in() {
    let pages = Pages::new(Role::Agent).await;
    let empty = pages.get("/customers").await.expect(200).text();
    assert!(empty.contains("No customers yet"), "{empty}");
    let href = pages
        .customer(&[
            ("kind", "person"),
            ("first_name", "Ada"),
            ("last_name", "Byron"),
            ("tags", "vip, b2b"),
        ])
        .await;
    let mut paths = vec![
        "/customers".to_owned(),
        "/customers?q=byron".to_owned(),
        "/customers?status=vip&sort=-full_name&page=2".to_owned(),
        "/customers/filters".to_owned(),
        "/customers/new".to_owned(),
        "/customers/views/new?status=vip".to_owned(),
        "/settings/definitions".to_owned(),
        "/settings/definitions/tags/new".to_owned(),
        "/settings/definitions/attributes/new".to_owned(),
        "/search?q=ada".to_owned(),
    ];
    for below in [
        "",
        "?tab=notes",
        "?tab=contacts",
        "?tab=addresses",
        "?tab=hierarchy",
        "?tab=details",
        "?events=notes",
        "/edit",
        "/tags",
        "/parent",
        "/children",
        "/notes/new",
        "/contacts/new",
        "/addresses/new",
        "/consents",
        "/timeline",
    ] {
        paths.push(format!("{href}{below}"));
    }
    for path in &paths {
        let page = pages.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert_harmless(&page.text());
        let nobody = pages.app.get(path).await;
        assert_eq!(nobody.status, 303, "{path}");
        assert!(nobody.header("location").starts_with("/sign-in"), "{path}");
    }
    assert!(pages.get("/customers?q=byron").await.text().contains("Ada Byron"));
    assert!(pages.get("/search?q=ada").await.text().contains(&href));
}

#[tokio::test]
async fn a_viewer_changes_nothing_and_another_organization_sees_nothing() {
    let mut pages = Pages::new(Role::Agent).await;
    let href = pages.customer(&[("first_name", "Ada")]).await;
    let agent = pages.cookie.clone();
    pages.cookie = pages.sign_in("acme", Role::Viewer).await;
    let page = pages.get(&href).await.expect(200).text();
    let posts = page.matches("hx-post").count() - page.matches("/favourite").count();
    assert_eq!(posts, 0, "{page}");
    for (path, fields) in [
        ("/customers".to_owned(), vec![("first_name", "X")]),
        (href.clone(), vec![("first_name", "X")]),
        (format!("{href}/delete"), vec![]),
        (format!("{href}/tags"), vec![("tag", "x")]),
        (format!("{href}/notes"), vec![("body", "x")]),
        (format!("{href}/consents"), vec![("email", "subscribed")]),
        ("/customers/bulk?action=delete".to_owned(), vec![]),
        ("/settings/definitions/tags".to_owned(), vec![("name", "x")]),
    ] {
        pages.post(&path, &fields).await.expect(403);
    }
    pages.cookie = pages.sign_in("other", Role::Owner).await;
    pages.get(&href).await.expect(404);
    pages.post(&format!("{href}/delete"), &[]).await.expect(404);
    assert!(!pages.get("/customers").await.text().contains(&href));
    pages.cookie = agent;
    assert!(pages.get(&href).await.expect(200).text().contains("Ada"));
}

#[tokio::test]
async fn a_refused_form_comes_back_as_typed_with_every_fault_at_its_field() {
    let pages = Pages::new(Role::Agent).await;
    pages
        .customer(&[("first_name", "Ada"), ("email", "ada@example.com")])
        .await;
    let refused = pages
        .post(
            "/customers",
            &[
                ("first_name", "Bea"),
                ("email", "bea@"),
                ("phone", "12"),
                ("birthday", "soon"),
                ("credit_limit/amount", "much"),
            ],
        )
        .await
        .expect(422)
        .text();
    for field in ["email", "phone", "birthday", "credit_limit-amount"] {
        assert!(
            refused.contains(&format!("id=\"field-{field}-error\"")),
            "{field}: {refused}"
        );
    }
    assert!(
        refused.contains("value=\"Bea\"") && refused.contains("value=\"bea@\""),
        "{refused}"
    );
    assert!(
        refused.contains("<details class=\"more-fields\" open"),
        "a fault is hidden: {refused}"
    );
    let nobody = pages
        .post("/customers", &[("note", "?")])
        .await
        .expect(422)
        .text();
    assert!(nobody.contains("say who it is"), "{nobody}");
    let taken = pages
        .post(
            "/customers",
            &[("first_name", "Bea"), ("email", "ADA@example.com")],
        )
        .await
        .expect(422)
        .text();
    assert!(
        taken.contains("Already a customer") && taken.contains(">Ada</a>"),
        "{taken}"
    );
}

#[tokio::test]
async fn an_edit_sends_what_changed_and_a_stale_one_shows_both_values() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages
        .customer(&[
            ("first_name", "Ada"),
            ("last_name", "Byron"),
            ("status", "active"),
        ])
        .await;
    let form = pages
        .piece(pages.app.get(&format!("{href}/edit")))
        .await
        .expect(200)
        .text();
    let (version, was) = (hidden(&form, "version"), hidden(&form, "was"));
    let edit = |name: &'static str, value: &'static str| {
        vec![
            ("version", version.as_str()),
            ("was", was.as_str()),
            (name, value),
        ]
    };
    pages.post(&href, &edit("last_name", "King")).await.expect(204);
    let stale = pages
        .post(&href, &edit("last_name", "Lovelace"))
        .await
        .expect(412)
        .text();
    assert!(
        stale.contains("King") && stale.contains("Lovelace") && stale.contains("Save as chosen"),
        "{stale}"
    );
    let (version, was) = (hidden(&stale, "version"), hidden(&stale, "was"));
    pages
        .post(
            &href,
            &[("version", &version), ("was", &was), ("last_name", "Lovelace")],
        )
        .await
        .expect(204);
    let page = pages.get(&href).await.text();
    assert!(page.contains("<h1>Ada Lovelace</h1>"), "{page}");
    assert!(
        page.contains("from King to Lovelace"),
        "the timeline tells it: {page}"
    );
}

#[tokio::test]
async fn a_customer_is_deleted_and_comes_back() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages.customer(&[("first_name", "Ada")]).await;
    let gone = pages.post(&format!("{href}/delete"), &[]).await.expect(204);
    assert!(
        gone.header("hx-trigger").contains(&format!("{href}/restore")),
        "{}",
        gone.header("hx-trigger")
    );
    assert!(pages.get("/customers").await.text().contains("No customers yet"));
    let page = pages.get(&href).await.expect(200).text();
    assert!(page.contains("This customer is deleted"));
    pages.post(&format!("{href}/restore"), &[]).await.expect(204);
    assert!(!pages.get(&href).await.text().contains("This customer is deleted"));
}

#[tokio::test]
async fn parts_are_added_changed_and_removed() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages.customer(&[("first_name", "Ada")]).await;
    let first = |page: &str, part: &str| {
        let at = page
            .find(&format!("{href}/{part}/0"))
            .unwrap_or_else(|| panic!("{part}: {page}"));
        let rest = &page[at..];
        rest[..rest.find("/edit").unwrap()].to_owned()
    };
    pages
        .post(&format!("{href}/notes"), &[("body", "Rings twice")])
        .await
        .expect(204);
    let note = first(&pages.get(&format!("{href}?tab=notes")).await.text(), "notes");
    pages
        .post(&note, &[("body", "Rings once"), ("version", "1")])
        .await
        .expect(204);
    let stale = pages
        .post(&note, &[("body", "Rings never"), ("version", "1")])
        .await
        .expect(412)
        .text();
    assert!(
        stale.contains("Rings once") && stale.contains("Rings never"),
        "{stale}"
    );
    assert!(
        pages
            .get(&format!("{note}/history"))
            .await
            .expect(200)
            .text()
            .contains("Rings twice")
    );
    pages
        .post(&format!("{note}/pin?pinned=true"), &[])
        .await
        .expect(204);
    pages.post(&format!("{note}/delete"), &[]).await.expect(204);

    pages
        .post(&format!("{href}/contacts"), &[("title", "Boss")])
        .await
        .expect(422);
    pages
        .post(
            &format!("{href}/contacts"),
            &[("first_name", "Charles"), ("is_primary", "true")],
        )
        .await
        .expect(204);
    let contact = first(
        &pages.get(&format!("{href}?tab=contacts")).await.text(),
        "contacts",
    );
    pages
        .post(&contact, &[("first_name", "Carl"), ("version", "1")])
        .await
        .expect(204);
    let shown = pages.get(&format!("{href}?tab=contacts")).await.text();
    assert!(
        shown.contains("Carl") && !shown.contains("main contact"),
        "an empty tick is unticked: {shown}"
    );
    pages.post(&format!("{contact}/delete"), &[]).await.expect(204);

    let far = pages
        .post(
            &format!("{href}/addresses"),
            &[("line1", "x"), ("latitude", "north")],
        )
        .await
        .expect(422)
        .text();
    assert!(far.contains("field-latitude-error"), "{far}");
    pages
        .post(
            &format!("{href}/addresses"),
            &[
                ("type", "both"),
                ("line1", "Chausseestraße 12"),
                ("country", "DE"),
                ("latitude", "52,5"),
            ],
        )
        .await
        .expect(204);
    let address = first(
        &pages.get(&format!("{href}?tab=addresses")).await.text(),
        "addresses",
    );
    pages.post(&format!("{address}/delete"), &[]).await.expect(204);

    pages
        .post(&format!("{href}/tags"), &[("tag", "vip")])
        .await
        .expect(204);
    pages
        .post(&format!("{href}/tags/remove?name=vip"), &[])
        .await
        .expect(204);
    pages
        .post(
            &format!("{href}/consents"),
            &[("email", "subscribed"), ("sms", "never_subscribed")],
        )
        .await
        .expect(204);
    assert!(
        pages
            .get(&format!("{href}?tab=details"))
            .await
            .text()
            .contains("subscribed")
    );
}

#[tokio::test]
async fn a_customer_never_stands_below_itself() {
    let pages = Pages::new(Role::Agent).await;
    let (top, below) = (
        pages.customer(&[("first_name", "Top")]).await,
        pages.customer(&[("first_name", "Below")]).await,
    );
    let id = |href: &str| href.rsplit('/').next().unwrap().to_owned();
    pages
        .post(&format!("{top}/children?to={}", id(&below)), &[])
        .await
        .expect(204);
    let refused = pages
        .post(&format!("{top}/parent?to={}", id(&below)), &[])
        .await
        .expect(422)
        .text();
    assert!(refused.contains("data-form-errors"), "{refused}");
    pages
        .post(&format!("{top}/children/{}/remove", id(&below)), &[])
        .await
        .expect(204);
}

#[tokio::test]
async fn hostile_texts_are_shown_as_text_everywhere() {
    let pages = Pages::new(Role::Agent).await;
    // What the record refuses (control characters) is taken out; the rest must come back as text.
    let text = HOSTILE.replace(['\u{0}', '\r', '\n', '\u{202e}'], " ");
    let fields = [
        "first_name",
        "last_name",
        "company_name",
        "internal_note",
        "tax_id",
    ]
    .map(|name| (name, text.as_str()));
    let href = pages.customer(&fields).await;
    pages
        .post(&format!("{href}/notes"), &[("body", &text)])
        .await
        .expect(204);
    pages
        .post(&format!("{href}/tags"), &[("tag", "<script>alert(1)</script>")])
        .await
        .expect(204);
    pages
        .post(&format!("{href}/contacts"), &[("first_name", &text)])
        .await
        .expect(204);
    pages
        .post(&format!("{href}/addresses"), &[("line1", &text), ("city", &text)])
        .await
        .expect(204);
    let search = format!(
        "/customers?q={}&tag=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "%22%3E%3Cscript%3Ealert(1)"
    );
    for path in [
        "/customers",
        &search,
        &href,
        "/settings/definitions",
        "/search?q=script",
    ] {
        assert_harmless(&pages.get(path).await.expect(200).text());
    }
    for tab in ["notes", "contacts", "addresses", "details"] {
        assert_harmless(&pages.get(&format!("{href}?tab={tab}")).await.expect(200).text());
    }
}

#[tokio::test]
async fn events_of_changes_name_people_not_ids() {
    let pages = Pages::new(Role::Agent).await;
    let (top, below) = (
        pages.customer(&[("first_name", "Topper")]).await,
        pages.customer(&[("first_name", "Below")]).await,
    );
    let id = top.rsplit('/').next().unwrap();
    pages
        .post(&format!("{below}/parent?to={id}"), &[])
        .await
        .expect(204);
    let page = pages.get(&below).await.text();
    assert!(page.contains("to Topper"), "{page}");
}

#[tokio::test]
async fn a_person_whom_many_name_is_shown_with_some_of_them_and_the_number_of_the_others() {
    let pages = Pages::new(Role::Agent).await;
    let person = pages.customer(&[("email", "grace@example.com")]).await;
    for number in 0..10 {
        let company = format!("Company {number}");
        let href = pages
            .customer(&[("kind", "company"), ("company_name", &company)])
            .await;
        let contact = [("first_name", "Grace"), ("email", "Grace@example.com")];
        pages
            .post(&format!("{href}/contacts"), &contact)
            .await
            .expect(204);
    }
    let page = pages.get(&person).await.expect(200).text();
    assert_eq!(page.matches(">Company ").count(), 8, "{page}");
    assert!(page.contains("and 2 more"), "{page}");
}
