//! Schemas of the document as words.

use serde_json::Value;

use crate::openapi::examples::ref_name;

/// Parts of a type's words: plain ones, and names of schemas that are links.
pub(super) enum Word {
    Plain(String),
    Schema(String),
}

/// A type in words, such as `list of Tag` or `text (uuid) or null`.
pub(super) fn words(schema: &Value) -> Vec<Word> {
    if let Some(name) = ref_name(schema) {
        return vec![Word::Schema(name.to_owned())];
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[key].as_array() {
            let mut all = Vec::new();
            for (index, option) in options.iter().enumerate() {
                if index > 0 {
                    all.push(Word::Plain(
                        if key == "allOf" { " and " } else { " or " }.to_owned(),
                    ));
                }
                all.extend(words(option));
            }
            return all;
        }
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let mut all = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        if index > 0 {
            all.push(Word::Plain(" or ".to_owned()));
        }
        match *kind {
            "array" => {
                all.push(Word::Plain("list of ".to_owned()));
                all.extend(words(&schema["items"]));
            }
            "object" if schema["additionalProperties"].is_object() => {
                all.push(Word::Plain("map of ".to_owned()));
                all.extend(words(&schema["additionalProperties"]));
            }
            "string" => all.push(Word::Plain(match schema["format"].as_str() {
                Some(format) => format!("text ({format})"),
                None => "text".to_owned(),
            })),
            "integer" => all.push(Word::Plain("whole number".to_owned())),
            "boolean" => all.push(Word::Plain("true or false".to_owned())),
            other => all.push(Word::Plain(other.to_owned())),
        }
    }
    all
}

/// The choices of an enumeration.
pub(super) fn choices(schema: &Value) -> Vec<String> {
    schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect()
}
