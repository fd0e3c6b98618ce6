//! Carts and checkouts: `carts/create`, `carts/update`, `checkouts/*`.
//!
//! A checkout is the cart whose token it names; one without is known by its own token. Its deletion names its id alone, and
//! an order may name any of the three: what a checkout's id means is remembered (`Entity`), whichever is heard first.

use chrono::{DateTime, Utc};
use regulars_commerce::{
    model::{CartInput, Conversion, SourceVersion},
    ops::{self, Outcome},
};
use regulars_connect::{Applied, Entity, Failure, Received, Said, leave_out};
use regulars_database::Tx;
use regulars_kernel::{Currency, Error, ids::CustomerId};
use serde_json::{Value, json};

use crate::{
    SOURCE, body, customers,
    orders::{amount, text, version},
};

const KIND: &str = "checkout";
/// Under which stands the id of the cart that a checkout is.
const CART: &str = "cart";
/// Under which stands the order that a checkout became, until its cart is known.
const ORDER: &str = "order";

/// `carts/create` and `carts/update`: nobody is named there.
pub async fn put(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let cart = body::parse(message)?;
    let external_id = token(&cart, &["token", "id"])
        .ok_or_else(|| Failure::Fatal("there is no token in token or id".into()))?;
    let said = body::said(message, body::time(&cart["updated_at"]));
    let base = base(tx).await?;
    let mut input = content(message, &cart, &said, base);
    input["external_id"] = external_id.into();
    if let Some(at) = body::time(&cart["created_at"]) {
        input["started_at"] = json!(at);
    }
    tell(tx, input, json!({}), base).await
}

/// `checkouts/create` and `checkouts/update`.
pub async fn put_checkout(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let checkout = body::parse(message)?;
    let id = body::required_id(&checkout, &["id"])?;
    let external_id = token(&checkout, &["cart_token", "token"]).unwrap_or_else(|| id.clone());
    let said = body::said(message, body::time(&checkout["updated_at"]));
    let base = base(tx).await?;
    let mut input = content(message, &checkout, &said, base);
    let (mut done, whose) = buyer(tx, &checkout, &said, &mut input).await?;
    let mut thing = Entity::lock(tx, SOURCE, KIND, &id).await?;
    // An older message may know the checkout by its own token still.
    if thing.is_news(CART, &said) {
        thing.data.insert(CART.into(), external_id.clone().into());
    }
    let is_deleted = thing.is_deleted();
    let order = thing.data.shift_remove(ORDER);
    thing.save(tx).await?;
    if is_deleted {
        remove(tx, &external_id, message).await?;
        done["deleted"] = true.into();
        return Ok(Applied::Done(done));
    }
    input["external_id"] = external_id.clone().into();
    input["checkout_started_at"] = json!(body::time(&checkout["created_at"]).unwrap_or(said.0));
    if let Some(at) = body::time(&checkout["completed_at"]) {
        input["completed_at"] = json!(at);
    }
    input["email"] = match checkout["email"].as_str().filter(|email| !email.is_empty()) {
        Some(email) if !whose.is_gone => email.into(),
        _ => Value::Null,
    };
    input["recovery_url"] = json!(checkout["abandoned_checkout_url"].as_str());
    if let Some(order) = order.and_then(|order| serde_json::from_value::<Waiting>(order).ok()) {
        convert(tx, external_id, order).await?;
    }
    tell(tx, input, done, base).await
}

/// `checkouts/delete`, which names the id alone.
pub async fn delete_checkout(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let id = body::required_id(&gone, &["id"])?;
    let mut thing = Entity::lock(tx, SOURCE, KIND, &id).await?;
    thing.delete(message.said_at);
    thing.save(tx).await?;
    if let Some(cart) = thing.data.get(CART).and_then(Value::as_str) {
        remove(tx, cart, message).await?;
    }
    Ok(Applied::Done(json!({"deleted": true})))
}

/// The cart of which an order came, as far as the order names it by a token.
pub fn of_order(order: &Value) -> Option<String> {
    let by_id = body::id(&order["checkout_id"]).is_some();
    token(order, &["cart_token"]).or_else(|| token(order, &["checkout_token"]).filter(|_| !by_id))
}

/// Converts the cart of an order that names it by the id of its checkout alone.
pub async fn convert_by_checkout(
    tx: &mut Tx,
    order: &Value,
    external_id: &str,
    customer_id: Option<CustomerId>,
    said: &Said,
) -> Result<(), Failure> {
    let Some(id) = body::id(&order["checkout_id"]).filter(|_| of_order(order).is_none()) else {
        return Ok(());
    };
    let placed = [&order["processed_at"], &order["created_at"]];
    let mut known = Waiting {
        external_id: external_id.to_owned(),
        at: placed.into_iter().find_map(body::time).unwrap_or(said.0),
        customer_id,
    };
    let mut thing = Entity::lock(tx, SOURCE, KIND, &id).await?;
    if let Some(cart) = thing.data.get(CART).and_then(Value::as_str) {
        return convert(tx, cart.to_owned(), known).await;
    }
    let before = thing.data.get(ORDER).cloned();
    let before = before.and_then(|order| serde_json::from_value::<Waiting>(order).ok());
    known.customer_id = known.customer_id.or(before.and_then(|order| order.customer_id));
    let waiting = serde_json::to_value(&known).map_err(Error::from)?;
    thing.data.insert(ORDER.into(), waiting);
    Ok(thing.save(tx).await?)
}

/// An order whose cart may not be known yet.
#[derive(serde::Serialize, serde::Deserialize)]
struct Waiting {
    external_id: String,
    at: DateTime<Utc>,
    customer_id: Option<CustomerId>,
}

