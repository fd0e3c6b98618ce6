//! What is written comes back.

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::read::{Format, Options, RecordReader, TextEncoding, open};

fn read_back(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let format = Format::Csv(crate::read::CsvFormat {
        encoding: TextEncoding::UTF_8,
        delimiter: b',',
        quote: b'"',
        line_end: crate::read::LineEnd::Lf,
        sep_line: false,
    });
    let mut reader: Box<dyn RecordReader> = open(
        file.path(),
        &Options {
            format: Some(format),
            ..Options::default()
        },
    )
    .unwrap();
    let mut table = vec![
        reader
            .headers()
            .iter()
            .map(|header| header.name.clone())
            .collect::<Vec<_>>(),
    ];
    while let Some(row) = reader.next_row().unwrap() {
        table.push(
            row.unwrap()
                .fields
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect(),
        );
    }
    table
}

#[test]
fn formulas_are_neutralised_and_names_are_not() {
    for (given, written) in [
        ("=1+1", "'=1+1"),
        ("+4930123456", "'+4930123456"),
        ("-33.9", "'-33.9"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("＝x", "'＝x"),
        ("'=1", "''=1"),
        ("'007", "''007"),
        ("007", "007"),
        ("'t Hooft", "'t Hooft"),
        ("'68er", "'68er"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("a=b", "a=b"),
        ("", ""),
    ] {
        assert_eq!(formula::neutralise(given), written);
        assert_eq!(formula::restore(written), given);
    }
    assert_eq!(formula::restore("'9013808660771"), "9013808660771");
    assert_eq!(formula::restore("'0412 000 111"), "0412 000 111");
}

#[test]
fn phones_and_ids_survive() {
    let mut writer = CsvWriter::new(Vec::new());
    writer.write(["id", "phone", "note"]).unwrap();
    writer
        .write(["9013808660771", "+4930123456", "line1\nline2, \"quoted\""])
        .unwrap();
    let bytes = writer.into_inner().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        "id,phone,note\n9013808660771,'+4930123456,\"line1\nline2, \"\"quoted\"\"\"\n"
    );
    assert_eq!(
        read_back(&bytes)[1],
        ["9013808660771", "+4930123456", "line1\nline2, \"quoted\""]
    );
}

#[test]
fn an_error_file_holds_the_row_and_the_reason() {
    let headers = Headers::new(["Email", "Note", "Note"]).unwrap();
    let mut file = ErrorFile::create(Vec::new(), &headers).unwrap();
    file.write(
        &[Some("ada@".to_owned()), None],
        "“ada@” is not an e-mail address",
    )
    .unwrap();
    let bytes = file.into_inner().unwrap();
    let mut file = ErrorFile::resume(bytes, &headers);
    file.write(&[], "the record at line 3 is too long").unwrap();
    let table = read_back(&file.into_inner().unwrap());
    assert_eq!(table[0], ["Email", "Note", "Note", ERROR_COLUMN]);
    assert_eq!(table[1], ["ada@", "", "", "“ada@” is not an e-mail address"]);
    assert_eq!(table[2][3], "the record at line 3 is too long");
}

proptest! {
    #[test]
    fn what_is_written_comes_back(fields in proptest::collection::vec("['=+\\-@\t\r\n0-9 a-zß\",;＝]{0,12}|[^\0]{0,12}", 1..6)) {
        let mut writer = CsvWriter::new(Vec::new());
        writer.write((0..=fields.len()).map(|column| format!("c{column}"))).unwrap();
        // A row that is blank throughout says nothing and is not read.
        writer.write(std::iter::once("x").chain(fields.iter().map(String::as_str))).unwrap();
        let table = read_back(&writer.into_inner().unwrap());
        prop_assert_eq!(&table[1][1..], &fields[..]);
    }

    #[test]
    fn neutral_text_begins_with_nothing_dangerous(text in "['=+\\-@\t\r\n0-9a]{0,8}|.{0,8}") {
        let neutral = formula::neutralise(&text);
        prop_assert!(!neutral.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']));
        prop_assert_eq!(formula::restore(&neutral), text.as_str());
    }
}

#[test]
fn json_lines_become_one_array_however_they_are_cut() {
    let array = |pieces: &[&str]| {
        let mut bytes = Vec::new();
        let mut array = JsonArray::new(&mut bytes);
        for piece in pieces {
            array.write_all(piece.as_bytes()).unwrap();
        }
        array.finish().unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    assert_eq!(array(&[]), serde_json::json!([]));
    let wanted = serde_json::json!([{"a": 1}, {"a": "\n"}, {"a": 3}]);
    assert_eq!(array(&["{\"a\":1}\n{\"a\":\"\\n\"}\n", "{\"a\":3}\n"]), wanted);
    assert_eq!(
        array(&["{\"a\"", ":1}\n{\"a\":\"\\n\"", "}", "\n{\"a\":3}", "\n"]),
        wanted
    );
}
