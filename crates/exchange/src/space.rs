//! How much space files may take: what must stay free on the disk, and what an organization may keep.
//!
//! A file is looked after while it grows: every [`STEP`] bytes the disk is asked how much is free. So the disk falls below
//! the floor by no more than a step and a buffer (1 MB) for each file that is being written at that moment; the floor itself
//! is far above that. What an organization keeps is counted exactly, one file after the other, when a file is to be kept
//! (`ops::files`); until then each file that is being received or written at once may be as large as what is left, and is
//! removed if it turns out that others took the place meanwhile.
//!
//! What it never does: look into the database.

use std::{
    fmt, io,
    io::Write,
    path::{Path, PathBuf},
};

use nix::sys::statvfs::statvfs;
use regulars_kernel::{Error, Result};
use regulars_web::{WebConfig, pages::format::bytes};

/// Bytes of a file between two looks at the disk.
const STEP: u64 = 16 << 20;

/// Where files lie and how many there may be.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The folder.
    pub folder: PathBuf,
    /// Bytes of files that an organization may keep.
    pub quota: u64,
    /// What must stay free.
    pub floor: Floor,
}

impl Storage {
    /// As the server is set up.
    pub fn of(config: &WebConfig) -> Self {
        Self {
            folder: config.storage_dir.clone(),
            quota: config.kept_files,
            floor: Floor::USUAL,
        }
    }
}

/// What must stay free on a disk: some bytes or a share of it, whichever is less.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Bytes.
    pub bytes: u64,
    /// Hundredths of the disk.
    pub percent: u64,
}

impl Floor {
    /// 1 GiB, or 5 % of a small disk.
    pub const USUAL: Self = Self {
        bytes: 1 << 30,
        percent: 5,
    };

    /// Fails with 503 if the disk of a folder would have less with so many bytes more.
    pub fn check(self, folder: &Path, more: u64) -> Result<()> {
        let disk = statvfs(folder)?;
        let (free, size) = (
            disk.blocks_available().saturating_mul(disk.fragment_size()),
            disk.blocks().saturating_mul(disk.fragment_size()),
        );
        if free.saturating_sub(more) >= self.of(size) {
            return Ok(());
        }
        tracing::warn!(
            disk.free = free,
            disk.size = size,
            "the disk of the storage is nearly full"
        );
        Err(full())
    }

    fn of(self, size: u64) -> u64 {
        self.bytes.min(size / 100 * self.percent)
    }
}

fn full() -> Error {
    Error::Unavailable(
        "the server's disk is nearly full, so no file is taken; whoever runs the server has to make room on it".into(),
    )
}

/// A disk that is full is no fault of ours: 503 rather than 500.
pub fn disk_full(error: Error) -> Error {
    let is_full = matches!(&error, Error::Internal(cause) if cause.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }));
    if is_full { full() } else { error }
}

/// The files that an organization keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Imports that still have their file.
    pub imports: i64,
    /// Bytes of these.
    pub import_bytes: i64,
    /// Exports that can be downloaded.
    pub exports: i64,
    /// Bytes of these.
    pub export_bytes: i64,
}

impl Held {
    /// Fails with 409 if so many bytes more are too many, and says what to do about it.
    pub fn check(&self, more: u64, quota: u64) -> Result<()> {
        if more <= self.left(quota) {
            return Ok(());
        }
        Err(Error::conflict(
            "",
            "files_full",
            format!(
                "files of the organization may take {} together, and {self} are kept; apply, cancel or delete imports, \
                 delete exports, or wait until exports expire",
                bytes(quota)
            ),
        ))
    }

    /// Bytes that may still be added, none if even an empty file may not.
    fn left(&self, quota: u64) -> u64 {
        let held = self.import_bytes.saturating_add(self.export_bytes);
        quota.saturating_sub(u64::try_from(held).unwrap_or(0))
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |size: i64| bytes(u64::try_from(size).unwrap_or(0));
        let word = |count: i64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        write!(
            f,
            "{} ({}) and {} ({})",
            word(self.imports, "unfinished import"),
            size(self.import_bytes),
            word(self.exports, "export"),
            size(self.export_bytes)
        )
    }
}

