//! What hangs on an order: its lines, fulfilments, refunds and payments, as ours.

use regulars_connect::Said;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    body,
    orders::{amount, sum, text, version},
};

pub fn line(item: &Value) -> Value {
    let mut ours = json!({"title": item["title"].as_str().or(item["name"].as_str()).unwrap_or("–"), "quantity": item["quantity"].as_i64().unwrap_or(0)});
    for (theirs, name) in [
        ("id", "external_id"),
        ("product_id", "product_external_id"),
        ("variant_id", "variant_external_id"),
    ] {
        if let Some(id) = body::id(&item[theirs]) {
            ours[name] = id.into();
        }
    }
    for (theirs, name) in [
        ("sku", "sku"),
        ("variant_title", "variant_title"),
        ("vendor", "brand"),
    ] {
        if let Some(value) = item[theirs].as_str().filter(|text| !text.trim().is_empty()) {
            ours[name] = value.into();
        }
    }
    for (theirs, name) in [
        ("gift_card", "gift_card"),
        ("requires_shipping", "requires_shipping"),
    ] {
        if let Some(value) = item[theirs].as_bool() {
            ours[name] = value.into();
        }
    }
    if let Some(quantity) = item["current_quantity"].as_i64() {
        ours["current_quantity"] = quantity.into();
    }
    if !item["price"].is_null() {
        ours["price"] = text(&item["price"]);
    }
    // What is taken off the order as a whole is shared out among the lines in the allocations alone.
    let allocated = sum(&item["discount_allocations"], "amount");
    let discount = allocated.or_else(|| amount(&item["total_discount"]));
    if let Some(discount) = discount {
        ours["discount"] = discount.to_string().into();
    }
    if let Some(tax) = sum(&item["tax_lines"], "price") {
        ours["tax"] = tax.to_string().into();
    }
    ours
}

pub fn fulfillment(told: &Value, said: &Said) -> Option<Value> {
    let is_delivered = told["shipment_status"].as_str() == Some("delivered");
    let state = match told["status"].as_str() {
        Some("success") if is_delivered => "delivered",
        Some("success") => "shipped",
        Some("cancelled") => "cancelled",
        Some("error" | "failure") => "failed",
        _ => "pending",
    };
    let texts = |list: &str, one: &str| -> Value {
        match told[list].as_array() {
            Some(texts) => texts.iter().filter(|text| text.is_string()).cloned().collect(),
            None => told[one].as_str().into_iter().map(Value::from).collect(),
        }
    };
    let mut ours = json!({
        "external_id": body::id(&told["id"])?, "source_version": version(said), "state": state,
        "tracking_company": told["tracking_company"].as_str(), "tracking_numbers": texts("tracking_numbers", "tracking_number"),
        "tracking_urls": texts("tracking_urls", "tracking_url"), "lines": quantities(&told["line_items"], "id"),
    });
    if matches!(state, "shipped" | "delivered") {
        ours["shipped_at"] = told["created_at"].clone();
    }
    if state == "delivered" {
        ours["delivered_at"] = told["updated_at"].clone();
    }
    Some(ours)
}

pub fn refund(told: &Value, said: &Said) -> Option<Value> {
    let money: Decimal = told["transactions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["kind"] == "refund" && one["status"] == "success")
        .filter_map(|one| amount(&one["amount"]))
        .sum();
    let by: Vec<String> = told["transactions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["kind"] == "refund")
        .filter_map(|one| body::id(&one["id"]))
        .collect();
    let at = [&told["processed_at"], &told["created_at"]]
        .into_iter()
        .find(|at| at.is_string());
    let restocks = |one: &Value| !matches!(one["restock_type"].as_str(), None | Some("no_restock"));
    let items = told["refund_line_items"].as_array();
    Some(json!({
        "external_id": body::id(&told["id"])?, "source_version": version(said), "amount": money.to_string(),
        "reason": told["note"].as_str(), "restock": told["restock"].as_bool().unwrap_or(items.is_some_and(|items| items.iter().any(restocks))),
        "refunded_at": at, "payments": by, "lines": quantities(&told["refund_line_items"], "line_item_id"),
    }))
}

pub fn payments(transactions: &Value, said: &Said) -> Vec<Value> {
    transactions
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| payment(one, said))
        .collect()
}

pub fn payment(told: &Value, said: &Said) -> Option<Value> {
    let kind @ ("sale" | "authorization" | "capture" | "void" | "refund") = told["kind"].as_str()? else {
        return None;
    };
    let state = match told["status"].as_str() {
        Some("success") => "succeeded",
        Some("failure" | "error") => "failed",
        _ => "pending",
    };
    // A transaction has no time of change; what is settled is said after what is pending.
    let rank = if state == "pending" { "0" } else { "1" };
    let at = body::time(&told["processed_at"]).or_else(|| body::time(&told["created_at"]));
    let own = Said(at.unwrap_or(said.0), format!("{rank}{}", said.1));
    let mut ours = json!({
        "external_id": body::id(&told["id"])?, "source_version": version(&own), "kind": kind, "state": state, "amount": money(told),
        "gateway": told["gateway"].as_str(), "method": told["payment_details"]["credit_card_company"].as_str(),
        "processed_at": at, "reference": reference(told),
    });
    if state == "failed" {
        ours["failure_code"] = told["error_code"].as_str().into();
        ours["failure_reason"] = told["message"].as_str().into();
    }
    Some(ours)
}

/// Under which id the payment provider itself knows a transaction.
fn reference(told: &Value) -> Option<&str> {
    let receipt = &told["receipt"];
    [
        &told["authorization"],
        &receipt["latest_charge"],
        &receipt["charge"],
        &receipt["error"]["charge"],
        &receipt["id"],
    ]
    .into_iter()
    .filter_map(Value::as_str)
    .find(|id| !id.is_empty() && id.len() <= 200 && id.bytes().all(|b| b.is_ascii_graphic()))
}

/// An amount with its currency: the order, whose it is, may not be known yet.
fn money(told: &Value) -> Value {
    match told["currency"].as_str() {
        Some(currency) => json!({"amount": text(&told["amount"]), "currency": currency}),
        None => text(&told["amount"]),
    }
}

fn quantities(lines: &Value, id: &str) -> Value {
    lines
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| Some(json!({"external_id": body::id(&line[id])?, "quantity": line["quantity"].as_i64().filter(|n| *n > 0)?})))
        .collect()
}
