//! Sessions: how they end.

use std::time::Duration;

use http::StatusCode;
use regulars_accounts::ops;
use regulars_kernel::Role;

use crate::harness::{App, As, PASSWORD};

#[tokio::test]
async fn a_session_ends_after_twelve_idle_hours_and_after_thirty_days() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let who = As::Session(&ada.token);
    let days = "SELECT round(extract(epoch FROM expires_at - created_at) / 86400)::bigint FROM sessions";
    assert_eq!(app.number(days).await, 30);
    app.sql("UPDATE sessions SET last_seen_at = now() - interval '11 hours 59 minutes'")
        .await;
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::OK);
    // The use is written beside the answer: what comes next must not be overtaken by it.
    let unseen = "SELECT count(*) FROM sessions WHERE last_seen_at < now() - interval '1 hour'";
    while app.number(unseen).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    app.sql("UPDATE sessions SET last_seen_at = now() - interval '12 hours'")
        .await;
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    app.sql("UPDATE sessions SET last_seen_at = now(), expires_at = now() - interval '1 second'")
        .await;
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    app.sql("UPDATE sessions SET expires_at = now() + interval '1 day'")
        .await;
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_time_of_the_last_use_is_written_once_a_minute_at_most() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let who = As::Session(&ada.token);
    let old = "SELECT count(*) FROM sessions WHERE last_seen_at < now() - interval '20 seconds'";
    app.sql("UPDATE sessions SET last_seen_at = now() - interval '40 seconds'")
        .await;
    app.get(who, "/api/v1/me").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(app.number(old).await, 1, "not yet");
    app.sql("UPDATE sessions SET last_seen_at = now() - interval '70 seconds'")
        .await;
    app.get(who, "/api/v1/me").await;
    for _ in 0..50 {
        if app.number(old).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was not written");
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Viewer).await;
    let bob = app.person(acme, "bob@example.com", Role::Viewer).await;
    let second = app.sign_in("ada@example.com", PASSWORD).await.cookie().unwrap();
    let who = As::Session(&ada.token);

    let list = app.get(who, "/api/v1/sessions").await.json();
    let sessions = list["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions
        .iter()
        .find(|session| session["current"] == false)
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();

    assert_eq!(
        app.delete(As::Session(&bob.token), &format!("/api/v1/sessions/{other}"))
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.delete(who, &format!("/api/v1/sessions/{other}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.get(As::Session(&second), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::OK);

    let third = app.sign_in("ada@example.com", PASSWORD).await.cookie().unwrap();
    assert_eq!(
        app.form(who, "/settings/sessions/others/revoke", &[])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        app.get(As::Session(&third), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );

    let out = app.form(who, "/sign-out", &[]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(out.cookie().is_none() && out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(app.get(who, "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_admin_ends_a_members_sessions_but_not_an_owners_nor_another_organizations() {
    let app = App::new().await;
    let (acme, other) = (app.organization("acme").await, app.organization("other").await);
    let admin = app.person(acme, "admin@example.com", Role::Admin).await;
    let agent = app.person(acme, "agent@example.com", Role::Agent).await;
    let owner = app.person(acme, "owner@example.com", Role::Owner).await;
    let stranger = app.person(other, "stranger@example.com", Role::Agent).await;
    let who = As::Session(&admin.token);
    let session_of = async |token: &str| {
        app.get(As::Session(token), "/api/v1/sessions").await.json()["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    let listed = app
        .get(who, &format!("/api/v1/sessions?user_id={}", agent.id))
        .await
        .json();
    assert_eq!(listed["data"][0]["id"], session_of(&agent.token).await);
    assert_eq!(
        app.get(who, &format!("/api/v1/sessions?user_id={}", stranger.id))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    for (token, status) in [
        (&agent.token, StatusCode::NO_CONTENT),
        (&owner.token, StatusCode::FORBIDDEN),
        (&stranger.token, StatusCode::NOT_FOUND),
    ] {
        let id = session_of(token).await;
        assert_eq!(
            app.delete(who, &format!("/api/v1/sessions/{id}")).await.status,
            status
        );
    }
    assert_eq!(
        app.get(As::Session(&agent.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        app.get(As::Session(&owner.token), "/api/v1/me").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn somebody_in_two_organizations_moves_between_them_under_a_new_token() {
    let app = App::new().await;
    let (acme, other) = (app.organization("acme").await, app.organization("other").await);
    let third = app.organization("third").await;
    let ada = app.person(acme, "ada@example.com", Role::Owner).await;
    let second = app.invite(other, "ada@example.com", Role::Viewer).await;
    assert!(second.link.is_none(), "she signs in as she always does");

    // The menu names the others, and nobody's but hers.
    let others = async |who| app.get(who, "/switch-organization").await;
    let menu = others(As::Session(&ada.token)).await.text;
    assert!(
        menu.contains(&format!("value=\"{other}\"")) && menu.contains("viewer"),
        "{menu}"
    );
    assert!(
        !menu.contains(&acme.to_string()) && !menu.contains(&third.to_string()),
        "{menu}"
    );
    let alone = app.person(third, "eve@example.com", Role::Viewer).await;
    assert_eq!(others(As::Session(&alone.token)).await.text, "");
    let signed_out = others(As::Nobody).await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    assert!(signed_out.location().starts_with("/sign-in"));

    let moved = app
        .form(
            As::Session(&ada.token),
            "/switch-organization",
            &[("organization", &other.to_string())],
        )
        .await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER);
    let token = moved.cookie().unwrap();
    let me = app.get(As::Session(&token), "/api/v1/me").await.json();
    assert_eq!(
        (&me["organization"]["slug"], &me["role"]),
        (&"other".into(), &"viewer".into())
    );
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    for id in [third.to_string(), "garbage".to_owned()] {
        let refused = app
            .form(
                As::Session(&token),
                "/switch-organization",
                &[("organization", &id)],
            )
            .await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
    let other = [("organization", &*other.to_string())];
    let nobody = app.form(As::Nobody, "/switch-organization", &other).await;
    assert!(nobody.cookie().is_none() && nobody.location().starts_with("/sign-in"));
    // To where she is already is no way out.
    let stayed = app
        .form(As::Session(&token), "/switch-organization", &other)
        .await
        .cookie()
        .unwrap();
    let me = app.get(As::Session(&stayed), "/api/v1/me").await.json();
    assert_eq!(me["organization"]["slug"], "other");
    let again = app.sign_in("ada@example.com", PASSWORD).await.cookie().unwrap();
    let me = app.get(As::Session(&again), "/api/v1/me").await.json();
    assert_eq!(me["organization"]["slug"], "other", "the one used last opens");
}

#[tokio::test]
async fn what_ended_long_ago_is_cleared_away() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    assert_eq!(ops::sweep_sessions(app.db()).await.unwrap(), 0);
    app.sql("UPDATE sessions SET revoked_at = now() - interval '31 days'")
        .await;
    assert_eq!(ops::sweep_sessions(app.db()).await.unwrap(), 1);
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
}
