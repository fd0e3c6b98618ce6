//! JSON and JSON Lines.

use super::*;

#[test]
fn json_objects_become_columns_and_numbers_keep_their_digits() {
    let text = br#"[
      {"id": 9007199254740993, "name": "Zo\u00eb", "address": {"city": "Ulm", "geo": {"lat": 48.40}}, "tags": ["a", "b,c", "say \"hi\""]},
      {"id": 1e400, "address": null, "vip": true, "tags": [], "orders": [{"n": 1}]}
    ]"#;
    let mut reader = reader(text).unwrap();
    let names: Vec<_> = reader
        .headers()
        .iter()
        .map(|header| header.unique_name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "name",
            "address.city",
            "address.geo.lat",
            "tags",
            "vip",
            "orders"
        ]
    );
    let rows = rows(&mut *reader);
    let first = rows[0].as_ref().unwrap();
    assert_eq!(
        [
            first.get(0),
            first.get(1),
            first.get(2),
            first.get(3),
            first.get(4),
            first.get(5)
        ],
        [
            Some("9007199254740993"),
            Some("Zoë"),
            Some("Ulm"),
            Some("48.40"),
            Some("a,\"b,c\",\"say \"\"hi\"\"\""),
            None
        ]
    );
    let second = rows[1].as_ref().unwrap();
    assert_eq!(
        [second.get(0), second.get(1), second.get(4), second.get(5)],
        [Some("1e400"), None, Some(""), Some("true")]
    );
    assert_eq!(second.get(6), Some("[{\"n\": 1}]"));
}

#[test]
fn broken_json_costs_one_row_where_it_can() {
    let found =
        codes(b"[{\"a\":1},\n{\"a\":},\n7,\n\"}{\",\n{\"a\":\"\\u0000\"},\n{\"a\":1,\"a\":2},\n{\"a\":2}]");
    assert_eq!(
        found,
        [
            Ok(1),
            Err((2, "json_malformed")),
            Err((3, "json_not_an_object")),
            Err((4, "json_not_an_object")),
            Err((5, "nul")),
            Err((6, "json_key_twice")),
            Ok(7)
        ]
    );
    assert_eq!(
        codes(b"{\"a\":1}\n{\"a\":\n{\"a\":2}\n"),
        [Ok(1), Err((2, "json_malformed")), Ok(3)]
    );
    assert_eq!(
        reader(b"[{\"a\":1},{\"a\":").err().unwrap().code(),
        "file_truncated"
    );
    assert_eq!(
        reader(b"[{\"a\":1} {\"a\":2}]").err().unwrap().code(),
        "json_malformed"
    );
    assert_eq!(texts(b"{\"data\": [{\"a\":1}], \"page\": {}}"), [["a"], ["1"]]);
    let deep = format!(
        "[{{\"a\":1}},{}1{}]",
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    assert_eq!(codes(deep.as_bytes()), [Ok(1), Err((1, "json_too_deep"))]);
    let big = format!("[{{\"a\":\"{}\"}},{{\"a\":1}}]", "x".repeat(MAX_RECORD_BYTES));
    assert_eq!(codes(big.as_bytes()), [Err((1, "record_too_large")), Ok(1)]);
}

#[test]
fn known_columns_spare_the_search_and_new_keys_are_refused() {
    let file = file(b"{\"a\":1}\n{\"b\":2}\n");
    let options = Options {
        headers: Some(Headers::new(["a"]).unwrap()),
        ..Options::default()
    };
    let mut reader = open(file.path(), &options).unwrap();
    let rows = rows(&mut *reader);
    assert!(rows[0].is_ok());
    assert_eq!(rows[1].as_ref().unwrap_err().code, "column_unknown");
}
