//! Files against what they say.

mod json;
mod random;
mod xlsx;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;

use self::xlsx::workbook;
use super::{detect::detect, *};

fn fixtures(name: &str) -> Option<PathBuf> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/fixtures/csv"
    ))
    .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {name} needs the shared fixtures");
    None
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn reader(bytes: &[u8]) -> Result<Box<dyn RecordReader>, ReadError> {
    // The open handle keeps an unlinked file readable, but resume opens by path: tests of it keep the file.
    open(file(bytes).path(), &Options::default())
}

fn rows(reader: &mut dyn RecordReader) -> Vec<Row> {
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row);
    }
    rows
}

fn texts(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = reader(bytes).unwrap();
    let header = reader
        .headers()
        .iter()
        .map(|header| header.name.clone())
        .collect();
    let mut table = vec![header];
    table.extend(rows(&mut *reader).into_iter().map(|row| {
        row.unwrap()
            .fields
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect()
    }));
    table
}

fn codes(bytes: &[u8]) -> Vec<Result<u64, (u64, &'static str)>> {
    let mut reader = reader(bytes).unwrap();
    rows(&mut *reader)
        .into_iter()
        .map(|row| row.map(|row| row.line).map_err(|fault| (fault.line, fault.code)))
        .collect()
}

#[test]
fn csv_spectrum_reads_as_its_truth_says() {
    let Some(folder) = fixtures("csv-spectrum") else {
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("csvs")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let truth = std::fs::read_to_string(folder.join("json").join(format!("{stem}.json"))).unwrap();
        let truth: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&truth).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        // Where the collection was copied with its line ends made uniform, the files named CRLF get theirs back.
        if stem.ends_with("_crlf") && !bytes.contains(&b'\r') {
            bytes = String::from_utf8(bytes)
                .unwrap()
                .replace('\n', "\r\n")
                .into_bytes();
        }
        let mut reader = reader(&bytes).unwrap();
        let names: Vec<_> = reader
            .headers()
            .iter()
            .map(|header| header.name.clone())
            .collect();
        let read: Vec<serde_json::Map<String, Value>> = rows(&mut *reader)
            .into_iter()
            .map(|row| {
                names
                    .iter()
                    .cloned()
                    .zip(
                        row.unwrap()
                            .fields
                            .into_iter()
                            .map(|text| Value::from(text.unwrap())),
                    )
                    .collect()
            })
            .collect();
        assert_eq!(read, truth, "{stem}");
        count += 1;
    }
    assert_eq!(count, 11);
}

#[test]
fn the_same_table_in_hostile_dialects_reads_the_same() {
    let Some(folder) = fixtures("nasty") else { return };
    let read = |name: &str| texts(&std::fs::read(folder.join(name)).unwrap());
    let plain = read("01_utf8.csv");
    assert_eq!(plain.len(), 7);
    assert_eq!(plain[1][5], "line1\nline2, \"quoted\"");
    assert_eq!(
        plain[4],
        [
            "ivan@example.com",
            "Łukasz",
            "Żółć",
            "+48221234567",
            "Łódź",
            "tab\there"
        ]
    );
    assert_eq!(plain[6][5], "trailing space ");
    for name in [
        "02_utf8_bom.csv",
        "03_utf16le_bom.csv",
        "04_utf16le_bom_tab.csv",
        "06_all_quoted_crlf.csv",
        "09_sep_line.csv",
    ] {
        assert_eq!(read(name), plain, "{name}");
    }
    // A file whose line ends are CR alone has no line feed in its note either.
    let mut without_break = plain.clone();
    without_break[1][5] = "line1 line2, \"quoted\"".to_owned();
    assert_eq!(read("07_cr_only.csv"), without_break);
    // Windows-1252 has neither Polish letters nor, as this file was written, the curly apostrophe.
    let western: Vec<Vec<String>> = plain
        .iter()
        .map(|row| {
            row.iter()
                .map(|text| {
                    text.replace('’', "'")
                        .replace("Żółć", "?ó??")
                        .replace("Łódź", "?ód?")
                        .replace('Ł', "?")
                })
                .collect()
        })
        .collect();
    let read_western = read("05_cp1252_semicolon.csv");
    for (row, expected) in read_western.iter().zip(&western) {
        if !row[0].starts_with("ivan") {
            assert_eq!(row, expected);
        }
    }
    assert_eq!(read_western[4][0], "ivan@example.com");
    // The second "Note" is another column, whatever it is called.
    let doubled = read("08_dup_headers.csv");
    for (row, expected) in doubled.iter().zip(&plain) {
        assert_eq!(row[..6], expected[..]);
    }
    let path = folder.join("08_dup_headers.csv");
    let headers = open(&path, &Options::default()).unwrap().headers().clone();
    assert_eq!(headers[5].unique_name, "Note");
    assert_eq!(
        (headers[6].name.as_str(), headers[6].unique_name.as_str()),
        ("Note", "Note (2)")
    );
}

