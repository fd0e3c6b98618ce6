//! Examples of schemas: their own, or put together from those of their parts.

use serde_json::{Map, Value, json};

/// Deepest nesting that an example shows.
const DEEPEST: usize = 16;

/// The name at the end of a `$ref`.
pub(crate) fn ref_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// What a schema refers to.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    ref_name(schema).map_or(schema, |name| &document["components"]["schemas"][name])
}

/// An example of a schema, if there is anything to show.
pub(super) fn of_schema(document: &Value, schema: &Value) -> Option<Value> {
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
            let mut all: Map<_, _> = fields
                .map(|(name, field)| (name.clone(), example(document, field, depth + 1)))
                .collect();
            // A map whose keys are the words of an enumeration.
            let keys = resolve(document, &schema["propertyNames"])["enum"].as_array();
            if let Some(key) = keys.and_then(|keys| keys.first()?.as_str()) {
                all.insert(
                    key.to_owned(),
                    example(document, &schema["additionalProperties"], depth + 1),
                );
            }
            Value::Object(all)
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
