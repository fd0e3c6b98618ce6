//! The dry run: tries every record, and writes the plan that applying will execute.
//!
//! What it never does: change anything; each trial is rolled back.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use regulars_kernel::Result;
use regulars_tabular::read::{Checkpoint, Format};

use super::{
    BATCH, TRIES, allowed, clash, failures,
    groups::{self, Batch, Group},
    may_pass,
    repeats::Repeats,
    tell,
};
use crate::{
    import::{
        Ended, Watch, Work, digest,
        plan_file::{PlanWriter, Record},
    },
    kind::{RecordKind, Records, Told},
    model::{ImportKind, ImportState, Mode, Outcome, Plan, Reason, Sample},
    store::{
        errors,
        imports::{self, Stored},
    },
};

/// Records shown of each outcome.
const SAMPLES: usize = 20;

/// Checks the file of an import whose state says that it is to be checked, and leaves it in `state`.
pub async fn run(work: &Work, watch: &dyn Watch, kind: &dyn RecordKind, state: ImportState) -> Result<Ended> {
    let mut tx = work.begin().await?;
    let stored = imports::get(&mut tx, work.id, false).await?;
    errors::forget_plan(&mut tx, work.id).await?;
    let base = imports::currency(&mut tx).await?;
    tx.commit().await?;
    let records = kind.reader(&stored.import.mapping, &stored.headers, base);

    let folder = work.plan.parent().unwrap_or_else(|| Path::new("."));
    let mut repeats = Repeats::new(folder);
    let mut batches = groups::stream(source(work, &stored), records.clone());
    while let Some(batch) = batches.recv().await {
        if watch.cancelled() {
            return Ok(Ended::Stopped);
        }
        let batch = batch?;
        for group in &batch.groups {
            repeats.note(group)?;
        }
        tell_progress(watch, &stored, batch.checkpoint, true);
    }

    let digest = digest(&stored)?;
    let mut check = Check {
        work,
        kind: stored.import.kind,
        mode: stored.import.mode,
        records: records.clone(),
        repeats,
        writer: PlanWriter::create(&work.plan, digest)?,
        plan: Plan {
            digest: imports::hex(&digest),
            samples: Outcome::ALL
                .iter()
                .map(|outcome| (*outcome, Vec::new()))
                .collect(),
            ..Plan::default()
        },
    };
    let mut batches = groups::stream(source(work, &stored), records);
    while let Some(batch) = batches.recv().await {
        if watch.cancelled() {
            return Ok(Ended::Stopped);
        }
        let batch = batch?;
        check.batch(&batch).await?;
        tell_progress(watch, &stored, batch.checkpoint, false);
    }
    let Check { writer, mut plan, .. } = check;
    plan.rows = tokio::task::spawn_blocking(move || writer.finish()).await??;
    let mut tx = work.begin().await?;
    let is_wanted = imports::keep_plan(&mut tx, work.id, &plan, state).await?;
    tx.commit().await?;
    Ok(if is_wanted {
        Ended::Done(plan.counts)
    } else {
        Ended::Stopped
    })
}

fn source(work: &Work, stored: &Stored) -> crate::import::rows::Source {
    let mut source = work.source(stored);
    source.batch_rows = source.batch_rows.min(BATCH);
    source
}

/// The first reading is quick: an eighth of the work.
fn tell_progress(watch: &dyn Watch, stored: &Stored, at: Checkpoint, is_first: bool) {
    if stored.format == Format::Xlsx {
        // Of a workbook only the rows are known, of text the bytes.
        watch.progress(if is_first { 0 } else { at.position }, None);
        return;
    }
    let size = u64::try_from(stored.import.file_bytes).unwrap_or(0);
    let read = at.offset.min(size);
    let done = if is_first {
        read / 8
    } else {
        size / 8 + read / 8 * 7
    };
    watch.progress(done.min(size), Some(size));
}

struct Check<'a> {
    work: &'a Work,
    kind: ImportKind,
    mode: Mode,
    records: Arc<dyn Records>,
    repeats: Repeats,
    writer: PlanWriter,
    plan: Plan,
}

