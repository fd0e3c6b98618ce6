//! Executing a plan, batch by batch, each batch one transaction with the place that it comes to.
//!
//! What it never does: tell of a record that the plan found nothing to do for, or tell of one twice.

use regulars_kernel::{Error, Result};

use super::{
    BATCH, TRIES, clash, failures,
    groups::{self, Group},
    may_pass, tell,
};
use crate::{
    import::{
        Ended, Watch, Work,
        apply::{Step, finish, settle_stretch},
        plan_file::PlanReader,
    },
    kind::{RecordKind, Records},
    model::{Counts, Outcome},
    store::{
        errors,
        imports::{self, Stored, Stretch},
    },
};

/// Executes a plan from where it stopped.
pub async fn run(
    work: &Work,
    watch: &dyn Watch,
    kind: &dyn RecordKind,
    stored: &Stored,
    plan: PlanReader,
) -> Result<Ended> {
    let total = plan.rows();
    let mut tx = work.begin().await?;
    let base = imports::currency(&mut tx).await?;
    tx.commit().await?;
    let records = kind.reader(&stored.import.mapping, &stored.headers, base);
    let mut source = work.source(stored);
    source.batch_rows = source.batch_rows.min(BATCH);
    source.after = stored.reached.position;
    source.checkpoint = stored.reached.checkpoint;
    source.plan = Some(plan);
    let mut batches = groups::stream(source, records.clone());
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        if watch.cancelled() {
            return Ok(Ended::Stopped);
        }
        let (Some(first), Some(last)) = (batch.groups.first(), batch.groups.last()) else {
            continue;
        };
        watch.progress(first.first(), Some(total));
        let stretch = Stretch {
            first: first.first(),
            last: last.last(),
            checkpoint: Some(batch.checkpoint),
        };
        if write_batch(work, &*records, &batch.groups, stretch).await? == Step::Stopped {
            return Ok(Ended::Stopped);
        }
    }
    watch.progress(total, Some(total));
    finish(work).await
}

/// Writes a batch; record by record if some cannot be written together with the others.
async fn write_batch(work: &Work, records: &dyn Records, groups: &[Group], stretch: Stretch) -> Result<Step> {
    for _ in 0..TRIES {
        match write(work, records, groups, stretch, false).await {
            Err(error) if may_pass(&error) => {}
            other => return other,
        }
    }
    for group in groups {
        let stretch = Stretch {
            first: group.first(),
            last: group.last(),
            checkpoint: None,
        };
        let alone = std::slice::from_ref(group);
        let step = match write(work, records, alone, stretch, false).await {
            Err(error) if may_pass(&error) => write(work, records, alone, stretch, true).await?,
            other => other?,
        };
        if step == Step::Stopped {
            return Ok(step);
        }
    }
    Ok(Step::Done)
}

/// Writes some records, or passes over them, and where the import is then.
async fn write(
    work: &Work,
    records: &dyn Records,
    groups: &[Group],
    stretch: Stretch,
    is_refused: bool,
) -> Result<Step> {
    let mut tx = work.begin().await?;
    if !imports::is_applying(&mut tx, work.id).await? {
        return Ok(Step::Stopped);
    }
    let mut counts = Counts::default();
    let mut wanted: Vec<&Group> = Vec::new();
    for group in groups {
        let planned = group
            .planned
            .ok_or_else(|| Error::internal("a record has no plan"))?;
        match planned.outcome {
            Outcome::Create | Outcome::Update => wanted.push(group),
            done @ (Outcome::Skip | Outcome::Conflict | Outcome::Invalid) => counts.add(done),
        }
    }
    let told = if is_refused {
        wanted.iter().map(|_| clash()).collect()
    } else if wanted.is_empty() {
        Vec::new()
    } else {
        tell(records, &mut tx, &wanted, false).await?
    };
    let mut failed = Vec::new();
    for (group, told) in wanted.iter().zip(told) {
        counts.add(told.outcome);
        if matches!(told.outcome, Outcome::Conflict | Outcome::Invalid) {
            failed.extend(failures(group, told.outcome, &told.reasons));
        }
    }
    errors::insert(&mut tx, work.id, "apply", &failed).await?;
    settle_stretch(work, tx, stretch, &counts).await
}
