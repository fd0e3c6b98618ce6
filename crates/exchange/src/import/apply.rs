//! Executing a plan, batch by batch, each batch one transaction.
//!
//! What it never does: decide anew. Where the world is not as the plan found it, the row becomes a conflict.

use std::{collections::HashSet, sync::Arc};

use regulars_customers::{
    ops::import::{Create, Origin, Refusal, Update, create_many, update_many},
    store::batch_parts::{self, KnownWords},
};
use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Error, Result};
use serde_json::json;
use tokio::task::{JoinError, JoinSet};

use super::{
    Ended, Watch, Work,
    convert::{What, own_number},
    converter, digest, is_of_rows, plan,
    plan_file::{PlanReader, Record},
    records,
    rows::{self, Batch, Row},
};
use crate::{
    model::{Counts, ImportState, Outcome, Reason, RowError},
    store::{
        errors,
        imports::{self, Reached, Stored, Stretch},
    },
};

/// How often a batch is tried as a whole before its rows are written one by one.
const TRIES: u32 = 3;
/// Batches that are written at a time, each in a transaction of its own.
const LANES: usize = 2;

/// Checks the file of an import in state `planning`.
pub async fn plan(work: &Work, watch: &dyn Watch) -> Result<Ended> {
    plan::run(work, watch, ImportState::Planned).await
}

/// Executes the plan of an import in state `applying`, from where it stopped; makes the plan first if there is none.
/// After an earlier run came to the end, does nothing.
pub async fn apply(work: &Work, watch: &dyn Watch) -> Result<Ended> {
    let mut tx = work.begin().await?;
    let mut stored = imports::get(&mut tx, work.id, false).await?;
    tx.commit().await?;
    match stored.import.state {
        ImportState::Done => return Ok(Ended::Done(stored.import.result.unwrap_or_default())),
        ImportState::Applying => {}
        _ => return Ok(Ended::Stopped),
    }
    let Some(reader) = open_plan(work, watch, &stored).await? else {
        return Ok(Ended::Stopped);
    };
    if let Some(kind) = work.kinds.get(stored.import.kind)? {
        return records::apply(work, watch, kind, &stored, reader).await;
    }
    let total = reader.rows();

    let mut tx = work.begin().await?;
    stored = imports::get(&mut tx, work.id, false).await?;
    let (_, unknown) = converter(&mut tx, &stored).await?;
    batch_parts::define_texts(&mut tx, &unknown).await?;
    let (converter, _) = converter(&mut tx, &stored).await?;
    tx.commit().await?;

    let reached = stored.reached.clone();
    let mut source = work.source(&stored);
    source.after = reached.position;
    source.checkpoint = reached.checkpoint;
    source.plan = Some(reader);
    let mut batches = rows::stream(source, converter);
    let known = Arc::new(KnownWords::default());
    let mut lanes: JoinSet<Result<Step>> = JoinSet::new();
    let mut is_stopped = false;
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        is_stopped = is_stopped || watch.cancelled();
        // What continues an earlier row waits until that is written.
        let most = if is_stopped || batch.continues() {
            0
        } else {
            LANES - 1
        };
        while lanes.len() > most {
            is_stopped |= done(lanes.join_next().await)? == Step::Stopped;
        }
        if is_stopped {
            break;
        }
        watch.progress(batch.rows.first().map_or(0, |row| row.position), Some(total));
        let (work, known, reached) = (work.clone(), known.clone(), reached.clone());
        lanes.spawn(async move { write_batch(&work, batch, &reached, &known).await });
    }
    while !lanes.is_empty() {
        is_stopped |= done(lanes.join_next().await)? == Step::Stopped;
    }
    if is_stopped {
        return Ok(Ended::Stopped);
    }
    watch.progress(total, Some(total));
    finish(work).await
}

/// The plan, made first if there is none; none if that was stopped.
async fn open_plan(work: &Work, watch: &dyn Watch, stored: &Stored) -> Result<Option<PlanReader>> {
    let digest = digest(stored)?;
    if stored.import.plan.is_some()
        && let Some(reader) = PlanReader::open(&work.plan, &digest)?
    {
        return Ok(Some(reader));
    }
    if stored.import.applied_rows > 0 {
        return Err(Error::conflict(
            "",
            "plan_gone",
            "the plan of the import is gone from the storage, so it cannot go on; upload the file again",
        ));
    }
    if plan::run(work, watch, ImportState::Applying).await? == Ended::Stopped {
        return Ok(None);
    }
    let reader = PlanReader::open(&work.plan, &digest)?;
    let reader = reader.ok_or_else(|| Error::internal("the plan was written but cannot be read"))?;
    Ok(Some(reader))
}

