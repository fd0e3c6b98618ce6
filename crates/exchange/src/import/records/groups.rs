//! Reading a file on a thread of its own, record by record, each with all of its rows.
//!
//! What it never does: hold a record of more than so many rows or bytes; what is beyond that is refused as a record that
//! comes twice.

use std::sync::Arc;

use regulars_kernel::{Error, Result};
use regulars_tabular::read::{self, Checkpoint, Record, Row};
use tokio::sync::mpsc;

use crate::{
    import::{plan_file::Record as Planned, rows::Source},
    kind::Records,
    model::Reason,
};

/// Bytes of text after which a batch ends earlier.
const BATCH_BYTES: usize = 4 << 20;
/// Rows of one record.
const MOST_ROWS: usize = 10_000;
/// Bytes of text of one record.
const MOST_BYTES: usize = 8 << 20;

/// The rows of one record.
#[derive(Debug)]
pub struct Group {
    /// By which they are one; none if the row does not say.
    pub key: Option<String>,
    /// In their order, at least one. Of a row that cannot be read, what could be.
    pub rows: Vec<Record>,
    /// Rows that cannot be read, and what else is wrong with them as they stand.
    pub faults: Vec<(Option<usize>, Reason)>,
    /// What the plan says of it, if there is one.
    pub planned: Option<Planned>,
    bytes: usize,
}

impl Group {
    /// The number of its first row.
    pub fn first(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.position)
    }

    /// The number of its last row.
    pub fn last(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.position)
    }

    /// The line where it begins.
    pub fn line(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.line)
    }

    fn begin(key: Option<String>, row: Record, fault: Option<Reason>, planned: Option<Planned>) -> Self {
        let mut group = Self {
            key,
            rows: Vec::with_capacity(1),
            faults: Vec::new(),
            planned,
            bytes: 0,
        };
        group.add(row, fault);
        group
    }

    fn add(&mut self, row: Record, fault: Option<Reason>) {
        self.bytes += row.fields.iter().flatten().map(String::len).sum::<usize>();
        self.faults
            .extend(fault.map(|fault| (Some(self.rows.len()), fault)));
        self.rows.push(row);
    }

    fn has_room(&self) -> bool {
        self.rows.len() < MOST_ROWS && self.bytes < MOST_BYTES
    }
}

/// Some records that follow each other.
pub struct Batch {
    /// The records.
    pub groups: Vec<Group>,
    /// Where the next row begins; of the file that is checked, the one after that.
    pub checkpoint: Checkpoint,
}

/// Reads the records in the background. Ends when the receiver is dropped.
pub fn stream(source: Source, records: Arc<dyn Records>) -> mpsc::Receiver<Result<Batch>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let read = if source.plan.is_some() {
            run_planned(source, &sender)
        } else {
            run(&source, &*records, &sender)
        };
        if let Err(error) = read {
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

/// Gathers records until they are a batch.
struct Gathered {
    groups: Vec<Group>,
    bytes: usize,
    most: usize,
}

impl Gathered {
    fn new(most: usize) -> Self {
        Self {
            groups: Vec::new(),
            bytes: 0,
            most,
        }
    }

    fn add(&mut self, group: Group) {
        self.bytes += group.bytes;
        self.groups.push(group);
    }

    fn is_full(&self) -> bool {
        self.groups.len() >= self.most || self.bytes >= BATCH_BYTES
    }

    /// Sends it on; false if nobody wants it any more.
    fn send(&mut self, checkpoint: Checkpoint, sender: &mpsc::Sender<Result<Batch>>) -> bool {
        let groups = std::mem::take(&mut self.groups);
        self.bytes = 0;
        groups.is_empty() || sender.blocking_send(Ok(Batch { groups, checkpoint })).is_ok()
    }
}

/// A row with why it cannot be read, if that is so.
fn taken(row: Row) -> (Record, Option<Reason>) {
    match row {
        Ok(record) => (record, None),
        Err(fault) => {
            let reason = Reason::of_row(fault.code, fault.message);
            let record = Record {
                position: fault.position,
                line: fault.line,
                fields: fault.fields,
                lists: Vec::new(),
            };
            (record, Some(reason))
        }
    }
}

/// By what the rows say.
fn run(source: &Source, records: &dyn Records, sender: &mpsc::Sender<Result<Batch>>) -> Result<()> {
    let mut reader = read::open(&source.path, &source.options)?;
    let mut gathered = Gathered::new(source.batch_rows);
    let mut open: Option<Group> = None;
    while let Some(row) = reader.next_row()? {
        let (record, fault) = taken(row);
        let before = open
            .as_ref()
            .and_then(|group| Some((group.key.as_deref()?, group.rows.first()?)));
        let key = records.key(&record, before);
        let is_lost = key.is_none() && fault.is_some();
        match &mut open {
            // Whose row it is that cannot be read is not known: it may be the next of these.
            Some(group) if group.has_room() && group.key.is_some() && (group.key == key || is_lost) => {
                group.add(record, fault);
            }
            _ => {
                if let Some(mut done) = open.take() {
                    if done.key.is_some() && done.key == key {
                        let message = format!("more than {MOST_ROWS} rows, or too much text, is one record");
                        done.faults.push((None, Reason::of_row("too_many", message)));
                    }
                    gathered.add(done);
                }
                if gathered.is_full() && !gathered.send(reader.checkpoint(), sender) {
                    return Ok(());
                }
                open = Some(Group::begin(key, record, fault, None));
            }
        }
    }
    if let Some(done) = open.take() {
        gathered.add(done);
    }
    gathered.send(reader.checkpoint(), sender);
    Ok(())
}

/// As the plan has found them.
fn run_planned(mut source: Source, sender: &mpsc::Sender<Result<Batch>>) -> Result<()> {
    let Some(mut plan) = source.plan.take() else {
        return Err(Error::internal("there is no plan to read by"));
    };
    let mut reader = read::open(&source.path, &source.options)?;
    if let Some(checkpoint) = source.checkpoint.filter(|at| at.position <= source.after) {
        reader.resume(checkpoint)?;
    }
    reader.skip_to(source.after)?;
    let mut gathered = Gathered::new(source.batch_rows);
    let mut open: Option<Group> = None;
    while let Some(row) = reader.next_row()? {
        let (record, fault) = taken(row);
        let position = record.position;
        let planned = plan.get(position)?;
        match &mut open {
            Some(group) if planned.continues => group.add(record, fault),
            _ => open = Some(Group::begin(None, record, fault, Some(planned))),
        }
        // The plan says whether the next row is of the same record, so that the batch ends where the reader is.
        if position == plan.rows() || !plan.get(position + 1)?.continues {
            if let Some(done) = open.take() {
                gathered.add(done);
            }
            if gathered.is_full() && !gathered.send(reader.checkpoint(), sender) {
                return Ok(());
            }
        }
    }
    if plan.rows() != reader.checkpoint().position {
        return Err(Error::internal(
            "the file has fewer rows than when it was checked",
        ));
    }
    gathered.send(reader.checkpoint(), sender);
    Ok(())
}
