//! JSON arrays and JSON Lines, one object at a time.
//!
//! An array is cut into its elements by counting brackets outside of strings, and only then is each element parsed; so a
//! broken element costs one row and a file of any size needs the memory of one element.
//!
//! What it never does: parse a whole document, or lose a key: one that is not among the columns makes its row faulty.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{
    Checkpoint, Headers, MAX_COLUMNS, MAX_RECORD_BYTES, Options, ReadError, Record, RecordReader, Row,
    RowFault, TextEncoding,
    flatten::{Cell, flatten},
    source::Source,
};

/// Where the objects stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In one array.
    Array,
    /// One a line.
    Lines,
}

/// Reads JSON objects.
pub struct JsonReader {
    path: PathBuf,
    encoding: TextEncoding,
    layout: Layout,
    headers: Headers,
    elements: Elements,
    position: u64,
}

impl JsonReader {
    /// Opens the file. Unless the options name the columns, reads it once to find every key.
    pub fn open(
        path: &Path,
        encoding: TextEncoding,
        layout: Layout,
        options: &Options,
    ) -> Result<Self, ReadError> {
        let limit = options.max_record_bytes.unwrap_or(MAX_RECORD_BYTES);
        let headers = match &options.headers {
            Some(headers) => headers.clone(),
            None => find_columns(Elements::open(path, encoding, layout, limit)?)?,
        };
        let elements = Elements::open(path, encoding, layout, limit)?;
        Ok(Self {
            path: path.to_owned(),
            encoding,
            layout,
            headers,
            elements,
            position: 0,
        })
    }

    fn row(&self, line: u64, problem: Option<Problem>) -> Row {
        let fault = |code, message: String| RowFault {
            position: self.position,
            line,
            code,
            message,
            fields: Vec::new(),
        };
        match problem {
            Some(Problem::TooLarge) => {
                let limit = self.elements.limit;
                return Err(fault(
                    "record_too_large",
                    format!("the object at line {line} is longer than {limit} bytes"),
                ));
            }
            Some(Problem::NotAnObject) => {
                return Err(fault(
                    "json_not_an_object",
                    format!("what stands at line {line} is not an object"),
                ));
            }
            None => {}
        }
        let Ok(text) = std::str::from_utf8(&self.elements.buffer) else {
            let encoding = self.encoding.name();
            return Err(fault(
                "encoding_invalid",
                format!("the object at line {line} holds bytes that are not text in {encoding}"),
            ));
        };
        let cells = flatten(text).map_err(|(code, message)| {
            fault(
                code,
                format!("the object at line {line} cannot be used: {message}"),
            )
        })?;
        let mut fields: Vec<Option<String>> = vec![None; self.headers.len()];
        let mut lists = Vec::new();
        let mut complaint = None;
        for Cell { name, text, is_list } in cells {
            match self.headers.position(&column_name(&name)) {
                Some(column) if fields[column].is_none() => {
                    fields[column] = Some(text);
                    if is_list {
                        lists.push(column);
                    }
                }
                Some(_) => {
                    complaint = Some((
                        "json_key_twice",
                        format!("the object at line {line} has the key “{name}” twice"),
                    ));
                }
                // `"address": null` beside `address.city` in other rows says nothing that a column could hold.
                None if text.is_empty() && self.is_parent(&name) => {}
                None => {
                    complaint = Some((
                        "column_unknown",
                        format!("the object at line {line} has a key that is no column: “{name}”"),
                    ));
                }
            }
        }
        match complaint {
            None => Ok(Record {
                position: self.position,
                line,
                fields,
                lists,
            }),
            Some((code, message)) => Err(RowFault {
                position: self.position,
                line,
                code,
                message,
                fields,
            }),
        }
    }

    fn is_parent(&self, name: &str) -> bool {
        self.headers.iter().any(|header| is_below(&header.name, name))
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    name.strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Keys are trimmed as headers are; an empty key needs some name.
fn column_name(key: &str) -> String {
    let trimmed = key.trim();
    if trimmed.is_empty() {
        "(no name)".to_owned()
    } else {
        trimmed.to_owned()
    }
}

impl RecordReader for JsonReader {
    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let Some((line, problem)) = self.elements.next()? else {
            return Ok(None);
        };
        self.position += 1;
        Ok(Some(self.row(line, problem)))
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position,
            line: self.elements.source.line(),
            offset: self.elements.source.offset(),
        }
    }

    fn resume(&mut self, at: Checkpoint) -> Result<(), ReadError> {
        if at.position > 0 {
            let source = Source::open_at(&self.path, self.encoding, at.offset, at.line)?;
            self.elements = Elements::within(source, self.layout, self.elements.limit);
            self.position = at.position;
        }
        Ok(())
    }
}

fn find_columns(mut elements: Elements) -> Result<Headers, ReadError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut columns: Vec<(String, bool)> = Vec::new();
    while let Some((_, problem)) = elements.next()? {
        let text = std::str::from_utf8(&elements.buffer);
        let (None, Ok(text)) = (problem, text) else {
            continue;
        };
        for cell in flatten(text).unwrap_or_default() {
            let name = column_name(&cell.name);
            let at = *seen.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), false));
                columns.len() - 1
            });
            columns[at].1 |= !cell.text.is_empty();
            if columns.len() > 2 * MAX_COLUMNS {
                return Err(ReadError::file(
                    "too_many_columns",
                    format!("the objects have more than {MAX_COLUMNS} different keys"),
                ));
            }
        }
    }
    let parents: Vec<bool> = columns
        .iter()
        .map(|(name, has_text)| !has_text && columns.iter().any(|(other, _)| is_below(other, name)))
        .collect();
    let names = columns
        .into_iter()
        .zip(parents)
        .filter(|(_, is_parent)| !is_parent)
        .map(|((name, _), _)| name);
    let headers = Headers::new(names)?;
    if headers.is_empty() {
        return Err(ReadError::file(
            "file_empty",
            "the file holds no object with keys",
        ));
    }
    Ok(headers)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Problem {
    TooLarge,
    NotAnObject,
}

