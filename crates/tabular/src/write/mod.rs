//! Writing files that people open in spreadsheets and programs read back: error files and JSON arrays.
//!
//! What it never does: decide what is exported, or hold more than a row.

pub(crate) mod formula;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::read::Headers;

pub use formula::neutralise;

/// The column that an error file adds.
const ERROR_COLUMN: &str = "regulars_error";

/// Writes CSV (RFC 4180, UTF-8, comma, LF) with spreadsheet formulas neutralised; our reader gives back exactly what went in.
struct CsvWriter<W: Write> {
    inner: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file. Nothing is written before the first record.
    fn new(output: W) -> Self {
        let inner = csv::WriterBuilder::new()
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_writer(output);
        Self { inner }
    }

    /// Writes one record, the header included.
    fn write<T: AsRef<str>>(&mut self, fields: impl IntoIterator<Item = T>) -> io::Result<()> {
        for field in fields {
            self.inner
                .write_field(&*formula::neutralise(field.as_ref()))
                .map_err(into_io)?;
        }
        self.inner.write_record(None::<&[u8]>).map_err(into_io)
    }

    /// Finishes and gives the output back.
    fn into_inner(self) -> io::Result<W> {
        self.inner
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))
    }
}

/// Makes one JSON array of the JSON Lines that are written to it.
pub struct JsonArray<W: Write> {
    output: W,
    /// What stands before the next line.
    before: &'static [u8],
    at_line_start: bool,
}

impl<W: Write> JsonArray<W> {
    /// Starts the array.
    pub fn new(output: W) -> Self {
        Self {
            output,
            before: b"[\n",
            at_line_start: true,
        }
    }

    /// Ends the array.
    pub fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.before == b"[\n" { b"[]\n" } else { b"\n]\n" };
        self.output.write_all(end)?;
        self.output.flush()
    }
}

impl<W: Write> Write for JsonArray<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                self.output.write_all(self.before)?;
                self.before = b",\n";
            }
            let text = line.strip_suffix(b"\n");
            self.output.write_all(text.unwrap_or(line))?;
            self.at_line_start = text.is_some();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Writes rows that could not be imported: the file's own columns, then [`ERROR_COLUMN`] with the reasons, so that the
/// rows can be mended and imported again.
pub struct ErrorFile<W: Write> {
    inner: CsvWriter<W>,
    columns: usize,
}

impl<W: Write> ErrorFile<W> {
    /// Starts the file with its header.
    pub fn create(output: W, headers: &Headers) -> io::Result<Self> {
        let mut inner = CsvWriter::new(output);
        inner.write(
            headers
                .iter()
                .map(|header| header.name.as_str())
                .chain([ERROR_COLUMN]),
        )?;
        Ok(Self {
            inner,
            columns: headers.len(),
        })
    }

    /// Continues a file whose header was written earlier.
    pub fn resume(output: W, headers: &Headers) -> Self {
        Self {
            inner: CsvWriter::new(output),
            columns: headers.len(),
        }
    }

    /// Writes one row with a sentence that says why. Fields beyond the header are dropped, missing ones left empty.
    pub fn write(&mut self, fields: &[Option<String>], reason: &str) -> io::Result<()> {
        let own = (0..self.columns).map(|at| fields.get(at).and_then(Option::as_deref).unwrap_or_default());
        self.inner.write(own.chain([reason]))
    }

    /// Finishes and gives the output back.
    pub fn into_inner(self) -> io::Result<W> {
        self.inner.into_inner()
    }
}

fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
