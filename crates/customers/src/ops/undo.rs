//! Takes a bulk change back, by the events that it left.
//!
//! What it never does: touch what was changed again since; whoever that is stays as they are and is counted. What it does is
//! a bulk change too, so that it can be taken back itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use regulars_database::Tx;
use regulars_jobs::JobState;
use regulars_kernel::{
    Error, Faults, Patch, Result, Total,
    ids::{CustomerId, JobId, TagId},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    bulk::{self, MOST},
    bulk_job::{self, Started},
    customers, tags,
};
use crate::{
    model::{Bulk, BulkAction, BulkQueued, BulkResult, Customer, CustomerInput, Defaults, VERIFIED},
    store::{
        self,
        bulks::{Kept, Told, Whom},
    },
};

/// Takes it back at once, or queues the job that does.
pub(super) async fn start(tx: &mut Tx, asked: &Bulk, defaults: &Defaults) -> Result<Started> {
    let undone = read(asked)?;
    // Held until the end: neither its job goes on meanwhile, nor does another undo begin.
    let work = store::bulks::lock(tx, JobId(undone)).await?;
    if let Some(work) = &work {
        let busy = |message: &str| Err(Error::conflict("/bulk_id", "still_running", message));
        if is_going_on(tx, JobId(undone)).await? {
            return busy("this change is still being made; stop it first");
        }
        if let Some(by) = work.undone_by
            && is_going_on(tx, JobId(by)).await?
        {
            return busy("this change is being undone already");
        }
    }
    let customers = store::bulks::touched(tx, undone, None, MOST as i64 + 1).await?;
    if customers.is_empty() {
        let message = "there is no bulk change with this id, or it changed nobody";
        return Err(Error::invalid("/bulk_id", "bulk_unknown", message));
    }
    if customers.len() <= MOST {
        let bulk_id = bulk::begin(tx);
        let changed = take_back(tx, undone, &customers, defaults).await?.len();
        store::bulks::set_undone(tx, JobId(undone), bulk_id).await?;
        return Ok(Started::Done(BulkResult {
            action: BulkAction::Undo,
            bulk_id,
            changed,
            unchanged: customers.len() - changed,
        }));
    }
    let job_id = bulk_job::enqueue(tx, asked, BulkAction::Undo, &Whom::Ids(Vec::new())).await?;
    store::bulks::set_undone(tx, JobId(undone), job_id.0).await?;
    Ok(Started::Queued(BulkQueued {
        job_id,
        action: BulkAction::Undo,
        customers: Total::about(work.map_or(customers.len() as i64, |work| work.changed)),
    }))
}

async fn is_going_on(tx: &mut Tx, job_id: JobId) -> Result<bool> {
    let state = store::bulks::state(tx, job_id).await?;
    Ok(matches!(state, Some(JobState::Queued | JobState::Running)))
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
    tagged: BTreeMap<Vec<TagId>, Vec<CustomerId>>,
    /// Customers by the tags that were taken from them.
    untagged: BTreeMap<Vec<TagId>, Vec<CustomerId>>,
    deleted: HashSet<CustomerId>,
    restored: HashSet<CustomerId>,
    /// Fields with what they were before and after.
    changes: HashMap<CustomerId, Map<String, Value>>,
}

/// The tags that an event tells of.
fn tags_of(data: &Value) -> Vec<TagId> {
    serde_json::from_value(data["tag_ids"].clone()).unwrap_or_default()
}

impl Left {
    /// What still is as it was left.
    fn of(told: &[Told], since: &[Told], customers: &HashMap<CustomerId, &Customer>) -> Self {
        let mut left = Self::default();
        for one in told {
            let Some(customer) = customers.get(&one.customer) else {
                continue;
            };
            let mut later = since
                .iter()
                .filter(|later| later.customer == one.customer && later.at > one.at);
            let tags = tags_of(&one.data);
            match (one.kind.as_str(), customer.deleted_at) {
                ("customer.tagged" | "customer.untagged", None) => {
                    if later.any(|later| tags_of(&later.data).iter().any(|tag| tags.contains(tag))) {
                        continue;
                    }
                    let place = if one.kind == "customer.tagged" {
                        &mut left.tagged
                    } else {
                        &mut left.untagged
                    };
                    place.entry(tags).or_default().push(one.customer);
                }
                ("customer.updated", None) => {
                    if let Value::Object(changes) = &one.data["changes"] {
                        let mut changes = changes.clone();
                        for (address, flag) in VERIFIED {
                            if changes.contains_key(address) {
                                // Where it was not changed along: as it was until somebody changed it.
                                let next = later
                                    .clone()
                                    .filter(|later| later.data["changes"][flag].is_object())
                                    .min_by_key(|later| later.at);
                                if let Some(next) = next {
                                    let then = next.data["changes"][flag]["from"].clone();
                                    changes
                                        .entry(flag)
                                        .or_insert_with(|| json!({"from": then, "to": then}));
                                }
                            } else if later
                                .clone()
                                .any(|later| !later.data["changes"][address].is_null())
                            {
                                // What was seen of an address says nothing of another that came since.
                                changes.remove(flag);
                            }
                        }
                        left.changes.insert(one.customer, changes);
                    }
                }
                ("customer.deleted", Some(at)) if at == one.at => {
                    left.deleted.insert(one.customer);
                }
                ("customer.restored", None) if later.next().is_none() => {
                    left.restored.insert(one.customer);
                }
                _ => {}
            }
        }
        left
    }
}

