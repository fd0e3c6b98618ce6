//! From what the rows of an order say to what commerce is told.
//!
//! A file has no payments with ids, only what was paid and given back in all. These sums are told as the file's own
//! ([`BY_FILE`]), so that they never add up with the transactions that the shop itself tells.

use regulars_commerce::model::{BY_FILE, OrderInput, SourceVersion};
use regulars_exchange::model::Reason;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::fields::SCHEMA;
use crate::sheet::{Reasons, Said, Sheet};

/// Times of which the latest is when the file's facts were so, if nothing else says it.
const TIMES: &[&str] = &[
    "order.placed_at",
    "order.paid_at",
    "order.shipped_at",
    "order.cancelled_at",
    "order.closed_at",
];

/// The order that the rows tell of.
pub fn order(sheet: &Sheet, said: Said) -> Result<(OrderInput, Said), Reasons> {
    let mut ours = Value::Object(Map::new());
    // What an order always has, or is found by, no cell empties.
    let is_lasting = |name: &str| matches!(name, "order.id" | "order.currency" | "order.customer_id");
    for (name, value) in &said.whole {
        if value.is_null() && is_lasting(name) {
            continue;
        }
        if let Some(field) = SCHEMA.field(name).filter(|field| !field.at.is_empty()) {
            put(&mut ours, field.at, value.clone());
        }
    }
    ours["source"] = json!(sheet.source);
    let id = if sheet.header("order.id").is_some() {
        said.text("order.id")
    } else {
        said.text("order.number")
    };
    let Some(id) = id else {
        let reason = Reason {
            column: sheet.header("order.id").map(str::to_owned),
            code: "id_missing".to_owned(),
            message: "the order has no id".to_owned(),
        };
        return Err(vec![(Some(0), reason)]);
    };
    ours["external_id"] = json!(id);
    fill(&mut ours, sheet, &said);
    named(&mut ours, &said);
    if sheet.has_parts() && said.get("order.lines").is_none() {
        ours["lines"] = said.parts.iter().map(|(_, part)| line(part)).collect();
    }
    ours["payments"] = payments(&said);
    let mut input: OrderInput = serde_json::from_value(ours).map_err(|error| {
        let message = format!("this cannot be understood: {error}");
        let reason = Reason {
            column: sheet.header("order.lines").map(str::to_owned),
            code: "list_invalid".to_owned(),
            message,
        };
        vec![(said.rows.get("order.lines").copied(), reason)]
    })?;
    input.source_version = version(sheet, &said);
    Ok((input, said))
}

/// What is not said by a column of its own.
fn fill(ours: &mut Value, sheet: &Sheet, said: &Said) {
    ours.as_object_mut().map(|fields| fields.remove("source_version"));
    for (field, name, amount) in [
        ("order.discount_code", "discounts", "order.discount_total"),
        ("order.shipping_method", "shipping_lines", "order.shipping_total"),
    ] {
        if let Some(title) = said.text(field) {
            let amount = said.text(amount).unwrap_or("0");
            ours[name] = json!([{"name": title, "amount": amount}]);
        } else if said.whole.contains_key(field) {
            ours[name] = Value::Null;
        }
    }
    // Shopify leaves the cell empty until something is sent.
    if sheet.is_shopify && said.get("order.fulfillment_status").is_none() {
        ours["fulfillment_status"] = json!("unfulfilled");
    }
}

/// The taxes by their names.
fn named(ours: &mut Value, said: &Said) {
    const TAXES: &[(&str, &str)] = &[
        ("tax_1.name", "tax_1.amount"),
        ("tax_2.name", "tax_2.amount"),
        ("tax_3.name", "tax_3.amount"),
        ("tax_4.name", "tax_4.amount"),
        ("tax_5.name", "tax_5.amount"),
    ];
    let taxes: Vec<Value> = TAXES
        .iter()
        .filter_map(|(name, amount)| {
            let amount = said.text(amount)?;
            Some(json!({"name": said.text(name).unwrap_or("Tax"), "amount": amount}))
        })
        .collect();
    if !taxes.is_empty() {
        ours["taxes"] = Value::Array(taxes);
    }
}

fn line(part: &std::collections::BTreeMap<&'static str, Value>) -> Value {
    let mut ours = Map::new();
    for (name, value) in part {
        if let Some(field) = SCHEMA.field(name) {
            ours.insert(field.at.to_owned(), value.clone());
        }
    }
    if !ours.contains_key("title") {
        let title = ours.get("sku").cloned().unwrap_or_else(|| json!("–"));
        ours.insert("title".to_owned(), title);
    }
    ours.entry("quantity").or_insert_with(|| json!(1));
    Value::Object(ours)
}

/// What was paid and what was given back, in all.
fn payments(said: &Said) -> Value {
    let amount = |field: &str| said.text(field).and_then(|text| text.parse::<Decimal>().ok());
    let status = said.text("order.payment_status");
    let total = amount("order.total");
    let open = amount("order.outstanding").unwrap_or_default();
    let paid = match status {
        Some("paid" | "partially_refunded" | "refunded") => total.map(|total| ("sale", total - open)),
        Some("partially_paid") if !open.is_zero() => total.map(|total| ("sale", total - open)),
        Some("authorized") => total.map(|total| ("authorization", total)),
        Some(_) => None,
        None => total
            .filter(|_| said.get("order.paid_at").is_some())
            .map(|total| ("sale", total - open)),
    };
    let refunded = amount("order.refunded_total").filter(|amount| !amount.is_zero());
    // Everything went back, if nothing says how much.
    let refunded = refunded.or_else(|| total.filter(|_| status == Some("refunded")));
    let paid_at = said.get("order.paid_at");
    let gateway = said.text("order.payment_method");
    let mut all = Vec::new();
    if let Some((kind, amount)) = paid.filter(|(_, amount)| *amount > Decimal::ZERO) {
        all.push(json!({
            "external_id": "file:paid", "kind": kind, "state": "succeeded", "amount": amount.to_string(),
            "gateway": gateway, "processed_at": paid_at, "told_by": BY_FILE,
        }));
    }
    if let Some(amount) = refunded.filter(|amount| *amount > Decimal::ZERO) {
        all.push(json!({
            "external_id": "file:refunded", "kind": "refund", "state": "succeeded", "amount": amount.to_string(),
            "gateway": gateway, "told_by": BY_FILE,
        }));
    }
    Value::Array(all)
}

/// When the file's facts were so: as it says, else the latest of its times where the shop itself tells of the order, too, whose
/// word is newer. Without one, what the file says counts now.
fn version(sheet: &Sheet, said: &Said) -> Option<SourceVersion> {
    let at = said.time("order.updated_at").or_else(|| {
        let latest = || TIMES.iter().filter_map(|field| said.time(field)).max();
        sheet.is_shopify.then(latest).flatten()
    })?;
    Some(SourceVersion::new(at, ""))
}

/// Puts a value where a pointer says.
pub fn put(ours: &mut Value, pointer: &str, value: Value) {
    let mut place = ours;
    for name in pointer.trim_start_matches('/').split('/') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
}
