//! Workbooks, made by hand.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use zip::write::SimpleFileOptions;

use super::*;

/// The smallest workbook: texts inline, all-digit cells as numbers, `d45365.5` as a date, `#` as an error.
pub fn workbook(table: &[Vec<String>]) -> Vec<u8> {
    let mut sheet = String::from(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (number, row) in table.iter().enumerate() {
        write!(sheet, "<row r=\"{}\">", number + 1).unwrap();
        for (column, text) in row.iter().enumerate() {
            let place = format!("{}{}", char::from(b'A' + column as u8), number + 1);
            if text.is_empty() {
            } else if text == "#" {
                write!(sheet, "<c r=\"{place}\" t=\"e\"><v>#N/A</v></c>").unwrap();
            } else if let Some(date) = text.strip_prefix('d') {
                write!(sheet, "<c r=\"{place}\" s=\"1\"><v>{date}</v></c>").unwrap();
            } else if text.parse::<f64>().is_ok() {
                write!(sheet, "<c r=\"{place}\"><v>{text}</v></c>").unwrap();
            } else {
                write!(
                    sheet,
                    "<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"
                )
                .unwrap();
            }
        }
        sheet += "</row>";
    }
    sheet += "</sheetData></worksheet>";
    pack(&sheet)
}

fn pack(sheet: &str) -> Vec<u8> {
    pack_with("xl/worksheets/sheet1.xml", sheet, &[])
}

/// A workbook whose one sheet lies there, and more parts.
fn pack_with(place: &str, sheet: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{relation}/worksheet\" Target=\"/{place}\"/><Relationship Id=\"r2\" Type=\"{relation}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets><sheet name=\"People\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        (place, sheet.to_owned()),
    ];
    let more = more.iter().map(|(name, text)| (*name, (*text).to_owned()));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts.into_iter().chain(more) {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

pub fn table(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| row.iter().map(|text| (*text).to_owned()).collect())
        .collect()
}

#[test]
fn a_workbook_gives_dates_numbers_and_texts_as_people_see_them() {
    let bytes = workbook(&table(&[
        &[],
        &["id", "name", "since", "limit"],
        &["9013808660771", "Zoë", "d45365", "12.50"],
        &["2", "", "d45365.5", ""],
        &["3", "#", "", ""],
        &[],
        &["4", "x", "", "", "beyond"],
    ]));
    let mut reader = reader(&bytes).unwrap();
    let rows = rows(&mut *reader);
    let fields = |row: &Row| {
        row.as_ref()
            .unwrap()
            .fields
            .iter()
            .map(|text| text.clone().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&rows[0]), ["9013808660771", "Zoë", "2024-03-14", "12.5"]);
    assert_eq!(fields(&rows[1]), ["2", "", "2024-03-14T12:00:00", ""]);
    let fault = rows[2].as_ref().unwrap_err();
    assert_eq!((fault.position, fault.line, fault.code), (3, 5, "cell_error"));
    let fault = rows[3].as_ref().unwrap_err();
    assert_eq!((fault.line, fault.code), (7, "too_many_fields"));
}

#[test]
fn bombs_and_other_archives_are_refused() {
    let bomb = pack(&format!(
        "<worksheet><sheetData><row><c><v>{}</v></c></row></sheetData></worksheet>",
        "0".repeat(5_000_000)
    ));
    assert_eq!(reader(&bomb).err().unwrap().code(), "xlsx_bomb");
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("subscribed.csv", SimpleFileOptions::default())
        .unwrap();
    let other = archive.finish().unwrap().into_inner();
    assert_eq!(reader(&other).err().unwrap().code(), "file_kind_unsupported");
    let whole = workbook(&table(&[&["a"], &["1"]]));
    assert_eq!(
        reader(&whole[..whole.len() / 2]).err().unwrap().code(),
        "xlsx_damaged"
    );
}

#[test]
fn what_is_only_named_a_workbook_is_read_for_what_it_is() {
    let real = workbook(&table(&[&["email"], &["ada@example.com"]]));
    for (bytes, wanted) in [
        (&real[..], Ok("xlsx")),
        (b"email,name\nada@example.com,Ada\n", Ok("csv")),
        (b"email\r\nada@example.com\r\n", Ok("csv")),
        (b"\xFF\xFEa\0\n\0b\0", Ok("csv")),
        (b"[{\"email\":\"ada@example.com\"}]", Ok("json")),
        (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Err("file_kind_unsupported")),
        (b"a word\n", Err("xlsx_damaged")),
        (&[&real[4..], b"\n"].concat(), Err("xlsx_damaged")),
    ] {
        let found = detect(bytes, "people.XLSX").map(|format| match format {
            Format::Csv(_) => "csv",
            Format::Xlsx => "xlsx",
            Format::Json { .. } | Format::JsonLines { .. } => "json",
        });
        assert_eq!(
            found.map_err(|error| error.code()),
            wanted,
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn a_part_is_counted_whatever_it_is_called() {
    let sheet =
        |text: &str| format!("<worksheet><sheetData><row><c><v>{text}</v></c></row></sheetData></worksheet>");
    let few = sheet("1");
    assert!(
        reader(&pack_with("xl/odd.bin", &few, &[])).is_ok(),
        "any name will do"
    );
    let text = sheet(&"0".repeat(20_000_000));
    let bomb = pack_with("xl/evil.bin", &text, &[]);
    assert_eq!(reader(&bomb).err().unwrap().code(), "xlsx_bomb");
    // What unpacks to too much to be held is refused under any name, too.
    let many = sheet(&"<f/>".repeat(9_000_000));
    let bomb = pack_with("xl/evil.bin", &many, &[]);
    assert_eq!(reader(&bomb).err().unwrap().code(), "xlsx_too_large");
    // A picture with an even surface is no bomb.
    let picture = "\u{1}".repeat(5_000_000);
    assert!(
        reader(&pack_with(
            "xl/odd.bin",
            &few,
            &[("xl/media/image1.bmp", &picture)]
        ))
        .is_ok()
    );
}

#[test]
fn memory_is_not_taken_for_what_a_workbook_only_claims() {
    let shared = |count: &str| {
        format!(
            "{}<sst uniqueCount = \"{count}\"><si><t>a</t></si></sst>",
            " ".repeat(65_500)
        )
    };
    for (count, fits) in [
        ("1", true),
        ("4000000000", false),
        ("99999999999999999999", false),
    ] {
        let text = shared(count);
        let bytes = pack_with(
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData/></worksheet>",
            &[("xl/sharedStrings.xml", &text)],
        );
        assert_eq!(
            reader(&bytes).err().map(|error| error.code()) != Some("xlsx_bomb"),
            fits,
            "{count}"
        );
    }
}

#[test]
fn many_short_texts_take_more_memory_than_their_letters_and_are_counted() {
    for (text, count, fits) in [
        ("<si><t>ab</t></si>", 1_500_000, true),
        ("<si><t>ab</t></si>", 2_000_000, false),
        ("<x:si><x:t>ab</x:t></x:si>", 1_500_000, false),
        ("<si/>", 2_500_000, false),
    ] {
        let shared = format!("<sst>{}</sst>", text.repeat(count));
        let bytes = pack_with(
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData/></worksheet>",
            &[("xl/sharedStrings.xml", &shared)],
        );
        let code = reader(&bytes).err().map(|error| error.code());
        assert_eq!(code != Some("xlsx_too_large"), fits, "{count} of {text}");
    }
}

#[test]
fn a_workbook_among_the_sheets_is_refused() {
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        (
            "_rels/.rels",
            format!(
                "<Relationships><Relationship Id=\"r1\" Type=\"{relation}/officeDocument\" Target=\"xl/Worksheets/styles.xml\"/></Relationships>"
            ),
        ),
    ] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert_eq!(reader(&bytes).err().unwrap().code(), "xlsx_bomb");
}
