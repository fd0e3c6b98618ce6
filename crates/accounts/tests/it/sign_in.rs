//! Signing in, and what slows guessing down.

use std::time::{Duration, Instant};

use http::{StatusCode, header};
use regulars_accounts::ops::SIGN_IN_FAILED;
use regulars_kernel::Role;

use crate::harness::{App, As, PASSWORD};

#[tokio::test]
async fn signing_in_opens_a_session_with_a_new_token_and_ends_the_old_one() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let fields = [
        ("email", " ADA@example.com "),
        ("password", PASSWORD),
        ("next", "/customers?q=a"),
    ];
    let answer = app.form(As::Session(&ada.token), "/sign-in", &fields).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/customers?q=a")
    );
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = answer.cookie().unwrap();
    assert_ne!(token, ada.token);
    assert_eq!(
        app.get(As::Session(&token), "/api/v1/me").await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.get(As::Session(&ada.token), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        app.get(As::Session("fixated"), "/api/v1/me").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        app.get(As::Session(&token), "/sign-in").await.status,
        StatusCode::SEE_OTHER,
        "there is no need to"
    );
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.person(acme, "ada@example.com", Role::Agent).await;
    for bad in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-in",
    ] {
        let fields = [
            ("email", "ada@example.com"),
            ("password", PASSWORD),
            ("next", bad),
        ];
        assert_eq!(
            app.form(As::Nobody, "/sign-in", &fields).await.location(),
            "/",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn every_failure_gets_the_same_answer() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let bob = app.person(acme, "bob@example.com", Role::Agent).await;
    let _ = (ada, bob);
    app.invite(acme, "new@example.com", Role::Agent).await;
    app.sql("UPDATE users SET disabled_at = now() WHERE email = 'bob@example.com'")
        .await;
    let mut faces = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),
        ("new@example.com", PASSWORD),
        ("", ""),
        ("not an address", "x"),
    ] {
        let answer = app.sign_in(email, password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert!(
            answer.text.contains(SIGN_IN_FAILED) && answer.cookie().is_none(),
            "{email}"
        );
        assert!(
            !answer.text.contains(PASSWORD) && !answer.text.contains("wrong password\""),
            "no password comes back"
        );
        if !email.is_empty() {
            faces.push(answer.text.replace(email, "…"));
        }
    }
    faces.dedup();
    assert_eq!(faces.len(), 1);
}

#[tokio::test]
async fn an_address_nobody_has_takes_as_long_as_one_somebody_has() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.person(acme, "ada@example.com", Role::Agent).await;
    app.sign_in("warm@example.com", "x").await;
    let mut times = [Duration::ZERO; 2];
    for (time, email) in times.iter_mut().zip(["ada@example.com", "nobody@example.com"]) {
        let started = Instant::now();
        app.sign_in(email, "wrong password").await;
        app.sign_in(email, "wrong password").await;
        *time = started.elapsed();
    }
    let [known, unknown] = times.map(|time| time.as_secs_f64());
    assert!(
        (0.3..3.3).contains(&(known / unknown)),
        "{known} against {unknown}"
    );
}

#[tokio::test]
async fn wrong_passwords_make_the_next_try_wait_longer_and_longer() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.person(acme, "ada@example.com", Role::Agent).await;
    let waits = "SELECT round(extract(epoch FROM locked_until - now()))::bigint FROM users";
    for (before, set, wait) in [
        (
            1,
            "UPDATE users SET failed_attempts = 1, locked_until = NULL",
            0..=0,
        ),
        (
            2,
            "UPDATE users SET failed_attempts = 2, locked_until = NULL",
            1..=1,
        ),
        (
            3,
            "UPDATE users SET failed_attempts = 3, locked_until = NULL",
            2..=2,
        ),
        (
            5,
            "UPDATE users SET failed_attempts = 5, locked_until = NULL",
            8..=8,
        ),
    ] {
        app.sql(set).await;
        app.sign_in("ada@example.com", "wrong password").await;
        let seconds = app.number(waits).await;
        assert!(
            (wait.start() - 1..=*wait.end()).contains(&seconds),
            "after {before} failures and one more: {seconds}"
        );
    }
    app.sql("UPDATE users SET failed_attempts = 2, locked_until = now() + interval '1 second'")
        .await;
    let started = Instant::now();
    assert!(
        app.sign_in("ada@example.com", PASSWORD).await.cookie().is_some(),
        "a short wait is sat out"
    );
    assert!(started.elapsed() > Duration::from_millis(700));
    assert_eq!(
        app.number("SELECT failed_attempts::bigint FROM users").await,
        0,
        "and success clears the count"
    );
}

