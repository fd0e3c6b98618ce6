//! Contact persons. At most one of a customer is the primary one.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Error, Faults, Result,
    ids::{ContactId, CustomerId},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Guard, check_room,
    customers::{MOST_PARTS, event},
    lock_living, require_living,
};
use crate::{
    model::{Contact, ContactInput, Customer, Defaults},
    store,
};

/// All contacts of a customer, the primary one first.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Contact>> {
    require_living(tx, customer_id).await?;
    store::contacts::list(tx, customer_id).await
}

/// One contact.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: ContactId) -> Result<Contact> {
    require_living(tx, customer_id).await?;
    store::contacts::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("contact"))
}

/// Adds a contact.
pub async fn create(
    tx: &mut Tx,
    customer_id: CustomerId,
    input: &ContactInput,
    defaults: &Defaults,
) -> Result<Contact> {
    let customer = lock_living(tx, customer_id).await?;
    check_room(
        store::contacts::count(tx, customer_id).await?,
        MOST_PARTS,
        "contacts",
    )?;
    let mut faults = Faults::new();
    let mut contact = Contact::blank(customer_id, tx.now());
    input.apply(&mut contact, "", &local(&customer, defaults), &mut faults);
    faults.check()?;
    if contact.is_primary {
        store::contacts::clear_primary(tx, customer_id, contact.id).await?;
    }
    store::contacts::insert(tx, &contact).await?;
    regulars_events::append(tx, created(&contact)).await?;
    Ok(contact)
}

/// Changes a contact.
pub async fn update(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: ContactId,
    input: &ContactInput,
    guard: Guard<'_>,
    defaults: &Defaults,
) -> Result<Contact> {
    let customer = lock_living(tx, customer_id).await?;
    let before = store::contacts::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("contact"))?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let mut after = before.clone();
    input.apply(&mut after, "", &local(&customer, defaults), &mut faults);
    faults.check()?;
    if after == before {
        return Ok(before);
    }
    if after.is_primary {
        store::contacts::clear_primary(tx, customer_id, id).await?;
    }
    after.version = store::contacts::update(tx, &after).await?;
    let data = json!({"id": id, "full_name": after.full_name, "changes": differences(&before, &after)});
    regulars_events::append(tx, event("contact.updated", customer_id, data)).await?;
    store::contacts::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("contact"))
}

/// Removes a contact.
pub async fn delete(tx: &mut Tx, customer_id: CustomerId, id: ContactId, guard: Guard<'_>) -> Result<()> {
    lock_living(tx, customer_id).await?;
    let contact = store::contacts::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("contact"))?;
    guard(contact.version)?;
    store::contacts::delete(tx, id).await?;
    let data = json!({"id": id, "full_name": contact.full_name});
    regulars_events::append(tx, event("contact.deleted", customer_id, data)).await?;
    Ok(())
}

/// Numbers without a calling code are read as of the customer's country.
fn local(customer: &Customer, defaults: &Defaults) -> Defaults {
    Defaults {
        country: customer.country.or(defaults.country),
        ..defaults.clone()
    }
}

pub(super) fn created(contact: &Contact) -> NewEvent {
    let data = json!({"id": contact.id, "full_name": contact.full_name});
    event("contact.created", contact.customer_id, data)
}

/// What differs between two states of a part: `{"field": {"from": …, "to": …}}`.
pub(super) fn differences<T: Serialize>(before: &T, after: &T) -> Map<String, Value> {
    let as_map = |part: &T| match serde_json::to_value(part) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (before, mut after) = (as_map(before), as_map(after));
    before
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "version" | "updated_at" | "full_name"))
        .filter_map(|(name, from)| {
            let to = after.remove(&name).unwrap_or_default();
            (from != to).then(|| (name, json!({"from": from, "to": to})))
        })
        .collect()
}
