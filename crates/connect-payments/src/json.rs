//! Reading what payment providers send: texts that are fit to be kept, ids, times.

use chrono::{DateTime, Utc};
use regulars_connect::{Failure, Received};
use serde_json::Value;

/// Characters of an id at most, so that it has room with what is put in front and behind.
const MOST_ID: usize = 100;

/// The body as a JSON object.
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

/// An id: a text, or that of the object which stands in its place.
pub fn id(value: &Value) -> Option<&str> {
    let text = value.as_str().or_else(|| value["id"].as_str())?;
    is_id(text).then_some(text)
}

/// Whether a text can be an id here.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MOST_ID && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A line of text, cut where it is too long; none if nothing is left of it.
pub fn text(value: &Value, most: usize) -> Option<String> {
    let line: String = value
        .as_str()?
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most)
        .collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// What may name an order: a text or a number.
pub fn reference(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        other => text(other, 200),
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Seconds since 1970.
pub fn seconds(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(value.as_i64()?, 0).filter(in_our_time)
}

/// A time as RFC 3339 has it.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?)
        .ok()
        .map(|at| at.to_utc())
        .filter(in_our_time)
}

fn in_our_time(at: &DateTime<Utc>) -> bool {
    (0..7_000_000_000).contains(&at.timestamp())
}
