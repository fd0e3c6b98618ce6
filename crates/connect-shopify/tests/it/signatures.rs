//! What is signed as Shopify does not is refused, and leaves no row.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use regulars_connect::signature;

use crate::shop::{SECRET, Shop, signature_of};

const AT: &str = "2026-05-01T10:00:00.123456789Z";
const BODY: &[u8] = br#"{"id": 706405506930370084, "email":"ada@example.com","note":"caf\u00e9"}"#;

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[tokio::test]
async fn a_signature_of_another_writing_is_none() {
    let shop = Shop::new().await;
    let mac = signature::hmac_sha256(SECRET.as_bytes(), &[BODY]);
    let right = signature_of(SECRET, BODY);
    let padded = right.trim_end_matches('=');
    assert_ne!(padded, right);
    let wrong = [
        ("hexadecimal", hexadecimal(&mac)),
        ("hexadecimal in capitals", hexadecimal(&mac).to_uppercase()),
        ("base64 of the hexadecimal", STANDARD.encode(hexadecimal(&mac))),
        ("in capitals", right.to_uppercase()),
        ("in small letters", right.to_lowercase()),
        ("truncated", right[..right.len() - 4].to_owned()),
        ("truncated to whole bytes", STANDARD.encode(&mac[..16])),
        ("nothing of it", STANDARD.encode([0u8; 0])),
        (
            "with more behind it",
            STANDARD.encode([mac.as_slice(), &[0]].concat()),
        ),
        ("no base64", "!!!not base64!!!".to_owned()),
        ("with its name before it", format!("sha256={right}")),
        ("twice", format!("{right},{right}")),
        ("of an empty secret", signature_of("", BODY)),
        ("of another secret", signature_of("hush!", BODY)),
        ("of another body", signature_of(SECRET, b"{}")),
        ("of an empty body", signature_of(SECRET, b"")),
        ("for addresses", URL_SAFE_NO_PAD.encode(mac) + "_-"),
    ];
    for (how, wrong) in wrong {
        let sent = shop
            .unsigned("customers/create", "1", AT, BODY)
            .header("x-shopify-hmac-sha256", &wrong);
        assert_eq!(sent.await.status, 401, "{how}");
    }
    assert!(shop.events().await.is_empty());
    // The same with the right one.
    shop.signed("customers/create", "1", AT, BODY).await.expect(200);
    assert_eq!(shop.events().await.len(), 1);
}

#[tokio::test]
async fn the_body_is_verified_byte_by_byte_and_not_what_it_means() {
    let shop = Shop::new().await;
    let parsed: serde_json::Value = serde_json::from_slice(BODY).unwrap();
    let again = serde_json::to_vec(&parsed).unwrap();
    let pretty = serde_json::to_vec_pretty(&parsed).unwrap();
    let mut longer = BODY.to_vec();
    longer.push(b'\n');
    for other in [
        &again,
        &pretty,
        &longer,
        &BODY[..BODY.len() - 1].to_vec(),
        &Vec::new(),
    ] {
        assert_ne!(other.as_slice(), BODY);
        let sent = shop
            .signed("customers/create", "1", AT, BODY)
            .body("application/json", other.clone());
        sent.await.expect(401);
    }
    assert!(shop.events().await.is_empty());
}

#[tokio::test]
async fn each_header_that_is_needed_is_named_where_it_is_missing() {
    let needed = [
        "X-Shopify-Hmac-Sha256",
        "X-Shopify-Topic",
        "X-Shopify-Shop-Domain",
        "X-Shopify-API-Version",
        "X-Shopify-Webhook-Id",
    ];
    let shop = Shop::new().await;
    let signature = signature_of(SECRET, BODY);
    let values = [
        signature.as_str(),
        "customers/create",
        "example.myshopify.com",
        "2026-07",
        "1",
    ];
    // Absent, empty, and longer than such a header is.
    for wrong in [None, Some(String::new()), Some("x".repeat(201))] {
        for missing in needed {
            let mut sent = shop.app.post(&shop.path).body("application/json", BODY.to_vec());
            for (name, value) in needed.into_iter().zip(values) {
                match &wrong {
                    Some(wrong) if name == missing => sent = sent.header(name, wrong),
                    None if name == missing => {}
                    _ => sent = sent.header(name, value),
                }
            }
            let answer = sent.await.expect(401);
            assert!(
                answer.text().contains(&format!("{missing} is missing")),
                "{}",
                answer.text()
            );
        }
    }
    assert!(shop.events().await.is_empty());
    // With all of them, and nothing beside them.
    let mut sent = shop.app.post(&shop.path).body("application/json", BODY.to_vec());
    for (name, value) in needed.into_iter().zip(values) {
        sent = sent.header(name, value);
    }
    sent.await.expect(200);
    assert_eq!(shop.events().await.len(), 1);
}
