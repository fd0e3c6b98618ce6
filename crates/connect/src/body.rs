//! Reading what a message says: its JSON, when it was said, and a mark by which a value is known again.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Failure, Received, Said, signature};

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
