//! Customers: `customers/create`, `update`, `enable`, `disable`, `delete`, and what has topics of its own.
//!
//! Who it is follows Shopify's id first, then the e-mail address: somebody known by another way is linked, not doubled.

use std::collections::BTreeSet;

use regulars_connect::{
    Applied, Entity, Failure, Received, Said, consents as agreed,
    people::{self, Ours},
};
use regulars_customers::model::{Amount, Channel, ToldMetrics};
use regulars_database::Tx;
use regulars_kernel::{Error, Result, ids::CustomerId};
use serde_json::{Map, Value, json};

use crate::{SOURCE, addresses, body, consents, merging, tags};

pub const KIND: &str = "customer";
/// Under which what Shopify says of their purchases waits.
const PURCHASES: &str = "purchases";

/// Waits until nobody else changes any of these; nobody does until the transaction ends.
pub async fn wait_for(tx: &mut Tx, external_ids: BTreeSet<String>) -> Result<()> {
    if external_ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = external_ids.into_iter().collect();
    Entity::lock_all(tx, SOURCE, KIND, &ids).await
}

/// A message that has the customer in it.
pub async fn put(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let customer = body::parse(message)?;
    let external_id = body::required_id(&customer, &["id"])?;
    let said = body::said(message, body::time(&customer["updated_at"]));
    let applied = take_over(tx, &external_id, &customer, &said).await?;
    Ok(Applied::Done(applied))
}

/// Takes a customer's fields over, as far as nothing newer was said. Answers what became of it.
pub async fn take_over(
    tx: &mut Tx,
    external_id: &str,
    customer: &Value,
    said: &Said,
) -> Result<Value, Failure> {
    let mut thing = Entity::lock(tx, SOURCE, KIND, external_id).await?;
    if let Some(kept) = thing.data.get(merging::MERGED_INTO).and_then(Value::as_str) {
        // What it says of itself is not the kept one's; whose its orders are is.
        return Ok(json!({"merged_into": kept}));
    }
    if thing.is_deleted() {
        return Ok(json!({"deleted": true}));
    }
    // Null says no more than absent: newer versions have a topic of its own for tags.
    if let Some(names) = customer.get("tags").filter(|tags| !tags.is_null()) {
        tags::list(&mut thing, &tags::names(names), said);
    }
    match &customer["email_marketing_consent"] {
        consent @ Value::Object(_) => consents::note(&mut thing, Channel::Email, consent, said),
        _ => consents::note_flag(&mut thing, customer, said),
    }
    consents::note(&mut thing, Channel::Sms, &customer["sms_marketing_consent"], said);
    // Each field is a facet of its own: a customer within an order says less than one alone, and claims no more than it says.
    let mut fields = profile(customer);
    fields.retain(|name, _| thing.is_news(&format!("field:{name}"), said));
    let mut left_out = Vec::new();
    let taken = people::take_over(tx, &mut thing, &fields, &mut left_out).await?;
    let Some((id, is_created)) = taken else {
        thing.save(tx).await?;
        return Ok(json!({"customer": "deleted"}));
    };
    let defaults = people::defaults(tx).await?;
    addresses::settle(tx, id, &mut thing, customer, said, &defaults, &mut left_out).await?;
    settle(tx, id, &mut thing, &mut left_out).await?;
    merging::take_parts_over(tx, id, &mut thing).await?;
    thing.save(tx).await?;
    let mut done = json!({"customer_id": id});
    if is_created {
        done["created"] = true.into();
    }
    if fields.is_empty() {
        done["newer_known"] = true.into();
    }
    if !left_out.is_empty() {
        left_out.sort();
        left_out.dedup();
        done["left_out"] = json!(left_out);
    }
    Ok(done)
}

/// Applies what was noted of tags and consents.
async fn settle(tx: &mut Tx, id: CustomerId, thing: &mut Entity, left_out: &mut Vec<String>) -> Result<()> {
    tags::settle(tx, id, thing, left_out).await?;
    if let Some(told) = thing.data.shift_remove(PURCHASES) {
        let told: ToldMetrics = serde_json::from_value(told)?;
        let base = regulars_accounts::ops::get_organization(tx).await?.currency;
        regulars_commerce::ops::metrics::tell(tx, id, base, SOURCE, &told).await?;
    }
    consents::withdraw_declined(thing);
    agreed::settle(tx, id, thing).await
}

