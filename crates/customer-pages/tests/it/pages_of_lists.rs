//! The pages that show many: bulk work, saved views, definitions, addresses that ask for nonsense.

use regulars_kernel::Role;

use crate::pages::Pages;

#[tokio::test]
async fn several_are_tagged_changed_and_deleted_with_a_way_back() {
    let pages = Pages::new(Role::Agent).await;
    let mut ids = Vec::new();
    for name in ["Ada", "Bea", "Cem"] {
        ids.push(
            pages
                .customer(&[("first_name", name)])
                .await
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned(),
        );
    }
    let chosen = [("id", ids[0].as_str()), ("id", ids[1].as_str())];
    let sheet = pages
        .get(&format!("/customers/bulk?action=tag&id={}&id={}", ids[0], ids[1]))
        .await
        .expect(200)
        .text();
    assert!(sheet.contains("Tag 2 customers"), "{sheet}");
    pages
        .post("/customers/bulk?action=tag", &[chosen[0], chosen[1], ("tag", "")])
        .await
        .expect(422);
    pages
        .post(
            "/customers/bulk?action=tag",
            &[chosen[0], chosen[1], ("tag", "fresh")],
        )
        .await
        .expect(204);
    assert_eq!(
        pages
            .get("/customers?tag=fresh")
            .await
            .text()
            .matches("data-select-row")
            .count(),
        2
    );
    pages
        .post("/customers/bulk?action=status&status=vip", &chosen)
        .await
        .expect(204);
    assert_eq!(
        pages
            .get("/customers?status=vip")
            .await
            .text()
            .matches("data-select-row")
            .count(),
        2
    );
    let gone = pages
        .post("/customers/bulk?action=delete", &chosen)
        .await
        .expect(204);
    let trigger: serde_json::Value = serde_json::from_str(gone.header("hx-trigger")).unwrap();
    let undo = trigger["toast"]["undo"].as_str().unwrap();
    assert_eq!(
        pages
            .get("/customers")
            .await
            .text()
            .matches("data-select-row")
            .count(),
        1
    );
    pages.post(undo, &[]).await.expect(204);
    assert_eq!(
        pages
            .get("/customers")
            .await
            .text()
            .matches("data-select-row")
            .count(),
        3
    );
}

#[tokio::test]
async fn views_are_saved_opened_and_private_until_shared() {
    let mut pages = Pages::new(Role::Agent).await;
    let saved = pages
        .post(
            "/customers/views?status=vip&sort=full_name",
            &[("name", "Loved ones")],
        )
        .await
        .expect(200);
    let href = saved.header("hx-redirect").to_owned();
    assert!(
        href.contains("status=vip") && href.contains("sort=full_name") && href.contains("&view="),
        "{href}"
    );
    let open = pages.get(&href).await.expect(200).text();
    assert!(
        open.contains("Loved ones") && open.contains("Delete view"),
        "{open}"
    );
    let own = pages.cookie.clone();
    pages.cookie = pages.sign_in("acme", Role::Viewer).await;
    assert!(!pages.get("/customers").await.text().contains("Loved ones"));
    pages.cookie = own;
    let id = href.rsplit('=').next().unwrap();
    pages
        .post(
            &format!("/customers/views/{id}/edit"),
            &[("name", "Loved"), ("shared", "true"), ("version", "1")],
        )
        .await
        .expect(200);
    pages
        .post(&format!("/customers/views/{id}?status=active"), &[])
        .await
        .expect(204);
    pages.cookie = pages.sign_in("acme", Role::Admin).await;
    assert!(
        pages
            .get("/customers")
            .await
            .text()
            .contains("status=active&amp;view=")
    );
    pages
        .post(&format!("/customers/views/{id}/delete"), &[])
        .await
        .expect(200);
}

#[tokio::test]
async fn a_long_view_is_a_short_link_that_leads_to_it_and_a_longer_one_is_refused() {
    let pages = Pages::new(Role::Agent).await;
    let tags: Vec<String> = (0..60).map(|n| format!("tag=long-tag-number-{n:03}")).collect();
    let question = tags.join("&");
    pages
        .post(&format!("/customers/views?{question}"), &[("name", "Long")])
        .await
        .expect(200);
    let list = pages.get("/customers").await.expect(200).text();
    assert!(
        list.contains("Long") && !list.contains("long-tag-number-001"),
        "{list}"
    );
    let from = list.find("/customers/views/0").unwrap();
    let link = &list[from..from + "/customers/views/".len() + 36];
    let there = pages.get(link).await.expect(303);
    let there = there.header("location");
    assert!(
        there.contains("long-tag-number-059") && there.contains("view="),
        "{there}"
    );
    assert!(
        pages
            .get(there)
            .await
            .expect(200)
            .text()
            .contains("long-tag-number-001")
    );

    let longer: Vec<String> = (0..199).map(|n| format!("tag={n:060}")).collect();
    let refused = pages
        .post(
            &format!("/customers/views?{}", longer.join("&")),
            &[("name", "Longer")],
        )
        .await
        .expect(422)
        .text();
    assert!(refused.contains("8192 bytes"), "{refused}");
    let value = "x".repeat(2_001);
    for name in ["tag", "source"] {
        let page = pages.get(&format!("/customers?{name}={value}")).await.text();
        assert!(page.contains("may have 2000 characters"), "{name}");
    }
}

