//! The pages: who may see them, what their forms answer, that nothing typed comes out as markup.

use axum::body::Body;
use http::{Method, StatusCode};
use regulars_kernel::Role;
use regulars_web::pages::samples::{HOSTILE, assert_harmless};

use crate::harness::{App, As};

const PAGES: [&str; 7] = [
    "/settings/members",
    "/settings/members/new",
    "/settings/keys",
    "/settings/keys/new",
    "/settings/audit",
    "/settings/sessions",
    "/settings/organization",
];

#[tokio::test]
async fn pages_are_shown_to_those_who_may_and_lead_others_to_sign_in() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.person(acme, "admin@example.com", Role::Admin).await;
    let viewer = app.person(acme, "viewer@example.com", Role::Viewer).await;
    let key = app.key(acme, Role::Owner).await;
    let missing = app.get(As::Session(&viewer.token), "/no-such-page").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(
        missing.text.contains("id=\"sidebar\"") && missing.text.contains("viewer@example.com"),
        "who is signed in can go on: {}",
        missing.text
    );
    let missing = app.get(As::Nobody, "/no-such-page").await.text;
    assert!(!missing.contains("id=\"sidebar\""), "{missing}");
    let settings = app
        .get(As::Session(&admin.token), "/settings/organization")
        .await
        .text;
    assert!(
        settings.contains("\"Asia/Kolkata\"") && !settings.contains("\"Asia/Calcutta\""),
        "zones are offered by the names of now"
    );
    app.sql("UPDATE organizations SET time_zone = 'Asia/Calcutta'")
        .await;
    let settings = app
        .get(As::Session(&admin.token), "/settings/organization")
        .await
        .text;
    assert!(
        settings.contains("value=\"Asia/Calcutta\" selected"),
        "an old one that is in use stays"
    );
    for path in PAGES {
        let page = app.get(As::Session(&admin.token), path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert_harmless(&page.text);
        let own = matches!(path, "/settings/sessions" | "/settings/organization");
        let expected = if own {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(
            app.get(As::Session(&viewer.token), path).await.status,
            expected,
            "{path}"
        );
        assert_eq!(
            app.get(As::Key(&key), path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        let nobody = app.get(As::Nobody, path).await;
        assert_eq!(nobody.status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            nobody.location().starts_with("/sign-in?next=%2Fsettings"),
            "{}",
            nobody.location()
        );
    }
    for path in [
        "/settings/members",
        "/settings/keys",
        "/settings/organization",
        "/settings/members/x/remove",
    ] {
        let refused = app.form(As::Session(&viewer.token), path, &[]).await;
        assert!(
            matches!(refused.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_people_type_comes_back_as_text_everywhere() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let hostile: String = HOSTILE.chars().filter(|letter| !letter.is_control()).collect();
    for (path, fields) in [
        ("/settings/name", vec![("name", hostile.as_str())]),
        (
            "/settings/members",
            vec![
                ("email", "ada@example.com"),
                ("name", &hostile),
                ("role", "agent"),
            ],
        ),
        (
            "/settings/keys",
            vec![("name", &hostile), ("role", "agent"), ("expires_at", "30")],
        ),
        (
            "/settings/organization",
            vec![
                ("name", &hostile),
                ("slug", "acme"),
                ("currency", "EUR"),
                ("time_zone", "UTC"),
                ("locale", "en"),
            ],
        ),
    ] {
        let done = app.form(who, path, &fields).await;
        assert!(
            done.status == StatusCode::OK || done.status == StatusCode::SEE_OTHER,
            "{path} {}",
            done.text
        );
    }
    for path in PAGES {
        let page = app.get(who, path).await;
        assert_harmless(&page.text);
        assert!(
            page.text.contains("&lt;script&gt;"),
            "{path} shows the name of organization or person"
        );
    }
    for (path, fields) in [
        (
            "/settings/members",
            [("email", HOSTILE), ("name", HOSTILE), ("role", HOSTILE)],
        ),
        (
            "/settings/keys",
            [("name", ""), ("role", HOSTILE), ("expires_at", HOSTILE)],
        ),
        (
            "/settings/organization",
            [("currency", HOSTILE), ("time_zone", HOSTILE), ("locale", HOSTILE)],
        ),
        (
            "/sign-in",
            [("email", HOSTILE), ("password", HOSTILE), ("next", HOSTILE)],
        ),
    ] {
        let answer = app.form(who, path, &fields).await;
        assert!(answer.status.is_client_error(), "{path} {}", answer.status);
        assert_harmless(&answer.text);
    }
}

#[tokio::test]
async fn inviting_shows_the_link_once_and_it_works() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let refused = app
        .hx_form(
            who,
            "/settings/members",
            &[("email", "ada@"), ("name", "Ada"), ("role", "agent")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("value=\"ada@\"") && refused.text.contains("value=\"Ada\""),
        "what was typed stays"
    );
    assert!(!refused.text.contains("<html"), "htmx gets a piece");

    let done = app
        .hx_form(
            who,
            "/settings/members",
            &[("email", "ada@example.com"), ("name", "Ada"), ("role", "agent")],
        )
        .await;
    assert_eq!(done.headers["cache-control"], "no-store");
    assert!(
        done.text
            .contains("id=\"members\" class=\"column\" hx-swap-oob=\"true\""),
        "the list behind follows"
    );
    let link = done
        .text
        .split("value=\"http://127.0.0.1:8080")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(app.get(As::Nobody, link).await.status, StatusCode::OK);
    assert!(!app.get(who, "/settings/members").await.text.contains(link));
}

#[tokio::test]
async fn a_key_is_made_shown_once_edited_and_revoked_on_its_page() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let fields = [
        ("name", "sync"),
        ("role", "agent"),
        ("expires_at", "90"),
        ("scope/customers:read", "true"),
    ];
    let done = app.hx_form(who, "/settings/keys", &fields).await;
    let text = done
        .text
        .split("value=\"rk_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let text = format!("rk_{text}");
    let me = app.get(As::Key(&text), "/api/v1/me").await.json();
    assert_eq!(me["permissions"], serde_json::json!(["customers:read"]));
    let list = app.get(who, "/settings/keys").await.text;
    assert!(list.contains("sync") && list.contains("only 1 permission") && !list.contains(&text));

    let path = format!("/settings/keys/{}", me["id"].as_str().unwrap());
    assert_eq!(app.get(who, &path).await.status, StatusCode::OK);
    let stale = app.form(who, &path, &[("name", "x"), ("version", "7")]).await;
    assert!(
        stale.status == StatusCode::UNPROCESSABLE_ENTITY && stale.text.contains("changed this meanwhile")
    );
    assert_eq!(
        app.form(who, &path, &[("name", "new sync"), ("version", "1")])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        app.get(As::Key(&text), "/api/v1/me").await.json()["name"],
        "new sync"
    );
    let revoked = app.hx_form(who, &format!("{path}/revoke"), &[]).await;
    assert_eq!(revoked.headers["hx-redirect"], "/settings/keys");
    assert_eq!(
        app.get(As::Key(&text), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn members_are_edited_and_removed_on_their_page() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let who = As::Session(&owner.token);
    let path = format!("/settings/members/{}", ada.id);
    let sheet = app
        .send(who, Method::GET, &path, &[("hx-request", "true")], Body::empty())
        .await;
    assert!(sheet.text.contains("sheet-title") && sheet.text.contains("ada@example.com"));
    let version = sheet
        .text
        .split("name=\"version\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let fields = [("name", "Ada"), ("role", "admin"), ("version", version)];
    assert_eq!(app.form(who, &path, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.json()["role"],
        "admin"
    );
    let link = app.hx_form(who, &format!("{path}/link"), &[]).await;
    assert!(link.text.contains("/set-password/"));

    let own = format!("/settings/members/{}", owner.id);
    let refused = app.form(who, &format!("{own}/remove"), &[]).await;
    assert_eq!(
        refused.status,
        StatusCode::SEE_OTHER,
        "back to the list, with the reason"
    );
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::OK);
    assert_eq!(
        app.form(who, &format!("{path}/remove"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_audit_page_filters_and_pages() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    for _ in 0..60 {
        app.key(acme, Role::Viewer).await;
    }
    let first = app.get(who, "/settings/audit?action=key").await.text;
    assert!(
        first.contains("created key") && first.contains("/settings/audit?action=key&amp;page=2"),
        "{first}"
    );
    let second = app.get(who, "/settings/audit?action=key&page=2").await.text;
    assert!(second.contains("51–60 of 60") && second.contains("page=1"));
    let none = app
        .get(who, "/settings/audit?from=2001-01-01&to=2001-01-02")
        .await
        .text;
    assert!(none.contains("Nothing matches"));
    let wrong = app.get(who, "/settings/audit?from=never&actor=x").await;
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(wrong.text.contains("2 things to correct"));
}

#[tokio::test]
async fn a_key_for_pages_is_made_with_its_origins_and_keeps_its_secret_beside_it() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let form = app.get(who, "/settings/keys/new?kind=publishable").await.text;
    assert!(
        form.contains("name=\"origins\"") && !form.contains("name=\"role\""),
        "{form}"
    );
    let wrong = [
        ("kind", "publishable"),
        ("name", "web shop"),
        ("origins", "https://shop.example\nnowhere"),
        ("rate_per_minute", "many"),
    ];
    let refused = app.hx_form(who, "/settings/keys", &wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused.text.contains("https://shop.example\nnowhere"),
        "{}",
        refused.text
    );
    let right = [
        ("kind", "publishable"),
        ("name", "web shop"),
        ("origins", "https://shop.example\r\n\r\nhttps://www.shop.example "),
        ("rate_per_minute", "600"),
    ];
    let done = app.hx_form(who, "/settings/keys", &right).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(
        done.text.contains("pk_") && done.text.contains("Secret for signing"),
        "{}",
        done.text
    );
    let keys = app.get(who, "/api/v1/keys").await.json();
    let made = keys["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "web shop")
        .unwrap();
    assert_eq!(
        (&made["kind"], &made["origins"], &made["rate_per_minute"]),
        (
            &serde_json::json!("publishable"),
            &serde_json::json!(["https://shop.example", "https://www.shop.example"]),
            &serde_json::json!(600)
        )
    );
    let path = format!("/settings/keys/{}", made["id"].as_str().unwrap());
    let shown = app.get(who, &path).await.text;
    assert!(
        shown.contains("https://www.shop.example") && !shown.contains("scope/"),
        "{shown}"
    );
    let changed = [
        ("version", "1"),
        ("name", "web shop"),
        ("origins", "https://new.example"),
        ("rate_per_minute", ""),
    ];
    let saved = app.hx_form(who, &path, &changed).await;
    assert_eq!(saved.headers["hx-redirect"], "/settings/keys", "{}", saved.text);
    let keys = app.get(who, "/api/v1/keys").await.json().to_string();
    assert!(
        keys.contains("https://new.example") && !keys.contains("600"),
        "{keys}"
    );
}
