//! Reading Shopify's JSON: ids as texts, times, and what is absent, null or there.

use chrono::{DateTime, Utc};
use regulars_connect::Failure;
pub use regulars_connect::body::{mark, parse, said};
use serde_json::Value;

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
