//! API keys.

use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode};
use regulars_kernel::{Role, clock};
use serde_json::json;

use crate::harness::{App, As};

#[tokio::test]
async fn a_key_works_until_it_is_revoked_and_then_stops_at_once() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    let created = app
        .post(
            As::Key(&admin),
            "/api/v1/keys",
            json!({"name": "sync", "role": "agent"}),
        )
        .await;
    assert_eq!(created.status, StatusCode::CREATED);
    let created = created.json();
    let text = created["key"].as_str().unwrap();
    assert!(text.starts_with("rk_") && text.ends_with(created["hint"].as_str().unwrap()));
    let path = format!("/api/v1/keys/{}", created["id"].as_str().unwrap());

    let me = app.get(As::Key(text), "/api/v1/me").await.json();
    assert_eq!(
        (&me["kind"], &me["name"], &me["role"]),
        (&"key".into(), &"sync".into(), &"agent".into())
    );
    assert!(
        app.get(As::Key(&admin), &path).await.json().get("key").is_none(),
        "the text is shown once"
    );

    assert_eq!(
        app.delete(As::Key(&admin), &path).await.status,
        StatusCode::NO_CONTENT
    );
    let refused = app.get(As::Key(text), "/api/v1/me").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text.contains("revoked"));
    assert_eq!(app.get(As::Key(&admin), &path).await.json()["state"], "revoked");
    assert_eq!(
        app.delete(As::Key(&admin), &path).await.status,
        StatusCode::NO_CONTENT,
        "twice is as good"
    );
    let changed = app.patch(As::Key(&admin), &path, json!({"name": "x"})).await;
    assert_eq!(
        (changed.status, changed.codes()),
        (StatusCode::CONFLICT, vec!["key_revoked".to_owned()])
    );
}

