//! Takes a bulk change back, by the events that it left.
//!
//! What it never does: touch what was changed again since; whoever that is stays as they are and is counted. What it does is
//! a bulk change too, so that it can be taken back itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use regulars_database::Tx;
use regulars_jobs::JobState;
use regulars_kernel::{
    Error, Faults, Patch, Result, Total,
    ids::{CustomerId, JobId},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    bulk::{self, MOST},
    bulk_job::{self, Started},
    customers, tags,
};
use crate::{
    model::{Bulk, BulkAction, BulkQueued, BulkResult, Customer, CustomerInput, Defaults},
    store::{
        self,
        bulks::{Kept, Whom},
    },
};

/// Takes it back at once, or queues the job that does.
pub(super) async fn start(tx: &mut Tx, asked: &Bulk, defaults: &Defaults) -> Result<Started> {
    let undone = read(asked)?;
    if let Some(state) = store::bulks::state(tx, JobId(undone)).await?
        && matches!(state, JobState::Queued | JobState::Running)
    {
        let message = "this change is still being made; stop it first";
        return Err(Error::conflict("/bulk_id", "still_running", message));
    }
    let customers = store::bulks::touched(tx, undone, None, MOST as i64 + 1).await?;
    if customers.is_empty() {
        let message = "there is no bulk change with this id, or it changed nobody";
        return Err(Error::invalid("/bulk_id", "bulk_unknown", message));
    }
    if customers.len() <= MOST {
        let bulk_id = bulk::begin(tx);
        let changed = take_back(tx, undone, &customers, defaults).await?.len();
        return Ok(Started::Done(BulkResult {
            action: BulkAction::Undo,
            bulk_id,
            changed,
            unchanged: customers.len() - changed,
        }));
    }
    let job_id = bulk_job::enqueue(tx, asked, BulkAction::Undo, &Whom::Ids(Vec::new())).await?;
    Ok(Started::Queued(BulkQueued {
        job_id,
        action: BulkAction::Undo,
        customers: Total::exact(store::bulks::count_touched(tx, undone).await?),
    }))
}

/// The next customers of the job. Says whether there were any.
pub(super) async fn step(tx: &mut Tx, kept: &mut Kept, defaults: &Defaults, most: i64) -> Result<bool> {
    let undone = read(&kept.work)?;
    if kept.total.is_none() {
        kept.total = Some(store::bulks::count_touched(tx, undone).await?);
    }
    let customers = store::bulks::touched(tx, undone, kept.after_id, most).await?;
    let Some(last) = customers.last().copied() else {
        return Ok(false);
    };
    let changed = take_back(tx, undone, &customers, defaults).await?.len();
    kept.after_id = Some(last);
    kept.done += customers.len() as i64;
    kept.changed += changed as i64;
    kept.refused += (customers.len() - changed) as i64;
    Ok(true)
}

/// Which bulk change is meant; nothing else may be said.
fn read(asked: &Bulk) -> Result<Uuid> {
    let mut faults = Faults::new();
    for (name, said) in [
        ("ids", !asked.ids.is_empty()),
        ("query", asked.query.is_some()),
        ("tags", !asked.tags.is_empty()),
        ("owner_id", !matches!(asked.owner_id, Patch::Keep)),
        ("changes", asked.changes.is_some()),
    ] {
        if said {
            faults.add(
                format!("/{name}"),
                "not_possible",
                format!("“undo” takes no {name}"),
            );
        }
    }
    let Some(text) = &asked.bulk_id else {
        faults.add("/bulk_id", "missing", "say which bulk change");
        return Err(Error::Invalid(faults));
    };
    let id = faults.take("/bulk_id", "id_invalid", text.trim().parse::<Uuid>());
    id.filter(|_| faults.0.is_empty()).ok_or(Error::Invalid(faults))
}

/// What a bulk change did to some customers, put together by what takes it back.
#[derive(Default)]
struct Left {
    /// Customers by the tags that they were given.
    tagged: BTreeMap<Vec<String>, Vec<CustomerId>>,
    /// Customers by the tags that were taken from them.
    untagged: BTreeMap<Vec<String>, Vec<CustomerId>>,
    deleted: HashSet<CustomerId>,
    restored: HashSet<CustomerId>,
    /// Fields with what they were before and after.
    changes: HashMap<CustomerId, Map<String, Value>>,
}

