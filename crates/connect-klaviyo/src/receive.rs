//! Klaviyo's signature rule, for system webhooks.
//!
//! `Klaviyo-Signature` is HMAC-SHA256 of the raw body followed by the text of `Klaviyo-Timestamp`, under the webhook's secret
//! key, in hexadecimal digits (<https://developers.klaviyo.com/en/docs/working_with_system_webhooks>). `Klaviyo-Webhook-Id` is
//! not signed, so it must be the one that the body names. How old a delivery may be is not prescribed: five minutes here.
//!
//! The webhook action of a flow is not signed at all, and so is no delivery here.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use regulars_connect::{Delivery, Known, Message, Receiver, Refusal, signature};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::{Klaviyo, json};

/// How old or early a signature may be.
const TOLERANCE: TimeDelta = TimeDelta::seconds(300);
/// Events of a delivery at most.
const MOST_EVENTS: usize = 1_000;
/// Characters of a topic or an id that are kept, at most.
const MOST_TEXT: usize = 200;

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(default)]
    meta: Value,
    #[serde(borrow, default)]
    data: Vec<&'a RawValue>,
}

impl Receiver for Klaviyo {
    fn receive(&self, delivery: &Delivery<'_>, connection: &Known) -> Result<Vec<Message>, Refusal> {
        let signed = delivery
            .header("klaviyo-signature")
            .ok_or(Refusal::Missing("Klaviyo-Signature"))?;
        let stamp = delivery
            .header("klaviyo-timestamp")
            .ok_or(Refusal::Missing("Klaviyo-Timestamp"))?;
        let webhook = delivery
            .header("klaviyo-webhook-id")
            .ok_or(Refusal::Missing("Klaviyo-Webhook-Id"))?;
        let is_signed = connection.secrets.iter().any(|secret| {
            let key = secret.expose().as_bytes();
            let expected = signature::hmac_sha256(key, &[delivery.body, stamp.as_bytes()]);
            // Klaviyo writes small letters alone.
            signature::is_hex(signed, &expected) && !signed.bytes().any(|byte| byte.is_ascii_uppercase())
        });
        if !is_signed {
            return Err(Refusal::Wrong);
        }
        let sent = DateTime::parse_from_rfc2822(stamp).map_err(|_| Refusal::Stale)?;
        if (delivery.now - sent.to_utc()).abs() > TOLERANCE {
            return Err(Refusal::Stale);
        }
        let batch: Batch<'_> = serde_json::from_slice(delivery.body)
            .map_err(|_| Refusal::Malformed("a JSON object with meta and a list of data is wanted"))?;
        if batch.meta["klaviyo_webhook_id"].as_str() != Some(webhook) {
            return Err(Refusal::Elsewhere(
                "Klaviyo-Webhook-Id is not the id of the webhook that signed",
            ));
        }
        if batch.data.len() > MOST_EVENTS {
            return Err(Refusal::Malformed("there are at most 1,000 events"));
        }
        let about = json!({
            "webhook_id": json::line(&batch.meta["klaviyo_webhook_id"], MOST_TEXT),
            "account_id": json::line(&batch.meta["klaviyo_account_id"], MOST_TEXT),
        });
        let sent = json::time(&batch.meta["timestamp"]).unwrap_or(sent.to_utc());
        Ok(batch
            .data
            .into_iter()
            .map(|raw| message(raw.get(), &about, sent))
            .collect())
    }

    fn answer(&self) -> &'static str {
        "ok"
    }
}

/// One event. Whatever it is, it is kept: Klaviyo has signed it.
fn message(raw: &str, about: &Value, sent: DateTime<Utc>) -> Message {
    let event: Value = serde_json::from_str(raw).unwrap_or_default();
    let content = signature::digest(&[raw.as_bytes()]);
    let happened = &event["payload"]["data"]["attributes"];
    Message {
        topic: json::line(&event["topic"], MOST_TEXT).unwrap_or_else(|| "unknown".into()),
        delivery_id: json::id(&event["external_id"]).map_or_else(|| json::hex(&content), str::to_owned),
        content,
        about: about.clone(),
        said_at: Some(json::time(&happened["datetime"]).unwrap_or(sent)),
        body: Bytes::copy_from_slice(raw.as_bytes()),
    }
}
