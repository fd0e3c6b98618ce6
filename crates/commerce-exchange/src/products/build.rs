//! From what the rows of a product say to what commerce is told.

use std::collections::{BTreeMap, HashSet};

use regulars_commerce::{
    model::{ProductInput, SourceVersion},
    ops::products::BY_HANDLE,
};
use regulars_exchange::model::Reason;
use serde_json::{Map, Value, json};

use super::fields::SCHEMA;
use crate::sheet::{Reasons, Said, Sheet};

/// The handle of a product that has no other id.
pub fn handle_of(input: &ProductInput) -> Option<&str> {
    input.external_id.strip_prefix(BY_HANDLE)
}

/// The product that the rows tell of.
pub fn product(sheet: &Sheet, mut said: Said) -> Result<(ProductInput, Said), Reasons> {
    // Rows of Shopify that only name another picture are no variants.
    if sheet.is_shopify {
        let is_variant = |part: &BTreeMap<&'static str, Value>| {
            ["variant.option_1", "variant.price", "variant.sku", "variant.id"]
                .iter()
                .any(|field| part.contains_key(field))
        };
        said.parts.retain(|(_, part)| is_variant(part));
    }
    let mut ours = Value::Object(Map::new());
    for (name, value) in &said.whole {
        let is_lasting = matches!(*name, "product.id" | "product.title" | "product.updated_at");
        if is_lasting && value.is_null() {
            continue;
        }
        if let Some(field) = SCHEMA.field(name).filter(|field| !field.at.is_empty()) {
            ours[field.at.trim_start_matches('/')] = value.clone();
        }
    }
    let version = said
        .time("product.updated_at")
        .map(|at| SourceVersion::new(at, ""));
    ours.as_object_mut().map(|fields| fields.remove("source_version"));
    ours["source"] = json!(sheet.source);
    let handle = said.text("product.handle");
    let id = said.text("product.id").map(str::to_owned);
    let id = id.or_else(|| {
        let handle = handle?;
        Some(if sheet.is_shopify {
            format!("{BY_HANDLE}{handle}")
        } else {
            handle.to_owned()
        })
    });
    ours["external_id"] = json!(id.unwrap_or_default());
    if sheet.has_parts() && said.get("product.variants").is_none() {
        let currency = said.text("product.currency");
        let mut taken = HashSet::new();
        ours["variants"] = said
            .parts
            .iter()
            .map(|(_, part)| variant(part, currency, &mut taken))
            .collect();
    }
    let mut input: ProductInput = serde_json::from_value(ours).map_err(|error| {
        let reason = Reason {
            column: sheet.header("product.variants").map(str::to_owned),
            code: "list_invalid".to_owned(),
            message: format!("this cannot be understood: {error}"),
        };
        vec![(said.rows.get("product.variants").copied(), reason)]
    })?;
    input.source_version = version;
    Ok((input, said))
}

/// A variant. Without an id it is known by its options, its SKU, or as the only one.
fn variant(
    part: &BTreeMap<&'static str, Value>,
    currency: Option<&str>,
    taken: &mut HashSet<String>,
) -> Value {
    let mut ours = Map::new();
    for (name, value) in part {
        if let Some(field) = SCHEMA.field(name).filter(|field| !field.at.is_empty()) {
            let is_price = matches!(*name, "variant.price" | "variant.compare_at_price");
            let value = match currency.filter(|_| is_price) {
                Some(currency) => json!({"amount": value, "currency": currency}),
                None => value.clone(),
            };
            ours.insert(field.at.to_owned(), value);
        }
    }
    let options: Vec<&str> = ["variant.option_1", "variant.option_2", "variant.option_3"]
        .iter()
        .filter_map(|field| part.get(field)?.as_str())
        .filter(|option| *option != "Default Title")
        .collect();
    if !options.is_empty() {
        ours.entry("title").or_insert_with(|| json!(options.join(" / ")));
    }
    if !ours.contains_key("external_id") {
        let own = |name: &str| ours.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut names = [own("sku"), own("title"), Some("only".to_owned())]
            .into_iter()
            .flatten();
        let free = names.find(|name| !taken.contains(name));
        let id = free.unwrap_or_else(|| format!("variant {}", taken.len() + 1));
        ours.insert("external_id".to_owned(), json!(id));
    }
    if let Some(id) = ours.get("external_id").and_then(Value::as_str) {
        taken.insert(id.to_owned());
    }
    Value::Object(ours)
}
