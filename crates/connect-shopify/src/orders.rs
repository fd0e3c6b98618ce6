//! Orders with what hangs on them: `orders/*`, `fulfillments/*`, `refunds/create`, `order_transactions/create`.
//!
//! Amounts are those in the shop's currency. `total_price` is what was ordered, edits included, before anything came
//! back: what came back is told by the refunds, of which the money is that of their transactions.

use std::collections::BTreeSet;

use regulars_commerce::{
    model::{Order, OrderInput, SourceVersion},
    ops::{self, Outcome},
};
use regulars_connect::{Applied, Failure, Received, Said, leave_out};
use regulars_database::Tx;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    SOURCE, addresses, body, carts, customers, merging,
    parts::{fulfillment, line, payment, payments, refund},
};

/// What a field holds in Shopify. One that holds something else is left out.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Amount,
    Flag,
    Time,
}

/// Of Shopify's field the name of ours, and what it holds. Absent stays absent, null empties.
const SAME: &[(&str, &str, Holds)] = &[
    ("name", "number", Holds::Text),
    ("phone", "phone", Holds::Text),
    ("note", "note", Holds::Text),
    ("source_name", "channel", Holds::Text),
    ("test", "is_test", Holds::Flag),
    ("currency", "currency", Holds::Text),
    ("subtotal_price", "subtotal", Holds::Amount),
    ("total_discounts", "discount_total", Holds::Amount),
    ("total_tax", "tax_total", Holds::Amount),
    ("total_price", "total", Holds::Amount),
    ("cancelled_at", "cancelled_at", Holds::Time),
    ("cancel_reason", "cancel_reason", Holds::Text),
    ("closed_at", "closed_at", Holds::Time),
];

impl Holds {
    /// The value as ours; none if it is of another kind.
    fn read(self, value: &Value) -> Option<Value> {
        let fits = match self {
            Self::Text => value.is_string(),
            Self::Amount => amount(value).is_some(),
            Self::Flag => value.is_boolean(),
            Self::Time => body::time(value).is_some(),
        };
        (fits || value.is_null()).then(|| text(value))
    }
}

/// What a message is about that tells of an order.
#[derive(Clone, Copy)]
pub enum About {
    Order,
    Fulfillment,
    Refund,
    Transaction,
}

/// What is to be told of an order.
struct Told {
    input: Value,
    /// For who looks at the message.
    done: Value,
    left_out: Vec<String>,
}

/// A message that tells of an order; what does not fit is left out and named.
pub async fn put(tx: &mut Tx, about: About, message: &Received) -> Result<Applied, Failure> {
    let base = regulars_accounts::ops::get_organization(tx).await?.currency;
    let body = body::parse(message)?;
    let mut told = read(tx, about, message, &body).await?;
    let outcome = loop {
        let input = order_of(&told.input)?;
        match ops::orders::upsert(tx, &input, base, ops::orders::UNGUARDED).await? {
            Outcome::Refused(error) => leave_out(&mut told.input, error, &mut told.left_out)?,
            outcome => break outcome,
        }
    };
    convert(tx, about, message, &body, &outcome).await?;
    Ok(applied(&outcome, told))
}

/// Several such messages: their orders are written together. None if something must be left out of one of them.
pub async fn put_together(
    tx: &mut Tx,
    messages: impl Iterator<Item = (About, &Received)>,
) -> Result<Option<Vec<Applied>>, Failure> {
    let base = regulars_accounts::ops::get_organization(tx).await?.currency;
    let mut parsed = Vec::new();
    for (about, message) in messages {
        parsed.push((about, message, body::parse(message)?));
    }
    // In one order for everybody: two that have the same customers in other orders would block each other for ever.
    let whose: BTreeSet<String> = parsed
        .iter()
        .filter(|(about, ..)| matches!(about, About::Order))
        .filter_map(|(.., order)| body::id(&order["customer"]["id"]))
        .collect();
    customers::wait_for(tx, whose).await?;
    let (mut inputs, mut all) = (Vec::new(), Vec::new());
    for (about, message, body) in &parsed {
        let told = read(tx, *about, message, body).await?;
        inputs.push(order_of(&told.input)?);
        all.push(told);
    }
    let outcomes = ops::orders::upsert_many(tx, &inputs, base, ops::orders::UNGUARDED).await?;
    if outcomes.iter().any(|outcome| outcome.value().is_none()) {
        return Ok(None);
    }
    for ((about, message, body), outcome) in parsed.iter().zip(&outcomes) {
        convert(tx, *about, message, body, outcome).await?;
    }
    let applied = outcomes
        .iter()
        .zip(all)
        .map(|(outcome, told)| applied(outcome, told));
    Ok(Some(applied.collect()))
}

