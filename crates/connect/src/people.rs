//! Customers of a provider: found by the provider's id, then by the e-mail address; made, changed and let go.
//!
//! Somebody known by another way is linked, not doubled. Two customers of a provider are two here, even if one has the
//! address that the other had. What does not fit is left out and named, so that nobody is lost for a phone number.

use regulars_customers::{
    model::{Customer, CustomerInput, Defaults, NewCustomer, SourceChange, SourceInput, SyncState, Type},
    ops, store,
};
use regulars_database::Tx;
use regulars_kernel::{Email, Patch, Result, ids::CustomerId};
use serde_json::{Map, Value, json};

use crate::{Entity, Failure, body, fitting::leave_out};

/// Under which the marks of what was taken over are kept.
const PROFILE: &str = "profile";
/// Under which it is kept that the customer is here because the provider told of it.
const MADE_HERE: &str = "made_here";
/// What stands in front of the name of a custom attribute among the fields: each has a mark of its own.
pub const ATTRIBUTE: &str = "attributes/";

/// Ours behind a customer of a provider.
pub enum Ours {
    /// Nobody is known under that id.
    Nobody,
    /// They are.
    Living(Box<Customer>),
    /// Deleted here: not made anew.
    Deleted,
}

/// Who is known under this id of a provider.
pub async fn ours(tx: &mut Tx, source: &str, external_id: &str) -> Result<Ours> {
    let Some(id) = store::sources::owner(tx, source, external_id).await? else {
        return Ok(Ours::Nobody);
    };
    Ok(match store::customers::lock(tx, id).await? {
        Some(customer) if customer.deleted_at.is_none() => Ours::Living(Box::new(customer)),
        _ => Ours::Deleted,
    })
}

/// Makes the customer what the fields say, which are those of a [`CustomerInput`]; custom attributes stand behind
/// [`ATTRIBUTE`]. Answers who it is and whether they are new; none if they were deleted here.
pub async fn take_over(
    tx: &mut Tx,
    thing: &mut Entity,
    fields: &Map<String, Value>,
    left_out: &mut Vec<String>,
) -> Result<Option<(CustomerId, bool)>, Failure> {
    let external_id = thing.external_id().to_owned();
    Ok(match ours(tx, thing.source(), &external_id).await? {
        Ours::Deleted => None,
        Ours::Living(current) => {
            update(tx, &current, thing, fields, left_out).await?;
            Some((current.id, false))
        }
        Ours::Nobody => Some(find_or_create(tx, &external_id, thing, fields, left_out).await?),
    })
}

/// Whether the provider's customer is known here only because the provider told of it.
pub fn is_made_here(thing: &Entity) -> bool {
    thing.data.get(MADE_HERE) == Some(&Value::Bool(true))
}

/// Whether a field was taken over from the provider before.
pub fn was_told(thing: &Entity, field: &str) -> bool {
    thing
        .data
        .get(PROFILE)
        .is_some_and(|marks| !marks[field].is_null())
}

/// Says that the provider does not tell of the customer under that id any more.
pub async fn detach(tx: &mut Tx, id: CustomerId, source: &str, external_id: &str) -> Result<()> {
    let detached = SourceChange {
        sync_state: Patch::Set("detached".into()),
    };
    ops::sources::update(tx, id, (source, external_id), &detached, &|_| Ok(())).await?;
    Ok(())
}

/// Whether nobody else tells of the customer any more once their link is detached. Who was entered here, and only found to be
/// the same by the address, is known without the provider.
pub async fn is_last(tx: &mut Tx, id: CustomerId, is_made_here: bool) -> Result<bool> {
    let links = ops::sources::list(tx, id).await?;
    Ok(is_made_here && links.iter().all(|link| link.sync_state == SyncState::Detached))
}

