//! The language that says who is meant: `status = "vip" and (country = "DE" or tag in ("berlin", "press"))`.
//!
//! One tree, three faces: text ([`parse`] and `Display`), JSON ([`Expression::from_json`], [`Expression::to_json`]), and,
//! checked against the fields that there are ([`check`]), what a room makes SQL of. The customer list filters by it, and
//! whatever else has to say who is meant will: it knows neither the fields nor where they are kept.
//!
//! What it never does: ask the database, or answer “unknown”: every test holds or does not.

mod check;
mod complete;
mod json;
mod lex;
mod parse;
mod print;
mod tree;

pub use check::{Catalog, Checked, Clock, Condition, Field, Kind, check};
pub use complete::{Awaits, Offer, Writing, offers, writing};
pub use parse::parse;
pub use tree::{Call, Expression, Function, Operator, Place, Takes, Test, Value};

/// Characters that are read.
pub const MOST_LENGTH: usize = 4_000;
/// The same as JSON, which says more about it.
pub const MOST_JSON: usize = 4 * MOST_LENGTH;
/// Levels of parentheses and `not`.
pub const MOST_DEPTH: usize = 20;
/// Tests in one expression.
pub const MOST_TESTS: usize = 100;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// A stable code.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(place: Place, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            place,
            code,
            message: message.into(),
        }
    }
}

/// Reads an expression as text or, where it begins with a brace, as JSON.
pub fn read(written: &str) -> Result<Expression, Fault> {
    if !written.trim_start().starts_with('{') {
        return parse(written);
    }
    if written.len() > MOST_JSON {
        let message = format!("at most {MOST_JSON} bytes of JSON are read");
        return Err(Fault::new(Place::Pointer(String::new()), "too_long", message));
    }
    let json = serde_json::from_str(written).map_err(|error| {
        Fault::new(
            Place::Pointer(String::new()),
            "json_invalid",
            format!("this is not JSON: {error}"),
        )
    })?;
    Expression::from_json(&json)
}

#[cfg(test)]
mod tests;