/// Cuts the file into its top-level elements.
struct Elements {
    source: Source,
    layout: Layout,
    limit: usize,
    /// The element read last.
    buffer: Vec<u8>,
    needs_comma: bool,
    is_done: bool,
}

impl Elements {
    fn open(path: &Path, encoding: TextEncoding, layout: Layout, limit: usize) -> Result<Self, ReadError> {
        let mut source = Source::open(path, encoding)?;
        if layout == Layout::Array {
            enter_array(&mut source)?;
        }
        let mut elements = Self::within(source, layout, limit);
        elements.needs_comma = false;
        Ok(elements)
    }

    /// Goes on after an element.
    fn within(source: Source, layout: Layout, limit: usize) -> Self {
        Self {
            source,
            layout,
            limit,
            buffer: Vec::new(),
            needs_comma: true,
            is_done: false,
        }
    }

    /// Reads the next element into the buffer and gives its line.
    fn next(&mut self) -> Result<Option<(u64, Option<Problem>)>, ReadError> {
        if self.is_done {
            return Ok(None);
        }
        self.buffer.clear();
        let found = match self.layout {
            Layout::Array => self.next_element()?,
            Layout::Lines => self.next_line()?,
        };
        self.is_done = found.is_none();
        Ok(found)
    }

    fn next_line(&mut self) -> Result<Option<(u64, Option<Problem>)>, ReadError> {
        self.source.skip_while(|byte| byte.is_ascii_whitespace())?;
        let Some(&first) = self.source.peek()?.first() else {
            return Ok(None);
        };
        let line = self.source.line();
        let mut is_too_large = false;
        loop {
            let input = self.source.peek()?;
            let end = input.iter().position(|&byte| byte == b'\n');
            let count = end.unwrap_or(input.len());
            if self.buffer.len() + count > self.limit {
                is_too_large = true;
            } else if !is_too_large {
                self.buffer.extend_from_slice(&input[..count]);
            }
            let is_last = end.is_some() || input.is_empty();
            self.source.consume(count);
            if is_last {
                break;
            }
        }
        self.source.skip_while(|byte| byte.is_ascii_whitespace())?;
        Ok(Some((line, problem(is_too_large, first))))
    }

    fn next_element(&mut self) -> Result<Option<(u64, Option<Problem>)>, ReadError> {
        self.source.skip_while(|byte| byte.is_ascii_whitespace())?;
        if self.source.peek()?.first() == Some(&b',') && self.needs_comma {
            self.source.consume(1);
            self.source.skip_while(|byte| byte.is_ascii_whitespace())?;
            self.needs_comma = false;
        }
        let line = self.source.line();
        let first = match self.source.peek()?.first() {
            Some(b']') => return Ok(None),
            Some(&first) if !self.needs_comma && first != b',' => first,
            Some(_) => {
                return Err(ReadError::file(
                    "json_malformed",
                    format!("line {line} has no comma between two elements, or one too many"),
                ));
            }
            None => return Err(ended_early(line)),
        };
        self.needs_comma = true;
        let mut scan = Scan::default();
        let mut is_too_large = false;
        while !scan.is_complete {
            let input = self.source.peek()?;
            if input.is_empty() {
                return Err(ended_early(line));
            }
            let count = scan.feed(input);
            if self.buffer.len() + count > self.limit {
                is_too_large = true;
            } else if !is_too_large {
                self.buffer.extend_from_slice(&input[..count]);
            }
            self.source.consume(count);
        }
        Ok(Some((line, problem(is_too_large, first))))
    }
}

fn problem(is_too_large: bool, first: u8) -> Option<Problem> {
    if is_too_large {
        Some(Problem::TooLarge)
    } else if first != b'{' {
        Some(Problem::NotAnObject)
    } else {
        None
    }
}

fn ended_early(line: u64) -> ReadError {
    ReadError::file(
        "file_truncated",
        format!("the file ends within the array (at the element that begins at line {line})"),
    )
}

/// Goes behind the `[`, which stands first or after the first key of an object.
fn enter_array(source: &mut Source) -> Result<(), ReadError> {
    let mut in_string = false;
    let mut escaped = false;
    loop {
        let Some(&byte) = source.peek()?.first() else {
            return Err(ReadError::file(
                "json_malformed",
                "the file holds no array of objects",
            ));
        };
        source.consume(1);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' if !in_string => return Ok(()),
            _ => {}
        }
        if source.offset() > 64 * 1024 {
            return Err(ReadError::file(
                "json_malformed",
                "the file does not begin with an array of objects",
            ));
        }
    }
}

/// Finds the end of one element: the bracket that closes it, the quote that closes it, or what follows a bare word.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    is_bare: bool,
    is_complete: bool,
}

impl Scan {
    /// Takes bytes of the element and says how many of them belong to it.
    fn feed(&mut self, input: &[u8]) -> usize {
        for (at, &byte) in input.iter().enumerate() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.in_string = false;
                    self.is_complete = self.depth == 0;
                }
            } else if self.is_bare {
                if matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'"') || byte.is_ascii_whitespace() {
                    self.is_complete = true;
                    return at;
                }
            } else {
                match byte {
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        self.is_complete = self.depth == 0;
                    }
                    b'"' => self.in_string = true,
                    _ if self.depth == 0 => self.is_bare = true,
                    _ => {}
                }
            }
            if self.is_complete {
                return at + 1;
            }
        }
        input.len()
    }
}
