//! Turns one JSON object into columns: `{"address": {"city": "Ulm"}}` is `address.city`, a list of texts is a tag list.
//!
//! Numbers keep the digits they are written with: an id beyond 2^53 must not come out as another one.
//!
//! What it never does: invent columns for lists of objects; those stay JSON text in one column.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Objects within objects beyond this are refused.
pub const MAX_DEPTH: usize = 8;

/// One column of one object.
#[derive(Debug, PartialEq, Eq)]
pub struct Cell {
    /// The keys on the way, joined with dots.
    pub name: String,
    /// The text; empty for null, an empty list and an empty object.
    pub text: String,
    /// Whether that is a list of scalars.
    pub is_list: bool,
}

/// The cells of an object in the order they are written, or why it cannot be used (code, sentence).
pub fn flatten(json: &str) -> Result<Vec<Cell>, (&'static str, String)> {
    let mut cells = Vec::new();
    object(json, "", 1, &mut cells)?;
    if cells
        .iter()
        .any(|cell| cell.text.contains('\0') || cell.name.contains('\0'))
    {
        return Err(("nul", "it holds a NUL character".to_owned()));
    }
    Ok(cells)
}

fn object(
    json: &str,
    prefix: &str,
    depth: usize,
    cells: &mut Vec<Cell>,
) -> Result<(), (&'static str, String)> {
    if depth > MAX_DEPTH {
        return Err((
            "json_too_deep",
            format!("it has objects within objects more than {MAX_DEPTH} deep"),
        ));
    }
    let Members(members) = serde_json::from_str(json).map_err(malformed)?;
    if members.is_empty() && !prefix.is_empty() {
        cells.push(Cell {
            name: prefix.to_owned(),
            text: String::new(),
            is_list: false,
        });
    }
    for (key, value) in members {
        let name = if prefix.is_empty() {
            key
        } else {
            format!("{prefix}.{key}")
        };
        let value = value.get();
        if value.starts_with('{') {
            object(value, &name, depth + 1, cells)?;
        } else {
            let (text, is_list) = if value.starts_with('[') {
                list(value)?
            } else {
                (scalar(value)?, false)
            };
            cells.push(Cell { name, text, is_list });
        }
    }
    Ok(())
}

fn scalar(json: &str) -> Result<String, (&'static str, String)> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_err(malformed),
        Some(b'n') => Ok(String::new()),
        _ => Ok(json.to_owned()),
    }
}

/// Scalars joined with commas, quoted as in CSV where they contain one; anything else stays JSON and is no list.
fn list(json: &str) -> Result<(String, bool), (&'static str, String)> {
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(malformed)?;
    if items.iter().any(|item| item.get().starts_with(['{', '['])) {
        return Ok((json.to_owned(), false));
    }
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let text = scalar(item.get())?;
        let needs_quotes =
            text.contains([',', '"', ';', '|', '\n', '\r']) || text.trim() != text || text.is_empty();
        texts.push(if needs_quotes {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        });
    }
    Ok((texts.join(","), true))
}

fn malformed(error: serde_json::Error) -> (&'static str, String) {
    ("json_malformed", format!("it is not well-formed JSON: {error}"))
}

/// An object's members in order, their values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
