//! The first sheet of an XLSX workbook, row by row.
//!
//! The cells are read by a thread of their own: the library's cell reader borrows the workbook, and a thread can own
//! both; it also keeps a panic over a hostile file away from us. The thread ends with the reader.
//!
//! What it never does: keep the sheet in memory (the table of shared texts it must), evaluate a formula (the stored result
//! counts), read another sheet than the first.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, open_workbook};

use super::{
    Checkpoint, Headers, MAX_COLUMNS, MAX_RECORD_BYTES, Options, ReadError, Record, RecordReader, Row,
    RowFault, zip_guard,
};

/// Rows that may wait between the thread and us.
const ROWS_AHEAD: usize = 32;

/// Reads a sheet.
pub struct XlsxReader {
    path: PathBuf,
    limit: usize,
    rows: Receiver<Message>,
    headers: Headers,
    /// Where the table begins in the sheet.
    first_column: u32,
    position: u64,
    line: u64,
    is_done: bool,
}

enum Message {
    Row(SheetRow),
    Damaged(String),
    End,
}

#[derive(Default)]
struct SheetRow {
    /// From 0.
    number: u32,
    cells: BTreeMap<u32, String>,
    bytes: usize,
    problem: Option<(&'static str, String)>,
}

impl XlsxReader {
    /// Checks the archive, then reads the first row that is not empty as the header.
    pub fn open(path: &Path, options: &Options) -> Result<Self, ReadError> {
        zip_guard::check(path)?;
        let limit = options.max_record_bytes.unwrap_or(MAX_RECORD_BYTES);
        let mut reader = Self {
            path: path.to_owned(),
            limit,
            rows: start(path.to_owned(), limit)?,
            headers: Headers::default(),
            first_column: 0,
            position: 0,
            line: 0,
            is_done: false,
        };
        reader.read_headers()?;
        Ok(reader)
    }

    fn read_headers(&mut self) -> Result<(), ReadError> {
        let Some(row) = self.next_sheet_row()? else {
            return Err(ReadError::file(
                "file_empty",
                "the first sheet of the workbook is empty",
            ));
        };
        if let Some((_, message)) = row.problem {
            return Err(ReadError::file(
                "header_malformed",
                format!("the header row cannot be used: {message}"),
            ));
        }
        let (first, last) = (
            row.cells.keys().next().copied().unwrap_or(0),
            row.cells.keys().last().copied().unwrap_or(0),
        );
        self.first_column = first;
        self.headers =
            Headers::new((first..=last).map(|column| row.cells.get(&column).cloned().unwrap_or_default()))?;
        Ok(())
    }

    /// The next row that holds anything.
    fn next_sheet_row(&mut self) -> Result<Option<SheetRow>, ReadError> {
        if self.is_done {
            return Ok(None);
        }
        match self.rows.recv() {
            Ok(Message::Row(row)) => {
                self.line = u64::from(row.number) + 1;
                Ok(Some(row))
            }
            Ok(Message::End) => {
                self.is_done = true;
                Ok(None)
            }
            Ok(Message::Damaged(why)) => {
                self.is_done = true;
                Err(ReadError::file(
                    "xlsx_damaged",
                    format!("the workbook is damaged: {why}"),
                ))
            }
            // The thread went without saying goodbye: the library panicked.
            Err(_) => {
                self.is_done = true;
                Err(ReadError::file("xlsx_damaged", "the workbook is damaged"))
            }
        }
    }