fn done(ended: Option<Result<Result<Step>, JoinError>>) -> Result<Step> {
    match ended {
        None => Ok(Step::Done),
        Some(step) => step?,
    }
}

pub(super) async fn finish(work: &Work) -> Result<Ended> {
    let mut tx = work.begin().await?;
    let (state, _, counts) = imports::lock_progress(&mut tx, work.id).await?;
    if state != ImportState::Applying {
        return Ok(Ended::Stopped);
    }
    let import = imports::get(&mut tx, work.id, false).await?.import;
    imports::finish(&mut tx, work.id, ImportState::Done, None).await?;
    let facts = json!({"import_id": work.id, "file_name": import.file_name, "counts": counts});
    regulars_events::append(&mut tx, NewEvent::new("import.finished").data(facts)).await?;
    tx.commit().await?;
    work.remove_files();
    // Without it searches are slower and totals estimated worse; an older database may not have the functions.
    let mut tx = work.begin().await?;
    match batch_parts::settle(&mut tx, (counts.create + counts.update) as i64).await {
        Ok(()) => tx.commit().await?,
        Err(error) => {
            tracing::warn!(import.id = %work.id, %error, "search indexes and statistics were not settled");
        }
    }
    Ok(Ended::Done(counts))
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is written.
    Done,
    /// The import is no longer to be applied.
    Stopped,
}

/// Writes a batch; row by row if some row of it cannot be written together with the others.
async fn write_batch(work: &Work, mut batch: Batch, reached: &Reached, known: &KnownWords) -> Result<Step> {
    let end = batch.rows.last().map(|row| row.position);
    // An earlier run may have written some of it before it was killed.
    batch.rows.retain(|row| !reached.has(row.position));
    let (Some(first), Some(last)) = (batch.rows.first(), batch.rows.last()) else {
        return Ok(Step::Done);
    };
    // Rows at its end that are written already are no part of the stretch, or they would look like another worker's.
    let stretch = Stretch {
        first: first.position,
        last: last.position,
        checkpoint: (end == Some(last.position)).then_some(batch.checkpoint),
    };
    let mut tries = 0;
    loop {
        match write_rows(work, &batch.rows, stretch, known).await {
            Err(error) if is_of_rows(&error) => {
                tries += 1;
                if tries == TRIES {
                    break;
                }
            }
            other => return other,
        }
    }
    for row in &batch.rows {
        let stretch = Stretch {
            first: row.position,
            last: row.position,
            checkpoint: None,
        };
        let step = match write_rows(work, std::slice::from_ref(row), stretch, known).await {
            Err(error) if is_of_rows(&error) => refuse_row(work, row, stretch).await?,
            other => other?,
        };
        if step == Step::Stopped {
            return Ok(step);
        }
    }
    Ok(Step::Done)
}

/// Passes over a row that the database does not take.
async fn refuse_row(work: &Work, row: &Row, stretch: Stretch) -> Result<Step> {
    let mut tx = work.begin().await?;
    let reason = Reason::of_row(
        "changed_meanwhile",
        "the row clashes with what was changed at the same moment; import it again",
    );
    let failed = [failure(row, vec![reason])];
    errors::insert(&mut tx, work.id, "apply", &failed).await?;
    let mut counts = Counts::default();
    counts.add(Outcome::Conflict);
    settle_stretch(work, tx, stretch, &counts).await
}

/// Notes in the transaction of some rows that they are dealt with, and commits it; rolls it back if the import is no longer
/// to be applied. The import's row is locked here and not before, so that two batches can be written at a time.
pub(super) async fn settle_stretch(work: &Work, mut tx: Tx, stretch: Stretch, more: &Counts) -> Result<Step> {
    let (state, mut reached, mut counts) = imports::lock_progress(&mut tx, work.id).await?;
    if state != ImportState::Applying {
        tx.rollback().await?;
        return Ok(Step::Stopped);
    }
    if reached.has(stretch.last) {
        return Err(Error::internal("another worker applies the same import"));
    }
    reached.add(stretch);
    for outcome in Outcome::ALL {
        counts.raise(*outcome, more.of(*outcome));
    }
    imports::advance(&mut tx, work.id, &reached, &counts).await?;
    tx.commit().await?;
    for outcome in Outcome::ALL.iter().filter(|outcome| more.of(**outcome) > 0) {
        metrics::counter!("regulars_import_rows_total", "outcome" => outcome.as_str())
            .increment(more.of(*outcome));
    }
    Ok(Step::Done)
}

