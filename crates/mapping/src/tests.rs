//! Headers and rows of real exports.

mod values;
mod vendors;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn headers(line: &str) -> Headers {
    Headers::new(line.split(',')).unwrap()
}

fn record(fields: &[&str]) -> Record {
    Record {
        position: 1,
        line: 2,
        fields: fields.iter().map(|text| Some((*text).to_owned())).collect(),
        lists: Vec::new(),
    }
}

fn targets(line: &str) -> Vec<String> {
    suggest(&headers(line), Hints::default())
        .columns
        .iter()
        .map(|column| column.target.to_string())
        .collect()
}

fn text(text: &str) -> Cell<String> {
    Cell::Value(text.to_owned())
}

#[test]
fn headers_in_several_languages_are_understood() {
    assert_eq!(
        targets(
            "Kundennummer,Vorname,Nachname,E-Mail,Telefon,Straße,Hausnummer,PLZ,Ort,Land,Geburtsdatum,Schuhgröße"
        ),
        [
            "external_id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "address.line1",
            "address.line1",
            "address.postal_code",
            "address.city",
            "address.country",
            "birthday",
            "attribute.schuhgrosse"
        ]
    );
    assert_eq!(
        targets("Prénom,Nom,Courriel,Téléphone,Code postal,Ville,Pays"),
        [
            "first_name",
            "last_name",
            "email",
            "phone",
            "address.postal_code",
            "address.city",
            "address.country"
        ]
    );
    assert_eq!(
        targets(
            "givenName,surname,emailAddress,mobile,Billing Address1,billing_zip,Date of Birth,Customer Name,Имя"
        ),
        [
            "first_name",
            "last_name",
            "email",
            "phone",
            "address.line1",
            "address.postal_code",
            "birthday",
            "full_name",
            "attribute.column_9"
        ]
    );
    assert_eq!(
        targets(
            "external_id,first_name,last_name,email,phone,address1,address2,city,province,zip,country,birthday"
        ),
        [
            "external_id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "address.line1",
            "address.line2",
            "address.city",
            "address.province",
            "address.postal_code",
            "address.country",
            "birthday"
        ]
    );
    // What is surest wins, and nothing is claimed twice.
    assert_eq!(
        targets("Mail,email,Note,Note"),
        ["attribute.mail", "email", "note", "attribute.note_2"]
    );
    assert_eq!(
        targets("address.city,attributes.shoe_size,email,regulars_error"),
        ["address.city", "attribute.shoe_size", "email", "ignore"]
    );
}

#[test]
fn first_rows_settle_what_headers_leave_open() {
    let headers = headers("email,Status,Geburtstag");
    let samples = [record(&["a@example.com", "Gold", "3/25/1990"])];
    let suggestion = suggest(
        &headers,
        Hints {
            file_name: "",
            samples: &samples,
        },
    );
    assert_eq!(suggestion.mapping.date_order, DateOrder::Mdy);
    assert_eq!(
        suggestion.columns[1].target,
        Target::Attribute("status".to_owned())
    );
    assert_eq!(suggestion.columns[1].examples, ["Gold"]);
    assert_eq!(
        suggest(&headers, Hints::default()).mapping.date_order,
        DateOrder::Dmy
    );
}

#[test]
fn absent_and_empty_are_not_the_same() {
    let headers = headers("email,first_name,last_name,tags");
    let mapping = suggest(&headers, Hints::default()).mapping;
    let row = Record {
        position: 1,
        line: 2,
        fields: vec![
            Some("a@example.com".to_owned()),
            Some("  ".to_owned()),
            None,
            Some(String::new()),
        ],
        lists: Vec::new(),
    };
    let mapped = map_record(&mapping, &headers, &row).unwrap();
    assert_eq!(
        (&mapped.first_name, &mapped.last_name, &mapped.tags, &mapped.phone),
        (&Cell::Empty, &Cell::Absent, &Cell::Empty, &Cell::Absent)
    );
}

#[test]
fn every_wrong_cell_of_a_row_is_reported() {
    let headers =
        headers("email,phone,status,birthday,address.country,credit_limit,consent.email,first_name");
    let mapping = suggest(&headers, Hints::default()).mapping;
    let row = record(&[
        "ada@", "12", "gone", "3/4/1990", "Atlantis", "-1", "perhaps", "a\nb",
    ]);
    let faults = map_record(&mapping, &headers, &row).unwrap_err();
    let mut codes: Vec<_> = faults
        .iter()
        .map(|fault| (fault.column.as_str(), fault.code))
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("address.country", "country_invalid"),
            ("birthday", "date_invalid"),
            ("consent.email", "consent_invalid"),
            ("credit_limit", "amount_invalid"),
            ("email", "email_invalid"),
            ("first_name", "text_has_line_break"),
            ("phone", "phone_invalid"),
            ("status", "status_invalid"),
        ]
    );
}

