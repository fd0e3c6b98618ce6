//! Idempotency-Key and errors of the database, against PostgreSQL.

use http::StatusCode;
use regulars_testkit::TestDatabase;
use regulars_web::{
    WebConfig,
    problem::{Constraint, register_constraints},
};
use serde_json::json;

use crate::room::Client;

async fn client() -> (TestDatabase, Client) {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let client = Client::over(
        database.database().clone(),
        scope.organization_id,
        WebConfig::default(),
    );
    (database, client)
}

async fn tags(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM tags")
        .fetch_one(database.owner())
        .await
        .expect("a count")
}

const KEY: &[(&str, &str)] = &[("idempotency-key", "order-17")];

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_is_done_once() {
    let (database, client) = client().await;
    let first = client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("etag"), "\"v1\"");
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(tags(&database).await, 1);
}

#[tokio::test]
async fn another_request_with_the_same_key_is_a_conflict() {
    let (database, client) = client().await;
    client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    for (path, body) in [
        ("/api/v1/tags", r#"{"name": "other"}"#),
        ("/api/v1/faults/unique?x=1", r#"{"name": "vip"}"#),
    ] {
        let answer = client.post(path, body, KEY).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(
            answer.faults(),
            [("Idempotency-Key".to_owned(), "idempotency_key_reused".to_owned())]
        );
    }
    assert_eq!(tags(&database).await, 1);
}

#[tokio::test]
async fn many_at_once_have_one_effect_and_one_answer() {
    let (database, client) = client().await;
    let body = r#"{"name": "vip", "colour": "slow"}"#;
    let answers = futures::future::join_all((0..6).map(|_| client.post("/api/v1/tags", body, KEY))).await;
    assert!(
        answers.iter().all(|answer| answer.status == StatusCode::CREATED),
        "{answers:?}"
    );
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    let replayed = answers
        .iter()
        .filter(|answer| answer.header("idempotent-replayed") == "true")
        .count();
    assert_eq!((replayed, tags(&database).await), (5, 1));
}

#[tokio::test]
async fn a_refused_request_keeps_nothing_and_can_be_mended() {
    let (database, client) = client().await;
    let refused = client
        .post("/api/v1/tags", r#"{"name": "vip", "colour": "refused"}"#, KEY)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(tags(&database).await, 0);
    let mended = client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    assert_eq!(mended.status, StatusCode::CREATED);
}

#[tokio::test]
async fn keys_of_another_principal_are_others() {
    let (database, client) = client().await;
    client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    let headers = [
        ("authorization", "Bearer agent"),
        ("content-type", "application/json"),
        ("idempotency-key", "order-17"),
    ];
    let other = client
        .send(
            http::Method::POST,
            "/api/v1/tags",
            &headers,
            r#"{"name": "other"}"#,
        )
        .await;
    assert_eq!(other.status, StatusCode::CREATED);
    assert_eq!(tags(&database).await, 2);
}

#[tokio::test]
async fn answers_are_forgotten_after_a_day() {
    let database = TestDatabase::new().await;
    let scope = database.organization("acme").await;
    let client = Client::over(
        database.database().clone(),
        scope.organization_id,
        WebConfig::default(),
    );
    client.post("/api/v1/tags", r#"{"name": "vip"}"#, KEY).await;
    let mut tx = database.begin(scope).await;
    assert_eq!(
        regulars_web::idempotency::prune(&mut tx)
            .await
            .expect("it prunes"),
        0
    );
    sqlx::query("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
        .execute(tx.conn())
        .await
        .expect("the rows can be changed");
    assert_eq!(
        regulars_web::idempotency::prune(&mut tx)
            .await
            .expect("it prunes"),
        1
    );
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let (_database, client) = client().await;
    let long = "k".repeat(201);
    for key in ["", "two words", long.as_str(), "größe"] {
        let answer = client
            .post("/api/v1/tags", r#"{"name": "vip"}"#, &[("idempotency-key", key)])
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{key}");
    }
}

#[tokio::test]
async fn what_the_database_refuses_is_told_in_the_callers_terms() {
    let (_database, client) = client().await;
    register_constraints(&[Constraint {
        name: "api_keys_name_check",
        pointer: "/name",
        code: "name_empty",
        message: "a key needs a name",
    }]);
    for (kind, status, code) in [
        ("unique", 409, "already_exists"),
        ("check", 422, "name_empty"),
        ("foreign", 422, "reference_unknown"),
        ("nul", 422, "text_invalid"),
        ("number", 422, "number_out_of_range"),
        ("timeout", 503, ""),
        ("cast", 422, "value_invalid"),
        ("bug", 500, ""),
    ] {
        let answer = client.post(&format!("/api/v1/faults/{kind}"), "{}", &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {answer:?}");
        if !code.is_empty() {
            assert_eq!(answer.faults()[0].1, code, "{kind}");
        }
        assert!(!answer.text.contains("ada@example.com"));
    }
    let check = client.post("/api/v1/faults/check", "{}", &[]).await;
    assert_eq!(
        check.json()["errors"],
        json!([{"pointer": "/name", "code": "name_empty", "message": "a key needs a name"}])
    );
}
