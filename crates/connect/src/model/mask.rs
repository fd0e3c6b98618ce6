//! Masking personal data in what other systems send.
//!
//! What a field holds is told by what is known to be harmless, not by what is known to be personal: another system may
//! add a field tomorrow. Numbers, times, truth values, ids and short words of a known kind are shown, all else is not.

use serde_json::Value;

/// The parts of names whose texts tell nothing about a person.
const HARMLESS: &[&str] = &[
    "id",
    "ids",
    "gid",
    "at",
    "date",
    "status",
    "state",
    "currency",
    "topic",
    "kind",
    "type",
    "gateway",
    "sku",
    "version",
    "price",
    "amount",
    "total",
    "subtotal",
    "tax",
    "rate",
    "quantity",
    "handle",
    "vendor",
    "product",
    "variant",
    "reason",
    "code",
    "created",
    "updated",
    "occurred",
    "level",
    "service",
    "inventory",
    "position",
    "option1",
    "option2",
    "option3",
    "processing",
    "event",
    "timestamp",
];
/// Parts of names that are personal whatever else the name says.
const PERSONAL: &[&str] = &[
    "email",
    "phone",
    "name",
    "address",
    "address1",
    "address2",
    "city",
    "zip",
    "postal",
    "company",
    "latitude",
    "longitude",
    "ip",
    "note",
    "token",
    "url",
    "agent",
    "birthday",
    "tags",
    "location",
    "card",
    "number",
    "secret",
    "birth",
    "dob",
    "born",
    "key",
    "province",
    "country",
];
/// What stands in the place of a text.
const MASK: &str = "•••";

/// The payload with the texts that may say something about a person masked.
pub fn mask(payload: &Value) -> Value {
    masked(payload, None)
}

fn masked(value: &Value, name: Option<&str>) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), masked(value, Some(name))))
            .collect(),
        Value::Array(items) => items.iter().map(|item| masked(item, name)).collect(),
        Value::String(text) if text.is_empty() || is_time(text) || name.is_some_and(is_harmless) => {
            value.clone()
        }
        Value::String(_) => MASK.into(),
        Value::Number(_) if name.is_some_and(is_personal) => MASK.into(),
        other => other.clone(),
    }
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn is_personal(name: &str) -> bool {
    words(name).any(|word| PERSONAL.contains(&word.as_str()))
}

fn is_harmless(name: &str) -> bool {
    !is_personal(name) && words(name).any(|word| HARMLESS.contains(&word.as_str()))
}

/// `snake_case`, `camelCase` and `kebab-case` names as words.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter.is_ascii_uppercase() || !letter.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_ascii_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.push(letter.to_ascii_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_personal_is_masked_and_the_rest_can_be_read() {
        let payload = json!({
            "id": 706_405_506_930_370_084_u64, "email": "bob@biller.com", "first_name": "Bob", "note": "loves ice", "currency": "USD",
            "financial_status": "paid", "updated_at": "2021-12-31T19:00:00-05:00", "total_price": "12.30", "customerId": "gid://shopify/Customer/1",
            "default_address": {"zip": "K2P 2L8", "country_code": "CA", "latitude": 45.4, "default": true}, "tags": ["vip"], "unheard_of": "Bob",
            "browser_ip": "1.2.3.4", "customer_token": "abc", "line_items": [{"sku": "A-1", "quantity": 2, "title": "Shoe"}], "empty": "",
        });
        let shown = mask(&payload).to_string();
        for personal in [
            "bob@biller",
            "Bob",
            "loves ice",
            "K2P",
            "CA\"",
            "45.4",
            "vip",
            "1.2.3.4",
            "abc",
        ] {
            assert!(!shown.contains(personal), "{personal} in {shown}");
        }
        for harmless in [
            "706405506930370084",
            "USD",
            "paid",
            "2021-12-31T19",
            "12.30",
            "gid://shopify/Customer/1",
            "A-1",
            "true",
        ] {
            assert!(shown.contains(harmless), "{harmless} not in {shown}");
        }
    }
}