    fn row(&self, mut row: SheetRow) -> Row {
        let (position, line) = (self.position, self.line);
        let columns = self.first_column..self.first_column + self.headers.len() as u32;
        let outside = row.cells.keys().find(|column| !columns.contains(column)).copied();
        let fields: Vec<_> = columns
            .map(|column| Some(row.cells.remove(&column).unwrap_or_default()))
            .collect();
        let outside = outside.map(|column| {
            let cell = cell_name(row.number, column);
            (
                "too_many_fields",
                format!("cell {cell} of row {line} stands under no header"),
            )
        });
        match row.problem.or(outside) {
            Some((code, message)) => Err(RowFault {
                position,
                line,
                code,
                message,
                fields,
            }),
            None => Ok(Record {
                position,
                line,
                fields,
                lists: Vec::new(),
            }),
        }
    }
}

impl RecordReader for XlsxReader {
    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let Some(row) = self.next_sheet_row()? else {
            return Ok(None);
        };
        self.position += 1;
        Ok(Some(self.row(row)))
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position,
            line: self.line + 1,
            offset: 0,
        }
    }

    fn resume(&mut self, at: Checkpoint) -> Result<(), ReadError> {
        if at.position < self.position {
            self.rows = start(self.path.clone(), self.limit)?;
            self.position = 0;
            self.is_done = false;
            self.read_headers()?;
        }
        self.skip_to(at.position)
    }
}

fn start(path: PathBuf, limit: usize) -> Result<Receiver<Message>, ReadError> {
    let (sender, rows) = sync_channel(ROWS_AHEAD);
    thread::Builder::new().name("xlsx".to_owned()).spawn(move || {
        let last = match read_sheet(&path, limit, &sender) {
            Ok(()) => Message::End,
            Err(why) => Message::Damaged(why),
        };
        // Nobody listening any more is how a reader is dropped early.
        let _ = sender.send(last);
    })?;
    Ok(rows)
}

fn read_sheet(path: &Path, limit: usize, rows: &SyncSender<Message>) -> Result<(), String> {
    let mut workbook: Xlsx<_> =
        open_workbook(path).map_err(|error: calamine::XlsxError| error.to_string())?;
    let sheet = workbook.sheet_names().first().cloned().ok_or("it has no sheet")?;
    let mut cells = workbook
        .worksheet_cells_reader(&sheet)
        .map_err(|error| error.to_string())?;
    let mut row = SheetRow::default();
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        let (number, column) = cell.get_position();
        if number != row.number {
            if !send(rows, std::mem::take(&mut row)) {
                return Ok(());
            }
            row.number = number;
        }
        take_cell(&mut row, column, cell.get_value(), limit);
    }
    send(rows, row);
    Ok(())
}

/// Hands a row over unless it is empty; false if nobody wants it.
fn send(rows: &SyncSender<Message>, row: SheetRow) -> bool {
    let is_empty = row.problem.is_none() && row.cells.values().all(|text| text.trim().is_empty());
    is_empty || rows.send(Message::Row(row)).is_ok()
}

fn take_cell(row: &mut SheetRow, column: u32, value: &DataRef<'_>, limit: usize) {
    let text = match value {
        DataRef::Empty => return,
        DataRef::Int(number) => number.to_string(),
        // Rust writes 42.0 as 42 and never uses an exponent.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => iso(*moment),
        DataRef::Error(error) => {
            let cell = cell_name(row.number, column);
            row.problem
                .get_or_insert(("cell_error", format!("cell {cell} holds the error {error}")));
            return;
        }
    };
    if text.is_empty() {
        return;
    }
    row.bytes += text.len();
    let line = row.number + 1;
    if row.bytes > limit {
        row.problem.get_or_insert((
            "record_too_large",
            format!("row {line} is longer than {limit} bytes"),
        ));
    } else if row.cells.len() > MAX_COLUMNS {
        row.problem.get_or_insert((
            "too_many_fields",
            format!("row {line} has more than {MAX_COLUMNS} cells"),
        ));
    } else if text.contains('\0') {
        row.problem.get_or_insert((
            "nul",
            format!("cell {} holds a NUL character", cell_name(row.number, column)),
        ));
    } else {
        row.cells.insert(column, text);
    }
}

/// A date without time where the time is midnight; durations and times of day as `HH:MM:SS`.
fn iso(moment: ExcelDateTime) -> String {
    let days = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&days) {
        let seconds = (days * 86_400.0).round() as i64;
        return format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// `D5` for row 4, column 3 (from 0).
fn cell_name(row: u32, column: u32) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    format!("{letters}{}", row.saturating_add(1))
}