async fn convert(tx: &mut Tx, cart_external_id: String, order: Waiting) -> Result<(), Failure> {
    let conversion = Conversion {
        source: SOURCE.to_owned(),
        cart_external_id,
        order_external_id: order.external_id,
        at: order.at,
        customer_id: order.customer_id,
    };
    let base = base(tx).await?;
    Ok(ops::carts::convert(tx, &[conversion], base).await?)
}

async fn base(tx: &mut Tx) -> Result<Currency, Failure> {
    Ok(regulars_accounts::ops::get_organization(tx).await?.currency)
}

async fn remove(tx: &mut Tx, cart: &str, message: &Received) -> Result<(), Failure> {
    let base = base(tx).await?;
    let version = SourceVersion::new(message.said_at, "");
    Ok(ops::carts::delete_by_key(tx, SOURCE, cart, Some(&version), base).await?)
}

/// Whose a checkout is.
struct Whose {
    /// They were deleted, here or there: the address must not make them anew.
    is_gone: bool,
}

/// Takes over whoever is at the checkout, and says whose it is.
async fn buyer(
    tx: &mut Tx,
    checkout: &Value,
    said: &Said,
    input: &mut Value,
) -> Result<(Value, Whose), Failure> {
    let Some(id) = body::id(&checkout["customer"]["id"]) else {
        return Ok((json!({}), Whose { is_gone: false }));
    };
    // A customer within a checkout says when it was so. Where it does not, whatever else is said of it is newer.
    let at = body::time(&checkout["customer"]["updated_at"]).unwrap_or(DateTime::UNIX_EPOCH);
    let customer_said = Said(at, said.1.clone());
    let found = customers::take_over(tx, &id, &checkout["customer"], &customer_said).await?;
    if let Some(id) = found.get("customer_id") {
        input["customer_id"] = id.clone();
        return Ok((json!({"customer_id": id}), Whose { is_gone: false }));
    }
    if found["merged_into"].is_string() {
        input["customer"] = json!({"source": SOURCE, "external_id": found["merged_into"]});
        return Ok((json!({}), Whose { is_gone: false }));
    }
    Ok((json!({}), Whose { is_gone: true }))
}

/// What is in it. Everything is said each time, for an empty cart has neither a currency nor a total.
fn content(message: &Received, told: &Value, said: &Said, base: Currency) -> Value {
    let items = told["line_items"].as_array().map_or(&[][..], Vec::as_slice);
    let named = |item: &Value| {
        item["line_price_set"]["shop_money"]["currency_code"]
            .as_str()
            .map(str::to_owned)
    };
    let currency = told["currency"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| items.iter().find_map(named))
        .or_else(|| Some(message.settings.get("currency")?.as_str()?.to_owned()))
        .unwrap_or_else(|| base.as_str().to_owned());
    let lines: Vec<Value> = items.iter().map(line).collect();
    let mut ours = json!({"source_version": version(said), "currency": currency, "lines": lines});
    if amount(&told["total_price"]).is_some() {
        ours["total"] = text(&told["total_price"]);
    }
    ours
}

fn line(item: &Value) -> Value {
    let title = item["title"].as_str().or(item["presentment_title"].as_str());
    let title = title.filter(|title| !title.trim().is_empty()).unwrap_or("–");
    let mut ours = json!({"title": title, "quantity": item["quantity"].as_i64().unwrap_or(0)});
    for (theirs, name) in [
        ("product_id", "product_external_id"),
        ("variant_id", "variant_external_id"),
    ] {
        if let Some(id) = body::id(&item[theirs]) {
            ours[name] = id.into();
        }
    }
    for (theirs, name) in [
        ("key", "external_id"),
        ("sku", "sku"),
        ("variant_title", "variant_title"),
    ] {
        if let Some(value) = item[theirs].as_str().filter(|text| !text.trim().is_empty()) {
            ours[name] = value.into();
        }
    }
    for (theirs, name) in [("price", "price"), ("line_price", "total")] {
        if amount(&item[theirs]).is_some() {
            ours[name] = text(&item[theirs]);
        }
    }
    ours
}

/// A token, without the key that may follow it: at most as long as an id here may be.
fn token(told: &Value, fields: &[&str]) -> Option<String> {
    fields
        .iter()
        .filter_map(|field| told[*field].as_str()?.split('?').next())
        .find(|text| !text.is_empty() && text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
}

/// Tells of a cart; what does not fit is left out and named.
async fn tell(tx: &mut Tx, mut input: Value, mut done: Value, base: Currency) -> Result<Applied, Failure> {
    input["source"] = SOURCE.into();
    let mut left_out = Vec::new();
    let cart = loop {
        let told: CartInput = serde_json::from_value(input.clone())
            .map_err(|_| Failure::Fatal("a field of the cart is of another type than Shopify's".into()))?;
        match ops::carts::upsert_many(tx, &[told], base, ops::orders::UNGUARDED)
            .await?
            .pop()
        {
            Some(Outcome::Created(cart)) => {
                done["created"] = true.into();
                break cart;
            }
            Some(Outcome::Updated(cart)) => break cart,
            Some(Outcome::Unchanged(cart)) => {
                done["unchanged"] = true.into();
                break cart;
            }
            Some(Outcome::Refused(error)) => leave_out(&mut input, error, &mut left_out)?,
            None => return Err(Error::internal("what is told of one cart has one outcome").into()),
        }
    };
    done["cart_id"] = json!(cart.id);
    if !left_out.is_empty() {
        done["left_out"] = json!(left_out);
    }
    Ok(Applied::Done(done))
}