async fn write_rows(work: &Work, rows: &[Row], stretch: Stretch, known: &KnownWords) -> Result<Step> {
    let mut tx = work.begin().await?;
    if !imports::is_applying(&mut tx, work.id).await? {
        return Ok(Step::Stopped);
    }
    reserve_codes(&mut tx, rows).await?;
    let mut counts = Counts::default();
    let mut wave = Wave::new(work);
    let mut failed = Vec::new();
    for row in rows {
        let Some(planned) = row.planned else {
            return Err(Error::internal("a row has no plan"));
        };
        match (&row.what, planned.outcome) {
            (_, Outcome::Skip | Outcome::Conflict | Outcome::Invalid) => counts.add(planned.outcome),
            (What::Wanted(_), _) => {
                if wave.has(&planned) {
                    wave.write(&mut tx, known, &mut counts, &mut failed).await?;
                }
                wave.push(row, planned);
            }
            (What::Invalid(reasons), _) => {
                counts.add(Outcome::Conflict);
                failed.push(failure(row, reasons.clone()));
            }
            (What::Nobody, _) => {
                return Err(Error::internal("the file is not the one that was checked"));
            }
        }
    }
    wave.write(&mut tx, known, &mut counts, &mut failed).await?;
    errors::insert(&mut tx, work.id, "apply", &failed).await?;
    let words = std::mem::take(&mut wave.words);
    let step = settle_stretch(work, tx, stretch, &counts).await?;
    if step == Step::Done {
        known.remember(words);
    }
    Ok(step)
}

/// Codes of our own form that the file brings must not be given away again.
async fn reserve_codes(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    let highest = rows
        .iter()
        .filter_map(|row| match &row.what {
            What::Wanted(wanted) => own_number(wanted.code.as_deref()?)?,
            What::Nobody | What::Invalid(_) => None,
        })
        .max();
    match highest {
        Some(number) => batch_parts::reserve_codes(tx, number).await,
        None => Ok(()),
    }
}

fn failure(row: &Row, reasons: Vec<Reason>) -> RowError {
    RowError {
        position: row.position,
        outcome: Outcome::Conflict,
        reasons,
        fields: row.fields.clone(),
    }
}

/// Rows of different customers, which can be written together.
struct Wave<'a> {
    creates: Vec<(&'a Row, Record)>,
    updates: Vec<(&'a Row, Record)>,
    touched: HashSet<regulars_kernel::ids::CustomerId>,
    origin: Origin,
    words: Vec<String>,
}

impl<'a> Wave<'a> {
    fn new(work: &Work) -> Self {
        Self {
            creates: Vec::new(),
            updates: Vec::new(),
            touched: HashSet::new(),
            origin: Origin {
                import_id: Some(work.id.0),
            },
            words: Vec::new(),
        }
    }

    fn has(&self, planned: &Record) -> bool {
        self.touched.contains(&planned.id)
    }

    fn push(&mut self, row: &'a Row, planned: Record) {
        self.touched.insert(planned.id);
        if planned.outcome == Outcome::Create {
            self.creates.push((row, planned));
        } else {
            self.updates.push((row, planned));
        }
    }

    async fn write(
        &mut self,
        tx: &mut Tx,
        known: &KnownWords,
        counts: &mut Counts,
        failed: &mut Vec<RowError>,
    ) -> Result<()> {
        let creates: Vec<Create<'_>> = self
            .creates
            .iter()
            .filter_map(|(row, planned)| match &row.what {
                What::Wanted(wanted) => Some(Create {
                    id: planned.id,
                    wanted,
                }),
                What::Nobody | What::Invalid(_) => None,
            })
            .collect();
        let refusals = create_many(tx, &creates, &self.origin, known, &mut self.words).await?;
        settle(&self.creates, &refusals, counts, failed);
        let updates: Vec<Update<'_>> = self
            .updates
            .iter()
            .filter_map(|(row, planned)| match &row.what {
                What::Wanted(wanted) => Some(Update {
                    id: planned.id,
                    version: planned.version,
                    wanted,
                }),
                What::Nobody | What::Invalid(_) => None,
            })
            .collect();
        let refusals = update_many(tx, &updates, &self.origin, known, &mut self.words).await?;
        settle(&self.updates, &refusals, counts, failed);
        self.creates.clear();
        self.updates.clear();
        self.touched.clear();
        Ok(())
    }
}

fn settle(
    rows: &[(&Row, Record)],
    refusals: &[Option<Refusal>],
    counts: &mut Counts,
    failed: &mut Vec<RowError>,
) {
    for ((row, planned), refusal) in rows.iter().zip(refusals) {
        match refusal {
            None => counts.add(planned.outcome),
            Some(refusal) => {
                counts.add(Outcome::Conflict);
                failed.push(failure(
                    row,
                    vec![Reason::of_row(refusal.code(), refusal.message())],
                ));
            }
        }
    }
}