#[tokio::test]
async fn definitions_are_made_changed_merged_and_ordered() {
    let pages = Pages::new(Role::Agent).await;
    let base = "/settings/definitions";
    pages
        .post(&format!("{base}/tags"), &[("name", "vip"), ("color", "pink")])
        .await
        .expect(204);
    pages
        .post(&format!("{base}/tags"), &[("name", "VIP")])
        .await
        .expect(422);
    pages
        .post(&format!("{base}/tags"), &[("name", "loved")])
        .await
        .expect(204);
    let page = pages.get(base).await.expect(200).text();
    let id = |page: &str, part: &str, nth: usize| {
        let at = page
            .match_indices(&format!("{base}/{part}/0"))
            .map(|(at, _)| at)
            .collect::<Vec<_>>();
        let mut ids: Vec<_> = at
            .iter()
            .map(|at| page[at + base.len() + part.len() + 2..][..36].to_owned())
            .collect();
        ids.dedup();
        ids[nth].clone()
    };
    let (loved, vip) = (id(&page, "tags", 0), id(&page, "tags", 1));
    pages
        .post(
            &format!("{base}/tags/{vip}"),
            &[("name", "VIPs"), ("color", "red"), ("version", "7")],
        )
        .await
        .expect(422);
    pages
        .post(&format!("{base}/tags/{vip}/merge"), &[("into", "")])
        .await
        .expect(422);
    pages
        .post(&format!("{base}/tags/{vip}/merge"), &[("into", &loved)])
        .await
        .expect(204);
    pages
        .post(&format!("{base}/tags/{loved}/delete"), &[])
        .await
        .expect(204);
    let refused = pages
        .post(
            &format!("{base}/attributes"),
            &[("name", "Bad name"), ("label", "x"), ("kind", "select")],
        )
        .await
        .expect(422)
        .text();
    assert!(refused.contains("field-name-error"), "{refused}");
    for (name, kind, options) in [("size", "number", ""), ("level", "select", "Gold\r\nSilver")] {
        pages
            .post(
                &format!("{base}/attributes"),
                &[
                    ("name", name),
                    ("label", name),
                    ("kind", kind),
                    ("options", options),
                ],
            )
            .await
            .expect(204);
    }
    let level = id(&pages.get(base).await.text(), "attributes", 1);
    pages
        .post(&format!("{base}/attributes/{level}/move?by=-1"), &[])
        .await
        .expect(204);
    assert_eq!(id(&pages.get(base).await.text(), "attributes", 0), level);
    pages
        .post(&format!("{base}/attributes/{level}/archive?archived=true"), &[])
        .await
        .expect(204);
    pages
        .post(&format!("{base}/attributes/{level}/archive?archived=false"), &[])
        .await
        .expect(204);
    let href = pages
        .customer(&[
            ("first_name", "Ada"),
            ("attributes/level", "Gold"),
            ("attributes/size", "38"),
        ])
        .await;
    assert!(
        pages
            .get(&format!("{href}?tab=details"))
            .await
            .text()
            .contains("Gold")
    );
}

#[tokio::test]
async fn a_tag_that_very_many_have_is_said_to_be_merged_soon() {
    let pages = Pages::new(Role::Agent).await;
    let base = "/settings/definitions/tags";
    let organization = pages.app.organization("acme").await.organization_id;
    let owner = pages.app.test_database().owner();
    let mut ids = Vec::new();
    for name in ["everybody", "all"] {
        pages.post(base, &[("name", name)]).await.expect(204);
        let id: String = sqlx::query_scalar("SELECT id::text FROM tags WHERE name = $1")
            .bind(name)
            .fetch_one(owner)
            .await
            .unwrap();
        ids.push(id);
    }
    sqlx::query(
        "WITH made AS (
           INSERT INTO customers (organization_id, id, code, sort_name, search_text)
           SELECT $1, gen_random_uuid(), 'X-' || n, 'x', ' x ' FROM generate_series(1, 5001) AS n RETURNING id
         )
         INSERT INTO customer_tags (organization_id, customer_id, tag_id) SELECT $1, id, $2::uuid FROM made",
    )
    .bind(organization)
    .bind(&ids[0])
    .execute(owner)
    .await
    .unwrap();
    let merged = pages
        .post(&format!("{base}/{}/merge", ids[0]), &[("into", &ids[1])])
        .await
        .expect(204);
    let said = merged.header("hx-trigger");
    assert!(said.contains("given all instead, and it is gone soon"), "{said}");
    let back = pages
        .post(&format!("{base}/{}/merge", ids[1]), &[("into", &ids[0])])
        .await
        .expect(422);
    assert!(back.text().contains("is being merged or deleted"));
}

