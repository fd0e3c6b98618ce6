//! The OpenAPI document as a list of operations, and bodies made from its examples.

use serde_json::{Map, Value, json};

/// One operation: a method on a path.
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// With its parameters in braces, from the root.
    pub path: String,
    /// A valid body in each media type that it takes.
    pub bodies: Vec<(String, Value)>,
    /// Required query parameters with values.
    pub query: Vec<(String, String)>,
}

impl Operation {
    /// Whether it changes anything.
    pub fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// For messages and lists of exceptions.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Each parameter of the path with what leads to it: `/customers/{id}`, `/customers/{id}/notes/{note_id}`.
    pub fn parameters(&self) -> Vec<&str> {
        let ends = self.path.match_indices('}').map(|(at, _)| at);
        ends.map(|at| &self.path[..=at]).collect()
    }
}

/// Every operation of a document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            let content = operation
                .pointer("/requestBody/content")
                .and_then(Value::as_object);
            let bodies = content.into_iter().flatten().map(|(media_type, body)| {
                let examples = body["examples"].as_object().and_then(|all| all.values().next());
                let example = examples.map(|one| &one["value"]).or(body.get("example"));
                let value = example
                    .cloned()
                    .unwrap_or_else(|| example_of(document, &body["schema"], 0));
                (media_type.clone(), value)
            });
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters
                .filter(|one| one["in"] == "query" && one["required"] == true)
                .map(|one| {
                    let example = one
                        .get("example")
                        .cloned()
                        .unwrap_or_else(|| example_of(document, &one["schema"], 0));
                    let text = example
                        .as_str()
                        .map_or_else(|| example.to_string(), str::to_owned);
                    (one["name"].as_str().unwrap().to_owned(), text)
                });
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                bodies: bodies.collect(),
                query: query.collect(),
            });
        }
    }
    all
}

/// A value that a schema describes: its example, else one put together from those of its parts.
fn example_of(document: &Value, schema: &Value, depth: usize) -> Value {
    assert!(depth < 20, "a schema without end: {schema}");
    if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return example.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return example_of(document, target.expect("references lead somewhere"), depth + 1);
    }
    if let Some(first) = schema.pointer("/enum/0").or_else(|| schema.get("const")) {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        let branches = schema[choice].as_array().into_iter().flatten();
        if let Some(branch) = branches.into_iter().find(|branch| branch["type"] != "null") {
            return example_of(document, branch, depth + 1);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(fields) = example_of(document, part, depth + 1) {
                whole.extend(fields);
            }
        }
        return Value::Object(whole);
    }
    let kinds = [&schema["type"], &schema["type"][0]];
    let kind = kinds.into_iter().find_map(Value::as_str).unwrap_or("object");
    match kind {
        "string" => match schema["format"].as_str() {
            Some("uuid") => json!("01980000-0000-7000-8000-000000000000"),
            Some("date") => json!("2026-01-31"),
            Some("date-time") => json!("2036-01-31T12:00:00Z"),
            _ => json!("text"),
        },
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "array" => json!([example_of(document, &schema["items"], depth + 1)]),
        "null" => Value::Null,
        _ => {
            let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let wanted = properties.filter(|(name, _)| required.iter().any(|one| *one == *name));
            wanted
                .map(|(name, property)| (name.clone(), example_of(document, property, depth + 1)))
                .collect()
        }
    }
}