#[tokio::test]
async fn when_a_key_was_last_used_is_told_after_its_first_use_and_not_before() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    let new = json!({"name": "sync", "role": "viewer"});
    let created = app.post(As::Key(&admin), "/api/v1/keys", new).await.json();
    let path = format!("/api/v1/keys/{}", created["id"].as_str().unwrap());
    let last_used = async || {
        let key = app.get(As::Key(&admin), &path).await.json();
        let at = key["last_used_at"].as_str();
        at.map(|at| chrono::DateTime::parse_from_rfc3339(at).unwrap())
    };
    assert_eq!(last_used().await, None);
    let before = clock::now() - Duration::from_secs(1);
    let text = created["key"].as_str().unwrap();
    let used = app.get(As::Key(text), "/api/v1/me").await;
    assert_eq!(used.status, StatusCode::OK);
    // It is written beside the answer.
    for _ in 0..100 {
        if let Some(at) = last_used().await {
            assert!(
                at >= before && at <= clock::now() + Duration::from_secs(1),
                "{at}"
            );
            let list = app.get(As::Key(&admin), "/api/v1/keys").await.json();
            let listed = list["data"].as_array().unwrap().iter();
            let mut listed = listed.filter(|key| key["id"] == created["id"]);
            assert!(listed.next().unwrap()["last_used_at"].is_string());
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the use of the key is never told");
}

#[tokio::test]
async fn an_expired_key_is_refused_even_while_it_is_remembered() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let key = app.key(acme, Role::Viewer).await;
    sqlx::query("UPDATE api_keys SET expires_at = now() + interval '1500 milliseconds'")
        .execute(app.database.owner())
        .await
        .unwrap();
    assert_eq!(app.get(As::Key(&key), "/api/v1/me").await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let refused = app.get(As::Key(&key), "/api/v1/me").await;
    assert!(refused.status == StatusCode::UNAUTHORIZED && refused.text.contains("expired"));
}

#[tokio::test]
async fn garbage_and_keys_of_other_organizations_are_refused_alike() {
    let app = App::new().await;
    let (acme, other) = (app.organization("acme").await, app.organization("other").await);
    let key = app.key(acme, Role::Viewer).await;
    let theirs = app.key(other, Role::Viewer).await;
    // Another organization's id before this key's id and secret, and the other way round.
    let mixed = format!("{}{}", &theirs[..24], &key[24..]);
    let flipped = format!(
        "{}{}",
        &key[..60],
        if key.as_bytes()[60] == b'A' { "B" } else { "A" }
    ) + &key[61..];
    for bad in [
        "rk_",
        "rk_short",
        "",
        "x y",
        &mixed,
        &flipped,
        &key[..88],
        &format!("{key}A"),
    ] {
        let answer = app.get(As::Key(bad), "/api/v1/me").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let basic = app
        .send(
            As::Nobody,
            Method::GET,
            "/api/v1/me",
            &[("authorization", "Basic eDp5")],
            Body::empty(),
        )
        .await;
    assert_eq!(basic.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        app.get(As::Nobody, "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_key_sees_only_its_own_organization() {
    let app = App::new().await;
    let (acme, other) = (app.organization("acme").await, app.organization("other").await);
    let admin = app.key(acme, Role::Admin).await;
    let theirs = app.key(other, Role::Admin).await;
    let stranger = app.person(other, "stranger@example.com", Role::Agent).await;
    let their_keys = app.get(As::Key(&theirs), "/api/v1/keys").await.json();
    let their_key = their_keys["data"][0]["id"].as_str().unwrap();
    for path in [
        format!("/api/v1/keys/{their_key}"),
        format!("/api/v1/users/{}", stranger.id),
    ] {
        assert_eq!(
            app.get(As::Key(&admin), &path).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            app.patch(As::Key(&admin), &path, json!({"name": "x"}))
                .await
                .status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            app.delete(As::Key(&admin), &path).await.status,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(
        app.get(As::Key(&admin), "/api/v1/users").await.json()["page"]["total"]["value"],
        0
    );
    let entries = app.get(As::Key(&admin), "/api/v1/audit").await.text;
    assert!(!entries.contains(&stranger.id));
}

#[tokio::test]
async fn nobody_makes_a_key_that_holds_more_than_they_do() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    let owner = app.key(acme, Role::Owner).await;
    let new = |role: &str, scopes: &[&str]| json!({"name": "k", "role": role, "scopes": scopes});
    assert_eq!(
        app.post(As::Key(&admin), "/api/v1/keys", new("owner", &[]))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.post(As::Key(&owner), "/api/v1/keys", new("owner", &[]))
            .await
            .status,
        StatusCode::CREATED
    );

    let narrow = app
        .post(
            As::Key(&admin),
            "/api/v1/keys",
            new("admin", &["accounts:read", "accounts:write"]),
        )
        .await
        .json();
    let narrow = As::Key(narrow["key"].as_str().unwrap());
    assert_eq!(
        app.get(narrow, "/api/v1/me").await.json()["permissions"],
        json!(["accounts:read", "accounts:write"])
    );
    assert_eq!(
        app.post(narrow, "/api/v1/keys", new("viewer", &[])).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.post(narrow, "/api/v1/keys", new("admin", &["accounts:read"]))
            .await
            .status,
        StatusCode::CREATED
    );
    assert_eq!(
        app.post(
            narrow,
            "/api/v1/users",
            json!({"email": "a@example.com", "role": "admin"})
        )
        .await
        .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(narrow, "/api/v1/organization", json!({"name": "x"}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );

    let faults = app
        .post(
            As::Key(&admin),
            "/api/v1/keys",
            new("viewer", &["customers:write", "nonsense"]),
        )
        .await;
    assert_eq!(
        (faults.status, faults.codes()),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            vec!["scope_beyond_role".to_owned(), "scope_unknown".to_owned()]
        )
    );
}

#[tokio::test]
async fn a_keys_scopes_are_widened_only_by_who_holds_them() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    let created = app
        .post(
            As::Key(&admin),
            "/api/v1/keys",
            json!({"name": "k", "role": "admin", "scopes": ["accounts:write"]}),
        )
        .await
        .json();
    let (own, path) = (
        created["key"].as_str().unwrap(),
        format!("/api/v1/keys/{}", created["id"].as_str().unwrap()),
    );
    assert_eq!(
        app.patch(As::Key(own), &path, json!({"scopes": []})).await.status,
        StatusCode::FORBIDDEN
    );
    let widened = app
        .patch(
            As::Key(&admin),
            &path,
            json!({"scopes": ["accounts:write", "customers:read"], "expires_at": null}),
        )
        .await;
    assert_eq!(
        (widened.status, &widened.json()["version"]),
        (StatusCode::OK, &2.into())
    );
    let me = app.get(As::Key(own), "/api/v1/me").await.json();
    assert_eq!(
        me["permissions"],
        json!(["customers:read", "accounts:write"]),
        "at once"
    );

    let stale = [("if-match", "\"v1\""), ("content-type", "application/json")];
    let refused = app
        .send(
            As::Key(&admin),
            Method::PATCH,
            &path,
            &stale,
            json!({"name": "y"}).to_string().into(),
        )
        .await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_repeated_request_makes_one_key_and_does_not_show_its_text_again() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
    let body = json!({"name": "sync", "role": "agent"}).to_string();
    let first = app
        .send(
            As::Key(&admin),
            Method::POST,
            "/api/v1/keys",
            &headers,
            body.clone().into(),
        )
        .await;
    let again = app
        .send(
            As::Key(&admin),
            Method::POST,
            "/api/v1/keys",
            &headers,
            body.into(),
        )
        .await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert!(first.json()["key"].is_string() && again.json()["key"].is_null());
}

#[tokio::test]
async fn the_list_pages_by_cursor_newest_first() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let admin = app.key(acme, Role::Admin).await;
    for _ in 0..4 {
        app.key(acme, Role::Viewer).await;
    }
    let (mut path, mut seen) = ("/api/v1/keys?limit=2".to_owned(), Vec::new());
    loop {
        let page = app.get(As::Key(&admin), &path).await.json();
        assert_eq!(page["page"]["total"], json!({"value": 5, "exact": true}));
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| key["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/keys?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|one, two| one > two));
    assert_eq!(
        app.get(As::Key(&admin), "/api/v1/keys?bogus=1").await.status,
        StatusCode::BAD_REQUEST
    );
}
