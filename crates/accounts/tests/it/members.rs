//! Members and their roles.

use http::StatusCode;
use regulars_accounts::{model::Power, ops};
use regulars_kernel::{Actor, Error, Role, Scope, ids::UserId};
use serde_json::json;

use crate::harness::{App, As, PASSWORD};

#[tokio::test]
async fn the_written_table_says_what_each_role_may_do_here() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let target = app.person(acme, "target@example.com", Role::Viewer).await;
    app.person(acme, "owner@example.com", Role::Owner).await;
    let path = format!("/api/v1/users/{}", target.id);
    for role in Role::ALL {
        let key = app.key(acme, role).await;
        let who = As::Key(&key);
        let admin = role >= Role::Admin;
        let expect = |allowed: StatusCode| if admin { allowed } else { StatusCode::FORBIDDEN };
        assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::OK);
        assert_eq!(app.get(who, "/api/v1/organization").await.status, StatusCode::OK);
        assert_eq!(app.get(who, "/api/v1/permissions").await.status, StatusCode::OK);
        for path in ["/api/v1/users", "/api/v1/keys", "/api/v1/audit", &path] {
            assert_eq!(
                app.get(who, path).await.status,
                expect(StatusCode::OK),
                "{role:?} {path}"
            );
        }
        assert_eq!(
            app.patch(who, "/api/v1/organization", json!({"locale": "de"}))
                .await
                .status,
            expect(StatusCode::OK)
        );
        let email = format!("{}@example.com", role.name());
        assert_eq!(
            app.post(
                who,
                "/api/v1/users",
                json!({"email": format!("by-{email}"), "role": "viewer"})
            )
            .await
            .status,
            expect(StatusCode::CREATED)
        );
        assert_eq!(
            app.post(who, &format!("{path}/reset-link"), json!({}))
                .await
                .status,
            expect(StatusCode::OK)
        );
        assert_eq!(
            app.patch(who, &path, json!({"role": "agent"})).await.status,
            expect(StatusCode::OK)
        );
        assert_eq!(
            app.patch(who, &path, json!({"role": "viewer"})).await.status,
            expect(StatusCode::OK)
        );
        assert_eq!(
            app.post(who, "/api/v1/keys", json!({"name": "k", "role": "viewer"}))
                .await
                .status,
            expect(StatusCode::CREATED)
        );

        let owners = if role == Role::Owner {
            StatusCode::CREATED
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(
            app.post(
                who,
                "/api/v1/users",
                json!({"email": format!("owner-{email}"), "role": "owner"})
            )
            .await
            .status,
            owners
        );
    }
}

