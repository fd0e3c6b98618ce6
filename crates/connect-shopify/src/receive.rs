//! Shopify's signature rule.
//!
//! `X-Shopify-Hmac-Sha256` is the base64 of HMAC-SHA256 of the raw body under the app's client secret
//! (<https://shopify.dev/docs/apps/build/webhooks/subscribe/https>). No time is signed; what guards against replays is that each delivery's
//! id, and each content, is stored once. The same headers without `X-` are those of the newer kind of events.

use chrono::DateTime;
use regulars_connect::{Delivery, Known, Message, Receiver, Refusal, signature};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::Shopify;

/// Characters of a header that is kept, at most.
const MOST_HEADER: usize = 200;

impl Receiver for Shopify {
    fn receive(&self, delivery: &Delivery<'_>, connection: &Known) -> Result<Vec<Message>, Refusal> {
        let header = |name: &str| {
            delivery
                .header(&format!("x-shopify-{name}"))
                .or_else(|| delivery.header(&format!("shopify-{name}")))
                .filter(|text| text.len() <= MOST_HEADER)
        };
        let signed = header("hmac-sha256").ok_or(Refusal::Missing("X-Shopify-Hmac-Sha256"))?;
        let is_signed = connection.secrets.iter().any(|secret| {
            let expected = signature::hmac_sha256(secret.expose().as_bytes(), &[delivery.body]);
            signature::is_base64(signed, &expected)
        });
        if !is_signed {
            return Err(Refusal::Wrong);
        }
        let topic = header("topic").ok_or(Refusal::Missing("X-Shopify-Topic"))?;
        let shop = header("shop-domain").ok_or(Refusal::Missing("X-Shopify-Shop-Domain"))?;
        let version = header("api-version").ok_or(Refusal::Missing("X-Shopify-API-Version"))?;
        let delivery_id = header("webhook-id").ok_or(Refusal::Missing("X-Shopify-Webhook-Id"))?;
        // One app signs for all the shops that installed it, with one secret: whose word it is stands in the header.
        let wanted = connection.settings.get("shop").and_then(|shop| shop.as_str());
        if wanted.is_some_and(|wanted| !wanted.eq_ignore_ascii_case(shop)) {
            return Err(Refusal::Elsewhere(
                "the shop in X-Shopify-Shop-Domain is not that of this connection",
            ));
        }
        let triggered = header("triggered-at");
        // Where the body says when the thing changed, the same body is the same word whenever it was sent. Where it does
        // not, the same body at another time is another word: a tag may be added twice.
        let told = if dates_itself(delivery.body) {
            ""
        } else {
            triggered.unwrap_or(delivery_id)
        };
        Ok(vec![Message {
            topic: topic.to_owned(),
            delivery_id: delivery_id.to_owned(),
            content: signature::digest(&[topic.as_bytes(), told.as_bytes(), delivery.body]),
            about: json!({"shop": shop, "api_version": version, "event_id": header("event-id")}),
            said_at: triggered
                .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
                .map(|at| at.to_utc()),
            body: delivery.body.clone(),
        }])
    }

    fn answer(&self) -> &'static str {
        "ok"
    }
}

/// Whether a body says when its thing changed last.
fn dates_itself(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Dated<'a> {
        #[serde(borrow, alias = "occurredAt")]
        updated_at: Option<&'a RawValue>,
    }
    serde_json::from_slice::<Dated<'_>>(body)
        .ok()
        .and_then(|dated| dated.updated_at)
        .is_some_and(|text| text.get() != "null")
}
