//! The OpenAPI document, walked: what it says of every operation is whole, and its examples fit their schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::process::Home;

/// What every operation may answer.
const ALWAYS: [&str; 6] = ["400", "401", "403", "429", "500", "503"];
/// What an operation with a body may answer, too.
const WITH_BODY: [&str; 3] = ["413", "415", "422"];

/// The document with what was found wrong in it.
struct Walk {
    document: Value,
    faults: Vec<String>,
}

impl Walk {
    fn want(&mut self, is_right: bool, place: &str, what: &str) {
        if !is_right {
            self.faults.push(format!("{place}: {what}"));
        }
    }

    /// What a reference leads to, or the thing itself.
    fn resolve<'a>(&'a self, it: &'a Value) -> &'a Value {
        let Some(reference) = it["$ref"].as_str() else {
            return it;
        };
        self.document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Whether a schema, or a part of it, has a property.
    fn has_property(&self, schema: &Value, name: &str) -> bool {
        let schema = self.resolve(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten();
        schema["properties"].get(name).is_some()
            || parts.into_iter().any(|part| self.has_property(part, name))
    }

    /// Whether an answer speaks of a resource with a version.
    fn is_versioned(&self, response: &Value) -> bool {
        self.has_property(&response["content"]["application/json"]["schema"], "version")
    }

    /// What of a value does not fit a schema.
    fn misfit(&self, schema: &Value, value: &Value, place: &str) -> Option<String> {
        let schema = self.resolve(schema);
        let wrong = |what: &str| Some(format!("{place} {what}: {value}"));
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().find_map(|part| self.misfit(part, value, place));
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let mut misfits = choices.iter().map(|choice| self.misfit(choice, value, place));
            return misfits
                .all(|misfit| misfit.is_some())
                .then(|| format!("{place} fits none: {value}"));
        }
        if schema["enum"]
            .as_array()
            .is_some_and(|words| !words.contains(value))
        {
            return wrong("is no choice");
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let fits = kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
        if !fits {
            return wrong(&format!("should be {}", kinds.join(" or ")));
        }
        match value {
            Value::String(text) => match schema["format"].as_str() {
                Some("uuid") if uuid::Uuid::parse_str(text).is_err() => wrong("is no uuid"),
                Some("date-time") if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
                    wrong("is no time")
                }
                Some("date") if text.parse::<chrono::NaiveDate>().is_err() => wrong("is no date"),
                _ if text == "…" => wrong("is a stand-in"),
                _ => None,
            },
            Value::Array(items) => items
                .iter()
                .find_map(|item| self.misfit(&schema["items"], item, &format!("{place}/0"))),
            Value::Object(fields) => {
                let required = schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                let missing = required.into_iter().find(|name| !fields.contains_key(*name));
                if let Some(name) = missing {
                    return wrong(&format!("lacks {name}"));
                }
                fields.iter().find_map(|(name, field)| {
                    let place = format!("{place}/{name}");
                    match (schema["properties"].get(name), &schema["additionalProperties"]) {
                        (Some(schema), _) => self.misfit(schema, field, &place),
                        (None, Value::Bool(false)) => Some(format!("{place} is unknown")),
                        (None, other) if other.is_object() => self.misfit(other, field, &place),
                        _ => None,
                    }
                })
            }
            _ => None,
        }
    }

    /// An example that is there and fits.
    fn check_example(&mut self, media: &Value, place: &str) {
        let fault = match media.get("example") {
            None => Some("has no example".to_owned()),
            Some(example) => self.misfit(&media["schema"], example, ""),
        };
        if let Some(fault) = fault {
            self.faults.push(format!("{place}: {fault}"));
        }
    }

    fn check_parameters(&mut self, operation: &Value, place: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let kind = parameter["in"].as_str().unwrap();
            let name = parameter["name"].as_str().unwrap();
            let key = match kind {
                "header" => name.to_ascii_lowercase(),
                _ => format!("{kind} {name}"),
            };
            self.want(seen.insert(key), place, &format!("{name} is there twice"));
            let has_words = parameter["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            self.want(has_words, place, &format!("{name} has no description"));
        }
        seen
    }

    fn check_problem(&mut self, response: &Value, status: &str, place: &str) {
        let response = self.resolve(response).clone();
        let media = &response["content"]["application/problem+json"];
        self.want(media.is_object(), place, &format!("{status} is no problem"));
        self.check_example(media, &format!("{place} {status}"));
        let example = &media["example"];
        self.want(
            example["status"].as_u64() == status.parse().ok(),
            place,
            &format!("{status} shows another status"),
        );
        self.want(
            response["headers"]["X-Request-Id"].is_object(),
            place,
            &format!("{status} has no X-Request-Id"),
        );
        let waits = !["429", "503"].contains(&status) || response["headers"]["Retry-After"].is_object();
        self.want(waits, place, &format!("{status} has no Retry-After"));
    }

    fn check_success(&mut self, method: &str, response: &Value, status: &str, place: &str) {
        let place = format!("{place} {status}");
        for (media_type, media) in response["content"].as_object().into_iter().flatten() {
            self.check_example(media, &format!("{place} {media_type}"));
        }
        let mut wanted = vec![
            "X-Request-Id",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
        ];
        wanted.extend(matches!(status, "201" | "202").then_some("Location"));
        wanted.extend((matches!(status, "200" | "201") && self.is_versioned(response)).then_some("ETag"));
        wanted.extend((method == "post").then_some("Idempotent-Replayed"));
        for name in wanted {
            let header = response["headers"].get(name).map(|header| self.resolve(header));
            let is_told = header.is_some_and(|header| header["description"].is_string());
            self.want(is_told, &place, &format!("the header {name} is missing"));
        }
    }

    fn check(&mut self, path: &str, method: &str, item: &Value) {
        let operation = &item[method];
        let place = format!("{} {path}", method.to_ascii_uppercase());
        let parameters = self.check_parameters(operation, &place);
        let responses = operation["responses"].as_object().unwrap();

        let mut wanted = ALWAYS.to_vec();
        wanted.extend(
            path.contains('{')
                .then_some("404")
                .filter(|_| !path.contains("/queues/")),
        );
        for (media_type, media) in operation["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flatten()
        {
            wanted.extend(WITH_BODY);
            self.check_example(media, &format!("{place} body {media_type}"));
        }
        let is_versioned = self.is_versioned(&item["get"]["responses"]["200"]);
        match method {
            "get" => {
                let has_tag = responses["200"]["headers"].get("ETag").is_some();
                let takes = parameters.contains("if-none-match") && responses.contains_key("304");
                self.want(
                    has_tag == takes,
                    &place,
                    "ETag, If-None-Match and 304 go together",
                );
            }
            "post" => {
                self.want(
                    parameters.contains("idempotency-key"),
                    &place,
                    "takes no Idempotency-Key",
                );
                wanted.push("409");
            }
            _ if is_versioned => {
                self.want(parameters.contains("if-match"), &place, "takes no If-Match");
                wanted.push("412");
            }
            _ => {}
        }
        for status in wanted {
            self.want(
                responses.contains_key(status),
                &place,
                &format!("{status} is not among its answers"),
            );
        }
        let is_answered = responses.keys().any(|status| status.starts_with('2'));
        self.want(is_answered, &place, "nothing tells how it succeeds");
        for (status, response) in responses {
            match status.as_bytes()[0] {
                b'2' => self.check_success(method, response, status, &place),
                b'4' | b'5' => self.check_problem(response, status, &place),
                _ => {}
            }
        }
    }
}

fn is_camel_case(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[tokio::test]
async fn the_document_says_everything_of_every_operation() {
    let home = Home::shared().await;
    let document: Value = serde_json::from_str(&home.ok(&["openapi"])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap().clone();
    let mut walk = Walk {
        document,
        faults: Vec::new(),
    };
    let mut ids = BTreeSet::new();
    for (path, item) in &paths {
        for method in item.as_object().unwrap().keys() {
            let id = item[method]["operationId"].as_str().unwrap_or_default();
            walk.want(
                is_camel_case(id),
                path,
                &format!("the operation id “{id}” is not in camel case"),
            );
            walk.want(
                ids.insert(id),
                path,
                &format!("the operation id “{id}” is there twice"),
            );
            walk.check(path, method, item);
        }
    }
    assert!(ids.len() > 80, "only {} operations", ids.len());
    assert!(
        walk.faults.is_empty(),
        "{} faults:\n{}",
        walk.faults.len(),
        walk.faults.join("\n")
    );
}

#[tokio::test]
async fn an_export_at_once_takes_every_filter_of_the_list() {
    let home = Home::shared().await;
    let document: Value = serde_json::from_str(&home.ok(&["openapi"])).unwrap();
    let names = |path: &str| -> BTreeSet<String> {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let names = parameters
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let shown: BTreeSet<_> = ["sort", "limit", "cursor", "page", "fields", "include", "count"]
        .map(str::to_owned)
        .into();
    let mut wanted: BTreeSet<_> = &names("/api/v1/customers") - &shown;
    wanted.insert("format".to_owned());
    assert_eq!(names("/api/v1/customers/export"), wanted);
}
