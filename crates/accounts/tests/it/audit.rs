//! The audit log.

use std::time::Duration;

use http::StatusCode;
use regulars_kernel::Role;
use serde_json::json;

use crate::harness::{App, As, PASSWORD};

#[tokio::test]
async fn every_action_leaves_its_entry() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let ada = app
        .post(
            who,
            "/api/v1/users",
            json!({"email": "ada@example.com", "role": "agent"}),
        )
        .await
        .json();
    let ada = format!("/api/v1/users/{}", ada["id"].as_str().unwrap());
    app.patch(who, &ada, json!({"role": "viewer", "name": "Ada"}))
        .await;
    app.post(who, &format!("{ada}/reset-link"), json!({})).await;
    app.delete(who, &ada).await;
    let key = app
        .post(who, "/api/v1/keys", json!({"name": "k", "role": "viewer"}))
        .await
        .json();
    let key = format!("/api/v1/keys/{}", key["id"].as_str().unwrap());
    app.patch(who, &key, json!({"name": "kk"})).await;
    app.delete(who, &key).await;
    app.patch(who, "/api/v1/organization", json!({"name": "Acme AG"}))
        .await;
    app.sign_in("owner@example.com", "wrong password").await;
    let second = app.sign_in("owner@example.com", PASSWORD).await.cookie().unwrap();
    app.form(As::Session(&second), "/sign-out", &[]).await;
    app.sign_in("owner@example.com", PASSWORD).await;
    app.form(who, "/settings/sessions/others/revoke", &[]).await;
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "another long sentence"),
        ("new_password_repeated", "another long sentence"),
    ];
    app.form(who, "/settings/password", &fields).await;

    let other = app.sign_in("owner@example.com", "another long sentence").await;
    let other = other.cookie().unwrap();
    let sessions = app.get(As::Session(&other), "/api/v1/sessions").await.json();
    let mut sessions = sessions["data"].as_array().unwrap().iter();
    let session = sessions.find(|session| session["current"] == false).unwrap();
    let session = format!("/api/v1/sessions/{}", session["id"].as_str().unwrap());
    let revoked = app.delete(As::Session(&other), &session).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);

    // Who belongs elsewhere is asked, and declines.
    let elsewhere = app.organization("elsewhere").await;
    let bob = app.person(elsewhere, "bob@example.com", Role::Agent).await;
    let asked = json!({"email": "bob@example.com", "role": "agent"});
    let asked = app.post(As::Session(&other), "/api/v1/users", asked).await.json();
    let link = asked["link"]["url"].as_str().unwrap();
    let decline = format!("{}/decline", &link[link.find("/set-password/").unwrap()..]);
    let declined = app.form(As::Session(&bob.token), &decline, &[]).await;
    assert_eq!(declined.status, StatusCode::SEE_OTHER);

    for _ in 0..50 {
        // A failed sign-in is written beside its answer.
        if app
            .actions()
            .await
            .iter()
            .any(|action| action == "session.failed")
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut actions = app.actions().await;
    actions.sort();
    actions.dedup();
    assert_eq!(
        actions,
        [
            "key.created",
            "key.revoked",
            "key.updated",
            "organization.created",
            "organization.updated",
            "session.created",
            "session.ended",
            "session.failed",
            "session.others_revoked",
            "session.revoked",
            "user.declined",
            "user.invited",
            "user.link_issued",
            "user.password_changed",
            "user.password_set",
            "user.removed",
            "user.updated",
        ]
    );
}

#[tokio::test]
async fn the_log_is_filtered_and_paged() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    for name in ["a", "b", "c"] {
        app.post(who, "/api/v1/keys", json!({"name": name, "role": "viewer"}))
            .await;
    }
    let count = async |query: &str| {
        app.get(who, &format!("/api/v1/audit?{query}")).await.json()["page"]["total"]["value"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(count("action=key.created").await, 3);
    assert_eq!(count("action=key").await, 3);
    assert_eq!(count("action=key,organization.created").await, 4);
    assert_eq!(count(&format!("actor={}&action=key", owner.id)).await, 3);
    assert_eq!(
        count(&format!("target={}", owner.id)).await,
        3,
        "invited, password set, signed in"
    );
    assert_eq!(count("from=2020-01-01&to=2020-02-01").await, 0);
    assert_eq!(count("from=2020-01-01T00:00:00Z&action=key").await, 3);

    let first = app.get(who, "/api/v1/audit?action=key&limit=2").await.json();
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    let second = app
        .get(who, &format!("/api/v1/audit?action=key&limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        (
            first["data"].as_array().unwrap().len(),
            second["data"].as_array().unwrap().len()
        ),
        (2, 1)
    );
    assert_eq!(second["data"][0]["target_name"], "a");
    let entry = &first["data"][0];
    assert_eq!(
        (&entry["actor_kind"], &entry["actor_name"]),
        (&"user".into(), &"owner@example.com".into())
    );
    assert!(entry["request_id"].is_string());

    let refused = app
        .get(who, "/api/v1/audit?action=%27&actor=x&from=never&limit=0&bogus=1")
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        refused.codes(),
        [
            "action_invalid",
            "id_invalid",
            "time_invalid",
            "limit_invalid",
            "parameter_unknown"
        ]
    );
}

#[tokio::test]
async fn entries_cannot_be_changed_by_the_server() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let scope = regulars_kernel::Scope {
        organization_id: acme,
        actor: regulars_kernel::Actor::System,
    };
    for statement in [
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
    ] {
        let mut tx = app.db().begin(scope).await.unwrap();
        assert!(
            sqlx::query(statement).execute(tx.conn()).await.is_err(),
            "{statement}"
        );
    }
}