/// Where an order names the checkout that it came from, that is an order now.
async fn convert(
    tx: &mut Tx,
    about: About,
    message: &Received,
    body: &Value,
    outcome: &Outcome<Order>,
) -> Result<(), Failure> {
    if let (About::Order, Some(order)) = (about, outcome.value()) {
        let said = body::said(message, body::time(&body["updated_at"]));
        carts::convert_by_checkout(tx, body, &order.external_id, order.customer_id, &said).await?;
    }
    Ok(())
}

async fn read(tx: &mut Tx, about: About, message: &Received, told: &Value) -> Result<Told, Failure> {
    let mut read = match about {
        About::Order => of_order(tx, message, told).await?,
        About::Fulfillment => of_fulfillment(message, told)?,
        About::Refund => of_refund(message, told)?,
        About::Transaction => of_transaction(message, told)?,
    };
    read.input["source"] = SOURCE.into();
    Ok(read)
}

fn order_of(input: &Value) -> Result<OrderInput, Failure> {
    serde_json::from_value(input.clone())
        .map_err(|_| Failure::Fatal("a field of the order is of another type than Shopify's".into()))
}

fn applied(outcome: &Outcome<Order>, told: Told) -> Applied {
    let mut done = told.done;
    match outcome {
        Outcome::Created(_) => done["created"] = true.into(),
        Outcome::Unchanged(_) => done["unchanged"] = true.into(),
        Outcome::Updated(_) | Outcome::Refused(_) => {}
    }
    done["order_id"] = json!(outcome.value().map(|order| order.id));
    if !told.left_out.is_empty() {
        done["left_out"] = json!(told.left_out);
    }
    Applied::Done(done)
}

/// What a message says of its order, after its customer was taken over.
async fn of_order(tx: &mut Tx, message: &Received, order: &Value) -> Result<Told, Failure> {
    let external_id = body::required_id(order, &["id"])?;
    let said = body::said(message, body::time(&order["updated_at"]));
    let mut done = json!({});
    let mut left_out = Vec::new();
    let mut input = fields(order, &said, &mut left_out);
    if let Some(customer_id) = body::id(&order["customer"]["id"]) {
        // A customer within an order says when it was so. Where it does not, whatever else is said of it is newer.
        let customer_said = Said(
            body::time(&order["customer"]["updated_at"]).unwrap_or(chrono::DateTime::UNIX_EPOCH),
            said.1.clone(),
        );
        let whose = customers::take_over(tx, &customer_id, &order["customer"], &customer_said).await?;
        match whose.get("customer_id") {
            Some(id) => {
                input["customer_id"] = id.clone();
                done["customer_id"] = id.clone();
            }
            None if whose["merged_into"].is_string() => {
                input["customer"] = json!({"source": SOURCE, "external_id": whose["merged_into"]});
            }
            // Deleted, here or there: the order stays without a customer, and its address must not make one.
            None => {
                merging::remember_order(tx, &customer_id, &external_id).await?;
                input.as_object_mut().map(|fields| fields.shift_remove("email"));
            }
        }
    }
    input["external_id"] = external_id.into();
    if let Some(cart) = carts::of_order(order) {
        input["cart_external_id"] = cart.into();
    }
    Ok(Told {
        input,
        done,
        left_out,
    })
}

/// `orders/delete`.
pub async fn delete(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let external_id = body::required_id(&gone, &["id"])?;
    let base = regulars_accounts::ops::get_organization(tx).await?.currency;
    let version = SourceVersion::new(message.said_at, "");
    ops::orders::delete_by_key(tx, SOURCE, &external_id, Some(&version), base).await?;
    Ok(Applied::Done(json!({"deleted": true})))
}

/// `fulfillments/create` and `update`.
fn of_fulfillment(message: &Received, told: &Value) -> Result<Told, Failure> {
    let said = body::said(message, body::time(&told["updated_at"]));
    let part = fulfillment(told, &said).ok_or_else(no_id)?;
    of_part(told, &said, json!({"fulfillments": [part]}))
}

/// `refunds/create`.
fn of_refund(message: &Received, told: &Value) -> Result<Told, Failure> {
    let said = body::said(message, body::time(&told["created_at"]));
    let part = refund(told, &said).ok_or_else(no_id)?;
    let payments = payments(&told["transactions"], &said);
    of_part(told, &said, json!({"refunds": [part], "payments": payments}))
}

/// `order_transactions/create`.
fn of_transaction(message: &Received, told: &Value) -> Result<Told, Failure> {
    let said = body::said(message, None);
    let part = payment(told, &said).ok_or_else(no_id)?;
    of_part(told, &said, json!({"payments": [part]}))
}