#[test]
fn detection_names_the_dialect() {
    let Format::Csv(csv) = detect("Vorname;Größe\r\nJörg;1,80\r\n".as_bytes(), "x.csv").unwrap() else {
        panic!()
    };
    assert_eq!(
        (csv.encoding.name(), csv.delimiter, csv.line_end, csv.sep_line),
        ("UTF-8", b';', LineEnd::CrLf, false)
    );
    let Format::Csv(csv) = detect(b"name\tcity\rJ\xF6rg M\xFCller\tK\xF6ln\r", "x").unwrap() else {
        panic!()
    };
    assert_eq!(
        (csv.encoding.name(), csv.delimiter, csv.line_end),
        ("windows-1252", b'\t', LineEnd::Cr)
    );
    let Format::Csv(csv) = detect(b"SEP=|\na|b\n1|2", "x").unwrap() else {
        panic!()
    };
    assert_eq!((csv.delimiter, csv.sep_line), (b'|', true));
    let json = serde_json::to_value(Format::Csv(csv)).unwrap();
    assert_eq!(json["kind"], "csv");
    assert!(serde_json::from_value::<Format>(json).is_ok());
    assert!(matches!(
        detect(b" [ {\"a\":1}]", "x.csv"),
        Ok(Format::Json { .. })
    ));
    assert!(matches!(
        detect(b"{\"data\" : [\n{\"a\":1}]}", ""),
        Ok(Format::Json { .. })
    ));
    assert!(matches!(
        detect(b"{\"a\":1}\n{\"a\":2}", "x.json"),
        Ok(Format::JsonLines { .. })
    ));
    assert!(matches!(detect(b"PK\x03\x04....", "x.csv"), Ok(Format::Xlsx)));
    assert_eq!(detect(b"", "x.csv").unwrap_err().code(), "file_empty");
    assert_eq!(detect(b" \r\n", "x.csv").unwrap_err().code(), "file_empty");
    assert_eq!(
        detect(b"\x1F\x8B\x08", "x.csv").unwrap_err().code(),
        "file_kind_unsupported"
    );
    assert_eq!(
        detect(&[1, 2, 3, 4, 5, 6, 7], "x.csv").unwrap_err().code(),
        "file_kind_unsupported"
    );
}

#[test]
fn utf_16_without_a_byte_order_mark_is_recognised() {
    for is_big in [false, true] {
        let bytes: Vec<u8> = "name,city\nŻółć,Łódź\n"
            .encode_utf16()
            .flat_map(|unit| {
                if is_big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect();
        assert_eq!(texts(&bytes)[1], ["Żółć", "Łódź"]);
    }
}

#[test]
fn an_encoding_that_shows_only_late_is_still_found() {
    let mut bytes = b"name,city\n".to_vec();
    while bytes.len() < 3 * SAMPLE_BYTES {
        bytes.extend_from_slice(b"Anna,Bonn\n");
    }
    bytes.extend_from_slice(b"J\xF6rg,K\xF6ln\nM\xFCller,M\xFCnchen\n");
    assert_eq!(texts(&bytes).last().unwrap(), &["Müller", "München"]);
}

#[test]
fn a_stray_byte_in_utf_8_costs_its_row_and_no_other() {
    let found = codes(b"name,city\nJ\xC3\xB6rg,K\xC3\xB6ln\nM\xFCller,Bonn\nZo\xC3\xAB,Ulm\n");
    assert_eq!(found, [Ok(2), Err((3, "encoding_invalid")), Ok(4)]);
    // A lone surrogate is no text either.
    let mut bytes = vec![0xFF, 0xFE];
    for unit in "a,b\n1,"
        .encode_utf16()
        .chain([0xD800])
        .chain("\n2,3\n".encode_utf16())
    {
        bytes.extend_from_slice(&unit.to_le_bytes());
    }
    assert_eq!(codes(&bytes), [Err((2, "encoding_invalid")), Ok(3)]);
}

#[test]
fn ragged_rows_nuls_and_blank_lines() {
    let found = codes(b"a,b,c\n\n1,2,3,4\n1\n,,\n1,2,3,,\nx\0,y,z\n1,2,3\n");
    assert_eq!(
        found,
        [Err((3, "too_many_fields")), Ok(4), Ok(6), Err((7, "nul")), Ok(8)]
    );
    let mut reader = reader(b"a,b,c\n1\n1,\n").unwrap();
    let rows = rows(&mut *reader);
    assert_eq!(
        rows[0].as_ref().unwrap().fields,
        [Some("1".to_owned()), None, None]
    );
    assert_eq!(
        rows[1].as_ref().unwrap().fields,
        [Some("1".to_owned()), Some(String::new()), None]
    );
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,\"x", "y\"", "", "2,z", "3,4"].join(end);
        assert_eq!(codes(text.as_bytes()), [Ok(2), Ok(5), Ok(6)], "{end:?}");
    }
}

