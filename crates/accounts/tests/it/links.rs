//! One-time links and passwords.

use http::StatusCode;
use regulars_accounts::ops::{self, Device};
use regulars_kernel::{Error, Role, Secret};

use crate::harness::{App, As, PASSWORD, hex};

#[tokio::test]
async fn the_first_start_gives_a_link_that_makes_one_owner_and_no_second() {
    let app = App::new().await;
    let start = app.get(As::Nobody, "/sign-in").await.text;
    assert!(
        start.contains("There is no owner yet") && !start.contains("name=\"password\""),
        "{start}"
    );
    let older = ops::first_owner_token(app.db()).await.unwrap().unwrap();
    let token = ops::first_owner_token(app.db()).await.unwrap().unwrap();
    let path = format!("/setup/{}", token.expose());
    let ended = app.get(As::Nobody, &format!("/setup/{}", older.expose())).await;
    assert_eq!(ended.status, StatusCode::NOT_FOUND);
    assert!(
        ended.text.contains("mistyped") && ended.text.contains("prints a new one"),
        "{}",
        ended.text
    );
    assert_eq!(app.get(As::Nobody, &path).await.status, StatusCode::OK);

    let fields = |password: &'static str| {
        [
            ("organization", "Maison Lumière"),
            ("currency", "eur"),
            ("time_zone", "Europe/Berlin"),
            ("locale", "de-DE"),
            ("name", "Mina <Okafor>"),
            ("email", "mina@example.com"),
            ("password", password),
            ("password_repeated", password),
        ]
    };
    let refused = app.form(As::Nobody, &path, &fields("short")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("Maison Lumière") && refused.text.contains("Mina &lt;Okafor&gt;"),
        "typed values stay"
    );
    assert!(!refused.text.contains("value=\"short\""), "but no password");

    let mut wrong = fields("short");
    (wrong[5].1, wrong[7].1) = ("mina@", "other");
    let all = app.form(As::Nobody, &path, &wrong).await.text;
    for words in [
        "3 things to correct",
        "is not an e-mail address",
        "at least 12 characters",
        "the two passwords differ",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }

    let done = app.form(As::Nobody, &path, &fields(PASSWORD)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let me = app
        .get(As::Session(&done.cookie().unwrap()), "/api/v1/me")
        .await
        .json();
    assert_eq!(
        (&me["role"], &me["organization"]["slug"]),
        (&"owner".into(), &"maison-lumiere".into())
    );

    assert_eq!(
        app.form(As::Nobody, &path, &fields(PASSWORD)).await.status,
        StatusCode::NOT_FOUND,
        "it works once"
    );
    let start = app.get(As::Nobody, "/sign-in").await.text;
    assert!(start.contains("name=\"password\""), "{start}");
    assert!(
        ops::first_owner_token(app.db()).await.unwrap().is_none(),
        "and is given only while there is nobody"
    );
    assert_eq!(
        app.actions().await,
        ["organization.created", "user.created", "session.created"]
    );
}

#[tokio::test]
async fn two_browsers_with_the_first_owner_link_make_one_owner() {
    let app = App::new().await;
    let token = ops::first_owner_token(app.db()).await.unwrap().unwrap();
    let set_up = |name: &'static str, email: &'static str| {
        let (database, token) = (app.db().clone(), token.clone());
        async move {
            let new = regulars_accounts::model::NewOrganization {
                name: name.into(),
                ..Default::default()
            };
            let password = Secret::new(PASSWORD.to_owned());
            ops::set_up(
                &database,
                token.expose(),
                &new,
                ("", email),
                password,
                &Device::default(),
            )
            .await
        }
    };
    let (one, two) = tokio::join!(set_up("One", "a@example.com"), set_up("Two", "b@example.com"));
    assert_eq!(i32::from(one.is_ok()) + i32::from(two.is_ok()), 1);
    assert_eq!(app.number("SELECT count(*) FROM organizations").await, 1);
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let link = app
        .invite(acme, "ada@example.com", Role::Agent)
        .await
        .link
        .unwrap();
    let page = app.get(As::Nobody, &link.path()).await;
    assert!(page.status == StatusCode::OK && page.text.contains("ada@example.com"));

    let send = |one: &'static str, two: &'static str| {
        let (app, path) = (&app, link.path());
        async move {
            app.form(
                As::Nobody,
                &path,
                &[("password", one), ("password_repeated", two)],
            )
            .await
        }
    };
    let differs = send(PASSWORD, "correct horse batter").await;
    assert!(
        differs.status == StatusCode::UNPROCESSABLE_ENTITY && differs.text.contains("two passwords differ")
    );
    let both = send("short", "shorter").await.text;
    assert!(
        both.contains("at least 12 characters") && both.contains("two passwords differ"),
        "{both}"
    );
    let own_address = send("ada@example.com", "ada@example.com").await;
    assert_eq!(own_address.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_none());

    let (one, two) = tokio::join!(send(PASSWORD, PASSWORD), send(PASSWORD, PASSWORD));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND],
        "of two at once one wins"
    );
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_some());
}

