//! Schemas of the document as words and as examples.

use serde_json::{Map, Value, json};

/// Deepest nesting that an example shows.
const DEEPEST: usize = 6;

/// The name at the end of a `$ref`.
pub(super) fn ref_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// What a schema refers to.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    ref_name(schema).map_or(schema, |name| &document["components"]["schemas"][name])
}

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

/// What a media type shows: its example, or one made from the schema.
pub(super) fn example_of_media(document: &Value, media: &Value) -> Option<Value> {
    if let Some(example) = media.get("example") {
        return Some(example.clone());
    }
    if let Some(first) = media["examples"].as_object().and_then(|all| all.values().next()) {
        return first.get("value").cloned();
    }
    let schema = media.get("schema")?;
    Some(example(document, schema, 0)).filter(|value| !value.is_null())
}

fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let schema = resolve(document, schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(example) = schema["examples"].as_array().and_then(|all| all.first()) {
        return example.clone();
    }
    if let Some(default) = schema.get("default").or_else(|| schema.get("const")) {
        return default.clone();
    }
    if let Some(choice) = schema["enum"].as_array().and_then(|all| all.first()) {
        return choice.clone();
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(options) = schema[key].as_array() {
            let option = options.iter().find(|option| option["type"] != "null");
            return option.map_or(Value::Null, |option| example(document, option, depth + 1));
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(fields) = example(document, part, depth + 1) {
                all.extend(fields);
            }
        }
        return Value::Object(all);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").unwrap_or(&Value::Null),
        kind => kind,
    };
    match kind.as_str() {
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(
                fields
                    .map(|(name, field)| (name.clone(), example(document, field, depth + 1)))
                    .collect(),
            )
        }
        Some("array") => match example(document, &schema["items"], depth + 1) {
            Value::Null => json!([]),
            item => json!([item]),
        },
        Some("string") => match schema["format"].as_str() {
            Some("uuid") => json!("0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f"),
            Some("date-time") => json!("2026-11-21T08:00:00Z"),
            Some("date") => json!("1985-12-10"),
            _ => json!("…"),
        },
        Some("integer") => json!(1),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}