async fn take_back(
    tx: &mut Tx,
    undone: Uuid,
    ids: &[CustomerId],
    defaults: &Defaults,
) -> Result<HashSet<CustomerId>> {
    let found = store::customers::lock_many(tx, ids).await?;
    let told = store::bulks::told(tx, undone, ids).await?;
    let since = match told.iter().map(|one| one.at).min() {
        Some(first) => store::bulks::told_since(tx, undone, ids, first).await?,
        None => Vec::new(),
    };
    let by_id = found.iter().map(|customer| (customer.id, customer)).collect();
    let left = Left::of(&told, &since, &by_id);

    let mut changed = HashSet::new();
    // By their ids: a tag may have another name by now, and one that is gone stays gone.
    for (ids, customers) in &left.tagged {
        let names = store::tags::names(tx, ids).await?;
        changed.extend(tags::remove_from(tx, customers, &names).await?);
    }
    for (ids, customers) in &left.untagged {
        let names = store::tags::names(tx, ids).await?;
        changed.extend(tags::add_to(tx, customers, &names).await?.0);
    }
    let of = |ids: &HashSet<CustomerId>| -> Vec<Customer> {
        let some = found.iter().filter(|customer| ids.contains(&customer.id));
        some.cloned().collect()
    };
    changed.extend(bulk::restore(tx, &of(&left.deleted)).await?.0);
    changed.extend(bulk::delete(tx, &of(&left.restored)).await?);
    changed.extend(put_back(tx, &left.changes, defaults).await?);
    Ok(changed)
}

/// Gives fields the values they had, where they still have those that they were given.
async fn put_back(
    tx: &mut Tx,
    told: &HashMap<CustomerId, Map<String, Value>>,
    defaults: &Defaults,
) -> Result<Vec<CustomerId>> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let definitions = store::attributes::all(tx).await?;
    let owners = members(tx, told).await?;
    // Anew: their tags may have been changed just now, which is written down already.
    let mut ids: Vec<CustomerId> = told.keys().copied().collect();
    ids.sort_unstable();
    let found = store::customers::lock_many(tx, &ids).await?;
    let (changed, _) = bulk::write_all(tx, &found, |customer| {
        let Some(changes) = told.get(&customer.id) else {
            return Ok(customer.clone());
        };
        let mut after = customer.clone();
        for input in before(customer, changes, &owners) {
            // Field by field: one that cannot go back, such as an attribute that is no more, keeps no other.
            let mut faults = Faults::new();
            let next = customers::merged(&after, &input, defaults, &definitions, &mut faults);
            if faults.0.is_empty() {
                after = next;
            }
        }
        Ok(after)
    })
    .await?;
    Ok(changed)
}

/// Those of the owners before who are members still.
async fn members(tx: &mut Tx, told: &HashMap<CustomerId, Map<String, Value>>) -> Result<HashSet<String>> {
    let owners = told.values().filter_map(|changes| changes.get("owner_id"));
    let asked: HashSet<&str> = owners.filter_map(|change| change["from"].as_str()).collect();
    let mut members = HashSet::new();
    for owner in asked {
        if let Ok(id) = owner.parse()
            && store::customers::is_member(tx, id).await?
        {
            members.insert(owner.to_owned());
        }
    }
    Ok(members)
}

/// What makes of a customer what it was before these changes, field by field, as far as nothing was changed since.
fn before(customer: &Customer, changes: &Map<String, Value>, owners: &HashSet<String>) -> Vec<CustomerInput> {
    let now = serde_json::to_value(customer).unwrap_or_default();
    let mut inputs = Vec::new();
    for (name, change) in changes {
        let attribute = name.strip_prefix("attributes.");
        let current = match attribute {
            Some(attribute) => &now["attributes"][attribute],
            None => &now[name],
        };
        // An address goes back with what was seen of it, or neither does.
        if VERIFIED
            .iter()
            .any(|(address, flag)| flag == name && changes.contains_key(*address))
        {
            continue;
        }
        let with_flag = VERIFIED
            .iter()
            .find(|(address, _)| address == name)
            .map(|(_, flag)| {
                (
                    *flag,
                    changes.get(*flag).map_or(&now[*flag], |change| &change["from"]),
                )
            });
        let from = &change["from"];
        let has_left = name == "owner_id" && from.as_str().is_some_and(|owner| !owners.contains(owner));
        if *current != change["to"] || has_left {
            continue;
        }
        let field = match (attribute, with_flag) {
            (Some(attribute), _) => json!({"attributes": {attribute: from}}),
            (None, Some((flag, was))) => json!({name: from, flag: was}),
            (None, None) => json!({name: from}),
        };
        inputs.extend(serde_json::from_value::<CustomerInput>(field));
    }
    inputs
}
