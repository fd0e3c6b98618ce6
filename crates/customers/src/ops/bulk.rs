//! One change to many customers: all of them or none.

use std::collections::{HashMap, HashSet};

use regulars_database::Tx;
use regulars_kernel::{
    Error, Faults, Patch, Result,
    ids::{CustomerId, UserId},
};
use serde_json::json;

use super::{customers, tags};
use crate::{
    model::{Bulk, BulkAction, BulkResult, Choice, Customer, CustomerInput, Defaults, Definitions},
    store,
};

/// Most customers of one bulk change.
pub const MOST: usize = 100;

/// Does it.
pub async fn run(tx: &mut Tx, bulk: &Bulk, defaults: &Defaults) -> Result<BulkResult> {
    let mut faults = Faults::new();
    let action = faults.take("/action", "choice_unknown", BulkAction::parse(bulk.action.trim()));
    let ids = read_ids(&bulk.ids, &mut faults);
    if let Some(action) = action {
        check_fields(bulk, action, &mut faults);
    }
    let owner = read_owner(tx, bulk, &mut faults).await?;
    let Some(action) = action.filter(|_| faults.0.is_empty()) else {
        return Err(Error::Invalid(faults));
    };

    let wanted: Vec<CustomerId> = ids.iter().map(|(_, id)| *id).collect();
    let found = store::customers::lock_many(tx, &wanted).await?;
    let by_id: HashMap<CustomerId, &Customer> =
        found.iter().map(|customer| (customer.id, customer)).collect();
    for (index, id) in &ids {
        let there = by_id
            .get(id)
            .is_some_and(|one| one.deleted_at.is_none() || action == BulkAction::Restore);
        if !there {
            faults.add(
                format!("/ids/{index}"),
                "customer_unknown",
                "there is no customer with this id",
            );
        }
    }
    faults.check()?;

    let changed = match action {
        BulkAction::Tag => tags::add_to(tx, &wanted, &tags::checked(&bulk.tags)?).await?,
        BulkAction::Untag => tags::remove_from(tx, &wanted, &tags::checked(&bulk.tags)?).await?,
        BulkAction::Delete => {
            let now = tx.now();
            store::customers::set_deleted(tx, &wanted, Some(now)).await?;
            tell(tx, "customer.deleted", found.iter()).await?
        }
        BulkAction::Restore => restore(tx, &found, &ids).await?,
        BulkAction::Owner => {
            let set = |customer: &Customer| {
                Ok(Customer {
                    owner_id: owner,
                    ..customer.clone()
                })
            };
            write_all(tx, &found, set).await?
        }
        BulkAction::Update => {
            let changes = bulk.changes.clone().unwrap_or_default();
            let definitions = if changes.speaks_of_attributes() {
                store::attributes::all(tx).await?
            } else {
                Definitions::default()
            };
            write_all(tx, &found, |customer| {
                let mut faults = Faults::new();
                let after = customers::merged(customer, &changes, defaults, &definitions, &mut faults);
                faults
                    .0
                    .iter_mut()
                    .for_each(|fault| fault.pointer.insert_str(0, "/changes"));
                faults.check()?;
                Ok(after)
            })
            .await?
        }
    };
    Ok(BulkResult {
        action,
        changed,
        unchanged: wanted.len() - changed,
    })
}

/// The ids with their places, each once.
fn read_ids(given: &[String], faults: &mut Faults) -> Vec<(usize, CustomerId)> {
    if given.is_empty() {
        faults.add("/ids", "missing", "say which customers");
    }
    if given.len() > MOST {
        let message = format!("at most {MOST} customers at once; these are {}", given.len());
        faults.add("/ids", "too_many", message);
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        if let Some(id) = faults.take(
            &format!("/ids/{index}"),
            "id_invalid",
            text.trim().parse::<CustomerId>(),
        ) && seen.insert(id)
        {
            ids.push((index, id));
        }
    }
    ids
}

