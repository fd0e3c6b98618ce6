//! The customer itself: create, read, change, replace, delete, restore.

use regulars_accounts::audit;
use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{
    Boxed, Email, Error, Fault, Faults, Patch, Result,
    ids::{CustomerId, TagId},
};
use serde_json::json;

mod drawn;

use drawn::{Drawn, drawn};

use super::{Guard, hierarchy, lock_living};
use crate::{
    model::{
        Channel, ConsentState, Customer, CustomerInput, Defaults, Definitions, Included, NewCustomer,
        WithParts, attributes::missing, changes, nobody,
    },
    store::{self, parts::Key},
};

/// Most of each kind of part that is kept below one customer.
pub(super) const MOST_PARTS: i64 = 200;

/// Reads a customer with the parts that are wanted; deleted ones only if asked for.
pub async fn get(tx: &mut Tx, key: Key<'_>, included: &Included, deleted_too: bool) -> Result<WithParts> {
    store::parts::get(tx, key, included)
        .await?
        .filter(|found| deleted_too || found.customer.deleted_at.is_none())
        .ok_or(Error::NotFound("customer"))
}

/// Creates a customer with everything that came with it.
pub async fn create(tx: &mut Tx, input: &NewCustomer, defaults: &Defaults) -> Result<Customer> {
    create_here(tx, input, defaults, true).await
}

/// As [`create`], of what another system tells: it knows nothing of the attributes that are required here.
pub async fn create_as_told(tx: &mut Tx, input: &NewCustomer, defaults: &Defaults) -> Result<Customer> {
    create_here(tx, input, defaults, false).await
}

async fn create_here(
    tx: &mut Tx,
    input: &NewCustomer,
    defaults: &Defaults,
    demands_attributes: bool,
) -> Result<Customer> {
    let (drawn, faults) = drawn(tx, input, defaults).await?;
    refuse(tx, &drawn.customer, None, faults).await?;
    let Drawn {
        mut customer,
        addresses,
        contacts,
        links,
        consents,
    } = drawn;

    let inserted = store::customers::insert(tx, &customer).await?;
    if demands_attributes && !inserted.missing_attributes.is_empty() {
        let mut faults = Faults::new();
        inserted
            .missing_attributes
            .iter()
            .for_each(|name| missing(name, &mut faults));
        return Err(Error::Invalid(faults));
    }
    customer.code.clone_from(&inserted.code);

    let mut events = vec![event(
        "customer.created",
        customer.id,
        json!({"code": customer.code}),
    )];
    if !customer.tags.is_empty() {
        let tags = super::tags::ensure(tx, &customer.tags).await?;
        let ids: Vec<TagId> = tags.iter().map(|(id, _)| *id).collect();
        store::tags::add(tx, &[customer.id], &ids).await?;
        customer.tags = tags.into_iter().map(|(_, name)| name).collect();
        events.push(event(
            "customer.tagged",
            customer.id,
            json!({"tags": customer.tags}),
        ));
    }
    for address in &addresses {
        store::addresses::insert(tx, address).await?;
        events.push(super::addresses::created(address));
    }
    for contact in &contacts {
        store::contacts::insert(tx, contact).await?;
        events.push(super::contacts::created(contact));
    }
    for link in &links {
        store::sources::insert(tx, customer.id, link).await?;
        events.push(super::sources::linked(customer.id, link));
    }
    for (channel, state) in consents_to_begin_with(consents, &inserted.withdrawn) {
        events.extend(super::consents::set(tx, customer.id, None, channel, state).await?);
    }
    regulars_events::append_many(tx, events).await?;
    store::words::add(tx, store::search::words(&customer)).await?;
    Ok(customer)
}

/// Every fault for which [`create`] would refuse it, as far as they are known before; nothing is written.
pub async fn check(tx: &mut Tx, input: &NewCustomer, defaults: &Defaults) -> Result<()> {
    let (drawn, mut faults) = drawn(tx, input, defaults).await?;
    taken(tx, &drawn.customer, None, &mut faults).await?;
    faults.check()
}

/// Who withdrew, was deleted and is entered again has still withdrawn, unless the caller says that they subscribed anew.
fn consents_to_begin_with(
    mut said: Vec<(Channel, ConsentState)>,
    withdrawn: &[Channel],
) -> Vec<(Channel, ConsentState)> {
    said.retain(|(channel, state)| *state == ConsentState::Subscribed || !withdrawn.contains(channel));
    for channel in withdrawn {
        if !said.iter().any(|(known, _)| known == channel) {
            said.push((*channel, ConsentState::Unsubscribed));
        }
    }
    said
}

