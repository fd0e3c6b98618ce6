//! The big list of naughty strings as every text that people can store: kept as it was sent or refused by name, and
//! never a fault of the server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{Api, answer},
    process::Home,
};

fn naughty_strings() -> Option<Vec<String>> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/names/blns/blns.json"
    );
    let text = std::fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A resource and its text fields, each with the most characters it takes.
struct Case {
    method: Method,
    path: String,
    fields: &'static [(&'static str, usize)],
    besides: Value,
    /// Whether each is a new one, so that it may be taken by another string of the list, or one too many.
    unique: bool,
}

#[tokio::test]
async fn every_text_that_is_stored_comes_back_as_it_was_sent() {
    let Some(strings) = naughty_strings() else {
        println!("skipped: every_text_that_is_stored_comes_back_as_it_was_sent needs the shared fixtures");
        return;
    };
    let home = Home::shared().await;
    let key = home.organization("here", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let made = |path: String, body: Value| {
        let api = api.clone();
        async move { api.post(&path, &body).await.expect(201).at("/id") }
    };
    let base = "/api/v1/";
    let customer = made(format!("{base}customers"), json!({"first_name": "Ada"})).await;
    let below = |part: &str| format!("{base}customers/{customer}/{part}");
    let contact = made(below("contacts"), json!({"first_name": "Grace"})).await;
    let address = made(below("addresses"), json!({"city": "Bonn"})).await;
    let note = made(below("notes"), json!({"body": "Hello"})).await;
    let tag = made(format!("{base}tags"), json!({"name": "vip"})).await;
    let text = json!({"name": "remark", "label": "Remark", "kind": "text"});
    let text = made(format!("{base}attributes"), text).await;
    let list = json!({"name": "likes", "label": "Likes", "kind": "list"});
    made(format!("{base}attributes"), list).await;
    let select = json!({"name": "plan", "label": "Plan", "kind": "select", "options": ["basic"]});
    let select = made(format!("{base}attributes"), select).await;
    let view = made(format!("{base}views"), json!({"name": "All", "query": {}})).await;
    let member = json!({"email": "eve@example.com", "name": "Eve", "role": "agent"});
    let member = made(format!("{base}users"), member).await;
    let till = made(format!("{base}keys"), json!({"name": "till", "role": "viewer"})).await;

    let patch = |path: String, fields: &'static [(&'static str, usize)]| Case {
        method: Method::PATCH,
        path,
        fields,
        besides: json!({}),
        unique: false,
    };
    let cases = [
        patch(
            below(&format!("contacts/{contact}")),
            &[
                ("first_name", 200),
                ("last_name", 200),
                ("title", 200),
                ("department", 200),
                ("note", 2_000),
            ],
        ),
        patch(
            below(&format!("addresses/{address}")),
            &[
                ("name", 200),
                ("company", 200),
                ("line1", 200),
                ("line2", 200),
                ("city", 200),
                ("province", 100),
            ],
        ),
        patch(below(&format!("notes/{note}")), &[("body", 10_000)]),
        patch(format!("{base}tags/{tag}"), &[("name", 60), ("description", 200)]),
        patch(format!("{base}attributes/{text}"), &[("label", 80)]),
        patch(
            format!("{base}customers/{customer}"),
            &[("attributes/remark", 2_000)],
        ),
        patch(
            format!("{base}customers/{customer}"),
            &[("attributes/likes/0", 200)],
        ),
        patch(format!("{base}attributes/{select}"), &[("options/0", 100)]),
        patch(format!("{base}views/{view}"), &[("name", 80)]),
        patch(format!("{base}users/{member}"), &[("name", 100)]),
        patch(format!("{base}keys/{till}"), &[("name", 80)]),
        patch(format!("{base}organization"), &[("name", 100)]),
        Case {
            method: Method::POST,
            path: below("sources"),
            fields: &[("external_id", 200)],
            besides: json!({"source": "shopify"}),
            unique: true,
        },
    ];
    for case in &cases {
        let what = format!("{} {} {:?}", case.method, case.path, case.fields);
        let (mut kept, mut tried) = (0, 0);
        let shortest = case.fields.iter().map(|field| field.1).min().unwrap();
        for string in &strings {
            let expected = string.trim();
            if expected.is_empty() || expected.chars().count() > shortest {
                continue;
            }
            tried += 1;
            let mut body = case.besides.clone();
            for (field, _) in case.fields {
                set(&mut body, field, string);
            }
            let sent = answer(api.request(case.method.clone(), &case.path).json(&body)).await;
            let status = sent.status.as_u16();
            assert!(status < 500, "{what} of {string:?}: {}", sent.text);
            if status >= 300 {
                assert!(
                    status == 422 || (case.unique && status == 409),
                    "{what} of {string:?}: {}",
                    sent.text
                );
                assert!(sent.json["errors"][0]["pointer"].is_string(), "{}", sent.text);
                continue;
            }
            kept += 1;
            for (field, _) in case.fields {
                let pointer = format!("/{field}");
                assert_eq!(sent.json.pointer(&pointer), Some(&json!(expected)), "{what}");
            }
            if case.method == Method::PATCH {
                let read = api.get(&case.path).await.expect(200);
                for (field, _) in case.fields {
                    let pointer = format!("/{field}");
                    assert_eq!(
                        read.json.pointer(&pointer),
                        Some(&json!(expected)),
                        "{what}, read"
                    );
                }
            }
        }
        // What is refused has control characters or says nothing but what cannot be seen. A customer has 200 links at most.
        let enough = if case.unique { 200 } else { tried * 95 / 100 };
        assert!(kept >= enough, "{what}: only {kept} of {tried} were kept");
    }
    let known = api.get(&below("sources")).await.expect(200);
    assert!(known.json["data"].as_array().unwrap().len() > 100);
    server.terminate();
}

/// Sets `a/b` or `a/0` of a body.
fn set(body: &mut Value, field: &str, text: &str) {
    let object = body.as_object_mut().unwrap();
    match field.split('/').collect::<Vec<_>>()[..] {
        [name, "0"] => object.insert(name.to_owned(), json!([text])),
        [name, inner] => object.insert(name.to_owned(), json!({ inner: text })),
        [name, inner, _] => object.insert(name.to_owned(), json!({ inner: [text] })),
        _ => object.insert(field.to_owned(), json!(text)),
    };
}
