//! What kind of file this is, judged by its bytes; the name only settles what the bytes leave open.
//!
//! What it never does: read more than a sample, except to find the first byte that tells an encoding.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::{
    ReadError, SAMPLE_BYTES,
    source::{decode_sample, read_up_to},
};

/// The kind of a file and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Format {
    /// Delimited text.
    Csv(CsvFormat),
    /// One JSON array of objects, alone or as the first member of an object.
    Json {
        /// How its text is encoded.
        encoding: TextEncoding,
    },
    /// One JSON object a line.
    JsonLines {
        /// How its text is encoded.
        encoding: TextEncoding,
    },
    /// An Office Open XML workbook.
    Xlsx,
}

/// The dialect of a delimited file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CsvFormat {
    /// How its text is encoded.
    pub encoding: TextEncoding,
    /// Between fields; one ASCII byte.
    pub delimiter: u8,
    /// Around fields that contain a delimiter.
    pub quote: u8,
    /// What ends the first line. (Reading accepts each of them everywhere.)
    pub line_end: LineEnd,
    /// Whether a line `sep=;` (Excel's hint) stands before the header.
    pub sep_line: bool,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r`, as old Macintosh programs write.
    Cr,
}

/// An encoding by its WHATWG name, as in `UTF-8` or `windows-1252`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

impl TextEncoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// By any of its WHATWG labels.
    pub fn named(label: &str) -> Option<Self> {
        Encoding::for_label(label.as_bytes()).map(Self)
    }

    pub(crate) fn get(self) -> &'static Encoding {
        self.0
    }

    /// The WHATWG name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl serde::Serialize for TextEncoding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for TextEncoding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        Self::named(&label)
            .ok_or_else(|| serde::de::Error::custom(format!("no encoding is called {label:?}")))
    }
}

/// Says what a file is from its first bytes ([`SAMPLE_BYTES`] are plenty) and its name.
pub(crate) fn detect(sample: &[u8], file_name: &str) -> Result<Format, ReadError> {
    if let Some(format) = by_magic(sample)? {
        return Ok(format);
    }
    let encoding = encoding_of(sample);
    if file_name.to_ascii_lowercase().ends_with(".xlsx") && !is_table(&decode_sample(sample, encoding)) {
        return Err(ReadError::file(
            "xlsx_damaged",
            "this is no Excel workbook, though its name says so",
        ));
    }
    detect_text(sample, encoding, file_name)
}

/// Whether this may be a table that was only named as a workbook, if of one column: anything else was meant as one.
fn is_table(text: &str) -> bool {
    !text.contains('\0') && text.trim().contains([',', ';', '\t', '|', '[', '{', '\n', '\r'])
}

/// Says what a file is from its beginning and its name; looks further for the encoding if the beginning is plain ASCII.
///
/// `file_name` is the name it was uploaded under; empty means the path's own.
pub fn detect_file(path: &Path, file_name: &str) -> Result<Format, ReadError> {
    let own_name = path.file_name().unwrap_or_default().to_string_lossy();
    let file_name = if file_name.is_empty() {
        &*own_name
    } else {
        file_name
    };
    let mut file = File::open(path)?;
    let mut sample = vec![0; SAMPLE_BYTES];
    let filled = read_up_to(&mut file, &mut sample)?;
    sample.truncate(filled);
    if filled == SAMPLE_BYTES && sample.is_ascii() && by_magic(&sample)?.is_none() {
        return detect_text(&sample, later_encoding(&mut file)?, file_name);
    }
    detect(&sample, file_name)
}

fn by_magic(sample: &[u8]) -> Result<Option<Format>, ReadError> {
    if sample.is_empty() {
        return Err(ReadError::file("file_empty", "the file is empty"));
    }
    if sample.starts_with(b"PK\x03\x04") {
        return Ok(Some(Format::Xlsx));
    }
    let unsupported: &[(&[u8], &str)] = &[
        (
            b"\xD0\xCF\x11\xE0",
            "this is an old Excel (.xls) file; save it as .xlsx or CSV",
        ),
        (b"\x1F\x8B", "this is a gzip archive; unpack it first"),
        (b"PK\x05\x06", "this is an empty zip archive"),
        (b"%PDF", "this is a PDF; export the data as CSV, JSON or XLSX"),
        (
            b"\x89PNG",
            "this is a picture; export the data as CSV, JSON or XLSX",
        ),
    ];
    match unsupported.iter().find(|(magic, _)| sample.starts_with(magic)) {
        Some((_, message)) => Err(ReadError::file("file_kind_unsupported", *message)),
        None => Ok(None),
    }
}

/// The encoding by byte order mark, by UTF-16's zeros, by being UTF-8, or by the letters' frequencies.
fn encoding_of(sample: &[u8]) -> TextEncoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return TextEncoding(encoding);
    }
    if let Some(encoding) = utf16_without_mark(sample) {
        return TextEncoding(encoding);
    }
    let (sequences, strays) = utf8_evidence(sample);
    // A stray byte in a UTF-8 file must not turn every other row into mojibake: the majority decides, and the row
    // with the stray byte is refused when it is read.
    if strays == 0 || sequences > strays {
        return TextEncoding(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    TextEncoding(detector.guess(None, Utf8Detection::Deny))
}

/// UTF-16 of mostly Latin text has a zero in every second byte.
fn utf16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |odd: usize| {
        sample
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    let (first, second) = (zeros(0), zeros(1));
    let many = pairs - pairs / 4;
    let few = pairs / 20;
    if second >= many && first <= few {
        Some(UTF_16LE)
    } else if first >= many && second <= few {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// How many well-formed multi-byte sequences there are, and how many bytes that belong to none.
fn utf8_evidence(sample: &[u8]) -> (usize, usize) {
    let (mut sequences, mut strays) = (0, 0);
    let mut rest = sample;
    loop {
        let (valid, invalid) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(error) => {
                let (before, _) = rest.split_at(error.valid_up_to());
                // A sequence cut by the sample's end is no stray.
                (
                    std::str::from_utf8(before).unwrap_or_default(),
                    error.error_len().map(|length| before.len() + length),
                )
            }
        };
        sequences += valid.chars().filter(|letter| !letter.is_ascii()).count();
        let Some(next) = invalid else {
            return (sequences, strays);
        };
        strays += 1;
        rest = &rest[next..];
    }
}

/// Looks through the rest of the file for the first text that is not ASCII.
fn later_encoding(file: &mut File) -> Result<TextEncoding, ReadError> {
    let mut block = vec![0; SAMPLE_BYTES];
    loop {
        let filled = read_up_to(file, &mut block)?;
        if filled == 0 {
            return Ok(TextEncoding(UTF_8));
        }
        if let Some(at) = block[..filled].iter().position(|byte| !byte.is_ascii()) {
            file.seek(SeekFrom::Current(at as i64 - filled as i64))?;
            let mut sample = Vec::with_capacity(SAMPLE_BYTES);
            file.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
            return Ok(encoding_of(&sample));
        }
    }
}

fn detect_text(sample: &[u8], encoding: TextEncoding, file_name: &str) -> Result<Format, ReadError> {
    let text = decode_sample(sample, encoding);
    let controls = text
        .chars()
        .filter(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r'))
        .count();
    if controls * 10 > text.chars().count() {
        return Err(ReadError::file(
            "file_kind_unsupported",
            "this is not a text file; CSV, JSON, JSON Lines and XLSX can be read",
        ));
    }
    let start = text.trim_start();
    if start.is_empty() {
        return Err(ReadError::file("file_empty", "the file holds nothing but blanks"));
    }
    let mut significant = start.chars().filter(|letter| !letter.is_whitespace());
    let extension = Path::new(file_name)
        .extension()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_named_json = ["json", "jsonl", "ndjson"]
        .iter()
        .any(|known| extension == *known);
    match (significant.next(), significant.next()) {
        (Some('['), Some('{' | ']')) => return Ok(Format::Json { encoding }),
        (Some('['), _) if is_named_json => return Ok(Format::Json { encoding }),
        (Some('{'), Some('"' | '}')) => {
            return Ok(if wrapped_array(start) {
                Format::Json { encoding }
            } else {
                Format::JsonLines { encoding }
            });
        }
        _ if is_named_json => {
            return Err(ReadError::file(
                "json_malformed",
                "the file is named JSON, but begins with neither [ nor {",
            ));
        }
        _ => {}
    }
    Ok(Format::Csv(dialect(&text, encoding)))
}

/// Whether the text is an object whose first member is an array of objects, as in `{"data": [{…`.
fn wrapped_array(text: &str) -> bool {
    let after_key = || {
        let text = text.strip_prefix('{')?.trim_start().strip_prefix('"')?;
        let (_, text) = text.split_once('"')?;
        text.trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('[')?
            .trim_start()
            .strip_prefix('{')
    };
    after_key().is_some()
}

fn dialect(text: &str, encoding: TextEncoding) -> CsvFormat {
    let first_line = text.split(['\r', '\n']).next().unwrap_or_default();
    let hint = sep_hint(first_line);
    let line_end = match text.find(['\r', '\n']) {
        Some(at) if text[at..].starts_with("\r\n") => LineEnd::CrLf,
        Some(at) if text[at..].starts_with('\r') => LineEnd::Cr,
        _ => LineEnd::Lf,
    };
    CsvFormat {
        encoding,
        delimiter: hint.unwrap_or_else(|| sniff_delimiter(text)),
        quote: b'"',
        line_end,
        sep_line: hint.is_some(),
    }
}

fn sep_hint(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let rest = line
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("sep="))
        .map(|_| &line[4..])?;
    match rest.as_bytes() {
        [delimiter] if delimiter.is_ascii() && !delimiter.is_ascii_alphanumeric() && *delimiter != b'"' => {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// The delimiter that cuts most rows into as many fields as the header, quotes respected; a comma if none cuts at all.
fn sniff_delimiter(text: &str) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let widths = widths(text, delimiter);
        let Some((&header, rows)) = widths.split_first() else {
            continue;
        };
        if header < 2 {
            continue;
        }
        let alike = rows.iter().filter(|&&width| width == header).count();
        let share = if rows.is_empty() {
            1.0
        } else {
            alike as f64 / rows.len() as f64
        };
        // Agreement counts most; among equals the one that finds more columns.
        let score = 0.01 + share + (header.min(200) as f64) / 1_000.0;
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

fn widths(text: &str, delimiter: u8) -> Vec<usize> {
    const ROWS: usize = 200;
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = ([0_u8; 4096], [0_usize; 256]);
    let mut input = text.as_bytes();
    let (mut widths, mut width) = (Vec::new(), 0);
    while widths.len() < ROWS {
        let (result, read, _, fields) = reader.read_record(input, &mut output, &mut ends);
        input = &input[read..];
        width += fields;
        match result {
            csv_core::ReadRecordResult::Record => {
                widths.push(width);
                width = 0;
            }
            csv_core::ReadRecordResult::End => break,
            // The sample may end within a row, which then tells nothing; unless it is the header.
            csv_core::ReadRecordResult::InputEmpty
                if input.is_empty() && !widths.is_empty() && text.len() >= SAMPLE_BYTES / 4 =>
            {
                break;
            }
            _ => {}
        }
    }
    widths
}
