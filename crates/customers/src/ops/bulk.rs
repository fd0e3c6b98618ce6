//! One change to many customers: all of them or none.

use std::collections::{HashMap, HashSet};

use regulars_database::Tx;
use regulars_kernel::{
    Error, Fault, Faults, Patch, Result,
    ids::{CustomerId, JobId, UserId},
};
use serde_json::json;
use uuid::Uuid;

use super::{customers, tags};
use crate::{
    model::{Bulk, BulkAction, BulkResult, Choice, Customer, CustomerInput, Defaults, Definitions},
    store,
};

/// Most customers that are changed at once, all or none. More are changed by a job, see [`super::bulk_job`].
pub const MOST: usize = 100;
/// Most ids that one request may name.
pub const MOST_NAMED: usize = 20_000;

/// A bulk change that was found right: what is done, without to whom.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub action: BulkAction,
    tags: Vec<String>,
    owner: Option<UserId>,
    changes: CustomerInput,
}

impl Change {
    /// Checks everything but the customers.
    pub(super) async fn read(
        tx: &mut Tx,
        bulk: &Bulk,
        defaults: &Defaults,
        mut faults: Faults,
    ) -> Result<Self> {
        let action = faults.take("/action", "choice_unknown", BulkAction::parse(bulk.action.trim()));
        if let Some(action) = action {
            check_fields(bulk, action, &mut faults);
        }
        let owner = read_owner(tx, bulk, &mut faults).await?;
        let changes = bulk.changes.clone().unwrap_or_default();
        // What is wrong for anybody is told before anybody is touched. Whether there is an address depends on whose.
        let definitions = definitions(tx, &changes).await?;
        let nobody = Customer::blank(CustomerId::new(), tx.now());
        let mut found = Faults::new();
        customers::merged(
            &nobody,
            &changes.without_verified(),
            defaults,
            &definitions,
            &mut found,
        );
        for fault in found.0 {
            faults.add(format!("/changes{}", fault.pointer), fault.code, fault.message);
        }
        let Some(action) = action.filter(|_| faults.0.is_empty()) else {
            return Err(Error::Invalid(faults));
        };
        let tags = if bulk.tags.is_empty() {
            Vec::new()
        } else {
            tags::checked(&bulk.tags)?
        };
        // Whether there is room for new ones is told before anybody is touched, too.
        if action == BulkAction::Tag {
            tags::ensure(tx, &tags).await?;
        }
        Ok(Self {
            action,
            tags,
            owner,
            changes,
        })
    }

    /// Whether it can be done to this one at all.
    pub(super) fn is_for(&self, customer: &Customer) -> bool {
        customer.deleted_at.is_none() || self.action == BulkAction::Restore
    }

    /// Does it to locked customers. Answers to whom it made a difference, and to whom it could not be done and why.
    pub(super) async fn make(
        &self,
        tx: &mut Tx,
        found: &[Customer],
        defaults: &Defaults,
    ) -> Result<(Vec<CustomerId>, Vec<(CustomerId, Fault)>)> {
        let ids: Vec<CustomerId> = found.iter().map(|customer| customer.id).collect();
        let all = |changed| Ok((changed, Vec::new()));
        match self.action {
            BulkAction::Tag => {
                let (changed, overfull) = tags::add_to(tx, &ids, &self.tags).await?;
                let refuse = |id| {
                    let fault = Fault {
                        pointer: "/tags".to_owned(),
                        code: "too_many".into(),
                        message: tags::too_many(),
                    };
                    (id, fault)
                };
                Ok((changed, overfull.into_iter().map(refuse).collect()))
            }
            BulkAction::Untag => all(tags::remove_from(tx, &ids, &self.tags).await?),
            BulkAction::Delete => all(delete(tx, found).await?),
            BulkAction::Restore => restore(tx, found).await,
            BulkAction::Owner => {
                let set = |customer: &Customer| {
                    Ok(Customer {
                        owner_id: self.owner,
                        ..customer.clone()
                    })
                };
                write_all(tx, found, set).await
            }
            BulkAction::Undo => Err(Error::internal("what is undone is told by its events")),
            BulkAction::Update => {
                let definitions = definitions(tx, &self.changes).await?;
                write_all(tx, found, |customer| {
                    let mut faults = Faults::new();
                    let after =
                        customers::merged(customer, &self.changes, defaults, &definitions, &mut faults);
                    faults.check()?;
                    Ok(after)
                })
                .await
            }
        }
    }
}

async fn definitions(tx: &mut Tx, changes: &CustomerInput) -> Result<Definitions> {
    if changes.speaks_of_attributes() {
        store::attributes::all(tx).await
    } else {
        Ok(Definitions::default())
    }
}

/// What the transaction does from here on is one bulk change. Its id is one that a job could have.
pub(super) fn begin(tx: &mut Tx) -> Uuid {
    let id = JobId::new().0;
    tx.set_bulk_id(id);
    id
}