/// Looks after a file while it grows.
#[derive(Debug)]
pub struct Growth {
    storage: Storage,
    held: Held,
    written: u64,
    /// When to look at the disk again.
    next: u64,
}

impl Growth {
    /// A file that will probably have so many bytes, 0 if that is not known, beside those that are held. Fails if there is no
    /// room for it.
    pub fn begin(storage: &Storage, held: Held, expected: u64) -> Result<Self> {
        storage.floor.check(&storage.folder, expected)?;
        held.check(expected.max(1), storage.quota)?;
        Ok(Self {
            storage: storage.clone(),
            held,
            written: 0,
            next: STEP,
        })
    }

    /// Some bytes more. Fails if there is no room for them.
    pub fn add(&mut self, more: usize) -> Result<()> {
        self.written += more as u64;
        self.held.check(self.written, self.storage.quota)?;
        if self.written >= self.next {
            self.storage.floor.check(&self.storage.folder, 0)?;
            self.next = self.written + STEP;
        }
        Ok(())
    }
}

/// A file that is looked after while it is written.
pub struct Watched<W> {
    output: W,
    growth: Growth,
    /// Why writing failed, which an `io::Error` cannot say.
    refusal: Option<Error>,
}

impl<W: Write> Watched<W> {
    /// Looks after an output.
    pub fn new(output: W, growth: Growth) -> Self {
        Self {
            output,
            growth,
            refusal: None,
        }
    }

    /// The better reason of an error of writing.
    pub fn explain(&mut self, error: Error) -> Error {
        self.refusal.take().unwrap_or(error)
    }

    /// The output.
    pub fn into_inner(self) -> W {
        self.output
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(refusal) = self.growth.add(bytes.len()) {
            self.refusal = Some(refusal);
            return Err(io::Error::other("there is no room for the file"));
        }
        // All of it, because all of it was counted.
        self.output.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn storage(folder: &Path, floor: u64) -> Storage {
        Storage {
            folder: folder.to_owned(),
            quota: GB,
            floor: Floor {
                bytes: floor,
                percent: 100,
            },
        }
    }

    #[test]
    fn the_floor_is_the_lesser_of_bytes_and_share() {
        assert_eq!(Floor::USUAL.of(10 << 30), (10 << 30) / 100 * 5);
        assert_eq!(Floor::USUAL.of(1 << 40), 1 << 30);
    }

    #[test]
    fn a_disk_below_the_floor_takes_nothing_and_one_above_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let everything = Floor {
            bytes: u64::MAX,
            percent: 100,
        };
        let nothing = Floor {
            bytes: 0,
            percent: 100,
        };
        assert!(matches!(
            everything.check(folder.path(), 0),
            Err(Error::Unavailable(_))
        ));
        nothing.check(folder.path(), 0).unwrap();
        let usual = Floor::USUAL.check(folder.path(), u64::MAX);
        assert!(matches!(usual, Err(Error::Unavailable(_))));
    }

    #[test]
    fn a_growing_file_is_refused_when_the_quota_is_used_up_and_when_the_disk_is() {
        let folder = tempfile::tempdir().unwrap();
        let held = Held {
            imports: 2,
            import_bytes: 600_000_000,
            exports: 1,
            export_bytes: 399_999_990,
        };
        let mut growth = Growth::begin(&storage(folder.path(), 0), held, 0).unwrap();
        growth.add(10).unwrap();
        let refusal = growth.add(1).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "files of the organization may take 1.0 GB together, and 2 unfinished imports (600 MB) and 1 export (399 MB) are \
             kept; apply, cancel or delete imports, delete exports, or wait until exports expire"
        );
        assert!(Growth::begin(&storage(folder.path(), 0), held, 11).is_err());
        // It fills up while the file is written.
        let mut growth = Growth::begin(&storage(folder.path(), 0), Held::default(), 0).unwrap();
        growth.storage.floor.bytes = u64::MAX;
        growth.add(STEP as usize - 1).unwrap();
        assert!(matches!(growth.add(1), Err(Error::Unavailable(_))));
    }

    #[test]
    fn a_full_disk_is_no_fault_of_ours() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(disk_full(full.into()), Error::Unavailable(_)));
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(disk_full(other.into()), Error::Internal(_)));
    }
}
