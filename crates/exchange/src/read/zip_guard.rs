//! Refuses workbooks that unpack to far more than they should, before anything unpacks them into memory.
//!
//! What it never does: trust the sizes that an archive claims; every part that will be parsed is unpacked once, into
//! nothing, and counted.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::ReadError;

/// The most that all parts together may unpack to.
const MAX_TOTAL: u64 = 2 * 1024 * 1024 * 1024;
/// The most that the table of shared texts may unpack to: it alone is kept in memory.
const MAX_SHARED: u64 = 128 * 1024 * 1024;
/// The most that any other part except a sheet may unpack to (styles, workbook).
const MAX_PART: u64 = 32 * 1024 * 1024;
/// Sheets of real data shrink to about a tenth; a part this large that shrinks further than this is a bomb.
const MAX_RATIO: u64 = 300;
const RATIO_FROM: u64 = 64 * 1024 * 1024;
/// The longest text or tag: parsers hold one at a time in memory.
const MAX_RUN: usize = 2 * 1024 * 1024;
const MAX_ENTRIES: usize = 10_000;

/// Passes if the archive is a workbook that can be read in bounded memory.
pub fn check(path: &Path) -> Result<(), ReadError> {
    let file = BufReader::new(File::open(path)?);
    let mut archive = ZipArchive::new(file).map_err(|_| {
        ReadError::file(
            "xlsx_damaged",
            "the file begins like a workbook, but is damaged or incomplete",
        )
    })?;
    if archive.len() > MAX_ENTRIES {
        return Err(bomb());
    }
    if archive.index_for_name("xl/workbook.xml").is_none()
        && archive.index_for_name("[Content_Types].xml").is_none()
    {
        return Err(ReadError::file(
            "file_kind_unsupported",
            "this is a zip archive, not a workbook; unpack it and import what is inside",
        ));
    }
    let mut total: u64 = 0;
    for index in 0..archive.len() {
        let mut part = archive
            .by_index(index)
            .map_err(|_| ReadError::file("xlsx_damaged", "a part of the workbook is damaged or encrypted"))?;
        let name = part
            .name()
            .map_err(|_| ReadError::file("xlsx_damaged", "a part of the workbook has an unreadable name"))?
            .to_ascii_lowercase();
        let (claimed, packed) = (part.size(), part.compressed_size().max(1));
        total = total.saturating_add(claimed);
        if total > MAX_TOTAL || (claimed > RATIO_FROM && claimed / packed > MAX_RATIO) {
            return Err(bomb());
        }
        // Pictures and the like are never opened.
        let is_parsed = [".xml", ".rels"].iter().any(|ending| name.ends_with(ending));
        if !is_parsed {
            continue;
        }
        let limit = if name.contains("worksheets/") {
            claimed
        } else if name.contains("sharedstrings") {
            claimed.min(MAX_SHARED)
        } else {
            claimed.min(MAX_PART)
        };
        if claimed > limit {
            return Err(ReadError::file(
                "xlsx_too_large",
                "the workbook holds more text than can be read safely; save the sheet as CSV and import that",
            ));
        }
        count(&mut part, limit)?;
    }
    Ok(())
}

fn count(part: &mut impl Read, limit: u64) -> Result<(), ReadError> {
    let mut buffer = vec![0_u8; 64 * 1024];
    let (mut unpacked, mut run) = (0_u64, 0_usize);
    loop {
        let count = match part.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                return Err(ReadError::file(
                    "xlsx_damaged",
                    "a part of the workbook is damaged",
                ));
            }
        };
        unpacked += count as u64;
        for &byte in &buffer[..count] {
            run = if byte == b'<' { 0 } else { run + 1 };
            if run > MAX_RUN {
                return Err(bomb());
            }
        }
        if unpacked > limit {
            return Err(bomb());
        }
    }
}

fn bomb() -> ReadError {
    ReadError::file(
        "xlsx_bomb",
        "the workbook unpacks to far more than a workbook of its size should; it is refused",
    )
}
