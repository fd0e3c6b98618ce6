//! Bodies and parameters that are wrong: every fault, with its place.

use axum::body::Body;
use http::{Method, StatusCode};
use regulars_web::WebConfig;
use serde_json::json;

use crate::room::Client;

fn client() -> Client {
    Client::new(WebConfig::default())
}

#[tokio::test]
async fn unknown_fields_are_all_named_in_the_exact_form() {
    let headers = [("x-request-id", "the-request")];
    let answer = client()
        .post(
            "/api/v1/tags",
            r#"{"name": "vip", "color": "red", "x": 1}"#,
            &headers,
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(
        answer.json(),
        json!({
            "type": "/api/docs/errors#malformed",
            "title": "The request could not be understood",
            "status": 400,
            "detail": "/color: there is no field “color” here; there are name, colour; /x: there is no field “x” here; there are name, colour",
            "request_id": "the-request",
            "errors": [
                {"pointer": "/color", "code": "field_unknown", "message": "there is no field “color” here; there are name, colour"},
                {"pointer": "/x", "code": "field_unknown", "message": "there is no field “x” here; there are name, colour"}
            ]
        })
    );
}

#[tokio::test]
async fn each_kind_of_wrong_body_has_its_status() {
    let client = client();
    for (body, status, pointer, code) in [
        (r#"{"name": "vip""#, 400, "", "json_invalid"),
        ("", 400, "", "json_invalid"),
        ("[1]", 400, "", "type_wrong"),
        ("{}", 422, "/name", "field_missing"),
        (r#"{"name": 7}"#, 422, "/name", "type_wrong"),
        (r#"{"name": "a\u0000b"}"#, 422, "/name", "text_nul"),
    ] {
        let answer = client.post("/api/v1/tags", body, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {answer:?}");
        assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{body}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused() {
    let headers = [
        ("authorization", "Bearer owner"),
        ("content-type", "application/json"),
    ];
    let body = b"{\"name\": \"\xff\xfe\"}".to_vec();
    let answer = client().send(Method::POST, "/api/v1/tags", &headers, body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.faults()[0].1, "utf8_invalid");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_announced_or_not() {
    let client = client();
    let body = format!(r#"{{"name": "{}"}}"#, "x".repeat(1 << 20));
    for keyed in [&[][..], &[("idempotency-key", "k")][..]] {
        let answer = client.post("/api/v1/tags", &body, keyed).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{keyed:?}");
        assert_eq!(answer.json()["detail"], "the body may have 1048576 bytes");
    }
    let pieces = futures::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>("x".repeat(100_000))));
    let headers = [
        ("authorization", "Bearer owner"),
        ("content-type", "application/json"),
    ];
    let answer = client
        .send(Method::POST, "/api/v1/tags", &headers, Body::from_stream(pieces))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn another_media_type_is_refused_with_the_right_one() {
    let headers = [("authorization", "Bearer owner"), ("content-type", "text/plain")];
    let answer = client().send(Method::POST, "/api/v1/tags", &headers, "{}").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("application/json")
    );
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let answer = client().get("/api/v1/tags?limit=many&bogus=1&sort=name").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let pointers: Vec<_> = answer.faults().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["?limit", "?bogus", "?sort"]);
}

#[tokio::test]
async fn a_form_is_a_form_and_no_larger_than_a_body_may_be() {
    let client = Client::new(WebConfig {
        body_limit: 100,
        ..WebConfig::default()
    });
    let send = async |media: &'static str, body: Body| {
        let headers: &[_] = if media.is_empty() {
            &[]
        } else {
            &[("content-type", media)]
        };
        client.send(Method::POST, "/form", headers, body).await
    };
    let urlencoded = "application/x-www-form-urlencoded; charset=utf-8";
    let answer = send(urlencoded, "name=Ada+B%C3%B6".into()).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "hello Ada Bö")
    );
    assert_eq!(send("", Body::empty()).await.text, "hello ");
    let long = format!("name={}", "a".repeat(200));
    let stream = |text: String| Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(text)]));
    for body in [Body::from(long.clone()), stream(long)] {
        assert_eq!(send(urlencoded, body).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Anything else is refused unread, however long it would go on.
    for media in [
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "text/csv",
        "",
    ] {
        let endless = Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>());
        let answer = tokio::time::timeout(std::time::Duration::from_secs(5), send(media, endless)).await;
        let status = answer.expect("it does not wait for the body").status;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media}");
    }
}

#[tokio::test]
async fn a_query_where_none_is_read_is_refused_by_name() {
    let client = client();
    let path = format!("/api/v1/tags/{}?colour=red&x", uuid::Uuid::nil());
    let answer = client.get(&path).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.faults(),
        [
            ("?colour".to_owned(), "parameter_unknown".to_owned()),
            ("?x".to_owned(), "parameter_unknown".to_owned())
        ]
    );
    let created = client
        .post("/api/v1/tags?dry_run=true", r#"{"name": "x"}"#, &[])
        .await;
    assert_eq!(created.status, StatusCode::BAD_REQUEST, "{}", created.text);
    let unknown = [("authorization", "Bearer nobody")];
    let stranger = client.send(Method::GET, &path, &unknown, Body::empty()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let nobody = client.send(Method::GET, &path, &[], Body::empty()).await;
    assert_eq!(
        nobody.status,
        StatusCode::UNAUTHORIZED,
        "the caller is asked for first"
    );
    assert_eq!(client.get("/api/v1/tags?limit=3").await.status, StatusCode::OK);
}
