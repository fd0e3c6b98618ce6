//! Which records of a file come again after others: their rows do not follow each other.
//!
//! What it never does: keep a key itself, or more than so many places.

use std::{collections::HashMap, io, path::Path};

use super::groups::Group;
use crate::import::keys::{Entry, Key, KeyIndex};

/// What keys of records are told apart from other keys by.
const RECORD: u8 = 9;
/// Places of second parts that are kept, to be named.
const PLACES: usize = 10_000;

/// Where each record begins, and which begin twice.
pub struct Repeats {
    index: KeyIndex,
    second: HashMap<u64, u64>,
}

impl Repeats {
    /// Of no records yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            index: KeyIndex::new(folder),
            second: HashMap::new(),
        }
    }

    /// Notes a record.
    pub fn note(&mut self, group: &Group) -> io::Result<()> {
        let Some(key) = &group.key else { return Ok(()) };
        let key = Key::of(RECORD, &[key]);
        let first = group.first();
        match self.index.get(key)? {
            None => self.index.put(key, Entry { row: first, flags: 0 }),
            Some(known) => {
                if self.second.len() < PLACES {
                    self.second.entry(known.row).or_insert(first);
                }
                let entry = Entry {
                    row: known.row,
                    flags: 1,
                };
                self.index.put(key, entry)
            }
        }
    }

    /// The first row of another part of this record, 0 if that is not known; none if it is whole.
    pub fn other_part(&self, group: &Group) -> io::Result<Option<u64>> {
        let Some(key) = &group.key else { return Ok(None) };
        let Some(known) = self.index.get(Key::of(RECORD, &[key]))? else {
            return Ok(None);
        };
        Ok(match (known.flags, known.row == group.first()) {
            (0, _) => None,
            (_, true) => Some(self.second.get(&known.row).copied().unwrap_or(0)),
            (_, false) => Some(known.row),
        })
    }
}
