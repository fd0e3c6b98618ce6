//! Reading Shopify's JSON: ids as texts, times, and what is absent, null or there.

use chrono::{DateTime, Utc};
use regulars_connect::{Failure, Received, Said, signature};
use serde_json::Value;

/// The body as JSON.
pub fn parse(message: &Received) -> Result<Value, Failure> {
    match serde_json::from_slice(&message.body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Failure::Fatal("the body is no JSON object".into())),
        Err(why) => Err(Failure::Fatal(format!(
            "the body is not JSON: line {}, column {}",
            why.line(),
            why.column()
        ))),
    }
}

/// An id, as the digits that it has in Shopify: a number, a text, or the end of `gid://shopify/Customer/1`.
pub fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        Value::String(text) => {
            let digits = text.rsplit('/').next().unwrap_or(text);
            let digits = digits.split('?').next().unwrap_or(digits);
            let is_id =
                !digits.is_empty() && digits.len() <= 40 && digits.bytes().all(|b| b.is_ascii_digit());
            is_id.then(|| digits.to_owned())
        }
        _ => None,
    }
}

/// The first of the fields that is an id; the failure names them.
pub fn required_id(body: &Value, fields: &[&str]) -> Result<String, Failure> {
    fields
        .iter()
        .find_map(|field| id(&body[*field]))
        .ok_or_else(|| Failure::Fatal(format!("there is no id in {}", fields.join(" or "))))
}

/// A time; none where it is absent, null or none.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?)
        .ok()
        .map(|at| at.to_utc())
}

/// When the body was said: its own time, else that of the message. Words of the same time are told apart by when they
/// were sent and by what they said as they came, which is the same for every copy of a message; what a person made of one
/// is newer than what it was.
pub fn said(message: &Received, own: Option<DateTime<Utc>>) -> Said {
    let mended = if message.is_mended { "m" } else { "" };
    let tie = format!(
        "{}{}{mended}",
        message.said_at.to_rfc3339(),
        short(&message.content)
    );
    Said(own.unwrap_or(message.said_at), tie)
}

/// A short digest of a value, by which it is known again without being kept.
pub fn mark(value: &Value) -> String {
    let digest = signature::digest(&[value.to_string().as_bytes()]);
    short(&digest)
}

/// The first 64 bits of a digest as hexadecimal digits.
fn short(digest: &[u8]) -> String {
    let first = digest
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_its_digits_however_it_is_written() {
        assert_eq!(
            id(&json!(706_405_506_930_370_084_u64)).as_deref(),
            Some("706405506930370084")
        );
        assert_eq!(
            id(&json!("gid://shopify/Customer/706405506930370084")).as_deref(),
            Some("706405506930370084")
        );
        assert_eq!(id(&json!("12")).as_deref(), Some("12"));
        for none in [
            json!(null),
            json!(-1),
            json!(1.5),
            json!(""),
            json!("gid://shopify/Customer/"),
            json!("1;2"),
            json!({}),
        ] {
            assert_eq!(id(&none), None, "{none}");
        }
    }
}
