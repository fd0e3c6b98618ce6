//! Which row of a file last spoke of a key: an index of hashes that finds repetitions inside the file.
//!
//! Open addressing in buckets of four slots. A slot is 16 bytes: 10 of the key's SHA-256, 5 of the row, 1 of flags. With
//! 30 million keys the chance that any two are taken for each other is below 10⁻⁹ (n² / 2⁸¹). Up to [`IN_MEMORY`] slots
//! (64 MB) it stands in memory, beyond that in an unnamed file, so that memory stays constant for files of any size.
//!
//! What it never does: keep a key itself.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

const SLOT: usize = 16;
const BUCKET: usize = 4 * SLOT;
const HASH: usize = 10;
/// Slots at the beginning.
const FIRST: u64 = 1 << 12;
/// The most slots that stand in memory.
pub const IN_MEMORY: u64 = 1 << 22;

/// A hashed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; HASH]);

impl Key {
    /// Hashes a key of a kind. Parts are kept apart.
    pub fn of(kind: u8, parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([kind]);
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        let mut hash = [0; HASH];
        hash.copy_from_slice(&digest[..HASH]);
        Self(hash)
    }

    fn bucket(self, buckets: u64) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(low) & (buckets - 1)
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The data row, from 1, below 2⁴⁰.
    pub row: u64,
    /// Free for the user of the index.
    pub flags: u8,
}

enum Slots {
    Memory(Vec<u8>),
    File(File),
}

/// The index.
pub struct KeyIndex {
    slots: Slots,
    buckets: u64,
    used: u64,
    folder: PathBuf,
    in_memory: u64,
}

impl KeyIndex {
    /// An empty index; its file, if it comes to need one, stands in the folder and vanishes with it.
    pub fn new(folder: &Path) -> Self {
        Self::with_limit(folder, IN_MEMORY)
    }

    fn with_limit(folder: &Path, in_memory: u64) -> Self {
        Self {
            slots: Slots::Memory(vec![0; FIRST as usize * SLOT]),
            buckets: FIRST / 4,
            used: 0,
            folder: folder.to_owned(),
            in_memory,
        }
    }

    /// What is known of a key.
    pub fn get(&self, key: Key) -> io::Result<Option<Entry>> {
        Ok(self.find(key)?.1)
    }

    /// Notes what is known of a key, in the place of what was.
    pub fn put(&mut self, key: Key, entry: Entry) -> io::Result<()> {
        if (self.used + 1) * 10 > self.buckets * 4 * 7 {
            self.grow()?;
        }
        let (at, known) = self.find(key)?;
        let mut slot = [0; SLOT];
        slot[..HASH].copy_from_slice(&key.0);
        slot[HASH..HASH + 5].copy_from_slice(&entry.row.to_le_bytes()[..5]);
        slot[SLOT - 1] = entry.flags;
        match &mut self.slots {
            Slots::Memory(bytes) => bytes[at as usize..at as usize + SLOT].copy_from_slice(&slot),
            Slots::File(file) => file.write_all_at(&slot, at)?,
        }
        self.used += u64::from(known.is_none());
        Ok(())
    }

    /// Where the key stands or would stand, and what is known of it.
    fn find(&self, key: Key) -> io::Result<(u64, Option<Entry>)> {
        let mut bucket = key.bucket(self.buckets);
        let mut bytes = [0; BUCKET];
        loop {
            let start = bucket * BUCKET as u64;
            match &self.slots {
                Slots::Memory(all) => bytes.copy_from_slice(&all[start as usize..start as usize + BUCKET]),
                Slots::File(file) => file.read_exact_at(&mut bytes, start)?,
            }
            for (number, slot) in bytes.chunks_exact(SLOT).enumerate() {
                let at = start + (number * SLOT) as u64;
                match entry(slot) {
                    None => return Ok((at, None)),
                    Some(entry) if slot[..HASH] == key.0 => return Ok((at, Some(entry))),
                    Some(_) => {}
                }
            }
            bucket = (bucket + 1) & (self.buckets - 1);
        }
    }

    fn grow(&mut self) -> io::Result<()> {
        let slots = self.buckets * 4 * 2;
        let new = if slots <= self.in_memory {
            Slots::Memory(vec![0; slots as usize * SLOT])
        } else {
            let file = tempfile::tempfile_in(&self.folder)?;
            file.set_len(slots * SLOT as u64)?;
            Slots::File(file)
        };
        let old = std::mem::replace(&mut self.slots, new);
        let length = self.buckets * BUCKET as u64;
        self.buckets *= 2;
        self.used = 0;
        match old {
            Slots::Memory(bytes) => self.take_over(&bytes)?,
            Slots::File(file) => {
                let mut chunk = vec![0; 1 << 20];
                let mut at = 0;
                while at < length {
                    let wanted = chunk.len().min((length - at) as usize);
                    file.read_exact_at(&mut chunk[..wanted], at)?;
                    self.take_over(&chunk[..wanted])?;
                    at += wanted as u64;
                }
            }
        }
        Ok(())
    }

    fn take_over(&mut self, slots: &[u8]) -> io::Result<()> {
        for slot in slots.chunks_exact(SLOT) {
            if let Some(entry) = entry(slot) {
                let mut hash = [0; HASH];
                hash.copy_from_slice(&slot[..HASH]);
                self.put(Key(hash), entry)?;
            }
        }
        Ok(())
    }
}

/// Rows count from 1, so a slot of row 0 is free.
fn entry(slot: &[u8]) -> Option<Entry> {
    let mut row = [0; 8];
    row[..5].copy_from_slice(&slot[HASH..HASH + 5]);
    let row = u64::from_le_bytes(row);
    (row != 0).then(|| Entry {
        row,
        flags: slot[SLOT - 1],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_again_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = KeyIndex::with_limit(folder.path(), 1 << 13);
        for row in 1..=20_000u64 {
            let key = Key::of(1, &[&format!("somebody{row}@example.com")]);
            assert_eq!(index.get(key).unwrap(), None);
            index.put(key, Entry { row, flags: 3 }).unwrap();
        }
        assert!(matches!(index.slots, Slots::File(_)));
        index
            .put(
                Key::of(1, &["somebody7@example.com"]),
                Entry {
                    row: 1 << 33,
                    flags: 0,
                },
            )
            .unwrap();
        for row in 1..=20_000u64 {
            let expected = if row == 7 {
                Entry {
                    row: 1 << 33,
                    flags: 0,
                }
            } else {
                Entry { row, flags: 3 }
            };
            let key = Key::of(1, &[&format!("somebody{row}@example.com")]);
            assert_eq!(index.get(key).unwrap(), Some(expected));
        }
        assert_eq!(index.used, 20_000);
        assert_eq!(index.get(Key::of(2, &["somebody7@example.com"])).unwrap(), None);
    }

    #[test]
    fn parts_of_a_key_are_kept_apart() {
        assert_ne!(Key::of(1, &["ab", "c"]), Key::of(1, &["a", "bc"]));
    }
}
