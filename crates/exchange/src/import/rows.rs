//! Reading a file on a thread of its own, batch by batch, while the batch before is looked up and written.
//!
//! What it never does: hold more than three batches.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::Arc,
};

use regulars_kernel::{Error, Result};
use regulars_tabular::read::{self, Checkpoint, Options};
use tokio::sync::mpsc;

use super::{
    convert::{Converter, What},
    plan_file::{PlanReader, Record as Planned},
};
use crate::model::{Outcome, Reason};

/// Rows in a batch.
pub const BATCH_ROWS: usize = 2_000;
/// Bytes of text after which a batch ends earlier.
const BATCH_BYTES: usize = 4 << 20;

/// One row of the file.
pub struct Row {
    /// Number of the data row, from 1.
    pub position: u64,
    /// The line where it begins.
    pub line: u64,
    /// What it says, for the error file.
    pub fields: Vec<Option<String>>,
    /// Hash of that.
    pub content: u64,
    /// What it comes to.
    pub what: What,
    /// What the plan says of it, if there is one.
    pub planned: Option<Planned>,
}

/// Some rows that follow each other.
pub struct Batch {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next batch begins.
    pub checkpoint: Checkpoint,
}

impl Batch {
    /// Whether some row of it must be written after an earlier one.
    pub fn continues(&self) -> bool {
        self.rows
            .iter()
            .any(|row| row.planned.is_some_and(|planned| planned.continues))
    }
}

/// What to read.
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// How.
    pub options: Options,
    /// Where to begin, if not at the beginning.
    pub checkpoint: Option<Checkpoint>,
    /// Rows that are dealt with already.
    pub after: u64,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// The plan that is being executed: rows without work are not converted.
    pub plan: Option<PlanReader>,
}

/// Reads the rows in the background. Ends when the receiver is dropped.
pub fn stream(source: Source, converter: Arc<Converter>) -> mpsc::Receiver<Result<Batch>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = run(source, &converter, &sender) {
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn run(mut source: Source, converter: &Converter, sender: &mpsc::Sender<Result<Batch>>) -> Result<()> {
    let mut reader = read::open(&source.path, &source.options)?;
    if let Some(checkpoint) = source.checkpoint.filter(|at| at.position <= source.after) {
        reader.resume(checkpoint)?;
    }
    reader.skip_to(source.after)?;
    loop {
        let mut rows = Vec::with_capacity(source.batch_rows);
        let mut bytes = 0;
        let mut is_end = false;
        while rows.len() < source.batch_rows && bytes < BATCH_BYTES {
            let Some(row) = reader.next_row()? else {
                is_end = true;
                break;
            };
            let position = match &row {
                Ok(record) => record.position,
                Err(fault) => fault.position,
            };
            let planned = match &mut source.plan {
                Some(plan) => Some(plan.get(position)?),
                None => None,
            };
            let has_work =
                planned.is_none_or(|planned| matches!(planned.outcome, Outcome::Create | Outcome::Update));
            let row = match row {
                Ok(record) => {
                    let what = if has_work {
                        converter.convert(&record)
                    } else {
                        What::Nobody
                    };
                    Row {
                        position,
                        line: record.line,
                        content: hash(&record.fields),
                        fields: converter.cells(record),
                        what,
                        planned,
                    }
                }
                Err(fault) => Row {
                    position,
                    line: fault.line,
                    content: 0,
                    what: What::Invalid(vec![Reason::of_row(fault.code, fault.message)]),
                    fields: fault.fields,
                    planned,
                },
            };
            bytes += row.fields.iter().flatten().map(String::len).sum::<usize>();
            rows.push(row);
        }
        let checkpoint = reader.checkpoint();
        if !rows.is_empty() && sender.blocking_send(Ok(Batch { rows, checkpoint })).is_err() {
            return Ok(());
        }
        if is_end {
            break;
        }
    }
    if let Some(plan) = &source.plan
        && plan.rows() != reader.checkpoint().position
    {
        return Err(Error::internal(
            "the file has fewer rows than when it was checked",
        ));
    }
    Ok(())
}

fn hash(fields: &[Option<String>]) -> u64 {
    // Compared within one run only, so it need not be the same in another version of the program.
    let mut hasher = DefaultHasher::new();
    fields.hash(&mut hasher);
    hasher.finish()
}
