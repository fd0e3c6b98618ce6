//! One change to more customers than fit one transaction: a job goes through them in batches.
//!
//! Each batch is a transaction of its own that also notes how far it came, so a job that is killed goes on behind the
//! last batch, and one that was cancelled can be continued by retrying it. Whom the change does not fit is left as it is
//! and counted; the others are changed.
//!
//! What it never does: touch a customer who was made after it was asked for.

use regulars_accounts::audit;
use regulars_database::Tx;
use regulars_jobs::NewJob;
use regulars_kernel::{
    Error, Faults, Result, Total,
    ids::{CustomerId, JobId},
};
use regulars_web::Params;
use serde_json::{Map, Value, json};

use super::{
    bulk::{Change, MOST, MOST_NAMED, read_ids, unknown},
    undo,
};
use crate::{
    find::{self, Context, Deleted, Query, Selection},
    jobs,
    model::{Bulk, BulkAction, BulkQueued, BulkResult, Choice as _, Defaults},
    store::{
        self,
        bulks::{Kept, Whom},
    },
};

/// Customers of one transaction.
const BATCH: i64 = 200;
/// Most places of unknown ids in one answer.
const MOST_FAULTS: usize = 100;

/// What came of asking for a change.
#[derive(Clone, Debug)]
pub enum Started {
    /// It is made.
    Done(BulkResult),
    /// A job makes it.
    Queued(BulkQueued),
}

/// Makes a change at once, or queues the job that makes it, and writes into the audit log who asked for it.
pub async fn start(tx: &mut Tx, bulk: &Bulk, defaults: &Defaults, context: &Context) -> Result<Started> {
    let started = begin(tx, bulk, defaults, context).await?;
    let (action, id, customers) = match &started {
        Started::Done(result) if result.changed == 0 => return Ok(started),
        Started::Done(result) => (result.action, result.bulk_id, Total::exact(result.changed as i64)),
        Started::Queued(queued) => (queued.action, queued.job_id.0, queued.customers),
    };
    let mut facts = json!({"customers": customers.value, "tags": bulk.tags});
    if !customers.exact {
        facts["about"] = json!(true);
    }
    if let Some(Value::Object(changes)) = bulk.changes.as_ref().map(|changes| json!(changes)) {
        facts["fields"] = changes.into_iter().map(|(name, _)| Value::from(name)).collect();
    }
    audit(tx, action.audited(), Some(("bulk", id)), facts).await?;
    Ok(started)
}

async fn begin(tx: &mut Tx, bulk: &Bulk, defaults: &Defaults, context: &Context) -> Result<Started> {
    if bulk.action.trim() == BulkAction::Undo.as_str() {
        return undo::start(tx, bulk, defaults).await;
    }
    if bulk.query.is_some() || bulk.ids.len() > MOST {
        return queue(tx, bulk, defaults, context).await.map(Started::Queued);
    }
    super::bulk::run(tx, bulk, defaults).await.map(Started::Done)
}

/// Checks it and queues the job.
async fn queue(tx: &mut Tx, bulk: &Bulk, defaults: &Defaults, context: &Context) -> Result<BulkQueued> {
    let mut faults = Faults::new();
    let ids = if bulk.query.is_none() {
        read_ids(&bulk.ids, MOST_NAMED, &mut faults)
    } else {
        if !bulk.ids.is_empty() {
            faults.add(
                "/ids",
                "not_possible",
                "name customers by ids or by a query, not by both",
            );
        }
        Vec::new()
    };
    let change = Change::read(tx, bulk, defaults, faults).await?;
    let (whom, customers) = if let Some(asked) = &bulk.query {
        let query = read_query(asked, change.action, context)?;
        let selection = Selection::resolve(tx, &query).await.map_err(below_query)?;
        let whom = Whom::Query {
            asked: asked.clone(),
            patterns: selection.pinned(),
        };
        (whom, find::total(tx, &query).await?)
    } else {
        let wanted: Vec<CustomerId> = ids.iter().map(|(_, id)| *id).collect();
        let known = store::bulks::known(tx, &wanted, change.action == BulkAction::Restore).await?;
        let mut faults = Faults::new();
        ids.iter()
            .filter(|(_, id)| !known.contains(id))
            .take(MOST_FAULTS)
            .for_each(|(index, _)| unknown(*index, &mut faults));
        faults.check()?;
        let total = Total::exact(wanted.len() as i64);
        (Whom::Ids(wanted), total)
    };
    let job_id = enqueue(tx, bulk, change.action, &whom).await?;
    Ok(BulkQueued {
        job_id,
        action: change.action,
        customers,
    })
}

/// Queues the job of a change that was found right.
pub(super) async fn enqueue(tx: &mut Tx, bulk: &Bulk, action: BulkAction, whom: &Whom) -> Result<JobId> {
    let job = NewJob::new(jobs::BULK, json!({"action": action}))
        .queue(jobs::QUEUE)
        .max_attempts(jobs::ATTEMPTS)
        .cap(jobs::CAP);
    let job_id = regulars_jobs::enqueue(tx, job).await?;
    let work = Bulk {
        action: action.as_str().to_owned(),
        ids: Vec::new(),
        query: None,
        ..bulk.clone()
    };
    store::bulks::insert(tx, job_id, &work, whom, CustomerId::new()).await?;
    Ok(job_id)
}

