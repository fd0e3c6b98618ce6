//! The guides: for whoever is signed in, and nobody else.

use axum::body::Body;
use http::{Method, StatusCode};

use crate::room::{Answer, Client};

async fn ask(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send(Method::GET, path, headers, Body::empty()).await
}

#[tokio::test]
async fn guides_are_shown_to_whoever_is_signed_in() {
    let client = Client::new(regulars_web::WebConfig::default());
    let person = [("cookie", "person=1")];
    let list = ask(&client, "/help", &person).await;
    assert_eq!(list.status, StatusCode::OK);
    let links: Vec<&str> = list
        .text
        .split("class=\"guide-card\" href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(links.len(), 10, "{links:?}");
    for link in links {
        let guide = ask(&client, link, &person).await;
        assert_eq!(guide.status, StatusCode::OK, "{link}");
        assert!(guide.text.contains("id=\"sidebar\"") && guide.text.contains("aria-current=\"page\""));
        let nobody = ask(&client, link, &[]).await;
        assert_eq!(nobody.status, StatusCode::SEE_OTHER, "{link}");
        let key = ask(&client, link, &[("authorization", "Bearer owner")]).await;
        assert_eq!(key.status, StatusCode::FORBIDDEN, "{link}");
    }
    for wrong in [
        "/help/no-such-guide",
        "/help/..%2Fimporting",
        "/help/pictures/no.png",
    ] {
        let answer = ask(&client, wrong, &person).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}