/// What is taken for granted of fields in this organization.
pub async fn defaults(tx: &mut Tx) -> Result<Defaults> {
    let organization = regulars_accounts::ops::get_organization(tx).await?;
    Ok(Defaults::new(
        organization.currency,
        &organization.locale,
        tx.now().date_naive(),
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
    let source = thing.source();
    let link = SourceInput {
        source: source.into(),
        external_id: external_id.into(),
    };
    let email = fields.get("email").and_then(Value::as_str);
    if let Some(email) = email.and_then(|text| Email::parse(text).ok())
        && let Some(id) = store::customers::id_by_email(tx, &email.lowercase()).await?
        && let Some(current) = store::customers::lock(tx, id).await?
        && !is_linked(tx, id, source).await?
    {
        ops::sources::link(tx, id, &link).await?;
        update(tx, &current, thing, fields, left_out).await?;
        return Ok((id, false));
    }
    let defaults = defaults(tx).await?;
    let mut input = nested(fields);
    leave_taken_out(tx, &mut input, None, left_out).await?;
    loop {
        let new = NewCustomer {
            fields: serde_json::from_value(input.clone()).map_err(regulars_kernel::Error::from)?,
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

/// Whether another customer of the provider is this one already: two of them are two, whatever their addresses.
async fn is_linked(tx: &mut Tx, id: CustomerId, source: &str) -> Result<bool> {
    let links = ops::sources::list(tx, id).await?;
    Ok(links
        .iter()
        .any(|link| link.source == source && link.sync_state != SyncState::Detached))
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

/// Changes the fields of which the provider says something else than it did last.
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
    // How they buy is the provider's to say only of people with and without an account.
    if !matches!(current.customer_type, Type::Guest | Type::Registered) {
        news.shift_remove("type");
    }
    if news.is_empty() {
        return Ok(());
    }
    let defaults = defaults(tx).await?;
    let mut input = nested(&news);
    leave_taken_out(tx, &mut input, Some(current.id), left_out).await?;
    loop {
        let patch: CustomerInput =
            serde_json::from_value(input.clone()).map_err(regulars_kernel::Error::from)?;
        match ops::customers::update(tx, current.id, &patch, &|_| Ok(()), &defaults).await {
            Ok(_) => {
                keep_marks(thing, &input);
                return Ok(());
            }
            Err(error) => leave_out(&mut input, error, left_out)?,
        }
    }
}

/// The fields as an input has them: custom attributes below `attributes`.
fn nested(fields: &Map<String, Value>) -> Value {
    let (mut input, mut attributes) = (Map::new(), Map::new());
    for (name, value) in fields {
        match name.strip_prefix(ATTRIBUTE) {
            Some(name) => attributes.insert(name.to_owned(), value.clone()),
            None => input.insert(name.clone(), value.clone()),
        };
    }
    if !attributes.is_empty() {
        input.insert("attributes".into(), attributes.into());
    }
    input.into()
}

/// Keeps what was taken over in mind; what was left out is tried again with the next message.
fn keep_marks(thing: &mut Entity, taken: &Value) {
    let marks = thing.data.entry(PROFILE).or_insert_with(|| json!({}));
    let fields = taken.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| *name != "attributes") {
        marks[name.as_str()] = body::mark(value).into();
    }
    for (name, value) in taken["attributes"].as_object().into_iter().flatten() {
        marks[format!("{ATTRIBUTE}{name}")] = body::mark(value).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_fields_of_their_own_with_marks_of_their_own() {
        let fields = json!({"first_name": "Ada", "attributes/size": 38, "attributes/shop": "Berlin"});
        let input = nested(fields.as_object().unwrap());
        assert_eq!(
            input,
            json!({"first_name": "Ada", "attributes": {"size": 38, "shop": "Berlin"}})
        );
        let mut thing = Entity::unknown("klaviyo", "profile", "1");
        keep_marks(&mut thing, &input);
        assert!(was_told(&thing, "first_name") && was_told(&thing, "attributes/size"));
        assert!(!was_told(&thing, "last_name") && !was_told(&thing, "attributes"));
    }
}
