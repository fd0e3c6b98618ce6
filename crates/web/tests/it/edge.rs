//! Ids, limits, headers, faces of errors: what every answer has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use futures::StreamExt;
use http::{Method, StatusCode};
use regulars_web::WebConfig;
use serde_json::json;

use crate::room::{self, Client};

fn client() -> Client {
    Client::new(WebConfig::default())
}

#[tokio::test]
async fn every_answer_has_id_limits_and_security_headers() {
    let answer = client().get("/api/v1/tags?limit=3").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({"limit": 3}));
    assert_eq!(answer.header("ratelimit-limit"), "6000");
    assert_eq!(answer.header("ratelimit-remaining"), "5999");
    assert_eq!(answer.header("ratelimit-reset"), "1");
    assert!(uuid::Uuid::parse_str(answer.header("x-request-id")).is_ok());
    let policy = answer.header("content-security-policy");
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    assert!(!policy.contains("unsafe"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert_eq!(answer.header("strict-transport-security"), "");
    let secure = Client::new(WebConfig {
        secure_cookies: true,
        ..WebConfig::default()
    });
    assert!(
        secure
            .get("/api/v1/tags")
            .await
            .header("strict-transport-security")
            .contains("max-age")
    );
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_an_odd_one_replaced() {
    let client = client();
    for (sent, kept) in [
        ("trace-0123456789", true),
        ("a b", false),
        ("<script>alert(1)</script>", false),
    ] {
        let answer = client
            .send(
                Method::GET,
                "/api/v1/nothing",
                &[("x-request-id", sent)],
                Body::empty(),
            )
            .await;
        assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn without_credentials_the_api_answers_401_and_a_page_leads_to_sign_in() {
    let client = client();
    let answer = client
        .send(
            Method::GET,
            "/api/v1/tags",
            &[("x-request-id", "the-request")],
            Body::empty(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"regulars\"");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(
        answer.json(),
        json!({
            "type": "/api/docs/errors#unauthorized",
            "title": "Credentials are missing or wrong",
            "status": 401,
            "detail": "send Authorization: Bearer with an API key, or sign in",
            "request_id": "the-request"
        })
    );
    let page = client
        .send(Method::GET, "/customers?q=a%20b", &[], Body::empty())
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(
        page.header("location"),
        "/sign-in?next=%2Fcustomers%3Fq%3Da%2520b"
    );
    let piece = client
        .send(
            Method::GET,
            "/customers",
            &[("hx-request", "true")],
            Body::empty(),
        )
        .await;
    assert_eq!(piece.status, StatusCode::UNAUTHORIZED);
    assert!(piece.text.starts_with("<div"), "{}", piece.text);
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named() {
    let headers = [
        ("authorization", "Bearer viewer"),
        ("content-type", "application/json"),
    ];
    let answer = client()
        .send(Method::POST, "/api/v1/tags", &headers, r#"{"name": "vip"}"#)
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        answer.json()["detail"],
        "this needs the permission customers:write"
    );
}

#[tokio::test]
async fn unknown_addresses_and_methods_have_the_face_of_who_asks() {
    let client = client();
    let api = client.get("/api/v1/nothing").await;
    assert_eq!(
        (api.status, api.json()["type"].as_str()),
        (StatusCode::NOT_FOUND, Some("/api/docs/errors#not_found"))
    );
    let bad_id = client.get("/api/v1/tags/seven").await;
    assert_eq!(
        (bad_id.status, bad_id.header("content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    let page = client.get("/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("Not found") && page.text.contains(page.header("x-request-id")));

    let api = client
        .send(
            Method::DELETE,
            "/api/v1/tags",
            &[("authorization", "Bearer owner")],
            Body::empty(),
        )
        .await;
    assert_eq!(api.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(api.json()["type"], "/api/docs/errors#method_not_allowed");
    assert!(
        api.header("allow").contains("GET") && api.header("allow").contains("POST"),
        "{api:?}"
    );
    let page = client
        .send(Method::DELETE, "/customers", &[], Body::empty())
        .await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(page.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn our_own_faults_show_a_request_id_and_nothing_else() {
    let client = client();
    for path in ["/api/v1/broken", "/api/v1/panic"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            answer.json(),
            json!({
                "type": "/api/docs/errors#internal",
                "title": "Something went wrong on our side",
                "status": 500,
                "request_id": answer.header("x-request-id")
            })
        );
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_stopped() {
    let client = Client::new(WebConfig {
        request_timeout: Duration::from_millis(20),
        ..WebConfig::default()
    });
    let answer = client.get("/api/v1/slow").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn only_the_routes_of_uploads_may_take_longer_whatever_a_request_calls_itself() {
    let client = Client::new(WebConfig {
        request_timeout: Duration::from_millis(20),
        body_limit: 10,
        uploads: &["/files"],
        ..WebConfig::default()
    });
    let headers = [("content-type", "text/csv"), ("idempotency-key", "k")];
    for (path, status) in [("/files", 200), ("/api/v1/files", 503), ("/api/v1/slow", 503)] {
        let method = if path.ends_with("slow") {
            Method::GET
        } else {
            Method::POST
        };
        let answer = client.send(method, path, &headers, "a".repeat(50)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
    }
    let late = client.get("/api/v1/slow").await.json();
    assert!(late["detail"].as_str().unwrap().contains("may have been made"));
    // With a key the body is read for its hash, so it is limited where no upload is expected.
    let headers = [
        ("authorization", "Bearer owner"),
        ("content-type", "text/csv"),
        ("idempotency-key", "k"),
    ];
    let answer = client
        .send(Method::POST, "/api/v1/files", &headers, "a".repeat(50))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_batch_may_be_larger_and_whoever_sends_too_much_reads_why_before_all_is_sent() {
    let client = Client::new(WebConfig {
        body_limit: 100,
        batch_limit: 1_000,
        batches: &["/api/v1/tags"],
        ..WebConfig::default()
    });
    let named = |length: usize| json!({"name": "a".repeat(length)}).to_string();
    // Not refused for its size; that no database is there is another matter.
    let answer = client.post("/api/v1/tags", &named(500), &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let answer = client.post("/api/v1/tags", &named(2_000), &[]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let parts = futures::stream::iter(0..50).map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>("a".repeat(100))
    });
    let answer = client
        .send(
            Method::POST,
            "/api/v1/tags",
            &[
                ("authorization", "Bearer owner"),
                ("content-type", "application/json"),
            ],
            Body::from_stream(parts),
        )
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(sent.load(Ordering::Relaxed), 50, "it is read to its end");
}

#[tokio::test]
async fn a_database_that_is_away_is_not_our_fault() {
    let answer = client().post("/api/v1/tags", r#"{"name": "vip"}"#, &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_come_back() {
    let client = Client::new(WebConfig {
        rate_limit_per_minute: 2,
        ..WebConfig::default()
    });
    assert_eq!(
        client.get("/api/v1/tags").await.header("ratelimit-remaining"),
        "1"
    );
    assert_eq!(
        client.get("/api/v1/tags").await.header("ratelimit-remaining"),
        "0"
    );
    let answer = client.get("/api/v1/tags").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    assert!((1..=31).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(answer.json()["type"], "/api/docs/errors#too_many_requests");
    // Another key has its own budget; guessing keys is counted by address.
    let other = [("authorization", "Bearer agent")];
    assert_eq!(
        client
            .send(Method::GET, "/api/v1/tags", &other, Body::empty())
            .await
            .status,
        StatusCode::OK
    );
    let guess = [("authorization", "Bearer guess")];
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(
            client
                .send(Method::GET, "/api/v1/tags", &guess, Body::empty())
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [401, 401, 429]);
    // Machines that watch are not counted.
    assert_eq!(client.get("/healthz").await.header("ratelimit-limit"), "");
}

#[tokio::test]
async fn another_sites_form_is_refused_and_our_own_passes() {
    let client = client();
    let cookie = ("cookie", "person=1");
    let refused = client
        .send(
            Method::POST,
            "/customers",
            &[cookie, ("sec-fetch-site", "cross-site")],
            Body::empty(),
        )
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.header("content-type").starts_with("text/html"));
    let api = client
        .send(
            Method::POST,
            "/api/v1/tags",
            &[
                cookie,
                ("origin", "https://evil.example"),
                ("host", "crm.example"),
            ],
            Body::empty(),
        )
        .await;
    assert_eq!(
        (api.status, api.json()["status"].as_u64()),
        (StatusCode::FORBIDDEN, Some(403))
    );
    let own = client
        .send(
            Method::POST,
            "/customers",
            &[cookie, ("sec-fetch-site", "same-origin")],
            Body::empty(),
        )
        .await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_message_outlives_the_redirect_once() {
    let client = client();
    let answer = client
        .send(
            Method::POST,
            "/customers",
            &[("cookie", "person=1")],
            Body::empty(),
        )
        .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/customers")
    );
    let kept = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let cookies = format!("person=1; {kept}");
    let page = client
        .send(Method::GET, "/customers", &[("cookie", &cookies)], Body::empty())
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Saved · “größer”") && page.text.contains("Acme"));
    assert!(
        page.header("set-cookie")
            .starts_with("regulars_flash=; Path=/; Max-Age=0")
    );
    let htmx = client
        .send(
            Method::POST,
            "/customers",
            &[("cookie", "person=1"), ("hx-request", "true")],
            Body::empty(),
        )
        .await;
    assert_eq!(
        (htmx.status, htmx.header("hx-redirect")),
        (StatusCode::OK, "/customers")
    );
}

#[tokio::test]
async fn a_key_is_sent_to_the_api_and_not_to_pages() {
    assert_eq!(client().get("/customers").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_and_a_stale_change_is_refused() {
    let client = client();
    let path = format!("/api/v1/tags/{}", uuid::Uuid::new_v4());
    let first = client.get(&path).await;
    assert_eq!(first.header("etag"), "\"v3\"");
    let owner = ("authorization", "Bearer owner");
    let known = client
        .send(
            Method::GET,
            &path,
            &[owner, ("if-none-match", "W/\"v3\"")],
            Body::empty(),
        )
        .await;
    assert_eq!(
        (known.status, known.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    assert_eq!(known.header("etag"), "\"v3\"");
    for (tag, status) in [
        ("\"v3\"", 200),
        ("*", 200),
        ("\"v1\", \"v3\"", 200),
        ("\"v2\"", 412),
        ("v3", 400),
    ] {
        let answer = client
            .send(Method::PATCH, &path, &[owner, ("if-match", tag)], Body::empty())
            .await;
        assert_eq!(answer.status.as_u16(), status, "{tag}");
        if status == 412 {
            assert_eq!(
                answer.json()["detail"],
                "it was changed meanwhile; the current version is 3"
            );
        }
    }
}

#[tokio::test]
async fn large_answers_are_compressed_and_small_ones_are_not() {
    let client = client();
    let headers = [("authorization", "Bearer owner"), ("accept-encoding", "gzip, br")];
    let large = client
        .send(Method::GET, "/api/v1/large", &headers, Body::empty())
        .await;
    assert_eq!(large.header("content-encoding"), "br");
    let small = client
        .send(Method::GET, "/api/v1/tags", &headers, Body::empty())
        .await;
    assert_eq!(small.header("content-encoding"), "");
}

#[tokio::test]
async fn the_document_and_its_pages_are_public_and_complete() {
    let client = client();
    let document = client
        .send(Method::GET, "/api/openapi.json", &[], Body::empty())
        .await;
    assert_eq!(document.status, StatusCode::OK);
    let json = document.json();
    assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
    let create = &json["paths"]["/api/v1/tags"]["post"]["responses"];
    for status in [
        "201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503",
    ] {
        assert!(create.get(status).is_some(), "{status} is missing: {create}");
    }
    assert!(json["components"]["schemas"]["Problem"].is_object(), "{json}");
    assert!(json["components"]["securitySchemes"]["key"].is_object());
    let docs = client.send(Method::GET, "/api/docs", &[], Body::empty()).await;
    assert_eq!(docs.status, StatusCode::OK);
    assert!(docs.text.contains("/api/v1/tags/{id}") && docs.text.contains("Makes a tag"));
    for forbidden in ["<style", " style=", "onclick", "javascript:"] {
        assert!(!docs.text.contains(forbidden), "{forbidden}");
    }
    let errors = client
        .send(Method::GET, "/api/docs/errors", &[], Body::empty())
        .await;
    for kind in regulars_web::problem::KINDS {
        assert!(
            errors.text.contains(&format!("id=\"{}\"", kind.code)),
            "{}",
            kind.code
        );
    }
    let _ = room::api();
}