#[tokio::test]
async fn an_address_that_asks_for_nonsense_is_told_so_and_never_fails() {
    let pages = Pages::new(Role::Viewer).await;
    for (query, status) in [
        ("status=nope", 400),
        ("what=1", 400),
        ("page=0", 400),
        ("page=99999", 400),
        ("cursor=x", 400),
        ("sort=shoe", 400),
        ("created_from=soon", 400),
        ("attribute.none=1", 400),
        ("tag=none", 200),
        ("q=%25", 200),
        ("view=x", 200),
        ("at=x&page=2", 200),
    ] {
        let page = pages.get(&format!("/customers?{query}")).await;
        assert_eq!(page.status, status, "{query}");
    }
    let tidy = pages.get("/customers?status=vip&tag=&owner=").await.expect(303);
    assert_eq!(tidy.header("location"), "/customers?status=vip");
    for (query, words) in [
        (
            "lifecycle_stage=nope",
            "Stage: “nope” is not possible here. Possible are Prospect, ",
        ),
        ("last_order_to=1", "There is no filter “last_order_to”."),
        (
            "created_from=2026-02-01&created_to=2026-01-01",
            "Created until: this lies before the beginning.",
        ),
        ("created_from=soon", "Created from: “soon” is neither a date"),
        ("has_email=maybe", "E-mail: this is neither known nor missing."),
        ("attribute.none=1", "There is no attribute “none”."),
        ("sort=shoe", "The list cannot be sorted like this."),
    ] {
        let page = pages.get(&format!("/customers?{query}")).await.text();
        let told = page.split("This address asks").nth(1).unwrap();
        let told = told.split("</ul>").next().unwrap();
        assert!(told.contains(words), "{query}: {told}");
        assert!(
            !told.contains("lifecycle_stage") && !told.contains("created_"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_cell_is_changed_once_however_often_it_is_asked_and_never_by_nothing() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages
        .customer(&[
            ("first_name", "Ada"),
            ("email", "ada@example.com"),
            ("status", "active"),
        ])
        .await;
    let status = |was: &str, value: &str| format!("{href}/cells/status?was={was}&value={value}");
    for _ in 0..2 {
        let cell = pages.post(&status("active", "vip"), &[]).await.expect(200).text();
        assert!(cell.contains("vip"), "{cell}");
    }
    let (one, other) = tokio::join!(
        async { pages.post(&status("vip", "blocked"), &[]).await },
        async { pages.post(&status("vip", "churned"), &[]).await },
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 204], "one wins, the other is told");

    // An empty body empties nothing; what is refused leaves the field as it was.
    let email = format!("{href}/cells/email?was=ada%40example.com");
    pages.post(&email, &[]).await.expect(422);
    pages.post(&email, &[("value", "nonsense")]).await.expect(422);
    pages
        .post(&format!("{href}/cells/notes"), &[("value", "x")])
        .await
        .expect(404);
    assert!(pages.get(&href).await.text().contains("ada@example.com"));
    pages.post(&email, &[("value", "")]).await.expect(200);
    assert!(!pages.get(&href).await.text().contains("mailto:ada@example.com"));
}

#[tokio::test]
async fn a_fact_that_was_overtaken_is_told_on_its_page_and_stays_as_it_is() {
    let pages = Pages::new(Role::Agent).await;
    let href = pages
        .customer(&[("email", "ada@example.com"), ("status", "active")])
        .await;
    let page = pages
        .piece(pages.app.get(&format!("{href}/cells/email?at=page")))
        .await
        .expect(200)
        .text();
    assert!(
        page.contains("at=page") && page.contains("hx-swap=\"none\""),
        "{page}"
    );
    let email = |was: &str| format!("{href}/cells/email?was={was}&at=page");
    let status = |was: &str, value: &str| format!("{href}/cells/status?was={was}&value={value}&at=page");
    for _ in 0..2 {
        let saved = pages
            .post(&email("ada@example.com"), &[("value", "bea@example.com")])
            .await
            .expect(204);
        assert!(saved.header("hx-trigger").contains("customersChanged"));
    }
    // What is typed stays in the popover, beside what it is by now; what is chosen is told.
    let late = [("value", "eve@example.com")];
    let overtaken = pages.post(&email("ada@example.com"), &late).await.expect(422);
    assert_eq!(overtaken.header("hx-retarget"), "#cell-menu");
    let text = overtaken.text();
    for shown in [
        "it is bea@example.com now",
        "value=\"eve@example.com\"",
        "was=bea%40example.com",
        "at=page",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    pages.post(&status("active", "vip"), &[]).await.expect(204);
    let overtaken = pages.post(&status("active", "blocked"), &[]).await.expect(204);
    // The page is drawn anew: it shows what it is by now.
    let told = overtaken.header("hx-trigger");
    for part in ["it is vip now", "customersChanged"] {
        assert!(told.contains(part), "{told}");
    }
    let page = pages.get(&href).await.text();
    assert!(
        page.contains("bea@example.com") && !page.contains("eve@example.com"),
        "{page}"
    );
}