impl Check<'_> {
    async fn batch(&mut self, batch: &Batch) -> Result<()> {
        let mut decided: Vec<Option<Told>> = Vec::with_capacity(batch.groups.len());
        for group in &batch.groups {
            decided.push(self.wrong(group)?);
        }
        let wanted = batch.groups.iter().zip(&decided);
        let wanted: Vec<&Group> = wanted
            .filter(|(_, decided)| decided.is_none())
            .map(|(group, _)| group)
            .collect();
        let mut tried = self.attempt(&wanted).await?.into_iter();
        let mut failed = Vec::new();
        for (group, decided) in batch.groups.iter().zip(decided) {
            let told = decided.or_else(|| tried.next()).unwrap_or_else(clash);
            let told = allowed(self.mode, told);
            for index in 0..group.rows.len() {
                let mut record = Record::nobody(told.outcome, 0);
                record.continues = index > 0;
                self.writer.push(record)?;
            }
            if matches!(told.outcome, Outcome::Conflict | Outcome::Invalid) {
                failed.extend(failures(group, told.outcome, &told.reasons));
            }
            self.note(group, told);
        }
        if !failed.is_empty() {
            let mut tx = self.work.begin().await?;
            errors::insert(&mut tx, self.work.id, "plan", &failed).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// What is wrong with a record before anybody looks at what it says.
    fn wrong(&self, group: &Group) -> Result<Option<Told>> {
        let mut reasons = group.faults.clone();
        let what = match self.kind {
            ImportKind::Customers => "customer",
            ImportKind::Orders => "order",
            ImportKind::Products => "product",
            ImportKind::Carts => "cart",
            ImportKind::Wishlists => "wishlist",
        };
        if group.key.is_none() && reasons.is_empty() {
            let message = format!("the row does not say which {what} it is of");
            reasons.push((None, Reason::of_row("id_missing", message)));
        }
        if let Some(other) = self.repeats.other_part(group)? {
            let place = if other == 0 {
                String::new()
            } else {
                format!(", and again with row {other}")
            };
            let message = format!(
                "the rows of this {what} do not follow each other: they begin with row {}{place}; sort the file",
                group.first()
            );
            reasons.push((None, Reason::of_row("rows_apart", message)));
        }
        Ok((!reasons.is_empty()).then_some(Told {
            outcome: Outcome::Invalid,
            id: None,
            reasons,
            changes: None,
        }))
    }

    /// What would become of them. Together; one by one if they cannot be told of together.
    async fn attempt(&self, groups: &[&Group]) -> Result<Vec<Told>> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        for _ in 0..TRIES {
            match self.attempt_once(groups).await {
                Err(error) if may_pass(&error) => {}
                other => return other,
            }
        }
        let mut all = Vec::with_capacity(groups.len());
        for group in groups {
            match self.attempt_once(std::slice::from_ref(group)).await {
                Err(error) if may_pass(&error) => all.push(clash()),
                other => all.extend(other?),
            }
        }
        Ok(all)
    }

    async fn attempt_once(&self, groups: &[&Group]) -> Result<Vec<Told>> {
        let mut tx = self.work.begin().await?;
        let told = tell(&*self.records, &mut tx, groups, true).await;
        tx.rollback().await?;
        told
    }

    fn note(&mut self, group: &Group, told: Told) {
        let Plan {
            counts,
            reasons: all,
            samples,
            ..
        } = &mut self.plan;
        counts.add(told.outcome);
        let reasons: Vec<Reason> = told.reasons.into_iter().map(|(_, reason)| reason).collect();
        count(all, &reasons);
        let shown = samples.entry(told.outcome).or_default();
        if shown.len() < SAMPLES {
            let who: String = self.records.name(&group.rows).chars().take(120).collect();
            shown.push(Sample {
                position: group.first(),
                line: group.line(),
                who,
                customer_id: None,
                record_id: told.id,
                reasons,
                changes: told.changes,
            });
        }
    }
}

/// Each code once for a record.
fn count(counts: &mut BTreeMap<String, u64>, reasons: &[Reason]) {
    for (at, reason) in reasons.iter().enumerate() {
        if !reasons[..at].iter().any(|earlier| earlier.code == reason.code) {
            *counts.entry(reason.code.clone()).or_default() += 1;
        }
    }
}
