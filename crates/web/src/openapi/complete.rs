//! What can be told of every operation from what it says of itself, so that no room repeats it: shared parameters and
//! headers, the statuses that go with them, names in one style, and examples.

use serde_json::Value;
use utoipa::openapi::{
    OpenApi, PathItem, RefOr, ResponseBuilder,
    path::{Operation, Parameter},
};

use super::{
    examples::{self, resolve},
    headers, problems,
};

/// Completes a document.
///
/// - An answer whose body has a `version` has an `ETag`; a GET with an `ETag` takes `If-None-Match` and may answer 304.
/// - What can be read so is changed and deleted under `If-Match`, and may answer 412.
/// - POST takes `Idempotency-Key`: 409 if the key was used for something else, 413 if there is more than can be compared.
/// - 201 and 202 have a `Location`.
pub(super) fn complete(document: &mut OpenApi) {
    let as_written = serde_json::to_value(&*document).unwrap_or_default();
    let components = document.components.get_or_insert_default();
    components.responses.extend(problems::components());
    components.headers.extend(headers::components());
    for (path, item) in &mut document.paths.paths {
        let written = &as_written["paths"][path.as_str()];
        let is_versioned = has_version(&as_written, &written["get"]["responses"]["200"]);
        for (method, operation) in operations(item) {
            name(operation);
            answers(&as_written, &written[method]["responses"], operation);
            match method {
                "get" => conditional_read(operation),
                "post" => {
                    take(operation, headers::idempotency_key());
                    may_answer(operation, &[409, 413]);
                    for (_, response) in successes(operation) {
                        headers::add(&mut response.headers, "Idempotent-Replayed");
                    }
                }
                _ if is_versioned => {
                    take(operation, headers::if_match());
                    may_answer(operation, &[412]);
                }
                _ => {}
            }
            give_examples(&as_written, &written[method], operation);
        }
    }
}

/// The operations of a path by their method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Whether an answer shows a resource with a version.
fn has_version(document: &Value, response: &Value) -> bool {
    let schema = resolve(document, &response["content"]["application/json"]["schema"]);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    std::iter::once(schema)
        .chain(parts.map(|part| resolve(document, part)))
        .any(|part| part["properties"].get("version").is_some())
}

/// Operation ids in camel case: `list_customers` becomes `listCustomers`.
fn name(operation: &mut Operation) {
    let Some(id) = &mut operation.operation_id else {
        return;
    };
    let mut camel = String::with_capacity(id.len());
    for (index, word) in id.split('_').enumerate() {
        match word.split_at_checked(1) {
            Some((first, rest)) if index > 0 => {
                camel.push_str(&first.to_ascii_uppercase());
                camel.push_str(rest);
            }
            _ => camel.push_str(word),
        }
    }
    *id = camel;
}

/// The answers that are no problem.
fn successes(operation: &mut Operation) -> impl Iterator<Item = (&str, &mut utoipa::openapi::Response)> {
    let all = operation.responses.responses.iter_mut();
    all.filter_map(|(status, response)| match response {
        RefOr::T(response) if status.starts_with('2') => Some((status.as_str(), response)),
        _ => None,
    })
}

fn answers(document: &Value, written: &Value, operation: &mut Operation) {
    for (status, response) in successes(operation) {
        headers::of_every_answer(&mut response.headers);
        if matches!(status, "200" | "201") && has_version(document, &written[status]) {
            headers::add(&mut response.headers, "ETag");
        }
        if matches!(status, "201" | "202") {
            headers::add(&mut response.headers, "Location");
        }
    }
}

fn conditional_read(operation: &mut Operation) {
    if !successes(operation).any(|(_, response)| response.headers.contains_key("ETag")) {
        return;
    }
    take(operation, headers::if_none_match());
    let mut response = ResponseBuilder::new()
        .description("It is still what `If-None-Match` names")
        .build();
    headers::of_every_answer(&mut response.headers);
    headers::add(&mut response.headers, "ETag");
    operation
        .responses
        .responses
        .entry("304".to_owned())
        .or_insert_with(|| response.into());
}

/// Adds a parameter, unless the operation speaks of it itself.
fn take(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    let is_known = parameters
        .iter()
        .any(|known| matches!(known, RefOr::T(known) if known.name.eq_ignore_ascii_case(&parameter.name)));
    if !is_known {
        parameters.push(parameter.into());
    }
}

fn may_answer(operation: &mut Operation, statuses: &[u16]) {
    for status in statuses {
        if let Some(response) = problems::of_status(*status) {
            operation
                .responses
                .responses
                .entry(status.to_string())
                .or_insert(response);
        }
    }
}

/// Every body and every answer that has no example gets one, put together from those of its parts.
fn give_examples(document: &Value, written: &Value, operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media_type, content) in &mut body.content {
            let RefOr::T(content) = content else { continue };
            let written = &written["requestBody"]["content"][media_type.as_str()];
            fill(document, written, content);
        }
    }
    for (status, response) in successes(operation) {
        let written = &written["responses"][status]["content"];
        for (media_type, content) in &mut response.content {
            let RefOr::T(content) = content else { continue };
            fill(document, &written[media_type.as_str()], content);
        }
    }
}

fn fill(document: &Value, written: &Value, content: &mut utoipa::openapi::Content) {
    if content.example.is_none() && content.examples.is_empty() {
        content.example = examples::of_schema(document, &written["schema"]);
    }
}