/// Changes the fields that are said. Without a guard the last write wins, field by field.
pub async fn update(
    tx: &mut Tx,
    id: CustomerId,
    input: &CustomerInput,
    guard: Guard<'_>,
    defaults: &Defaults,
) -> Result<Customer> {
    let before = lock_living(tx, id).await?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let definitions = if input.speaks_of_attributes() {
        store::attributes::all(tx).await?
    } else {
        Definitions::default()
    };
    let after = merged(&before, input, defaults, &definitions, &mut faults);
    faults.0.extend(loses_who(tx, &before, &after).await?);
    check_references(tx, &after, Some(&before), &mut faults).await?;
    refuse(tx, &after, Some(&before), faults).await?;
    write(tx, before, after).await
}

/// Replaces all fields: what is not said is cleared. The code stays unless another is said; so do the parts below.
pub async fn replace(
    tx: &mut Tx,
    id: CustomerId,
    input: &CustomerInput,
    guard: Guard<'_>,
    defaults: &Defaults,
) -> Result<Customer> {
    let before = lock_living(tx, id).await?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let definitions = store::attributes::all(tx).await?;
    let mut after = Customer {
        version: before.version,
        code: before.code.clone(),
        created_at: before.created_at,
        updated_at: before.updated_at,
        last_active_at: before.last_active_at,
        country: before.country,
        city: before.city.clone(),
        // For its currency, in which it may be said again.
        credit_limit: before
            .credit_limit
            .filter(|_| matches!(input.credit_limit, Patch::Set(_))),
        ..Customer::blank(id, tx.now())
    };
    input.apply(&mut after, defaults, &definitions, &mut faults);
    definitions.check_required(&after.attributes, &mut faults);
    if faults.0.is_empty() || !input.says_who() {
        faults.0.extend(loses_who(tx, &before, &after).await?);
    }
    check_references(tx, &after, Some(&before), &mut faults).await?;
    refuse(tx, &after, Some(&before), faults).await?;
    write(tx, before, after).await
}

/// Deletes a customer; it can be restored.
pub async fn delete(tx: &mut Tx, id: CustomerId, guard: Guard<'_>) -> Result<()> {
    let customer = lock_living(tx, id).await?;
    guard(customer.version)?;
    let now = tx.now();
    store::customers::set_deleted(tx, &[id], Some(now)).await?;
    let facts = json!({"code": customer.code});
    regulars_events::append(tx, event("customer.deleted", id, facts.clone())).await?;
    audit(tx, "customer.deleted", Some(("customer", id.0)), facts).await
}

/// Brings a deleted customer back; 409 if somebody else has its e-mail address meanwhile. One that lives is left as it is.
pub async fn restore(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    let customer = store::customers::lock(tx, id)
        .await?
        .ok_or(Error::NotFound("customer"))?;
    if customer.deleted_at.is_none() {
        return Ok(customer);
    }
    store::customers::set_deleted(tx, &[id], None).await?;
    // The sweep may have taken them meanwhile.
    store::words::add(tx, store::search::words(&customer)).await?;
    let facts = json!({"code": customer.code});
    let mut events = vec![event("customer.restored", id, facts.clone())];
    events.extend(super::consents::withdraw_restored(tx, &customer).await?);
    regulars_events::append_many(tx, events).await?;
    audit(tx, "customer.restored", Some(("customer", id.0)), facts).await?;
    store::customers::get(tx, id)
        .await?
        .ok_or(Error::NotFound("customer"))
}

/// The fault of a change after which nothing says any more who the customer is.
pub(super) async fn loses_who(tx: &mut Tx, before: &Customer, after: &Customer) -> Result<Option<Fault>> {
    if after.tells_who() || after.has_code_of_its_own() || !before.tells_who() {
        return Ok(None);
    }
    let has_id = !store::sources::list(tx, after.id).await?.is_empty();
    Ok((!has_id).then(nobody))
}

/// What the customer will be. A required attribute may not be cleared.
pub(super) fn merged(
    before: &Customer,
    input: &CustomerInput,
    defaults: &Defaults,
    definitions: &Definitions,
    faults: &mut Faults,
) -> Customer {
    let mut after = before.clone();
    input.apply(&mut after, defaults, definitions, faults);
    for definition in definitions
        .0
        .iter()
        .filter(|one| one.required && one.archived_at.is_none())
    {
        let name = definition.name.as_str();
        if before.attributes.contains_key(name) && !after.attributes.contains_key(name) {
            missing(name, faults);
        }
    }
    after
}

/// Writes what differs, with its events.
pub(super) fn write(tx: &mut Tx, before: Customer, after: Customer) -> Boxed<'_, Customer> {
    Box::pin(write_here(tx, before, after))
}