#[test]
fn a_huge_record_is_refused_and_the_next_one_read() {
    let mut bytes = b"a,b\n1,".to_vec();
    bytes.resize(bytes.len() + 2 * MAX_RECORD_BYTES, b'x');
    bytes.extend_from_slice(b"\n2,y\n");
    assert_eq!(codes(&bytes), [Err((2, "record_too_large")), Ok(3)]);
    let wide = "x,".repeat(1_500);
    assert_eq!(
        codes(format!("a,b\n{wide}y\n2,y\n").as_bytes()),
        [Err((2, "too_many_fields")), Ok(3)]
    );
    assert_eq!(
        reader(format!("{wide}\n").as_bytes()).err().unwrap().code(),
        "too_many_columns"
    );
}

#[test]
fn a_quote_that_is_never_closed_is_not_taken_for_the_end() {
    assert_eq!(
        codes(b"a,b\n1,2\n3,\"4\n5,6\n7,8\n"),
        [Ok(2), Err((3, "quote_never_closed"))]
    );
    assert_eq!(texts(b"a,b\n1,\"2\"")[1], ["1", "2"]);
    assert_eq!(texts(b"a,b\n1,")[1], ["1", ""]);
}

#[test]
fn reading_goes_on_at_a_checkpoint() {
    let csv: String = (0..500).fold("id,name\r\n".to_owned(), |text, n| {
        format!("{text}{n},\"Zoë\r\n{n}\"\r\n\r\n")
    });
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(csv.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let cr = csv.replace("\r\n", "\r");
    let array = format!(
        "[{}]",
        (0..500)
            .map(|n| format!("{{\"id\":{n},\n\"name\":\"Zoë\"}}"))
            .collect::<Vec<_>>()
            .join(" ,\n")
    );
    let lines: String = (0..500).fold(String::new(), |text, n| format!("{text}{{\"id\":{n}}}\n\n"));
    let sheet = workbook(
        &(0..100)
            .map(|n| vec![format!("{n}"), "Zoë".to_owned()])
            .collect::<Vec<_>>(),
    );
    for bytes in [
        csv.as_bytes(),
        &utf16,
        cr.as_bytes(),
        array.as_bytes(),
        lines.as_bytes(),
        &sheet,
    ] {
        let file = file(bytes);
        let whole = rows(&mut *open(file.path(), &Options::default()).unwrap());
        for stop in [0, 1, 2, 57, whole.len() - 1, whole.len()] {
            let mut first = open(file.path(), &Options::default()).unwrap();
            for _ in 0..stop {
                first.next_row().unwrap();
            }
            let checkpoint = first.checkpoint();
            assert_eq!(checkpoint.position, stop as u64);
            let mut second = open(file.path(), &Options::default()).unwrap();
            second.resume(checkpoint).unwrap();
            assert_eq!(rows(&mut *second), whole[stop..]);
            let mut third = open(file.path(), &Options::default()).unwrap();
            third.skip_to(stop as u64).unwrap();
            assert_eq!(rows(&mut *third), whole[stop..]);
        }
    }
}

#[test]
fn a_file_fault_is_the_callers_and_a_disk_fault_is_ours() {
    assert!(matches!(
        Error::from(reader(b"").err().unwrap()),
        Error::Invalid(_)
    ));
    assert!(matches!(
        Error::from(
            open(Path::new("/nowhere/at/all"), &Options::default())
                .err()
                .unwrap()
        ),
        Error::Internal(_)
    ));
}