/// How far the job is after a batch.
#[derive(Clone, Debug)]
pub enum Step {
    /// There is more to do.
    On {
        /// Customers that were looked at.
        done: u64,
        /// Of how many.
        total: Option<u64>,
    },
    /// Everything is done; the result.
    Over(Value),
}

/// One batch, in one transaction.
pub async fn step(tx: &mut Tx, job_id: JobId) -> Result<Step> {
    let Some(mut kept) = store::bulks::lock(tx, job_id).await? else {
        return Err(Error::internal("a bulk job has no work"));
    };
    if kept.finished {
        return Ok(over(&kept));
    }
    // What was undone before it was done is not gone on with.
    if kept.undone_by.is_some() {
        store::bulks::finish(tx, job_id).await?;
        return Ok(over(&kept));
    }
    tx.set_bulk_id(job_id.0);
    let (defaults, context) = store::bulks::settings(tx).await?;
    if kept.work.action == BulkAction::Undo.as_str() {
        return if undo::step(tx, &mut kept, &defaults, BATCH).await? {
            store::bulks::note(tx, job_id, &kept).await?;
            Ok(on(&kept))
        } else {
            store::bulks::finish(tx, job_id).await?;
            Ok(over(&kept))
        };
    }
    let change = Change::read(tx, &kept.work, &defaults, Faults::new()).await?;
    let batch = batch(tx, &mut kept, change.action, &context).await?;
    let Some(last) = batch.last().copied() else {
        store::bulks::finish(tx, job_id).await?;
        return Ok(over(&kept));
    };
    let mut found = store::customers::lock_many(tx, &batch).await?;
    found.retain(|customer| change.is_for(customer));
    let gone = batch.len() - found.len();
    let (changed, refused) = change.make(tx, &found, &defaults).await?;
    let mut unfit: Vec<CustomerId> = refused.into_iter().map(|(id, _)| id).collect();
    unfit.dedup();
    kept.after_id = Some(last);
    kept.done += batch.len() as i64;
    kept.changed += changed.len() as i64;
    kept.refused += (gone + unfit.len()) as i64;
    store::bulks::note(tx, job_id, &kept).await?;
    Ok(on(&kept))
}

fn on(kept: &Kept) -> Step {
    Step::On {
        done: kept.done.unsigned_abs(),
        total: kept.total.map(|total| total.max(kept.done).unsigned_abs()),
    }
}

fn over(kept: &Kept) -> Step {
    let unchanged = kept.done - kept.changed - kept.refused;
    let mut result = json!({
        "action": kept.work.action, "changed": kept.changed, "unchanged": unchanged, "refused": kept.refused,
    });
    if !kept.work.tags.is_empty() {
        result["tags"] = json!(kept.work.tags);
    }
    Step::Over(result)
}

/// The next customers, by id.
async fn batch(
    tx: &mut Tx,
    kept: &mut Kept,
    action: BulkAction,
    context: &Context,
) -> Result<Vec<CustomerId>> {
    match &kept.whom {
        Whom::Ids(ids) => {
            let behind = kept
                .after_id
                .map_or(0, |after| ids.partition_point(|id| *id <= after));
            kept.total = Some(ids.len() as i64);
            Ok(ids[behind..].iter().copied().take(BATCH as usize).collect())
        }
        Whom::Query { asked, patterns } => {
            let query = read_query(asked, action, context)?;
            let selection = Selection::resolve_pinned(tx, &query, patterns).await?;
            if kept.total.is_none() {
                kept.total = Some(selection.count(tx).await?);
            }
            let mut ids = selection.ids_after(tx, kept.after_id, BATCH).await?;
            ids.retain(|id| *id < kept.until_id);
            Ok(ids)
        }
    }
}

/// The question that says to whom. Order and place mean nothing here; to restore means those who are deleted.
fn read_query(asked: &Map<String, Value>, action: BulkAction, context: &Context) -> Result<Query> {
    let mut faults = Faults::new();
    for (name, value) in asked {
        let fits = match value {
            Value::Array(items) => items.iter().all(Value::is_string),
            one => one.is_string(),
        };
        if !fits {
            faults.add(
                format!("/query/{name}"),
                "type_wrong",
                "use text or a list of texts",
            );
        }
    }
    faults.check()?;
    let params = Params::parse(&find::query_string(asked)).map_err(below_query)?;
    let mut query = Query::read(params, context).map_err(below_query)?;
    if action == BulkAction::Restore && query.filters.deleted == Deleted::Without {
        query.filters.deleted = Deleted::Only;
    }
    // A ranking is cut where it is long; whoever matches is meant.
    let whole = Query {
        filters: query.filters,
        q: query.q,
        phone_country: query.phone_country,
        ..Query::default()
    };
    Ok(whole)
}

/// Faults of parameters, at their place in the body.
fn below_query(error: Error) -> Error {
    match error {
        Error::Malformed(found) | Error::Invalid(found) => {
            let mut faults = Faults::new();
            for fault in found.0 {
                let name = fault
                    .pointer
                    .strip_prefix('?')
                    .unwrap_or(&fault.pointer)
                    .to_owned();
                faults.add(format!("/query/{name}"), fault.code, fault.message);
            }
            Error::Invalid(faults)
        }
        other => other,
    }
}
