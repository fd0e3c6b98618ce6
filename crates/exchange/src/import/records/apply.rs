//! Executing a plan, batch by batch, each batch one transaction with the place that it comes to.
//!
//! What it never does: tell of a record that the plan found nothing to do for, or tell of one twice.

use regulars_database::Tx;
use regulars_kernel::{Error, Result};

use super::{
    BATCH, TRIES, allowed, clash, failures,
    groups::{self, Group},
    may_pass, tell,
};
use crate::{
    import::{
        Ended, Watch, Work,
        apply::{Step, finish, settle_stretch},
        plan_file::PlanReader,
    },
    kind::{RecordKind, Records, Told},
    model::{Counts, Mode, Outcome},
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
    let mode = stored.import.mode;
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
        if write_batch(work, &*records, mode, &batch.groups, stretch).await? == Step::Stopped {
            return Ok(Ended::Stopped);
        }
    }
    watch.progress(total, Some(total));
    finish(work).await
}

/// Writes a batch; record by record if some cannot be written together with the others.
async fn write_batch(
    work: &Work,
    records: &dyn Records,
    mode: Mode,
    groups: &[Group],
    stretch: Stretch,
) -> Result<Step> {
    for _ in 0..TRIES {
        match write(work, records, mode, groups, stretch, false).await {
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
        let step = match write(work, records, mode, alone, stretch, false).await {
            Err(error) if may_pass(&error) => write(work, records, mode, alone, stretch, true).await?,
            other => other?,
        };
        if step == Step::Stopped {
            return Ok(step);
        }
    }
    Ok(Step::Done)
}

/// Tells of those that the mode wants, as they are now: what was new when the file was checked may be known meanwhile.
async fn tell_allowed(
    records: &dyn Records,
    tx: &mut Tx,
    mode: Mode,
    groups: &[&Group],
) -> Result<Vec<Told>> {
    if mode == Mode::Upsert {
        return tell(records, tx, groups, false).await;
    }
    // Trying keeps those that are known from others, too.
    let tried: Vec<Told> = tell(records, tx, groups, true)
        .await?
        .into_iter()
        .map(|told| allowed(mode, told))
        .collect();
    let is_wanted = |told: &Told| matches!(told.outcome, Outcome::Create | Outcome::Update);
    let wanted: Vec<&Group> = groups
        .iter()
        .zip(&tried)
        .filter(|(_, told)| is_wanted(told))
        .map(|(group, _)| *group)
        .collect();
    let mut told = if wanted.is_empty() {
        Vec::new()
    } else {
        tell(records, tx, &wanted, false).await?
    }
    .into_iter();
    tried
        .into_iter()
        .map(|tried| {
            if !is_wanted(&tried) {
                return Ok(tried);
            }
            told.next()
                .ok_or_else(|| Error::internal("each record has one outcome"))
        })
        .collect()
}

/// Writes some records, or passes over them, and where the import is then.
async fn write(
    work: &Work,
    records: &dyn Records,
    mode: Mode,
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
        tell_allowed(records, &mut tx, mode, &wanted).await?
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
