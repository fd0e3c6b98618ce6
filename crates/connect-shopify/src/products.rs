//! Products with their variants: `products/create`, `update` and `delete`.

use regulars_commerce::{
    model::{ProductInput, SourceVersion},
    ops::{self, Outcome},
};
use regulars_connect::{Applied, Failure, Received, leave_out};
use regulars_database::Tx;
use regulars_kernel::Error;
use serde_json::{Map, Value, json};

use crate::{SOURCE, body, tags};

/// A message that has the product in it.
pub async fn put(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let product = body::parse(message)?;
    let external_id = body::required_id(&product, &["id"])?;
    let said = body::said(message, body::time(&product["updated_at"]));
    let base = regulars_accounts::ops::get_organization(tx).await?.currency;
    let currency = message.settings.get("currency").and_then(Value::as_str);
    let mut input = fields(&product, currency);
    input["source"] = SOURCE.into();
    input["external_id"] = external_id.into();
    input["source_version"] = json!(SourceVersion::new(said.0, said.1));
    // A file of Shopify's names products by their handles alone.
    if let Some(handle) = product["handle"].as_str() {
        let id = input["external_id"].as_str().unwrap_or_default();
        ops::products::adopt(tx, SOURCE, handle, id).await?;
    }
    let mut left_out = Vec::new();
    let (product, outcome) = loop {
        let told: ProductInput = serde_json::from_value(input.clone())
            .map_err(|_| Failure::Fatal("a field of the product is of another type than Shopify's".into()))?;
        let outcome = ops::products::upsert_many(tx, &[told], base).await?.pop();
        match outcome {
            Some(Outcome::Created(product)) => break (product, "created"),
            Some(Outcome::Updated(product)) => break (product, "updated"),
            Some(Outcome::Unchanged(product)) => break (product, "unchanged"),
            Some(Outcome::Refused(error)) => leave_out(&mut input, error, &mut left_out)?,
            None => return Err(Error::internal("what is told of one product has one outcome").into()),
        }
    };
    let mut done = json!({"product_id": product.id, outcome: true});
    if !left_out.is_empty() {
        done["left_out"] = json!(left_out);
    }
    Ok(Applied::Done(done))
}

/// `products/delete`, which names the id alone.
pub async fn delete(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let id = body::required_id(&gone, &["id"])?;
    ops::products::delete_by_key(tx, SOURCE, &id, Some(message.said_at)).await?;
    Ok(Applied::Done(json!({"deleted": true})))
}

/// Our fields of a product; what is absent stays absent. Shopify's prices are in the shop's currency, which it does not say.
fn fields(product: &Value, currency: Option<&str>) -> Value {
    const SAME: &[(&str, &str)] = &[
        ("title", "title"),
        ("handle", "handle"),
        ("vendor", "brand"),
        ("product_type", "category"),
        ("status", "status"),
    ];
    let mut ours = Map::new();
    for (theirs, name) in SAME {
        if let Some(value) = product.get(theirs) {
            ours.insert((*name).to_owned(), value.clone());
        }
    }
    let mut ours = Value::Object(ours);
    if let Some(names) = product.get("tags").filter(|tags| !tags.is_null()) {
        ours["tags"] = json!(tags::names(names));
    }
    let image = [&product["image"]["src"], &product["images"][0]["src"]];
    if let Some(url) = image.into_iter().find(|url| url.is_string()) {
        ours["image_url"] = url.clone();
    }
    if let Some(variants) = product["variants"].as_array() {
        ours["variants"] = variants.iter().filter_map(|one| variant(one, currency)).collect();
    }
    ours
}

fn variant(told: &Value, currency: Option<&str>) -> Option<Value> {
    let title = ["option1", "option2", "option3"]
        .iter()
        .filter_map(|option| told[*option].as_str())
        .collect::<Vec<_>>()
        .join(" / ");
    let mut ours = json!({"external_id": body::id(&told["id"])?});
    for (value, name) in [
        (told["sku"].as_str(), "sku"),
        (told["barcode"].as_str(), "barcode"),
        (
            told["title"]
                .as_str()
                .filter(|text| !text.is_empty())
                .or(Some(title.as_str())),
            "title",
        ),
    ] {
        if let Some(text) = value.filter(|text| !text.trim().is_empty()) {
            ours[name] = text.into();
        }
    }
    for name in ["price", "compare_at_price"] {
        if let Some(amount) = told[name].as_str().filter(|text| !text.trim().is_empty()) {
            ours[name] = match currency {
                Some(currency) => json!({"amount": amount, "currency": currency}),
                None => amount.into(),
            };
        }
    }
    if let Some(item) = body::id(&told["inventory_item_id"]) {
        ours["inventory_item_id"] = item.into();
    }
    if let Some(stock) = told["inventory_quantity"].as_i64() {
        ours["stock"] = stock.into();
    }
    Some(ours)
}
