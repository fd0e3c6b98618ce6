//! Operations without query parameters. What a handler does not read it cannot refuse, so a misspelt filter on them
//! would be lost without a word; the edge refuses it for all of them, by what the API's document says they take.

use std::collections::HashSet;

use axum::extract::{MatchedPath, Request};
use http::Method;
use regulars_kernel::{Faults, Result};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::params::Params;

/// The operations that take no query parameters.
#[derive(Debug, Default)]
pub(crate) struct BareOperations(HashSet<(String, String)>);

impl BareOperations {
    /// Reads them from the document.
    pub fn of(document: &OpenApi) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        let mut bare = HashSet::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let takes_query = |parameters: &Value| takes_query(&document, parameters);
            let shared = takes_query(&item["parameters"]);
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["responses"].is_object() && !shared && !takes_query(&operation["parameters"]) {
                    bare.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
        Self(bare)
    }

    /// Fails with 400 if such an operation is asked with query parameters.
    pub fn check(&self, request: &Request) -> Result<()> {
        let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else {
            return Ok(());
        };
        let Some(route) = request.extensions().get::<MatchedPath>() else {
            return Ok(());
        };
        let method = match *request.method() {
            Method::HEAD => &Method::GET,
            ref method => method,
        };
        if self
            .0
            .contains(&(method.as_str().to_owned(), route.as_str().to_owned()))
        {
            Params::parse(query)?.finish(Faults::new())
        } else {
            Ok(())
        }
    }
}

fn takes_query(document: &Value, parameters: &Value) -> bool {
    parameters.as_array().into_iter().flatten().any(|parameter| {
        let named = parameter["$ref"]
            .as_str()
            .and_then(|path| document.pointer(path.strip_prefix('#')?));
        named.unwrap_or(parameter)["in"] == "query"
    })
}