#[tokio::test]
async fn an_admin_neither_makes_nor_touches_an_owner() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let second = app.person(acme, "second@example.com", Role::Owner).await;
    let admin = app.person(acme, "admin@example.com", Role::Admin).await;
    let who = As::Session(&admin.token);
    let path = format!("/api/v1/users/{}", owner.id);
    assert_eq!(
        app.patch(who, &path, json!({"role": "viewer"})).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(who, &path, json!({"disabled": true})).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.post(who, &format!("{path}/reset-link"), json!({}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(app.delete(who, &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        app.patch(
            who,
            &format!("/api/v1/users/{}", admin.id),
            json!({"role": "owner"})
        )
        .await
        .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(As::Session(&second.token), &path, json!({"role": "viewer"}))
            .await
            .status,
        StatusCode::OK
    );
    let me = app.get(As::Session(&owner.token), "/api/v1/me").await.json();
    assert_eq!(me["role"], "viewer", "at once, in the session that is open");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let who = As::Session(&owner.token);
    let path = format!("/api/v1/users/{}", owner.id);
    for refused in [
        app.patch(who, &path, json!({"role": "admin"})).await,
        app.delete(who, &path).await,
    ] {
        assert_eq!(
            (refused.status, refused.codes()),
            (StatusCode::CONFLICT, vec!["last_owner".to_owned()])
        );
    }
    let key = app.key(acme, Role::Owner).await;
    let refused = app.patch(As::Key(&key), &path, json!({"disabled": true})).await;
    assert_eq!(refused.codes(), ["last_owner"]);
}

#[tokio::test]
async fn two_owners_who_leave_at_once_do_not_leave_nobody() {
    let app = App::new().await;
    for round in 0..5 {
        let acme = app.organization(&format!("acme{round}")).await;
        let mut ids: Vec<UserId> = Vec::new();
        for name in ["a", "b"] {
            ids.push(
                app.invite(acme, &format!("{name}{round}@example.com"), Role::Owner)
                    .await
                    .member
                    .id,
            );
        }
        let leave = |id: UserId, demote: bool| {
            let database = app.db().clone();
            async move {
                let scope = Scope {
                    organization_id: acme,
                    actor: Actor::System,
                };
                let mut tx = database.begin(scope).await?;
                if demote {
                    let patch = regulars_accounts::model::MemberPatch {
                        role: Some("agent".into()),
                        ..Default::default()
                    };
                    ops::update_member(&mut tx, &Power::OPERATOR, None, id, &patch, |_| Ok(())).await?;
                } else {
                    ops::remove_member(&mut tx, &Power::OPERATOR, id, |_| Ok(())).await?;
                }
                tx.commit().await
            }
        };
        let (one, two) = tokio::join!(
            tokio::spawn(leave(ids[0], true)),
            tokio::spawn(leave(ids[1], round % 2 == 0))
        );
        let results: [Result<(), Error>; 2] = [one.unwrap(), two.unwrap()];
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(
            results
                .iter()
                .any(|result| matches!(result, Err(Error::Conflict(fault)) if fault.code == "last_owner"))
        );
    }
    assert_eq!(
        app.number("SELECT count(*) FROM memberships WHERE role = 'owner' AND ended_at IS NULL")
            .await,
        5
    );
}

#[tokio::test]
async fn removing_and_disabling_end_access_at_once() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let bob = app.person(acme, "bob@example.com", Role::Agent).await;
    let who = As::Session(&owner.token);

    assert_eq!(
        app.patch(
            who,
            &format!("/api/v1/users/{}", ada.id),
            json!({"disabled": true})
        )
        .await
        .json()["state"],
        "disabled"
    );
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_none());
    assert_eq!(
        app.patch(
            who,
            &format!("/api/v1/users/{}", ada.id),
            json!({"disabled": false})
        )
        .await
        .json()["state"],
        "active"
    );
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_some());
    assert_eq!(
        app.patch(
            who,
            &format!("/api/v1/users/{}", owner.id),
            json!({"disabled": true})
        )
        .await
        .codes(),
        ["own_account"]
    );

    assert_eq!(
        app.delete(who, &format!("/api/v1/users/{}", bob.id)).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.get(As::Session(&bob.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(app.sign_in("bob@example.com", PASSWORD).await.cookie().is_none());
    assert_eq!(
        app.get(who, &format!("/api/v1/users/{}", bob.id)).await.status,
        StatusCode::NOT_FOUND
    );
    let entries = app
        .get(who, &format!("/api/v1/audit?target={}", bob.id))
        .await
        .json();
    assert_eq!(
        entries["data"][0]["target_name"], "bob@example.com",
        "the log keeps the name"
    );

    let back = app
        .post(
            who,
            "/api/v1/users",
            json!({"email": "BOB@example.com", "role": "viewer"}),
        )
        .await
        .json();
    assert_eq!(
        (&back["id"], &back["state"]),
        (&bob.id.as_str().into(), &"invited".into())
    );
    assert!(
        app.sign_in("bob@example.com", PASSWORD).await.cookie().is_none(),
        "the old password opens nothing"
    );
}

#[tokio::test]
async fn an_organization_does_not_reach_into_an_account_it_shares() {
    let app = App::new().await;
    let (acme, other) = (app.organization("acme").await, app.organization("other").await);
    app.person(acme, "owner@example.com", Role::Owner).await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    // The operator may put her there without asking.
    let added = app.invite(other, "ada@example.com", Role::Viewer).await;
    assert!(added.link.is_none(), "she has a password");
    let theirs = app.key(other, Role::Admin).await;
    let who = As::Key(&theirs);
    let path = format!("/api/v1/users/{}", ada.id);
    assert_eq!(
        app.post(who, &format!("{path}/reset-link"), json!({}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(who, &path, json!({"disabled": true})).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(who, &path, json!({"name": "Eve"})).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(who, &path, json!({"role": "agent"})).await.status,
        StatusCode::OK,
        "the role here is its own affair"
    );
    assert_eq!(app.delete(who, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.json()["organization"]["slug"],
        "acme",
        "still at home elsewhere"
    );
}

#[tokio::test]
async fn inviting_names_every_fault_and_refuses_whom_there_is() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let key = app.key(acme, Role::Admin).await;
    let who = As::Key(&key);
    let refused = app
        .post(
            who,
            "/api/v1/users",
            json!({"email": "ada@", "name": "a\nb", "role": "king"}),
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        refused.codes(),
        ["email_invalid", "text_has_line_break", "role_unknown"]
    );
    assert_eq!(
        app.post(
            who,
            "/api/v1/users",
            json!({"email": "a@example.com", "role": "viewer", "x": 1})
        )
        .await
        .status,
        StatusCode::BAD_REQUEST
    );
    let new = json!({"email": "ada@example.com", "name": "Ada", "role": "agent"});
    let created = app.post(who, "/api/v1/users", new.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(
        created.location(),
        format!("/api/v1/users/{}", created.json()["id"].as_str().unwrap())
    );
    let again = app
        .post(
            who,
            "/api/v1/users",
            json!({"email": "ADA@EXAMPLE.COM", "role": "agent"}),
        )
        .await;
    assert_eq!(
        (again.status, again.codes()),
        (StatusCode::CONFLICT, vec!["already_member".to_owned()])
    );
    let ada = app.get(who, created.location()).await;
    assert_eq!(ada.headers["etag"], "\"v1\"");
    assert_eq!(ada.json()["state"], "invited");
}

#[tokio::test]
async fn everybody_may_read_and_name_themselves_and_no_more() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Viewer).await;
    let who = As::Session(&ada.token);
    let path = format!("/api/v1/users/{}", ada.id);
    assert_eq!(app.get(who, &path).await.status, StatusCode::OK);
    assert_eq!(
        app.patch(who, &path, json!({"name": "Ada Byron"})).await.json()["name"],
        "Ada Byron"
    );
    assert_eq!(
        app.patch(who, &path, json!({"name": "Ada", "role": "owner"}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(app.get(who, "/api/v1/me").await.json()["name"], "Ada Byron");
}

#[tokio::test]
async fn signing_in_does_not_make_a_members_version_stale() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Owner).await;
    let path = format!("/api/v1/users/{}", ada.id);
    let before = app.get(As::Session(&ada.token), &path).await.json()["version"].clone();
    app.sign_in("ada@example.com", "wrong password").await;
    app.sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(
        app.get(As::Session(&ada.token), &path).await.json()["version"],
        before
    );
}

#[tokio::test]
async fn an_organizations_settings_are_checked_and_guarded() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.organization("taken").await;
    let key = app.key(acme, Role::Admin).await;
    let who = As::Key(&key);
    let changed = app
        .patch(
            who,
            "/api/v1/organization",
            json!({"name": "Acme GmbH", "currency": "chf", "time_zone": "europe/zurich"}),
        )
        .await;
    let body = changed.json();
    assert_eq!(
        (&body["currency"], &body["time_zone"], &body["version"]),
        (&"CHF".into(), &"Europe/Zurich".into(), &2.into())
    );
    let refused = app
        .patch(
            who,
            "/api/v1/organization",
            json!({"name": "", "currency": "XXXX", "time_zone": "Mars", "locale": "?"}),
        )
        .await;
    assert_eq!(
        refused.codes(),
        [
            "required",
            "currency_unknown",
            "time_zone_unknown",
            "locale_invalid"
        ]
    );
    let taken = app
        .patch(who, "/api/v1/organization", json!({"slug": "taken"}))
        .await;
    assert_eq!(
        (taken.status, taken.codes()),
        (StatusCode::CONFLICT, vec!["slug_taken".to_owned()])
    );
    assert_eq!(app.get(who, "/api/v1/organization").await.json()["slug"], "acme");
}
