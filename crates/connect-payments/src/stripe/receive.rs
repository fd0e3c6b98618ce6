//! Stripe's signature rule.
//!
//! `Stripe-Signature: t=<seconds>,v1=<hex>`: v1 is HMAC-SHA256 of the time, a dot and the raw body under the endpoint's secret
//! (<https://docs.stripe.com/webhooks#verify-manually>). While a secret is rolled there are several v1, of which any may be right.
//! Other schemes, such as v0 of test mode, are no signature. The time is signed: what is older or newer than five minutes is refused.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_connect::{Delivery, Known, Message, Receiver, Refusal, signature};
use serde_json::{Value, json};

use crate::{Stripe, json as read};

/// How far the time that was signed may be from now.
const TOLERANCE: TimeDelta = TimeDelta::seconds(300);
/// Bytes of the header, and signatures that are tried, at most.
const MOST_HEADER: usize = 4_000;
const MOST_SIGNATURES: usize = 10;

impl Receiver for Stripe {
    fn receive(&self, delivery: &Delivery<'_>, connection: &Known) -> Result<Vec<Message>, Refusal> {
        let header = delivery
            .header("stripe-signature")
            .filter(|text| text.len() <= MOST_HEADER)
            .ok_or(Refusal::Missing("Stripe-Signature"))?;
        let values = |name: &'static str| {
            header
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
                .filter(move |(given, _)| *given == name)
                .map(|(_, value)| value)
        };
        let time = values("t")
            .next()
            .ok_or(Refusal::Missing("the time in Stripe-Signature"))?;
        let is_signed = connection.secrets.iter().any(|secret| {
            let expected = signature::hmac_sha256(
                secret.expose().as_bytes(),
                &[time.as_bytes(), b".", delivery.body],
            );
            values("v1")
                .take(MOST_SIGNATURES)
                .any(|given| signature::is_hex(given, &expected))
        });
        if !is_signed {
            return Err(Refusal::Wrong);
        }
        let signed_at: DateTime<Utc> = time
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(Refusal::Stale)?;
        if (delivery.now - signed_at).abs() > TOLERANCE {
            return Err(Refusal::Stale);
        }
        // What is signed is Stripe's whatever it says, and is kept even if it is no event.
        let event: Value = serde_json::from_slice(delivery.body).unwrap_or_default();
        let content = signature::digest(&[delivery.body]);
        let word = |value: &Value| read::id(value).map(str::to_owned);
        Ok(vec![Message {
            topic: word(&event["type"]).unwrap_or_else(|| "unknown".to_owned()),
            delivery_id: word(&event["id"]).unwrap_or_else(|| read::hex(&content)),
            content,
            about: json!({
                "account": word(&event["account"]), "livemode": event["livemode"].as_bool(),
                "api_version": word(&event["api_version"]),
            }),
            said_at: read::seconds(&event["created"]),
            body: delivery.body.clone(),
        }])
    }

    fn answer(&self) -> &'static str {
        "ok"
    }
}
