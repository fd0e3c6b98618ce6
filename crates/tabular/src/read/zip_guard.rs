//! Refuses workbooks that unpack to far more than they should, before anything unpacks them into memory.
//!
//! What it never does: trust what an archive claims of itself. A workbook names its parts as it likes, so each of them
//! may be opened as a sheet: every one is unpacked once, into nothing, and counted, whatever its name.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::ReadError;

/// The most that all parts together may unpack to.
const MAX_TOTAL: u64 = 2 * 1024 * 1024 * 1024;
/// The most memory that the table of shared texts may take: it alone is kept.
const MAX_SHARED: u64 = 112 * 1024 * 1024;
/// What each of them takes besides its letters: a `String` in a vector, and the allocator's share.
const PER_TEXT: u64 = 48;
/// How a text of the table ends, with and without a namespace, and one without letters.
const TEXT_ENDS: [&[u8]; 3] = [b"/si>", b":si>", b"si/>"];
/// The most that any other part except a sheet may unpack to (styles, workbook).
const MAX_PART: u64 = 32 * 1024 * 1024;
/// Sheets of real data shrink to about a tenth; a part this large that shrinks further than this is a bomb.
const MAX_RATIO: u64 = 300;
const RATIO_FROM: u64 = 64 * 1024 * 1024;
/// The longest text or tag: parsers hold one at a time in memory.
const MAX_RUN: usize = 2 * 1024 * 1024;
/// The same in parts that do not look like XML: pictures have no tags, and large ones have even surfaces.
const MAX_RUN_ELSEWHERE: usize = 16 * 1024 * 1024;
/// Where sheets lie.
const SHEETS: &[u8] = b"worksheets/";
/// The attribute for which the parser takes memory in advance.
const UNIQUE_COUNT: &[u8] = b"uniqueCount";
/// Bytes of a part that are looked at together with the next ones.
const OVERLAP: usize = 64;
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
        let kind = Kind::of(&name);
        let limit = claimed.min(kind.most());
        if claimed > limit {
            return Err(too_large());
        }
        count(&mut part, kind, limit)?;
    }
    Ok(())
}

/// What a part may be, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Read row by row.
    Sheet,
    /// Read whole: the table of shared texts.
    Shared,
    /// Says where the workbook lies.
    Package,
    /// Read whole: other XML.
    Part,
    /// Anything else: a picture, or one of the above under another name.
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        let name = name.replace('\\', "/");
        if name.contains("sharedstrings") {
            Self::Shared
        } else if name.trim_start_matches('/') == "_rels/.rels" {
            Self::Package
        } else if name.contains("worksheets/") {
            Self::Sheet
        } else if [".xml", ".rels"].iter().any(|ending| name.ends_with(ending)) {
            Self::Part
        } else {
            Self::Other
        }
    }

    /// The most it may unpack to, in bytes.
    fn most(self) -> u64 {
        match self {
            Self::Sheet => u64::MAX,
            Self::Shared => MAX_SHARED,
            Self::Package | Self::Part | Self::Other => MAX_PART,
        }
    }

    fn longest_run(self) -> usize {
        if self == Self::Other {
            MAX_RUN_ELSEWHERE
        } else {
            MAX_RUN
        }
    }

    /// Looks at some of its bytes. A workbook that lies among the sheets would be read whole with a sheet's limit, and
    /// more shared texts than there is room for would be given memory before they are missed.
    fn check(self, bytes: &[u8], limit: u64) -> Result<(), ReadError> {
        let is_wrong = match self {
            Self::Package => bytes
                .windows(SHEETS.len())
                .any(|window| window.eq_ignore_ascii_case(SHEETS) || window.starts_with(b"&#")),
            Self::Shared => bytes
                .windows(UNIQUE_COUNT.len())
                .enumerate()
                .filter(|(_, window)| *window == UNIQUE_COUNT)
                .filter_map(|(at, _)| number_after(&bytes[at + UNIQUE_COUNT.len()..]))
                .any(|count| count > limit),
            Self::Sheet | Self::Part | Self::Other => false,
        };
        if is_wrong { Err(bomb()) } else { Ok(()) }
    }
}

/// The number in `="123"`.
fn number_after(bytes: &[u8]) -> Option<u64> {
    let digits: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| !byte.is_ascii_digit() && *byte != b'>')
        .take_while(u8::is_ascii_digit)
        .collect();
    let text = std::str::from_utf8(&digits)
        .ok()
        .filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or(u64::MAX))
}

fn count(part: &mut impl Read, kind: Kind, limit: u64) -> Result<(), ReadError> {
    // The end of what was read before stands in front of what is read next.
    let mut buffer = vec![0_u8; OVERLAP + 64 * 1024];
    let (mut unpacked, mut run, mut texts) = (0_u64, 0_usize, 0_u64);
    loop {
        let count = match part.read(&mut buffer[OVERLAP..]) {
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
        for &byte in &buffer[OVERLAP..OVERLAP + count] {
            run = if byte == b'<' { 0 } else { run + 1 };
            if run > kind.longest_run() {
                return Err(bomb());
            }
        }
        if unpacked > limit {
            return Err(bomb());
        }
        if kind == Kind::Shared {
            // Those that end in what was just read.
            let read = &buffer[OVERLAP - (TEXT_ENDS[0].len() - 1)..OVERLAP + count];
            texts += read
                .windows(TEXT_ENDS[0].len())
                .filter(|window| TEXT_ENDS.contains(window))
                .count() as u64;
            if unpacked + texts * PER_TEXT > MAX_SHARED {
                return Err(too_large());
            }
        }
        kind.check(&buffer[..OVERLAP + count], limit)?;
        buffer.copy_within(count..count + OVERLAP, 0);
    }
}

fn too_large() -> ReadError {
    ReadError::file(
        "xlsx_too_large",
        "the workbook holds more than can be read safely; save the sheet as CSV and import that",
    )
}

fn bomb() -> ReadError {
    ReadError::file(
        "xlsx_bomb",
        "the workbook unpacks to far more than a workbook of its size should; it is refused",
    )
}
