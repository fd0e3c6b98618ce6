//! Addresses. The first becomes the default; there is a default as long as there is an address; its country and city
//! stand in the directory.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Error, Faults, Patch, Result,
    ids::{AddressId, CustomerId},
};
use serde_json::json;

use super::{
    Guard, check_room,
    customers::{MOST_PARTS, event},
    lock_living, require_living,
};
use crate::{
    model::{Address, AddressInput, Defaults},
    store,
};

/// All addresses of a customer, the default first.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Address>> {
    require_living(tx, customer_id).await?;
    store::addresses::list(tx, customer_id).await
}

/// One address.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: AddressId) -> Result<Address> {
    require_living(tx, customer_id).await?;
    store::addresses::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("address"))
}

/// Adds an address.
pub async fn create(
    tx: &mut Tx,
    customer_id: CustomerId,
    input: &AddressInput,
    defaults: &Defaults,
) -> Result<Address> {
    lock_living(tx, customer_id).await?;
    let count = store::addresses::count(tx, customer_id).await?;
    check_room(count, MOST_PARTS, "addresses")?;
    let mut faults = Faults::new();
    let mut address = Address::blank(customer_id, tx.now());
    input.apply(&mut address, "", defaults, &mut faults);
    faults.check()?;
    address.is_default = count == 0 || input.is_default == Patch::Set(true);
    if address.is_default {
        store::addresses::clear_default(tx, customer_id).await?;
    }
    store::addresses::insert(tx, &address).await?;
    keep_place(tx, customer_id).await?;
    regulars_events::append(tx, created(&address)).await?;
    Ok(address)
}

/// Changes an address.
pub async fn update(
    tx: &mut Tx,
    customer_id: CustomerId,
    id: AddressId,
    input: &AddressInput,
    guard: Guard<'_>,
    defaults: &Defaults,
) -> Result<Address> {
    lock_living(tx, customer_id).await?;
    let before = store::addresses::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("address"))?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let mut after = before.clone();
    input.apply(&mut after, "", defaults, &mut faults);
    match input.is_default {
        Patch::Set(true) => after.is_default = true,
        Patch::Set(false) | Patch::Clear if before.is_default => {
            faults.add(
                "/is_default",
                "default_needed",
                "make another address the default instead",
            );
        }
        Patch::Set(false) | Patch::Clear | Patch::Keep => {}
    }
    faults.check()?;
    if after == before {
        return Ok(before);
    }
    if after.is_default && !before.is_default {
        store::addresses::clear_default(tx, customer_id).await?;
    }
    after.version = store::addresses::update(tx, &after).await?;
    keep_place(tx, customer_id).await?;
    let changes = super::contacts::differences(&before, &after);
    regulars_events::append(
        tx,
        event(
            "address.updated",
            customer_id,
            json!({"id": id, "line1": after.line1, "city": after.city, "changes": changes}),
        ),
    )
    .await?;
    store::addresses::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("address"))
}

/// Removes an address; if it was the default, the oldest of the others becomes it.
pub async fn delete(tx: &mut Tx, customer_id: CustomerId, id: AddressId, guard: Guard<'_>) -> Result<()> {
    lock_living(tx, customer_id).await?;
    let address = store::addresses::get(tx, customer_id, id)
        .await?
        .ok_or(Error::NotFound("address"))?;
    guard(address.version)?;
    store::addresses::delete(tx, id).await?;
    store::addresses::ensure_default(tx, customer_id).await?;
    keep_place(tx, customer_id).await?;
    let data = json!({"id": id, "line1": address.line1, "city": address.city});
    regulars_events::append(tx, event("address.deleted", customer_id, data)).await?;
    Ok(())
}

async fn keep_place(tx: &mut Tx, customer_id: CustomerId) -> Result<()> {
    let (country, city) = store::addresses::place(tx, customer_id).await?;
    store::customers::set_place(tx, customer_id, country.as_deref(), city.as_deref()).await
}

pub(super) fn created(address: &Address) -> NewEvent {
    let data = json!({"id": address.id, "line1": address.line1, "city": address.city});
    event("address.created", address.customer_id, data)
}
