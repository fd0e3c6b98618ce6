//! Customers: `customers/create`, `update`, `enable`, `disable`, `delete`, and what has topics of its own.
//!
//! Who it is follows Shopify's id first, then the e-mail address: somebody known by another way is linked, not doubled.

use regulars_connect::{Applied, Entity, Failure, Received, Said};
use regulars_customers::{
    model::{
        Channel, Customer, CustomerInput, Defaults, NewCustomer, SourceChange, SourceInput, SyncState, Type,
    },
    ops, store,
};
use regulars_database::Tx;
use regulars_kernel::{Email, Error, Patch, Result, ids::CustomerId};
use serde_json::{Map, Value, json};

use crate::{SOURCE, addresses, body, consents, fitting::leave_out, tags};

const KIND: &str = "customer";
/// Under which the marks of what was taken over are kept.
const PROFILE: &str = "profile";
/// Under which it is kept that the customer is here because Shopify told of it.
const MADE_HERE: &str = "made_here";

/// Ours behind a customer of Shopify.
enum Ours {
    Nobody,
    Living(Box<Customer>),
    /// Deleted here: not made anew.
    Deleted,
}

async fn ours(tx: &mut Tx, external_id: &str) -> Result<Ours> {
    let Some(id) = store::sources::owner(tx, SOURCE, external_id).await? else {
        return Ok(Ours::Nobody);
    };
    Ok(match store::customers::lock(tx, id).await? {
        Some(customer) if customer.deleted_at.is_none() => Ours::Living(Box::new(customer)),
        _ => Ours::Deleted,
    })
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
    if thing.is_deleted() {
        return Ok(json!({"deleted": true}));
    }
    if let Some(names) = customer.get("tags") {
        tags::list(&mut thing, &tags::names(names), said);
    }
    let flag = consents::of_flag(customer, body::time(&customer["accepts_marketing_updated_at"]));
    let email = [&customer["email_marketing_consent"], &flag];
    if let Some(consent) = email.into_iter().find(|consent| consent.is_object()) {
        consents::note(&mut thing, Channel::Email, consent, said);
    }
    consents::note(&mut thing, Channel::Sms, &customer["sms_marketing_consent"], said);
    // Each field is a facet of its own: a customer within an order says less than one alone, and claims no more than it says.
    let mut fields = profile(customer);
    fields.retain(|name, _| thing.is_news(&format!("field:{name}"), said));
    let mut left_out = Vec::new();
    let (id, is_created) = match ours(tx, external_id).await? {
        Ours::Deleted => {
            thing.save(tx).await?;
            return Ok(json!({"customer": "deleted"}));
        }
        Ours::Living(current) => {
            update(tx, &current, &mut thing, &fields, &mut left_out).await?;
            (current.id, false)
        }
        Ours::Nobody => find_or_create(tx, external_id, &mut thing, &fields, &mut left_out).await?,
    };
    let defaults = defaults(tx).await?;
    addresses::settle(tx, id, &mut thing, customer, said, &defaults, &mut left_out).await?;
    settle(tx, id, &mut thing, &mut left_out).await?;
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
    consents::settle(tx, id, thing).await
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
    let done = match ours(tx, external_id).await? {
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
    let is_known_otherwise = thing.data.get(MADE_HERE) != Some(&Value::Bool(true));
    thing.data = Map::new();
    thing.save(tx).await?;
    let Ours::Living(customer) = ours(tx, &external_id).await? else {
        return Ok(Applied::Done(json!({"deleted": true})));
    };
    let detached = SourceChange {
        sync_state: Patch::Set("detached".into()),
    };
    ops::sources::update(tx, customer.id, (SOURCE, &external_id), &detached, &|_| Ok(())).await?;
    let links = ops::sources::list(tx, customer.id).await?;
    // Who was entered here, and only found to be the same by the address, is known without Shopify.
    let is_last = !is_known_otherwise && links.iter().all(|link| link.sync_state == SyncState::Detached);
    if is_last {
        ops::customers::delete(tx, customer.id, &|_| Ok(())).await?;
    }
    Ok(Applied::Done(
        json!({"customer_id": customer.id, "deleted": is_last}),
    ))
}

/// Somebody of the same address who is linked now, or a new customer; and whether it is new.
async fn find_or_create(
    tx: &mut Tx,
    external_id: &str,
    thing: &mut Entity,
    fields: &Map<String, Value>,
    left_out: &mut Vec<String>,
) -> Result<(CustomerId, bool), Failure> {
    let link = SourceInput {
        source: SOURCE.into(),
        external_id: external_id.into(),
    };
    let email = fields.get("email").and_then(Value::as_str);
    if let Some(email) = email.and_then(|text| Email::parse(text).ok())
        && let Some(id) = store::customers::id_by_email(tx, &email.lowercase()).await?
        && let Some(current) = store::customers::lock(tx, id).await?
        && !is_linked(tx, id).await?
    {
        ops::sources::link(tx, id, &link).await?;
        update(tx, &current, thing, fields, left_out).await?;
        return Ok((id, false));
    }
    let defaults = defaults(tx).await?;
    let mut input: Value = fields.clone().into();
    leave_taken_out(tx, &mut input, None, left_out).await?;
    loop {
        let new = NewCustomer {
            fields: serde_json::from_value(input.clone()).map_err(Error::from)?,
            sources: vec![link.clone()],
            ..NewCustomer::default()
        };
        match ops::customers::create_as_told(tx, &new, &defaults).await {
            Ok(made) => {
                thing.data.insert(MADE_HERE.into(), true.into());
                keep_marks(thing, &input);
                return Ok((made.id, true));
            }
            Err(error) => leave_out(&mut input, error, left_out)?,
        }
    }
}

/// Whether another customer of Shopify is this one already: two of them are two, whatever their addresses.
async fn is_linked(tx: &mut Tx, id: CustomerId) -> Result<bool> {
    let links = ops::sources::list(tx, id).await?;
    Ok(links
        .iter()
        .any(|link| link.source == SOURCE && link.sync_state != SyncState::Detached))
}

/// Leaves an address out that somebody else has: the transaction would not survive to find out.
async fn leave_taken_out(
    tx: &mut Tx,
    input: &mut Value,
    own: Option<CustomerId>,
    left_out: &mut Vec<String>,
) -> Result<()> {
    let Some(email) = input["email"].as_str().and_then(|text| Email::parse(text).ok()) else {
        return Ok(());
    };
    let owner = store::customers::id_by_email(tx, &email.lowercase()).await?;
    if owner.is_some()
        && owner != own
        && let Some(fields) = input.as_object_mut()
    {
        fields.shift_remove("email");
        fields.shift_remove("email_verified");
        left_out.push("/email".into());
    }
    Ok(())
}

/// Changes the fields of which Shopify says something else than it did last.
async fn update(
    tx: &mut Tx,
    current: &Customer,
    thing: &mut Entity,
    fields: &Map<String, Value>,
    left_out: &mut Vec<String>,
) -> Result<(), Failure> {
    let marks = thing.data.get(PROFILE).cloned().unwrap_or_default();
    let mut news = fields.clone();
    news.retain(|name, value| marks[name.as_str()] != body::mark(value).as_str());
    // How they buy is Shopify's to say only of people with and without an account.
    if !matches!(current.customer_type, Type::Guest | Type::Registered) {
        news.shift_remove("type");
    }
    if news.is_empty() {
        return Ok(());
    }
    let defaults = defaults(tx).await?;
    let mut input: Value = news.into();
    leave_taken_out(tx, &mut input, Some(current.id), left_out).await?;
    loop {
        let patch: CustomerInput = serde_json::from_value(input.clone()).map_err(Error::from)?;
        match ops::customers::update(tx, current.id, &patch, &|_| Ok(()), &defaults).await {
            Ok(_) => {
                keep_marks(thing, &input);
                return Ok(());
            }
            Err(error) => leave_out(&mut input, error, left_out)?,
        }
    }
}

/// Keeps what was taken over in mind; what was left out is tried again with the next message.
fn keep_marks(thing: &mut Entity, taken: &Value) {
    let marks = thing.data.entry(PROFILE).or_insert_with(|| json!({}));
    for (name, value) in taken.as_object().into_iter().flatten() {
        marks[name.as_str()] = body::mark(value).into();
    }
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

async fn defaults(tx: &mut Tx) -> Result<Defaults> {
    let organization = regulars_accounts::ops::get_organization(tx).await?;
    Ok(Defaults::new(
        organization.currency,
        &organization.locale,
        tx.now().date_naive(),
    ))
}
