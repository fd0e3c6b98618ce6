//! Reading Klaviyo's JSON: texts that are fit to be kept, ids, times.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Characters of an id at most, so that it has room with what is put in front.
const MOST_ID: usize = 100;

/// An id, if this can be one.
pub fn id(value: &Value) -> Option<&str> {
    let text = value.as_str()?;
    let is_id = !text.is_empty() && text.len() <= MOST_ID && text.bytes().all(|b| b.is_ascii_graphic());
    is_id.then_some(text)
}

/// A line of text, cut where it is too long; none if nothing is left of it.
pub fn line(value: &Value, most: usize) -> Option<String> {
    let line: String = value
        .as_str()?
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most)
        .collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// A time as RFC 3339 has it; Klaviyo writes a space for its `T` at places.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    let text = value
        .as_str()
        .filter(|text| text.len() <= 40)?
        .replacen(' ', "T", 1);
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|at| at.to_utc())
        .filter(in_our_time)
}

/// Seconds since 1970.
pub fn seconds(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(value.as_i64()?, 0).filter(in_our_time)
}

fn in_our_time(at: &DateTime<Utc>) -> bool {
    (0..7_000_000_000).contains(&at.timestamp())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_of_klaviyos_ways_to_write_a_time_are_read_and_nothing_else_is() {
        for text in ["2023-08-10 07:21:56+00:00", "2023-08-10T09:21:56.000000+02:00"] {
            assert_eq!(time(&json!(text)).unwrap().timestamp(), 1_691_652_116, "{text}");
        }
        for none in [
            json!("2023-08-10"),
            json!(""),
            json!(1),
            json!("9999-12-31T00:00:00Z"),
            json!(null),
        ] {
            assert_eq!(time(&none), None, "{none}");
        }
        assert_eq!(line(&json!(" a\u{0}b\n"), 10).unwrap(), "a b");
    }
}
