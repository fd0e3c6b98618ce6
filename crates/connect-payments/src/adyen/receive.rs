//! Adyen's signature rule.
//!
//! Each item of a standard notification has its own signature: base64 of HMAC-SHA256 of eight of its fields, joined by colons,
//! under the key that the Customer Area shows as hexadecimal digits
//! (<https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures>). All other notifications have a
//! header `HmacSignature` that signs the raw body.
//!
//! What is signed: both references, the merchant account and reference, the amount, the event and its success. **Not** signed
//! are the time, the reason, the payment method, `live` and all additional data: whoever can read a notification on its way
//! could change those. So an item is known by what is signed alone, and one that is sent again with another time is the same
//! item. As the fields are joined without escaping, a colon is allowed in the merchant's own reference only: there is one way to
//! read what was signed.

use bytes::Bytes;
use regulars_connect::{Delivery, Known, Message, Receiver, Refusal, signature};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::{Adyen, json as read};

/// Items of a notification at most.
const MOST_ITEMS: usize = 500;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(default)]
    live: Value,
    #[serde(borrow, rename = "notificationItems")]
    items: Vec<Wrapped<'a>>,
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, rename = "NotificationRequestItem")]
    item: &'a RawValue,
}

impl Receiver for Adyen {
    fn receive(&self, delivery: &Delivery<'_>, connection: &Known) -> Result<Vec<Message>, Refusal> {
        let keys: Vec<Vec<u8>> = connection
            .secrets
            .iter()
            .filter_map(|secret| signature::from_hex(secret.expose()))
            .collect();
        let is_signed = |given: &str, signed: &[u8]| {
            keys.iter()
                .any(|key| signature::is_base64(given, &signature::hmac_sha256(key, &[signed])))
        };
        if let Some(given) = delivery.header("hmacsignature") {
            if !is_signed(given, delivery.body) {
                return Err(Refusal::Wrong);
            }
            return Ok(vec![whole(delivery.body)]);
        }
        let missing = Refusal::Missing("hmacSignature");
        let notification: Notification<'_> = serde_json::from_slice(delivery.body).map_err(|_| missing)?;
        if notification.items.is_empty() || notification.items.len() > MOST_ITEMS {
            return Err(missing);
        }
        let is_live = notification.live == "true" || notification.live == true;
        // One that is not Adyen's makes the request not Adyen's.
        notification
            .items
            .iter()
            .map(|wrapped| {
                let item: Value = serde_json::from_str(wrapped.item.get()).map_err(|_| missing)?;
                let given = item["additionalData"]["hmacSignature"].as_str().ok_or(missing)?;
                let signed = signed(&item).ok_or(Refusal::Wrong)?;
                if !is_signed(given, signed.as_bytes()) {
                    return Err(Refusal::Wrong);
                }
                message(&item, wrapped.item.get(), &signed, is_live)
            })
            .collect()
    }

    fn answer(&self) -> &'static str {
        "[accepted]"
    }
}

/// The text that is signed; none if it could be read in another way, too.
fn signed(item: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let fields = [
        &item["pspReference"],
        &item["originalReference"],
        &item["merchantAccountCode"],
        &item["merchantReference"],
        &item["amount"]["value"],
        &item["amount"]["currency"],
        &item["eventCode"],
        &item["success"],
    ];
    let mut parts = Vec::with_capacity(fields.len());
    for (index, field) in fields.into_iter().enumerate() {
        parts.push(text(field).filter(|text| index == 3 || !text.contains(':'))?);
    }
    Some(parts.join(":"))
}

fn message(item: &Value, raw: &str, signed: &str, is_live: bool) -> Result<Message, Refusal> {
    let malformed = Refusal::Malformed("an item has an eventCode and a pspReference");
    let topic = read::id(&item["eventCode"]).ok_or(malformed)?;
    let psp = item["pspReference"]
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or(malformed)?;
    let success = if is_true(&item["success"]) {
        "true"
    } else {
        "false"
    };
    let content = signature::digest(&[signed.as_bytes()]);
    // References of reports are the names of files, which may be long.
    let delivery_id = if read::is_id(psp) && psp.len() + topic.len() < 190 {
        format!("{psp}:{topic}:{success}")
    } else {
        read::hex(&content)
    };
    Ok(Message {
        topic: topic.to_owned(),
        delivery_id,
        content,
        about: json!({"live": is_live}),
        said_at: read::time(&item["eventDate"]),
        body: Bytes::copy_from_slice(raw.as_bytes()),
    })
}

/// A notification that is signed as a whole.
fn whole(body: &Bytes) -> Message {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let content = signature::digest(&[body]);
    Message {
        topic: read::id(&told["type"]).unwrap_or("unknown").to_owned(),
        delivery_id: read::hex(&content),
        content,
        about: json!({"live": told["environment"] == "live"}),
        said_at: read::time(&told["timestamp"]),
        body: body.clone(),
    }
}

pub(super) fn is_true(value: &Value) -> bool {
    *value == "true" || *value == true
}