#[tokio::test]
async fn a_link_ends_with_its_time_its_successor_and_its_person() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let link = app
        .invite(acme, "ada@example.com", Role::Agent)
        .await
        .link
        .unwrap();
    let path = link.path();
    let hours = "SELECT (extract(epoch FROM expires_at - created_at) / 3600)::bigint FROM user_tokens WHERE used_at IS NULL";
    assert_eq!(app.number(hours).await, 72);
    app.sql("UPDATE user_tokens SET expires_at = now() - interval '1 second'")
        .await;
    assert_eq!(app.get(As::Nobody, &path).await.status, StatusCode::NOT_FOUND);
    let fields = [("password", PASSWORD), ("password_repeated", PASSWORD)];
    assert_eq!(
        app.form(As::Nobody, &path, &fields).await.status,
        StatusCode::NOT_FOUND
    );

    let first = ops::operator_link(app.db(), "ADA@example.com").await.unwrap();
    let second = ops::operator_link(app.db(), "ada@example.com").await.unwrap();
    assert_eq!(
        app.get(As::Nobody, &first.path()).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.form(As::Nobody, &second.path(), &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let third = ops::operator_link(app.db(), "ada@example.com").await.unwrap();
    assert_eq!(app.number(hours).await, 1, "a reset link works for an hour");
    app.sql("UPDATE users SET disabled_at = now()").await;
    assert_eq!(
        app.get(As::Nobody, &third.path()).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(matches!(
        ops::operator_link(app.db(), "nobody@example.com").await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(
        app.get(As::Nobody, "/set-password/garbage").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_new_password_ends_every_earlier_session() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Owner).await;
    let other = app.sign_in("ada@example.com", PASSWORD).await.cookie().unwrap();
    let fields = |current, new| {
        [
            ("current_password", current),
            ("new_password", new),
            ("new_password_repeated", new),
        ]
    };
    let new = "a better sentence than before";

    let wrong = app
        .form(
            As::Session(&ada.token),
            "/settings/password",
            &fields("not my password", new),
        )
        .await;
    assert!(
        wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("not your current password")
    );
    let weak = app
        .form(
            As::Session(&ada.token),
            "/settings/password",
            &fields(PASSWORD, "password1234"),
        )
        .await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);

    let done = app
        .form(
            As::Session(&ada.token),
            "/settings/password",
            &fields(PASSWORD, new),
        )
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    for old in [&ada.token, &other] {
        assert_eq!(
            app.get(As::Session(old), "/api/v1/me").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(
        app.get(As::Session(&done.cookie().unwrap()), "/api/v1/me")
            .await
            .status,
        StatusCode::OK
    );
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_none());
    assert!(app.sign_in("ada@example.com", new).await.cookie().is_some());
}

#[tokio::test]
async fn no_secret_is_ever_stored_in_plain() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Owner).await;
    let owner = As::Session(&ada.token);
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let body = serde_json::json!({"name": "ci", "role": "admin"}).to_string();
    let created = app
        .send(owner, http::Method::POST, "/api/v1/keys", &headers, body.into())
        .await;
    let key = created.json()["key"].as_str().unwrap().to_owned();
    let invited = app
        .post(
            owner,
            "/api/v1/users",
            serde_json::json!({"email": "b@example.com", "role": "viewer"}),
        )
        .await;
    let url = invited.json()["link"]["url"].as_str().unwrap().to_owned();
    let link = url.rsplit('/').next().unwrap().to_owned();

    let everything = app.everything().await;
    assert!(everything.contains("ada@example.com"), "the dump is one");
    for secret in [PASSWORD, &ada.token, &key, &key[45..], &link] {
        assert!(!everything.contains(secret), "stored: {secret}");
        assert!(
            !everything.contains(&hex(secret, "")),
            "stored as bytes: {secret}"
        );
    }
    assert!(everything.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
}