/// Each action has its own field; the others must not be there.
fn check_fields(bulk: &Bulk, action: BulkAction, faults: &mut Faults) {
    let uses_tags = matches!(action, BulkAction::Tag | BulkAction::Untag);
    if uses_tags && bulk.tags.is_empty() {
        faults.add("/tags", "missing", "say which tags");
    } else if !uses_tags && !bulk.tags.is_empty() {
        faults.add("/tags", "not_possible", format!("“{action}” takes no tags"));
    }
    if action == BulkAction::Owner && bulk.owner_id.is_keep() {
        faults.add(
            "/owner_id",
            "missing",
            "say who looks after them, or null for nobody",
        );
    } else if action != BulkAction::Owner && !bulk.owner_id.is_keep() {
        faults.add("/owner_id", "not_possible", format!("“{action}” takes no owner"));
    }
    match (&bulk.changes, action) {
        (None, BulkAction::Update) => faults.add("/changes", "missing", "say what to change"),
        (Some(changes), BulkAction::Update) => check_changes(changes, faults),
        (Some(_), _) => faults.add("/changes", "not_possible", format!("“{action}” takes no changes")),
        (None, _) => {}
    }
}

/// What is unique, or bends the hierarchy, is not for many at once; the owner has an action of its own.
fn check_changes(changes: &CustomerInput, faults: &mut Faults) {
    for (name, said) in [
        ("email", !changes.email.is_keep()),
        ("code", !changes.code.is_keep()),
        ("parent_id", !changes.parent_id.is_keep()),
        ("owner_id", !changes.owner_id.is_keep()),
    ] {
        if said {
            faults.add(
                format!("/changes/{name}"),
                "not_possible",
                format!("“{name}” cannot be changed for many at once"),
            );
        }
    }
}

async fn read_owner(tx: &mut Tx, bulk: &Bulk, faults: &mut Faults) -> Result<Option<UserId>> {
    let Patch::Set(text) = &bulk.owner_id else {
        return Ok(None);
    };
    let owner = faults.take("/owner_id", "id_invalid", text.trim().parse::<UserId>());
    if let Some(owner) = owner
        && !store::customers::is_member(tx, owner).await?
    {
        faults.add(
            "/owner_id",
            "owner_unknown",
            "nobody in the organization has this id",
        );
    }
    Ok(owner)
}

async fn write_all(
    tx: &mut Tx,
    found: &[Customer],
    change: impl Fn(&Customer) -> Result<Customer>,
) -> Result<usize> {
    let mut changed = 0;
    for before in found {
        let after = change(before)?;
        let version = before.version;
        let written = customers::write(tx, before.clone(), after).await?;
        changed += usize::from(written.version != version);
    }
    Ok(changed)
}

async fn restore(tx: &mut Tx, found: &[Customer], ids: &[(usize, CustomerId)]) -> Result<usize> {
    let deleted: Vec<&Customer> = found
        .iter()
        .filter(|customer| customer.deleted_at.is_some())
        .collect();
    let mut faults = Faults::new();
    let mut claimed = HashSet::new();
    for customer in &deleted {
        let Some(email) = customer.email.as_ref().map(regulars_kernel::Email::lowercase) else {
            continue;
        };
        let taken = store::customers::id_by_email(tx, &email).await?.is_some();
        if (taken || !claimed.insert(email))
            && let Some((index, _)) = ids.iter().find(|(_, id)| *id == customer.id)
        {
            let message = "another customer has its e-mail address now";
            faults.add(format!("/ids/{index}"), "email_taken", message);
        }
    }
    faults.check()?;
    let ids: Vec<CustomerId> = deleted.iter().map(|customer| customer.id).collect();
    store::customers::set_deleted(tx, &ids, None).await?;
    tell(tx, "customer.restored", deleted.into_iter()).await
}

async fn tell<'a>(
    tx: &mut Tx,
    kind: &'static str,
    customers: impl Iterator<Item = &'a Customer>,
) -> Result<usize> {
    let events: Vec<_> = customers
        .map(|customer| customers::event(kind, customer.id, json!({"code": customer.code})))
        .collect();
    let count = events.len();
    regulars_events::append_many(tx, events).await?;
    Ok(count)
}