#[tokio::test]
async fn the_tenth_wrong_password_locks_for_a_quarter_of_an_hour() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Owner).await;
    app.sql("UPDATE users SET failed_attempts = 9, locked_until = NULL")
        .await;
    app.sign_in("ada@example.com", "wrong password").await;
    let minutes = "SELECT round(extract(epoch FROM locked_until - now()) / 60)::bigint FROM users";
    assert_eq!(app.number(minutes).await, 15);

    let locked = app.sign_in("ada@example.com", PASSWORD).await;
    assert!(
        locked.cookie().is_none() && locked.text.contains(SIGN_IN_FAILED),
        "even the right password, same words"
    );
    let state = app
        .get(As::Session(&ada.token), &format!("/api/v1/users/{}", ada.id))
        .await;
    assert_eq!(state.json()["state"], "locked");
    assert_eq!(
        app.number("SELECT failed_attempts::bigint FROM users").await,
        10,
        "tries during the lock do not count"
    );

    app.sql("UPDATE users SET locked_until = now() - interval '1 second'")
        .await;
    assert!(app.sign_in("ada@example.com", PASSWORD).await.cookie().is_some());
    for _ in 0..50 {
        if app.actions().await.iter().any(|action| action == "user.locked") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the lock is in the audit log");
}

#[tokio::test]
async fn many_guesses_at_once_do_not_outrun_the_count() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    app.person(acme, "ada@example.com", Role::Agent).await;
    app.sql("UPDATE users SET failed_attempts = 8, locked_until = NULL")
        .await;
    let guesses = (0..6).map(|_| app.sign_in("ada@example.com", "wrong password"));
    let waiting = futures::future::join_all(guesses);
    let _ = tokio::time::timeout(Duration::from_secs(4), waiting).await;
    assert_eq!(
        app.number("SELECT failed_attempts::bigint FROM users").await,
        9,
        "one was judged, the others wait"
    );
}

#[tokio::test]
async fn one_address_of_the_network_cannot_try_without_end() {
    let app = App::new().await;
    let mut last = StatusCode::OK;
    for attempt in 0..40 {
        // Different people, so that only the network is what they share.
        let answer = app.sign_in(&format!("nobody{attempt}@example.com"), "x").await;
        last = answer.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(
                answer.headers.contains_key(header::RETRY_AFTER) && attempt >= 25,
                "{attempt}"
            );
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_password_that_is_changed_while_it_is_judged_opens_nothing() {
    let app = App::new().await;
    let acme = app.organization("acme").await;
    let ada = app.person(acme, "ada@example.com", Role::Agent).await;
    let old: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE email = 'ada@example.com'")
        .fetch_one(app.database.owner())
        .await
        .unwrap();
    for (path, fields) in [
        (
            "/sign-in",
            vec![("email", "ada@example.com"), ("password", PASSWORD)],
        ),
        (
            "/settings/password",
            vec![
                ("current_password", PASSWORD),
                ("new_password", "another long password"),
            ],
        ),
    ] {
        // Holds the row, so that the attempt has read the old password when the new one is committed.
        let mut reset = app.database.owner().begin().await.unwrap();
        sqlx::query("UPDATE users SET password_hash = 'newer' WHERE email = 'ada@example.com'")
            .execute(&mut *reset)
            .await
            .unwrap();
        let (answer, ()) = tokio::join!(app.form(As::Session(&ada.token), path, &fields), async {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            for _ in 0..500 {
                let waiting: i64 = sqlx::query_scalar(waits)
                    .fetch_one(app.database.owner())
                    .await
                    .unwrap();
                if waiting > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            reset.commit().await.unwrap();
        });
        assert!(answer.cookie().is_none(), "{path}: {}", answer.text);
        let stays: String =
            sqlx::query_scalar("SELECT password_hash FROM users WHERE email = 'ada@example.com'")
                .fetch_one(app.database.owner())
                .await
                .unwrap();
        assert_eq!(stays, "newer", "{path}");
        app.sql("UPDATE users SET failed_attempts = 0, locked_until = NULL")
            .await;
        let hash = sqlx::query("UPDATE users SET password_hash = $1 WHERE email = 'ada@example.com'");
        hash.bind(&old).execute(app.database.owner()).await.unwrap();
    }
}
