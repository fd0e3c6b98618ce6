//! Whatever the bytes are.

use proptest::prelude::*;

use super::{
    xlsx::{table, workbook},
    *,
};
use crate::write::formula;

fn read_all(bytes: &[u8], format: Option<Format>) {
    let file = file(bytes);
    let options = Options {
        format,
        ..Options::default()
    };
    let Ok(mut reader) = open(file.path(), &options) else {
        return;
    };
    let width = reader.headers().len();
    while let Ok(Some(row)) = reader.next_row() {
        if let Ok(record) = row {
            assert_eq!(record.fields.len(), width);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes, None);
        read_all(&bytes, Some(Format::Json { encoding: TextEncoding::UTF_8 }));
        read_all(&bytes, Some(Format::JsonLines { encoding: TextEncoding::named("utf-16le").unwrap() }));
    }

    #[test]
    fn random_json_like_text_never_panics(text in r#"[\[\]{}",:\\ a1\n]{0,60}"#) {
        read_all(format!("[{text}").as_bytes(), Some(Format::Json { encoding: TextEncoding::UTF_8 }));
        read_all(text.as_bytes(), Some(Format::JsonLines { encoding: TextEncoding::UTF_8 }));
    }

    #[test]
    fn a_damaged_workbook_never_panics(place in 0_usize..2_000, byte in any::<u8>()) {
        let mut bytes = workbook(&table(&[&["a", "b"], &["1", "d45365"], &["x", "y"]]));
        let place = place % bytes.len();
        bytes[place] = byte;
        read_all(&bytes, Some(Format::Xlsx));
    }

    #[test]
    fn records_are_cut_as_the_csv_crate_cuts_them(text in r#"[a"', \n\r;]{0,60}"#) {
        let text = format!("h1,h2,h3\n{text}");
        let format = CsvFormat { encoding: TextEncoding::UTF_8, delimiter: b',', quote: b'"', line_end: LineEnd::Lf, sep_line: false };
        let file = file(text.as_bytes());
        let mut reader = open(file.path(), &Options { format: Some(Format::Csv(format)), ..Options::default() }).unwrap();
        let rows = rows(&mut *reader);
        if rows.iter().any(|row| row.as_ref().is_err_and(|fault| fault.code == "quote_never_closed")) {
            return Ok(());
        }
        let ours: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| match row {
                Ok(record) => record.fields.into_iter().map(Option::unwrap_or_default).collect(),
                Err(fault) => fault.fields.into_iter().map(Option::unwrap_or_default).collect(),
            })
            .collect();
        let theirs: Vec<Vec<String>> = ::csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(|text| formula::restore(text).to_owned()).collect::<Vec<_>>())
            .filter(|record: &Vec<String>| record.iter().any(|field| field.bytes().any(|byte| byte != b' ')))
            .collect();
        prop_assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            for (at, field) in ours.iter().enumerate() {
                prop_assert_eq!(field, theirs.get(at).map_or("", String::as_str));
            }
        }
    }
}
