//! Inviting somebody who belongs to another organization.

use http::StatusCode;
use regulars_kernel::{Role, ids::OrganizationId};
use serde_json::{Value, json};

use crate::harness::{App, As, PASSWORD};

/// Acme, whose agent Ada is, and the other organization with an admin's key.
async fn two() -> (App, OrganizationId, String) {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.person(acme, "owner@example.com", Role::Owner).await;
    let other = app.organization("other").await;
    let key = app.key(other, Role::Admin).await;
    (app, acme, key)
}

async fn invite(app: &App, key: &str, email: &str) -> Value {
    let new = json!({"email": email, "name": "As typed", "role": "agent"});
    let answer = app.post(As::Key(key), "/api/v1/users", new).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

/// The path of the link in an answer.
fn link(answer: &Value) -> String {
    let url = answer["url"].as_str().or(answer["link"]["url"].as_str()).unwrap();
    url[url.find("/set-password/").unwrap()..].to_owned()
}

fn path(user: &Value) -> String {
    format!("/api/v1/users/{}", user["id"].as_str().unwrap())
}

#[tokio::test]
async fn until_they_say_yes_only_what_was_typed_is_known_of_them() {
    let (app, acme, key) = two().await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    app.patch(
        As::Session(&ada.token),
        &format!("/api/v1/users/{}", ada.id),
        json!({"name": "Ada Byron"}),
    )
    .await;
    app.sql("UPDATE users SET locked_until = now() + interval '15 minutes' WHERE email = 'ada@example.com'")
        .await;
    let known = invite(&app, &key, "Ada@Example.com").await;
    let new = invite(&app, &key, "new@example.com").await;
    let shape = |user: &Value| {
        let mut user = user.clone();
        for field in ["id", "email", "created_at", "updated_at", "link"] {
            assert!(!user[field].is_null(), "{field}");
            user[field] = Value::Null;
        }
        user
    };
    assert_eq!(shape(&known), shape(&new), "it does not tell who has an account");
    assert_eq!(
        (&known["email"], &known["name"], &known["state"]),
        (&"Ada@example.com".into(), &"As typed".into(), &"invited".into())
    );
    assert_ne!(known["id"], ada.id.as_str());
    assert_eq!(link(&known).len(), link(&new).len());
    let who = As::Key(&key);
    assert_eq!(app.get(who, &path(&known)).await.json()["name"], "As typed");
    for place in ["/api/v1/users", "/api/v1/audit"] {
        let text = app.get(who, place).await.text;
        assert!(
            !text.contains("Byron") && !text.contains(&ada.id),
            "{place}: {text}"
        );
    }
    assert_eq!(
        app.get(who, &format!("/api/v1/users/{}", ada.id)).await.status,
        StatusCode::NOT_FOUND
    );
    let again = json!({"email": "ada@example.com", "role": "viewer"});
    assert_eq!(
        app.post(who, "/api/v1/users", again).await.codes(),
        ["already_member"]
    );
}

#[tokio::test]
async fn an_invitation_elsewhere_harms_neither_links_nor_whom_the_account_belongs_to() {
    let (app, acme, key) = two().await;
    let theirs = app.invite(acme, "new@example.com", Role::Agent).await;
    let ours = invite(&app, &key, "new@example.com").await;
    let first = theirs.link.unwrap().path();
    assert_eq!(
        app.get(As::Nobody, &first).await.status,
        StatusCode::OK,
        "acme's link works as before"
    );
    // The other organization's link sets no password: it would open acme too.
    let fields = [
        ("password", "another long sentence"),
        ("password_repeated", "another long sentence"),
    ];
    assert_eq!(
        app.form(As::Nobody, &link(&ours), &fields).await.status,
        StatusCode::NOT_FOUND
    );
    let admin = app.key(acme, Role::Admin).await;
    let member = format!("/api/v1/users/{}", theirs.member.id);
    let who = As::Key(&admin);
    for (name, value) in [
        ("name", json!("New")),
        ("disabled", json!(true)),
        ("disabled", json!(false)),
    ] {
        let answer = app.patch(who, &member, json!({ name: value })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let reset = app.post(who, &format!("{member}/reset-link"), json!({})).await;
    assert_eq!(reset.status, StatusCode::OK, "{}", reset.text);
    let fields = [("password", PASSWORD), ("password_repeated", PASSWORD)];
    let set = app.form(As::Nobody, &link(&reset.json()), &fields).await;
    assert!(set.cookie().is_some(), "{}", set.text);
}

#[tokio::test]
async fn saying_yes_takes_the_link_and_the_account_and_leads_there() {
    let (app, acme, key) = two().await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let eve = app.person(acme, "eve@example.com", Role::Agent).await;
    let invited = invite(&app, &key, "ada@example.com").await;
    let link = link(&invited);
    let nobody = app.get(As::Nobody, &link).await;
    assert!(
        nobody.text.contains(&format!("/sign-in?next={link}")),
        "{}",
        nobody.text
    );
    for who in [As::Nobody, As::Session(&eve.token)] {
        assert!(!app.get(who, &link).await.text.contains("other"));
        let refused = app.form(who, &format!("{link}/accept"), &[]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
    let page = app.get(As::Session(&ada.token), &link).await.text;
    assert!(
        page.contains("other invites you") && page.contains("agent"),
        "{page}"
    );
    let yes = app
        .form(As::Session(&ada.token), &format!("{link}/accept"), &[])
        .await;
    assert_eq!(yes.status, StatusCode::SEE_OTHER, "{}", yes.text);
    let token = yes.cookie().unwrap();
    let me = app.get(As::Session(&token), "/api/v1/me").await.json();
    assert_eq!(
        (&me["organization"]["slug"], &me["role"]),
        (&"other".into(), &"agent".into())
    );
    assert_eq!(
        app.get(As::Session(&token), &link).await.status,
        StatusCode::NOT_FOUND,
        "it works once"
    );
    let who = As::Key(&key);
    assert_eq!(app.get(who, &path(&invited)).await.status, StatusCode::NOT_FOUND);
    let member = app.get(who, &format!("/api/v1/users/{}", ada.id)).await.json();
    assert_eq!(member["state"], "active");
    let actions = app.actions().await;
    assert_eq!(
        actions[actions.len() - 2..],
        ["user.joined".to_owned(), "session.switched".to_owned()]
    );
}

#[tokio::test]
async fn an_invitation_is_declined_changed_renewed_and_withdrawn() {
    let (app, acme, key) = two().await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let (who, her) = (As::Key(&key), As::Session(&ada.token));
    let invited = invite(&app, &key, "ada@example.com").await;
    let declined = app.form(her, &format!("{}/decline", link(&invited)), &[]).await;
    assert_eq!(declined.status, StatusCode::SEE_OTHER);
    assert_eq!(app.get(who, &path(&invited)).await.status, StatusCode::NOT_FOUND);

    let invited = invite(&app, &key, "ada@example.com").await;
    let changed = app
        .patch(who, &path(&invited), json!({"role": "viewer", "name": "A."}))
        .await;
    assert_eq!(
        (
            changed.json()["role"].as_str(),
            changed.json()["version"].as_i64()
        ),
        (Some("viewer"), Some(2))
    );
    assert_eq!(
        app.patch(who, &path(&invited), json!({"role": "owner"}))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.patch(who, &path(&invited), json!({"disabled": true}))
            .await
            .codes(),
        ["invitation_pending"]
    );
    let renewed = app
        .post(who, &format!("{}/reset-link", path(&invited)), json!({}))
        .await;
    assert_eq!(renewed.status, StatusCode::OK);
    assert_eq!(app.get(her, &link(&invited)).await.status, StatusCode::NOT_FOUND);
    let renewed = link(&renewed.json());
    assert_eq!(app.get(her, &renewed).await.status, StatusCode::OK);
    app.sql("UPDATE invitations SET expires_at = now() - interval '1 second'")
        .await;
    assert_eq!(app.get(her, &renewed).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.delete(who, &path(&invited)).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(app.number("SELECT count(*) FROM invitations").await, 0);
    assert_eq!(app.get(her, "/api/v1/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_adds_somebody_who_was_only_asked() {
    let (app, acme, key) = two().await;
    app.person(acme, "ada@example.com", Role::Agent).await;
    let invited = invite(&app, &key, "ada@example.com").await;
    let other = regulars_accounts::ops::organization_by_slug(app.db(), "other")
        .await
        .unwrap();
    app.invite(other.organization_id, "ada@example.com", Role::Viewer)
        .await;
    assert_eq!(
        app.get(As::Key(&key), &path(&invited)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(app.number("SELECT count(*) FROM invitations").await, 0);
}
