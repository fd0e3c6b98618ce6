//! Delimited text, one record at a time.
//!
//! Built on `csv_core` rather than on `csv`, because a quote that is never closed would make the latter take the rest of
//! the file as one record into memory, and because it counts lines by LF alone.
//!
//! What it never does: keep more of a record than the limit, or end a file early without saying so.

use std::path::{Path, PathBuf};

use csv_core::ReadRecordResult;

use super::{
    Checkpoint, CsvFormat, Headers, MAX_COLUMNS, MAX_RECORD_BYTES, Options, ReadError, Record, RecordReader,
    Row, RowFault, source::Source,
};
use crate::write::formula;

/// Reads delimited text.
pub struct CsvReader {
    path: PathBuf,
    format: CsvFormat,
    max_record_bytes: usize,
    source: Source,
    core: csv_core::Reader,
    headers: Headers,
    position: u64,
    output: Vec<u8>,
    ends: Vec<usize>,
}

/// One record as it lies in the buffers.
struct Raw {
    line: u64,
    bytes: usize,
    fields: usize,
    problem: Option<Problem>,
}

#[derive(Clone, Copy, PartialEq)]
enum Problem {
    TooLarge,
    TooManyColumns,
    QuoteNeverClosed,
}

impl CsvReader {
    /// Opens the file and reads its header.
    pub fn open(path: &Path, format: CsvFormat, options: &Options) -> Result<Self, ReadError> {
        let source = Source::open(path, format.encoding)?;
        let core = core_reader(&format);
        let mut reader = Self {
            path: path.to_owned(),
            max_record_bytes: options.max_record_bytes.unwrap_or(MAX_RECORD_BYTES),
            format,
            source,
            core,
            headers: Headers::default(),
            position: 0,
            output: vec![0; 4096.min(options.max_record_bytes.unwrap_or(MAX_RECORD_BYTES).max(1))],
            ends: vec![0; MAX_COLUMNS + 1],
        };
        reader.read_headers()?;
        Ok(reader)
    }

    fn read_headers(&mut self) -> Result<(), ReadError> {
        if self.format.sep_line {
            self.source.skip_while(|byte| byte != b'\r' && byte != b'\n')?;
        }
        let Some(raw) = self.next_raw()? else {
            return Err(ReadError::file("file_empty", "the file holds no header row"));
        };
        match raw.problem {
            Some(Problem::TooManyColumns) => {
                return Err(ReadError::file(
                    "too_many_columns",
                    format!("the header has more than {MAX_COLUMNS} columns"),
                ));
            }
            Some(_) => {
                return Err(ReadError::file(
                    "header_malformed",
                    "the header row is too long or has a quote that is never closed",
                ));
            }
            None => {}
        }
        let mut names = Vec::with_capacity(raw.fields);
        for field in self.fields(&raw) {
            match std::str::from_utf8(field) {
                Ok(name) if !name.contains('\0') => names.push(formula::restore(name).to_owned()),
                _ => {
                    let encoding = self.format.encoding.name();
                    return Err(ReadError::file(
                        "header_malformed",
                        format!("the header row holds bytes that are not text in {encoding}"),
                    ));
                }
            }
        }
        self.headers = Headers::new(names)?;
        Ok(())
    }