/// Does it at once, to all of them or to none.
pub(super) async fn run(tx: &mut Tx, bulk: &Bulk, defaults: &Defaults) -> Result<BulkResult> {
    let bulk_id = begin(tx);
    let mut faults = Faults::new();
    let ids = read_ids(&bulk.ids, MOST, &mut faults);
    let change = Change::read(tx, bulk, defaults, faults).await?;

    let mut faults = Faults::new();
    let wanted: Vec<CustomerId> = ids.iter().map(|(_, id)| *id).collect();
    let found = store::customers::lock_many(tx, &wanted).await?;
    let by_id: HashMap<CustomerId, &Customer> =
        found.iter().map(|customer| (customer.id, customer)).collect();
    for (index, id) in &ids {
        if !by_id.get(id).is_some_and(|one| change.is_for(one)) {
            unknown(*index, &mut faults);
        }
    }
    faults.check()?;

    let (changed, refused) = change.make(tx, &found, defaults).await?;
    let mut faults = Faults::new();
    for (id, fault) in refused {
        let index = ids
            .iter()
            .find(|(_, known)| *known == id)
            .map_or(0, |(index, _)| *index);
        let pointer = if change.action == BulkAction::Update {
            format!("/changes{}", fault.pointer)
        } else {
            format!("/ids/{index}")
        };
        if !faults.0.iter().any(|known| known.pointer == pointer) {
            faults.add(pointer, fault.code, fault.message);
        }
    }
    faults.check()?;
    Ok(BulkResult {
        action: change.action,
        bulk_id,
        changed: changed.len(),
        unchanged: wanted.len() - changed.len(),
    })
}

pub(super) fn unknown(index: usize, faults: &mut Faults) {
    faults.add(
        format!("/ids/{index}"),
        "customer_unknown",
        "there is no customer with this id",
    );
}

/// The ids with their places, each once.
pub(super) fn read_ids(given: &[String], most: usize, faults: &mut Faults) -> Vec<(usize, CustomerId)> {
    if given.is_empty() {
        faults.add("/ids", "missing", "say which customers");
    }
    if given.len() > most {
        let message = format!("at most {most} customers at once; these are {}", given.len());
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
    if bulk.bulk_id.is_some() {
        faults.add(
            "/bulk_id",
            "not_possible",
            format!("“{action}” takes no bulk change"),
        );
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

/// Writes what changes; whom the change does not fit is given back.
pub(super) async fn write_all(
    tx: &mut Tx,
    found: &[Customer],
    change: impl Fn(&Customer) -> Result<Customer>,
) -> Result<(Vec<CustomerId>, Vec<(CustomerId, Fault)>)> {
    let (mut changed, mut refused) = (Vec::new(), Vec::new());
    for before in found {
        let after = match change(before) {
            Ok(after) => after,
            Err(Error::Invalid(faults)) => {
                refused.extend(faults.0.into_iter().map(|fault| (before.id, fault)));
                continue;
            }
            Err(error) => return Err(error),
        };
        if let Some(fault) = customers::loses_who(tx, before, &after).await? {
            refused.push((before.id, fault));
            continue;
        }
        let version = before.version;
        let written = customers::write(tx, before.clone(), after).await?;
        if written.version != version {
            changed.push(before.id);
        }
    }
    Ok((changed, refused))
}

pub(super) async fn delete(tx: &mut Tx, found: &[Customer]) -> Result<Vec<CustomerId>> {
    let ids: Vec<CustomerId> = found.iter().map(|customer| customer.id).collect();
    let now = tx.now();
    store::customers::set_deleted(tx, &ids, Some(now)).await?;
    tell(tx, "customer.deleted", &found.iter().collect::<Vec<_>>()).await?;
    Ok(ids)
}

/// Brings the deleted ones back, except whose e-mail address somebody else has now.
pub(super) async fn restore(
    tx: &mut Tx,
    found: &[Customer],
) -> Result<(Vec<CustomerId>, Vec<(CustomerId, Fault)>)> {
    let mut refused = Vec::new();
    let mut claimed = HashSet::new();
    let mut back: Vec<&Customer> = Vec::new();
    for customer in found.iter().filter(|customer| customer.deleted_at.is_some()) {
        if let Some(email) = customer.email.as_ref().map(regulars_kernel::Email::lowercase) {
            let taken = store::customers::id_by_email(tx, &email).await?.is_some();
            if taken || !claimed.insert(email) {
                let fault = Fault {
                    pointer: "/email".to_owned(),
                    code: "email_taken".into(),
                    message: "another customer has its e-mail address now".to_owned(),
                };
                refused.push((customer.id, fault));
                continue;
            }
        }
        back.push(customer);
    }
    let ids: Vec<CustomerId> = back.iter().map(|customer| customer.id).collect();
    store::customers::set_deleted(tx, &ids, None).await?;
    // The sweep may have taken them meanwhile.
    let words = back.iter().flat_map(|customer| store::search::words(customer));
    store::words::add(tx, words.collect::<Vec<_>>()).await?;
    tell(tx, "customer.restored", &back).await?;
    let mut events = Vec::new();
    for customer in back {
        events.extend(super::consents::withdraw_restored(tx, customer).await?);
    }
    regulars_events::append_many(tx, events).await?;
    Ok((ids, refused))
}

async fn tell(tx: &mut Tx, kind: &'static str, customers: &[&Customer]) -> Result<()> {
    let events = customers
        .iter()
        .map(|customer| customers::event(kind, customer.id, json!({"code": customer.code})))
        .collect();
    regulars_events::append_many(tx, events).await?;
    Ok(())
}