async fn write_here(tx: &mut Tx, before: Customer, mut after: Customer) -> Result<Customer> {
    let mut events = Vec::new();
    let differs = |name: &String, others: &[String]| {
        let key = crate::model::tag::key(name);
        !others.iter().any(|other| crate::model::tag::key(other) == key)
    };
    let gone: Vec<String> = before
        .tags
        .iter()
        .filter(|name| differs(name, &after.tags))
        .cloned()
        .collect();
    let new: Vec<String> = after
        .tags
        .iter()
        .filter(|name| differs(name, &before.tags))
        .cloned()
        .collect();
    if !gone.is_empty() {
        let ids: Vec<TagId> = store::tags::by_names(tx, &gone)
            .await?
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        store::tags::remove(tx, &[after.id], &ids).await?;
        events.push(event(
            "customer.untagged",
            after.id,
            json!({"tags": gone, "tag_ids": ids}),
        ));
    }
    if !new.is_empty() {
        let ids: Vec<TagId> = super::tags::ensure(tx, &new)
            .await?
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        store::tags::add(tx, &[after.id], &ids).await?;
        events.push(event(
            "customer.tagged",
            after.id,
            json!({"tags": new, "tag_ids": ids}),
        ));
    }
    if !gone.is_empty() || !new.is_empty() {
        // Names as they are defined, whatever case the caller wrote them in.
        after.tags = store::tags::of_customer(tx, after.id)
            .await?
            .into_iter()
            .map(|tag| tag.name)
            .collect();
    } else {
        after.tags.clone_from(&before.tags);
    }
    let mut changed = changes(&before, &after);
    changed.remove("tags");
    if changed.is_empty() && events.is_empty() {
        return Ok(before);
    }
    (after.version, after.updated_at) = store::customers::update(tx, &after).await?;
    if !changed.is_empty() {
        let named = ["first_name", "last_name", "company_name", "legal_name"];
        if named.iter().any(|name| changed.contains_key(*name)) {
            store::words::add(tx, store::search::words(&after)).await?;
        }
        events.insert(
            0,
            event("customer.updated", after.id, json!({"changes": changed})),
        );
    }
    // After the row is written: whoever had the address until a moment ago is deleted by now, or it would be taken.
    let email_of = |customer: &Customer| customer.email.as_ref().map(Email::lowercase);
    let email = email_of(&after).filter(|_| email_of(&before) != email_of(&after));
    let phone = after.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let phone = phone.filter(|_| before.phone != after.phone);
    events.extend(super::consents::withdraw(tx, after.id, email, phone, |_, _| false).await?);
    regulars_events::append_many(tx, events).await?;
    Ok(after)
}

/// Notes references to members and customers that do not exist, and what would bend the hierarchy.
async fn check_references(
    tx: &mut Tx,
    after: &Customer,
    before: Option<&Customer>,
    faults: &mut Faults,
) -> Result<()> {
    if let Some(owner) = after.owner_id
        && before.is_none_or(|before| before.owner_id != Some(owner))
        && !store::customers::is_member(tx, owner).await?
    {
        faults.add(
            "/owner_id",
            "owner_unknown",
            "nobody in the organization has this id",
        );
    }
    if let Some(parent) = after.parent_id
        && before.is_none_or(|before| before.parent_id != Some(parent))
    {
        hierarchy::check_parent(tx, before.map(|before| before.id), parent, faults).await?;
    }
    Ok(())
}

/// Fails if there are faults. Then also what is taken is told, so that one answer names everything; alone it is left
/// to the constraint, which is never wrong.
async fn refuse(tx: &mut Tx, after: &Customer, before: Option<&Customer>, mut faults: Faults) -> Result<()> {
    if faults.0.is_empty() {
        return Ok(());
    }
    taken(tx, after, before, &mut faults).await?;
    faults.check()
}

/// Notes what another customer has already, and what the organization wants of each new one.
async fn taken(tx: &mut Tx, after: &Customer, before: Option<&Customer>, faults: &mut Faults) -> Result<()> {
    let mine = |id: CustomerId| before.is_some_and(|before| before.id == id);
    if let Some(email) = &after.email
        && store::customers::id_by_email(tx, &email.lowercase())
            .await?
            .is_some_and(|id| !mine(id))
    {
        faults.add(
            "/email",
            "email_taken",
            "another customer has this e-mail address",
        );
    }
    if !after.code.is_empty()
        && store::customers::id_by_code(tx, &after.code)
            .await?
            .is_some_and(|id| !mine(id))
    {
        faults.add("/code", "code_taken", "another customer has this code");
    }
    if before.is_none() {
        // Definitions are not read where no attribute is said; the insert would have found what is required.
        store::attributes::all(tx)
            .await?
            .check_required(&after.attributes, faults);
    }
    Ok(())
}

pub(super) fn event(kind: &'static str, id: CustomerId, data: serde_json::Value) -> NewEvent {
    NewEvent::new(kind).customer(id).data(data)
}

/// The key by which an e-mail address of a path or query is looked up; 404 for what is no address.
pub fn email_key(text: &str) -> Result<String> {
    Email::parse(text)
        .map(|email| email.lowercase())
        .map_err(|_| Error::NotFound("customer"))
}