    fn fields<'a>(&'a self, raw: &Raw) -> impl Iterator<Item = &'a [u8]> {
        let mut start = 0;
        self.ends[..raw.fields].iter().map(move |&end| {
            let field = &self.output[start..end];
            start = end;
            field
        })
    }

    /// Reads one record into the buffers, passing over blank ones.
    fn next_raw(&mut self) -> Result<Option<Raw>, ReadError> {
        loop {
            self.source.skip_while(|byte| byte == b'\r' || byte == b'\n')?;
            if self.source.peek()?.is_empty() {
                return Ok(None);
            }
            let raw = self.split_record()?;
            // The end of line is passed now so that a checkpoint taken after this record counts it.
            self.source.skip_while(|byte| byte == b'\r' || byte == b'\n')?;
            let is_blank = raw.problem.is_none() && self.output[..raw.bytes].iter().all(|&byte| byte == b' ');
            if !is_blank {
                return Ok(Some(raw));
            }
        }
    }

    fn split_record(&mut self) -> Result<Raw, ReadError> {
        let mut raw = Raw {
            line: self.source.line(),
            bytes: 0,
            fields: 0,
            problem: None,
        };
        let mut scratch = [0_u8; 1024];
        let mut scratch_ends = [0_usize; 64];
        loop {
            if raw.problem.is_none() && raw.bytes == self.output.len() && raw.bytes < self.max_record_bytes {
                self.output
                    .resize((raw.bytes * 2).min(self.max_record_bytes.max(1)), 0);
            }
            let input = self.source.peek()?;
            if input.is_empty() {
                return Ok(self.finish_at_end(raw));
            }
            // A record that is refused is still read to its end, so that the next one starts where it should.
            let (result, read, written, ended) = if raw.problem.is_none() {
                self.core
                    .read_record(input, &mut self.output[raw.bytes..], &mut self.ends[raw.fields..])
            } else {
                self.core.read_record(input, &mut scratch, &mut scratch_ends)
            };
            self.source.consume(read);
            if raw.problem.is_none() {
                raw.bytes += written;
                raw.fields += ended;
            }
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => {
                    if raw.fields > MAX_COLUMNS {
                        raw.problem = raw.problem.or(Some(Problem::TooManyColumns));
                    }
                    return Ok(raw);
                }
                ReadRecordResult::OutputFull if raw.bytes >= self.max_record_bytes => {
                    raw.problem = raw.problem.or(Some(Problem::TooLarge));
                }
                ReadRecordResult::OutputEndsFull if raw.fields >= self.ends.len() => {
                    raw.problem = raw.problem.or(Some(Problem::TooManyColumns));
                }
                _ => {}
            }
        }
    }

    /// The last record has no line end. A line end fed to the splitter tells whether it is within quotes: if so, it is
    /// taken as text rather than as an end.
    fn finish_at_end(&mut self, mut raw: Raw) -> Raw {
        let mut end = [0_u8; 4];
        let mut ends = [0_usize; 4];
        let (result, _, _, ended) = self.core.read_record(b"\n", &mut end, &mut ends);
        if result == ReadRecordResult::Record {
            if raw.problem.is_none() && raw.fields + ended <= self.ends.len() {
                self.ends[raw.fields..raw.fields + ended].copy_from_slice(&ends[..ended]);
                raw.fields += ended;
            }
            if raw.fields > MAX_COLUMNS {
                raw.problem = raw.problem.or(Some(Problem::TooManyColumns));
            }
        } else {
            raw.problem = Some(Problem::QuoteNeverClosed);
        }
        raw
    }

    fn row(&mut self, raw: &Raw) -> Row {
        let width = self.headers.len();
        let line = raw.line;
        if let Some(problem) = raw.problem {
            let (code, message) = match problem {
                Problem::TooLarge => (
                    "record_too_large",
                    format!(
                        "the record at line {line} is longer than {} bytes",
                        self.max_record_bytes
                    ),
                ),
                Problem::TooManyColumns => (
                    "too_many_fields",
                    format!("the record at line {line} has more than {MAX_COLUMNS} fields"),
                ),
                Problem::QuoteNeverClosed => (
                    "quote_never_closed",
                    format!(
                        "a quote in the record at line {line} is never closed, so the rest of the file belongs to it"
                    ),
                ),
            };
            return Err(RowFault {
                position: self.position,
                line,
                code,
                message,
                fields: Vec::new(),
            });
        }
        let mut record = Record {
            position: self.position,
            line,
            fields: Vec::with_capacity(width),
            lists: Vec::new(),
        };
        for field in self.fields(raw).take(width) {
            match std::str::from_utf8(field) {
                Ok(text) if !text.contains('\0') => {
                    record.fields.push(Some(formula::restore(text).to_owned()));
                }
                Ok(_) => return Err(self.fault(raw, "nul", format!("line {line} holds a NUL character"))),
                Err(_) => {
                    let encoding = self.format.encoding.name();
                    let message =
                        format!("the record at line {line} holds bytes that are not text in {encoding}");
                    return Err(self.fault(raw, "encoding_invalid", message));
                }
            }
        }
        // Programs that end each line with a delimiter mean no further field by it.
        if self.fields(raw).skip(width).any(|field| !field.is_empty()) {
            let message = format!(
                "the record at line {line} has {} fields, the header has {width}",
                raw.fields
            );
            return Err(self.fault(raw, "too_many_fields", message));
        }
        record.fields.resize(width, None);
        Ok(record)
    }

    fn fault(&self, raw: &Raw, code: &'static str, message: String) -> RowFault {
        let readable =
            |field: &[u8]| Some(formula::restore(&String::from_utf8_lossy(field)).replace('\0', "\u{FFFD}"));
        let fields = self.fields(raw).map(readable).collect();
        RowFault {
            position: self.position,
            line: raw.line,
            code,
            message,
            fields,
        }
    }
}

impl RecordReader for CsvReader {
    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let Some(raw) = self.next_raw()? else {
            return Ok(None);
        };
        self.position += 1;
        Ok(Some(self.row(&raw)))
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position,
            line: self.source.line(),
            offset: self.source.offset(),
        }
    }

    fn resume(&mut self, at: Checkpoint) -> Result<(), ReadError> {
        if at.position == 0 {
            return Ok(());
        }
        self.source = Source::open_at(&self.path, self.format.encoding, at.offset, at.line)?;
        self.core = core_reader(&self.format);
        self.position = at.position;
        Ok(())
    }
}

fn core_reader(format: &CsvFormat) -> csv_core::Reader {
    let mut core = csv_core::ReaderBuilder::new()
        .delimiter(format.delimiter)
        .quote(format.quote)
        .build();
    // A fresh splitter would take U+FEFF at the first byte for a byte order mark; those are handled by the source.
    let _ = core.read_record(b"\n", &mut [0; 4], &mut [0; 4]);
    core
}
