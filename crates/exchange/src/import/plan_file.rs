//! The plan of an import as a file beside the upload: a record of 32 bytes for each data row, in the order of rows.
//!
//! `action 1 · continues 1 · zero 2 · version 4 · customer id 16 · hash of the row's content 8`, after a head of 64 bytes that binds it
//! to file, mapping, mode and keys. A plan without its last mark was not finished and does not count.
//!
//! What it never does: hold a value of a customer.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::Path,
};

use regulars_kernel::ids::CustomerId;
use uuid::Uuid;

use crate::model::Outcome;

const HEAD: u64 = 64;
const RECORD: usize = 32;
const MAGIC: &[u8; 8] = b"RGPLAN1\n";
/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 16;

/// What shall become of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which.
    pub outcome: Outcome,
    /// For updates: the version the customer is expected to have then.
    pub version: i32,
    /// For creates and updates: who.
    pub id: CustomerId,
    /// Hash of the row's content.
    pub content: u64,
    /// Whether an earlier row of the file speaks of the same customer, so that it must be written first.
    pub continues: bool,
}

impl Record {
    /// A row that touches nobody.
    pub fn nobody(outcome: Outcome, content: u64) -> Self {
        Self {
            outcome,
            version: 0,
            id: CustomerId(Uuid::nil()),
            content,
            continues: false,
        }
    }

    /// The version that the customer has after this row.
    pub fn version_after(&self) -> i32 {
        match self.outcome {
            Outcome::Create => 1,
            Outcome::Update => self.version.saturating_add(1),
            Outcome::Skip | Outcome::Conflict | Outcome::Invalid => self.version,
        }
    }

    fn to_bytes(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[0] = match self.outcome {
            Outcome::Create => 1,
            Outcome::Update => 2,
            Outcome::Skip => 3,
            Outcome::Conflict => 4,
            Outcome::Invalid => 5,
        };
        bytes[1] = u8::from(self.continues);
        bytes[4..8].copy_from_slice(&self.version.to_le_bytes());
        bytes[8..24].copy_from_slice(self.id.0.as_bytes());
        bytes[24..32].copy_from_slice(&self.content.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; RECORD]) -> io::Result<Self> {
        let outcome = match bytes[0] {
            1 => Outcome::Create,
            2 => Outcome::Update,
            3 => Outcome::Skip,
            4 => Outcome::Conflict,
            5 => Outcome::Invalid,
            _ => return Err(io::Error::other("the plan file is damaged")),
        };
        let mut version = [0; 4];
        version.copy_from_slice(&bytes[4..8]);
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[8..24]);
        let mut content = [0; 8];
        content.copy_from_slice(&bytes[24..32]);
        Ok(Self {
            outcome,
            version: i32::from_le_bytes(version),
            id: CustomerId(Uuid::from_bytes(id)),
            content: u64::from_le_bytes(content),
            continues: bytes[1] != 0,
        })
    }
}

/// Writes a plan, row by row.
pub struct PlanWriter {
    file: File,
    digest: [u8; 32],
    buffer: Vec<u8>,
    written: u64,
}

impl PlanWriter {
    /// Begins a plan in the place of any earlier one.
    pub fn create(path: &Path, digest: [u8; 32]) -> io::Result<Self> {
        // A new file, not the old one emptied: a worker that was overtaken may still be writing into that.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        Ok(Self {
            file,
            digest,
            buffer: Vec::with_capacity(BUFFER + RECORD),
            written: 0,
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.written + (self.buffer.len() / RECORD) as u64
    }

    /// Adds the next row.
    pub fn push(&mut self, record: Record) -> io::Result<()> {
        self.buffer.extend_from_slice(&record.to_bytes());
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// An earlier row, from 1.
    pub fn get(&self, row: u64) -> io::Result<Record> {
        let mut bytes = [0; RECORD];
        if row > self.written {
            let at = (row - self.written - 1) as usize * RECORD;
            let slice = self
                .buffer
                .get(at..at + RECORD)
                .ok_or_else(|| io::Error::other("the plan has no such row"))?;
            bytes.copy_from_slice(slice);
        } else {
            self.file
                .read_exact_at(&mut bytes, HEAD + (row - 1) * RECORD as u64)?;
        }
        Record::from_bytes(&bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file
            .write_all_at(&self.buffer, HEAD + self.written * RECORD as u64)?;
        self.written += (self.buffer.len() / RECORD) as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Makes it durable, then marks it as finished.
    pub fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        self.file.sync_data()?;
        let mut head = [0; HEAD as usize];
        head[..8].copy_from_slice(MAGIC);
        head[8..40].copy_from_slice(&self.digest);
        head[40..48].copy_from_slice(&self.written.to_le_bytes());
        self.file.write_all_at(&head, 0)?;
        self.file.sync_all()?;
        Ok(self.written)
    }
}

/// Reads a finished plan.
pub struct PlanReader {
    file: File,
    rows: u64,
    /// Some records read ahead, and the row of the first.
    ahead: Vec<u8>,
    first: u64,
}

impl PlanReader {
    /// Opens a plan; none if there is none, it was not finished, or was made for something else.
    pub fn open(path: &Path, digest: &[u8; 32]) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut head = [0; HEAD as usize];
        if file.read_exact_at(&mut head, 0).is_err() || &head[..8] != MAGIC || head[8..40] != digest[..] {
            return Ok(None);
        }
        let mut rows = [0; 8];
        rows.copy_from_slice(&head[40..48]);
        Ok(Some(Self {
            file,
            rows: u64::from_le_bytes(rows),
            ahead: Vec::new(),
            first: 1,
        }))
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// A row, from 1; quick when asked for in order.
    pub fn get(&mut self, row: u64) -> io::Result<Record> {
        if row == 0 || row > self.rows {
            return Err(io::Error::other(
                "the file has more rows than when it was checked",
            ));
        }
        let held = (self.ahead.len() / RECORD) as u64;
        if row < self.first || row >= self.first + held {
            let wanted = (self.rows - row + 1).min((BUFFER / RECORD) as u64) as usize;
            self.ahead.resize(wanted * RECORD, 0);
            self.file
                .read_exact_at(&mut self.ahead, HEAD + (row - 1) * RECORD as u64)?;
            self.first = row;
        }
        let at = (row - self.first) as usize * RECORD;
        let mut bytes = [0; RECORD];
        bytes.copy_from_slice(&self.ahead[at..at + RECORD]);
        Record::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_was_written_and_only_for_what_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan");
        let record = |row: u64| Record {
            outcome: Outcome::ALL[row as usize % 5],
            version: row as i32,
            id: CustomerId::new(),
            content: row * 7,
            continues: row.is_multiple_of(3),
        };
        let records: Vec<Record> = (1..=5_000).map(record).collect();
        let mut writer = PlanWriter::create(&path, [7; 32]).unwrap();
        for (at, record) in records.iter().enumerate() {
            writer.push(*record).unwrap();
            assert_eq!(writer.get(at as u64 / 2 + 1).unwrap(), records[at / 2]);
        }
        assert!(PlanReader::open(&path, &[7; 32]).unwrap().is_none());
        assert_eq!(writer.finish().unwrap(), 5_000);
        assert!(PlanReader::open(&path, &[8; 32]).unwrap().is_none());
        let mut reader = PlanReader::open(&path, &[7; 32]).unwrap().unwrap();
        for row in [1, 2, 3, 4_999, 5_000, 17] {
            assert_eq!(reader.get(row).unwrap(), records[row as usize - 1]);
        }
        assert!(reader.get(5_001).is_err());
    }
}