/// What hangs on an order, which is named by its id.
fn of_part(told: &Value, said: &Said, mut input: Value) -> Result<Told, Failure> {
    input["external_id"] = body::required_id(told, &["order_id"])?.into();
    input["source_version"] = version(said);
    Ok(Told {
        input,
        done: json!({}),
        left_out: Vec::new(),
    })
}

fn no_id() -> Failure {
    Failure::Fatal("there is no id in id".into())
}

pub(crate) fn version(said: &Said) -> Value {
    json!(SourceVersion::new(said.0, said.1.clone()))
}

/// Our fields of an order.
fn fields(order: &Value, said: &Said, left_out: &mut Vec<String>) -> Value {
    let mut ours = Map::new();
    for (theirs, name, holds) in SAME {
        match order.get(theirs).map(|value| holds.read(value)) {
            Some(Some(value)) => {
                ours.insert((*name).to_owned(), value);
            }
            Some(None) => left_out.push(format!("/{name}")),
            None => {}
        }
    }
    let mut ours = Value::Object(ours);
    ours["source_version"] = version(said);
    let email = [&order["email"], &order["contact_email"]]
        .into_iter()
        .find(|text| text.as_str().is_some_and(|text| !text.is_empty()));
    if let Some(email) = email {
        ours["email"] = email.clone();
    }
    if let Some(placed) = [&order["processed_at"], &order["created_at"]]
        .into_iter()
        .find(|at| at.is_string())
    {
        ours["placed_at"] = placed.clone();
    }
    if let Some(shipping) = order["total_shipping_price_set"]["shop_money"]["amount"].as_str() {
        ours["shipping_total"] = shipping.into();
    }
    if let Some(status) = order["financial_status"].as_str().and_then(payment_status) {
        ours["payment_status"] = status.into();
    }
    if let Some(status) = order.get("fulfillment_status") {
        ours["fulfillment_status"] = match status.as_str() {
            Some("fulfilled") => "fulfilled".into(),
            Some("partial") => "partial".into(),
            _ => "unfulfilled".into(),
        };
    }
    if let Some(tags) = order.get("tags").filter(|tags| !tags.is_null()) {
        ours["tags"] = json!(crate::tags::names(tags));
    }
    for (theirs, name) in [
        ("billing_address", "billing_address"),
        ("shipping_address", "shipping_address"),
    ] {
        match order.get(theirs) {
            Some(address @ Value::Object(_)) => ours[name] = address_of(address),
            Some(Value::Null) => ours[name] = Value::Null,
            _ => {}
        }
    }
    for (theirs, name, title, amount) in [
        ("discount_codes", "discounts", "code", "amount"),
        ("tax_lines", "taxes", "title", "price"),
        ("shipping_lines", "shipping_lines", "title", "price"),
    ] {
        if let Some(list) = order[theirs].as_array() {
            ours[name] = list
                .iter()
                .filter(|one| one[title].is_string())
                .map(|one| json!({"name": one[title], "amount": text(&one[amount])}))
                .collect();
        }
    }
    if let Some(lines) = order["line_items"].as_array() {
        ours["lines"] = lines.iter().map(line).collect();
    }
    let list = |name: &str| order[name].as_array().into_iter().flatten();
    let own = |part: &Value, field: &str| Said(body::time(&part[field]).unwrap_or(said.0), said.1.clone());
    ours["fulfillments"] = list("fulfillments")
        .filter_map(|one| fulfillment(one, &own(one, "updated_at")))
        .collect();
    ours["refunds"] = list("refunds")
        .filter_map(|one| refund(one, &own(one, "created_at")))
        .collect();
    ours["payments"] = list("refunds")
        .flat_map(|one| payments(&one["transactions"], &own(one, "created_at")))
        .collect();
    ours
}

fn payment_status(theirs: &str) -> Option<&'static str> {
    Some(match theirs {
        "pending" => "pending",
        "authorized" => "authorized",
        "partially_paid" => "partially_paid",
        "paid" => "paid",
        "partially_refunded" => "partially_refunded",
        "refunded" => "refunded",
        "voided" | "expired" => "voided",
        _ => return None,
    })
}

fn address_of(address: &Value) -> Value {
    let mut ours = addresses::fields(address);
    if let Some(fields) = ours.as_object_mut() {
        fields.retain(|name, value| value.is_string() && name != "latitude" && name != "longitude");
    }
    ours
}

/// An amount, which some versions send as a number.
pub(crate) fn text(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.to_string().into(),
        other => other.clone(),
    }
}

pub(crate) fn amount(value: &Value) -> Option<Decimal> {
    text(value).as_str()?.trim().parse().ok()
}

/// The sum of a field of a list; none where there is no list or nothing in it.
pub(crate) fn sum(list: &Value, field: &str) -> Option<Decimal> {
    let list = list.as_array().filter(|list| !list.is_empty())?;
    Some(list.iter().filter_map(|one| amount(&one[field])).sum())
}