async fn take_back(
    tx: &mut Tx,
    undone: Uuid,
    ids: &[CustomerId],
    defaults: &Defaults,
) -> Result<HashSet<CustomerId>> {
    let found = store::customers::lock_many(tx, ids).await?;
    let (living, gone): (Vec<Customer>, Vec<Customer>) = found
        .into_iter()
        .partition(|customer| customer.deleted_at.is_none());
    let is_living: HashSet<CustomerId> = living.iter().map(|customer| customer.id).collect();
    let mut left = Left::default();
    for (customer, kind, data) in store::bulks::events(tx, undone, ids).await? {
        let names = || -> Vec<String> { serde_json::from_value(data["tags"].clone()).unwrap_or_default() };
        match (kind.as_str(), is_living.contains(&customer)) {
            ("customer.tagged", true) => left.tagged.entry(names()).or_default().push(customer),
            ("customer.untagged", true) => left.untagged.entry(names()).or_default().push(customer),
            ("customer.updated", true) => {
                if let Value::Object(changes) = &data["changes"] {
                    left.changes.insert(customer, changes.clone());
                }
            }
            ("customer.deleted", false) => {
                left.deleted.insert(customer);
            }
            ("customer.restored", true) => {
                left.restored.insert(customer);
            }
            _ => {}
        }
    }

    let mut changed = HashSet::new();
    for (names, customers) in &left.tagged {
        changed.extend(tags::remove_from(tx, customers, names).await?);
    }
    for (names, customers) in &left.untagged {
        changed.extend(tags::add_to(tx, customers, names).await?.0);
    }
    let back: Vec<Customer> = gone
        .into_iter()
        .filter(|customer| left.deleted.contains(&customer.id))
        .collect();
    changed.extend(bulk::restore(tx, &back).await?.0);
    let again: Vec<&Customer> = living
        .iter()
        .filter(|customer| left.restored.contains(&customer.id))
        .collect();
    changed.extend(bulk::delete(tx, &again).await?);
    if !left.changes.is_empty() {
        changed.extend(put_back(tx, &living, &left.changes, defaults).await?);
    }
    Ok(changed)
}

/// Gives fields the values they had, where they still have those that they were given.
async fn put_back(
    tx: &mut Tx,
    living: &[Customer],
    told: &HashMap<CustomerId, Map<String, Value>>,
    defaults: &Defaults,
) -> Result<Vec<CustomerId>> {
    let definitions = store::attributes::all(tx).await?;
    // Their tags may have been changed just now, which is written down already.
    let ids: Vec<CustomerId> = living
        .iter()
        .map(|customer| customer.id)
        .filter(|id| told.contains_key(id))
        .collect();
    let found = store::customers::lock_many(tx, &ids).await?;
    let (changed, _) = bulk::write_all(tx, &found, |customer| {
        let Some(input) = told
            .get(&customer.id)
            .and_then(|changes| before(customer, changes))
        else {
            return Ok(customer.clone());
        };
        let mut faults = Faults::new();
        let after = customers::merged(customer, &input, defaults, &definitions, &mut faults);
        faults.check()?;
        Ok(after)
    })
    .await?;
    Ok(changed)
}

/// What makes of a customer what it was before these changes, as far as nothing was changed since.
fn before(customer: &Customer, changes: &Map<String, Value>) -> Option<CustomerInput> {
    let now = serde_json::to_value(customer).ok()?;
    let (mut fields, mut attributes) = (Map::new(), Map::new());
    for (name, change) in changes {
        let attribute = name.strip_prefix("attributes.");
        let current = match attribute {
            Some(attribute) => &now["attributes"][attribute],
            None => &now[name],
        };
        if *current == change["to"] {
            let place = if attribute.is_some() {
                &mut attributes
            } else {
                &mut fields
            };
            place.insert(attribute.unwrap_or(name).to_owned(), change["from"].clone());
        }
    }
    if !attributes.is_empty() {
        fields.insert("attributes".to_owned(), attributes.into());
    }
    serde_json::from_value(json!(fields)).ok()
}