/// `customers/purchasing_summary`: kept beside the figures of the orders that are known here.
pub async fn sum_up(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let summary = body::parse(message)?;
    let external_id = body::required_id(&summary, &["customerId", "customer_id"])?;
    let said = body::said(message, body::time(&summary["occurredAt"]));
    let (orders, spent) = (&summary["numberOfOrders"], &summary["amountSpent"]);
    let whole = orders.as_i64().or_else(|| orders.as_str()?.parse().ok());
    let told = ToldMetrics {
        orders: whole.ok_or_else(|| Failure::Fatal("there is no number in numberOfOrders".into()))?,
        total_spent: match (spent["amount"].as_str(), spent["currencyCode"].as_str()) {
            (Some(amount), Some(currency)) => Some(Amount {
                amount: amount.to_owned(),
                currency: currency.to_owned(),
            }),
            _ => None,
        },
        last_order: body::id(&summary["lastOrderId"]),
        said_at: said.0,
        average_order_value: None,
        expected: None,
    };
    let told = serde_json::to_value(told).map_err(Error::from)?;
    note(tx, &external_id, |thing| {
        if thing.is_news(PURCHASES, &said) {
            thing.data.insert(PURCHASES.into(), told);
        }
    })
    .await
}

/// `customer.tags_added` and `customer.tags_removed`.
pub async fn change_tags(tx: &mut Tx, message: &Received, is_added: bool) -> Result<Applied, Failure> {
    let change = body::parse(message)?;
    let external_id = body::required_id(&change, &["customerId", "customer_id", "id"])?;
    let said = body::said(message, body::time(&change["occurredAt"]));
    note(tx, &external_id, |thing| {
        tags::change(thing, &tags::names(&change["tags"]), is_added, &said);
    })
    .await
}

/// `customers_email_marketing_consent/update` and the one for text messages.
pub async fn change_consent(tx: &mut Tx, message: &Received, channel: Channel) -> Result<Applied, Failure> {
    let change = body::parse(message)?;
    let external_id = body::required_id(&change, &["customer_id", "id"])?;
    let said = body::said(message, None);
    let field = match channel {
        Channel::Email => "email_marketing_consent",
        Channel::Sms => "sms_marketing_consent",
    };
    note(tx, &external_id, |thing| {
        consents::note(thing, channel, &change[field], &said);
    })
    .await
}

/// Notes something of a customer, and applies it if the customer is known.
async fn note(tx: &mut Tx, external_id: &str, what: impl FnOnce(&mut Entity)) -> Result<Applied, Failure> {
    let mut thing = Entity::lock(tx, SOURCE, KIND, external_id).await?;
    if thing.is_deleted() {
        return Ok(Applied::Done(json!({"deleted": true})));
    }
    what(&mut thing);
    let mut left_out = Vec::new();
    let done = match people::ours(tx, SOURCE, external_id).await? {
        Ours::Living(customer) => {
            settle(tx, customer.id, &mut thing, &mut left_out).await?;
            json!({"customer_id": customer.id})
        }
        Ours::Deleted => json!({"customer": "deleted"}),
        Ours::Nobody => json!({"waiting": "the customer is not known yet"}),
    };
    thing.save(tx).await?;
    Ok(Applied::Done(done))
}

/// `customers/delete`: the link is detached, and who is known by nothing else is deleted here too.
pub async fn delete(tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
    let gone = body::parse(message)?;
    let external_id = body::required_id(&gone, &["id"])?;
    let mut thing = Entity::lock(tx, SOURCE, KIND, &external_id).await?;
    thing.delete(message.said_at);
    let is_made_here = people::is_made_here(&thing);
    // Whom it became part of is remembered, and its orders: they may come later, and so may the word that it did.
    thing
        .data
        .retain(|name, _| [merging::MERGED_INTO, merging::ORDERS].contains(&name.as_str()));
    thing.save(tx).await?;
    let Ours::Living(customer) = people::ours(tx, SOURCE, &external_id).await? else {
        return Ok(Applied::Done(json!({"deleted": true})));
    };
    let is_last = merging::let_go(tx, customer.id, &external_id, is_made_here).await?;
    Ok(Applied::Done(
        json!({"customer_id": customer.id, "deleted": is_last}),
    ))
}

/// Our fields of Shopify's; what is absent stays absent.
fn profile(customer: &Value) -> Map<String, Value> {
    const SAME: &[(&str, &str)] = &[
        ("email", "email"),
        ("phone", "phone"),
        ("first_name", "first_name"),
        ("last_name", "last_name"),
        // Shopify's note about a customer is not for them to read.
        ("note", "internal_note"),
    ];
    let mut fields = Map::new();
    for (theirs, ours) in SAME {
        if let Some(value) = customer
            .get(theirs)
            .filter(|value| value.is_string() || value.is_null())
        {
            // An empty text is none.
            let value = if value.as_str().is_some_and(|text| text.trim().is_empty()) {
                Value::Null
            } else {
                value.clone()
            };
            fields.insert((*ours).to_owned(), value);
        }
    }
    // What is verified is the address of the same message.
    if let (Some(verified), Some(Value::String(_))) =
        (customer["verified_email"].as_bool(), fields.get("email"))
    {
        fields.insert("email_verified".into(), verified.into());
    }
    if let Some(state) = customer["state"].as_str() {
        let how = if state.eq_ignore_ascii_case("enabled") {
            "registered"
        } else {
            "guest"
        };
        fields.insert("type".into(), how.into());
    }
    fields
}