#[test]
fn a_full_name_goes_where_there_is_none_yet() {
    let headers = headers("email,name,first_name,kind");
    let mapping = suggest(&headers, Hints::default()).mapping;
    let names = |name: &str, first: &str, kind: &str| {
        let row = map_record(&mapping, &headers, &record(&["a@example.com", name, first, kind])).unwrap();
        (
            row.first_name.into_value(),
            row.last_name.into_value(),
            row.company_name.into_value(),
        )
    };
    let own = |text: &str| Some(text.to_owned());
    assert_eq!(names("Ada Byron", "", "person"), (own("Ada"), own("Byron"), None));
    assert_eq!(names("Ada Byron", "Augusta", ""), (own("Augusta"), None, None));
    assert_eq!(names("Acme Ltd", "", "Company"), (None, None, own("Acme Ltd")));
    assert_eq!(
        split_name("Byron, Ada Augusta"),
        (own("Ada Augusta"), own("Byron"))
    );
    assert_eq!(
        split_name("Ludwig van der Rohe"),
        (own("Ludwig"), own("van der Rohe"))
    );
    assert_eq!(split_name("Madonna"), (own("Madonna"), None));
    assert_eq!(split_name(" "), (None, None));
}

#[test]
fn a_mapping_is_json_that_people_edit_and_every_fault_is_told() {
    let headers = headers("Mail,Name,Other/Thing,Note");
    let mapping = Mapping::from_json(&json!({
        "columns": {"Mail": "email", "Name": "attribute.nick_name"}, "source": "shopify", "date_order": "mdy", "default_country": "DE"
    }))
    .unwrap();
    assert_eq!((mapping.date_order, mapping.clear_empty), (DateOrder::Mdy, false));
    mapping.validate(&headers).unwrap();
    let again = serde_json::to_value(&mapping).unwrap();
    assert_eq!(Mapping::from_json(&again).unwrap(), mapping);

    let faults = |result: Result<_>| match result {
        Err(Error::Invalid(faults)) => faults
            .0
            .into_iter()
            .map(|fault| (fault.pointer, fault.code.into_owned()))
            .collect::<Vec<_>>(),
        _ => panic!("there should be faults"),
    };
    let own = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let unknown =
        Mapping::from_json(&json!({"columns": {"Other/Thing": "emial", "Name": 1}, "nonsense": true}));
    assert_eq!(
        faults(unknown.map(|_| ())),
        [
            own("/columns/Other~1Thing", "target_unknown"),
            own("/columns/Name", "target_unknown"),
            own("/nonsense", "mapping_malformed")
        ]
    );
    let wrong = Mapping::from_json(&json!({
        "columns": {"Mail": "birthday", "Name": "birthday", "Gone": "email", "Note": "attribute.Not a name"},
        "source": "My Shop", "default_country": "Germany", "time_zone": "Mars/Olympus"
    }))
    .unwrap();
    assert_eq!(
        faults(wrong.validate(&headers)),
        [
            own("/columns/Gone", "column_unknown"),
            own("/columns/Name", "target_twice"),
            own("/columns/Note", "attribute_name_invalid"),
            own("/columns", "nothing_tells_who"),
            own("/source", "source_invalid"),
            own("/default_country", "country_invalid"),
            own("/time_zone", "time_zone_invalid"),
        ]
    );
}

proptest! {
    #[test]
    fn no_text_makes_mapping_panic(texts in proptest::collection::vec("[^\0]{0,20}|[0-9/.: TZ+-]{0,20}|[\",; a]{0,12}", 12)) {
        let all = Target::choices().map(|(name, _)| name).filter(|name| *name != "ignore");
        let names: Vec<&str> = all.collect();
        let headers = Headers::new(names.clone()).unwrap();
        let mapping = Mapping { columns: names.iter().map(|name| ((*name).to_owned(), name.parse().unwrap())).collect(), ..Mapping::default() };
        for shift in 0..texts.len() {
            let fields = (0..names.len()).map(|at| Some(texts[(at + shift) % texts.len()].clone())).collect();
            let _ = map_record(&mapping, &headers, &Record { position: 1, line: 1, fields, lists: Vec::new() });
        }
        let headers = Headers::new(texts).unwrap();
        let suggestion = suggest(&headers, Hints::default());
        prop_assert_eq!(suggestion.columns.len(), headers.len());
    }
}

#[test]
fn a_field_that_does_not_exist_gets_the_one_that_was_meant_and_the_guide_lists_them_all() {
    for (typed, meant) in [
        ("emial", "email"),
        ("E-Mail", "email"),
        ("First Name", "first_name"),
        ("city", "address.city"),
        ("zip", ""),
        ("firstname", "first_name"),
        ("consent.mail", "consent.email"),
    ] {
        let message = typed.parse::<Target>().unwrap_err();
        let meant = match meant {
            "" => format!("“{typed}” is no field that a column can fill (docs"),
            name => format!("did you mean “{name}”?"),
        };
        assert!(message.contains(&meant), "{message}");
    }
    let guide = include_str!("../../../docs/importing.md");
    for (name, _) in Target::choices() {
        assert!(
            guide.contains(&format!("`{name}`")),
            "{name} is not in docs/importing.md"
        );
    }
}
