//! Reading customer files: CSV in any dialect, JSON, JSON Lines and XLSX, record by record in constant memory.
//!
//! What it never does: decide what a column means, hold a whole file, or guess silently. A record that cannot be read
//! becomes a [`RowFault`] and reading goes on; a file that cannot be read is a [`ReadError`].

mod csv;
mod detect;
mod flatten;
mod header;
mod json;
mod source;
mod xlsx;
mod zip_guard;

#[cfg(test)]
mod tests;

use std::{fmt, io, path::Path};

use regulars_kernel::{Error, Faults};

pub use detect::{CsvFormat, Format, LineEnd, TextEncoding, detect_file};
pub use header::{Header, Headers};

/// Bytes of a file's beginning that detection wants to see.
pub(crate) const SAMPLE_BYTES: usize = 128 * 1024;
/// The longest record, in bytes of decoded text.
pub(crate) const MAX_RECORD_BYTES: usize = 1024 * 1024;
/// The most columns a file may have.
pub(crate) const MAX_COLUMNS: usize = 1_000;

/// One data row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// 1 for the first data row; rows that cannot be read count too, blank lines do not.
    pub position: u64,
    /// The line of the file (the row of the sheet) where it begins, from 1.
    pub line: u64,
    /// Parallel to the headers. `None`: the file says nothing (short row, missing key); `Some("")`: it says "empty".
    pub fields: Vec<Option<String>>,
    /// The columns whose text is a JSON list: its items with commas, quoted as in CSV where they contain one.
    pub lists: Vec<usize>,
}

impl Record {
    /// The text in a column, `None` when the record says nothing about it.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.fields.get(column)?.as_deref()
    }

    /// Whether the text in a column is a list of texts, and not one that has commas in it.
    pub fn is_list(&self, column: usize) -> bool {
        self.lists.contains(&column)
    }
}

/// A row that cannot be read. Reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// As in [`Record::position`].
    pub position: u64,
    /// As in [`Record::line`].
    pub line: u64,
    /// A stable code, such as `too_many_fields`.
    pub code: &'static str,
    /// A sentence for a person, naming the line.
    pub message: String,
    /// What could be read of it, for the error file. Unreadable characters are U+FFFD; empty if it was too large.
    pub fields: Vec<Option<String>>,
}

/// A readable row, or why it is not.
pub type Row = Result<Record, RowFault>;

/// A place between two rows, from which another reader of the same file can go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checkpoint {
    /// Rows read so far.
    pub position: u64,
    /// The line the next row can begin at.
    pub line: u64,
    /// Bytes read so far: of the file if it is UTF-8, of its decoded text otherwise; 0 for XLSX.
    pub offset: u64,
}

/// How to read a file. The default detects everything.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name the file was uploaded under, for its extension; the path's own name if absent.
    pub file_name: Option<String>,
    /// What [`detect_file`] said earlier or a person chose. A resumed job passes it so that it reads the same way.
    pub format: Option<Format>,
    /// JSON only: the columns found earlier, which spares the pass over the file that finds them.
    pub headers: Option<Headers>,
    /// The longest record in bytes of decoded text, 1 MiB if absent.
    pub max_record_bytes: Option<usize>,
}

/// Reads a file row by row.
pub trait RecordReader: Send {
    /// The columns. Every record is parallel to them.
    fn headers(&self) -> &Headers;

    /// The next row, `None` at the end. After an error there is nothing more to read.
    fn next_row(&mut self) -> Result<Option<Row>, ReadError>;

    /// Where the next row begins.
    fn checkpoint(&self) -> Checkpoint;

    /// Goes on at a checkpoint of an earlier reader of the same file with the same format: at once for UTF-8 text,
    /// by decoding what lies before for other encodings, by reading again for XLSX.
    fn resume(&mut self, at: Checkpoint) -> Result<(), ReadError>;

    /// Makes `position + 1` the next row when no checkpoint is known, by reading what lies before. Goes forward only.
    fn skip_to(&mut self, position: u64) -> Result<(), ReadError> {
        while self.checkpoint().position < position {
            if self.next_row()?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Opens a file and reads its header.
///
/// Fails if the file is empty, of a kind we do not read, or its header is unusable.
pub fn open(path: &Path, options: &Options) -> Result<Box<dyn RecordReader>, ReadError> {
    let format = match &options.format {
        Some(format) => format.clone(),
        None => detect_file(path, options.file_name.as_deref().unwrap_or_default())?,
    };
    Ok(match format {
        Format::Csv(csv) => Box::new(self::csv::CsvReader::open(path, csv, options)?),
        Format::Json { encoding } => Box::new(json::JsonReader::open(
            path,
            encoding,
            json::Layout::Array,
            options,
        )?),
        Format::JsonLines { encoding } => Box::new(json::JsonReader::open(
            path,
            encoding,
            json::Layout::Lines,
            options,
        )?),
        Format::Xlsx => Box::new(xlsx::XlsxReader::open(path, options)?),
    })
}

/// Why a file cannot be read (any further).
///
/// Not a `std::error::Error`, so that `?` makes it the interface's 422 rather than a 500.
#[derive(Debug)]
pub enum ReadError {
    /// The disk failed.
    Io(io::Error),
    /// The file is not what we can read.
    File {
        /// A stable code, such as `file_empty`.
        code: &'static str,
        /// A sentence for a person.
        message: String,
    },
}

impl ReadError {
    pub(crate) fn file(code: &'static str, message: impl Into<String>) -> Self {
        Self::File {
            code,
            message: message.into(),
        }
    }

    /// The stable code; `file_unreadable` when the disk failed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "file_unreadable",
            Self::File { code, .. } => code,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the file cannot be read: {error}"),
            Self::File { message, .. } => f.write_str(message),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Internal(Box::new(error)),
            ReadError::File { code, message } => {
                let mut faults = Faults::new();
                faults.add("/file", code, message);
                Self::Invalid(faults)
            }
        }
    }
}
