//! That rows say what their expression says, and that the form gives the rows back.

use std::collections::HashMap;

use regulars_expression::{Expression, Field, Kind, Place, parse};
use regulars_web::pages::samples;

use super::*;

fn catalog() -> Catalog {
    let field = |name: &str, kind| Field {
        name: name.to_owned(),
        label: words_for(name),
        kind,
    };
    Catalog(vec![
        field("status", Kind::Choice(vec!["active".into(), "vip".into()])),
        field("tag", Kind::Names),
        field("owner", Kind::Code("a member", |text| Some(text.to_owned()))),
        field("city", Kind::Text),
        field("credit_limit", Kind::Number),
        field("created_at", Kind::Time),
        field("birthday", Kind::Date),
        field("attribute.newsletter", Kind::Boolean),
    ])
}

fn words_for(name: &str) -> String {
    crate::words::sentence(name.trim_start_matches("attribute."))
}

const WRITTEN: [&str; 9] = [
    r#"status = "vip""#,
    r#"status in ("active", "vip") and tag = "press""#,
    r#"tag in ("berlin") or (city contains "ö \"x\"" and credit_limit >= 12.5)"#,
    r#"not (status = "vip" or not tag = "a")"#,
    "not (city is empty and birthday is not empty)",
    "created_at >= days_ago(90) and created_at < today() and birthday = \"1985-12-10\"",
    r#"created_at <= "2026-01-31T10:00:00Z""#,
    "attribute.newsletter = true and not attribute.newsletter != false",
    r#"city != " with spaces ""#,
];

/// The fields of the form, as a browser would send them.
fn sent(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let from = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        let value = &tag[from..from + tag[from..].find('"')?];
        Some(
            value
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    };
    let mut pairs = Vec::new();
    let mut select = None;
    for tag in page.split('<').filter_map(|part| part.split('>').next()) {
        let name = attribute(tag, "name");
        match tag.split(' ').next() {
            Some("select") => select = name.map(|name| (name, false)),
            // Where nothing is selected, the first is.
            Some("option") => {
                let value = attribute(tag, "value").unwrap_or_default();
                match &mut select {
                    Some((name, began @ false)) => {
                        *began = true;
                        pairs.push((name.clone(), value));
                    }
                    Some(_) if tag.contains(" selected") => {
                        if let Some(last) = pairs.last_mut() {
                            last.1 = value;
                        }
                    }
                    _ => {}
                }
            }
            Some("input") if !tag.contains("type=\"checkbox\"") || tag.contains(" checked") => {
                if let Some(name) = name {
                    pairs.push((name, attribute(tag, "value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    pairs
}

fn drawn(group: &Group, faults: &HashMap<String, String>) -> String {
    let catalog = catalog();
    let words = Words {
        catalog: catalog.clone(),
        known: Known::from([("tag".to_owned(), vec![("berlin".to_owned(), "berlin".to_owned())])]),
    };
    let look = Look {
        url: "/x",
        offered: &catalog,
        words: &words,
        faults,
        focus: None,
    };
    view::group(&look, group, &[]).into_string()
}

fn said(group: &Group) -> Option<Expression> {
    let mut faults = Vec::new();
    let expression = group.expression(&catalog(), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    expression
}

#[test]
fn rows_say_what_the_expression_says() {
    for text in WRITTEN {
        let expression = parse(text).unwrap();
        let back = said(&Group::of(&expression)).unwrap();
        // `not` of one test is a group of one.
        assert_eq!(back.to_string(), expression.to_string(), "{text}");
    }
}

#[test]
fn the_form_gives_the_rows_back() {
    for text in WRITTEN {
        let group = Group::of(&parse(text).unwrap());
        let pairs = sent(&drawn(&group, &HashMap::new()));
        let mut read = Group::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        read.settle(&catalog());
        assert_eq!(
            said(&read).unwrap().to_string(),
            said(&group).unwrap().to_string(),
            "{pairs:?}"
        );
    }
}

#[test]
fn rows_are_added_nested_and_removed() {
    let mut group = Group::of(&parse(r#"status = "vip" and (tag = a or tag = b)"#).unwrap());
    assert_eq!(group.act("add:1"), Some(vec![1, 2]));
    assert_eq!(group.act("nest:"), Some(vec![2, 0]));
    assert_eq!(group.act("remove:0"), None);
    assert_eq!(said(&group).unwrap().to_string(), r#"tag = "a" or tag = "b""#);
    for nonsense in [
        "",
        "add",
        "add:9",
        "add:0.9.9",
        "remove:",
        "remove:7",
        "nest:-1",
        "fly:0",
    ] {
        let before = group.clone();
        assert!(group.act(nonsense).is_none() && group == before, "{nonsense}");
    }
}

#[test]
fn another_field_begins_anew() {
    let pairs = [
        ("group", "all"),
        ("field", "created_at"),
        ("was", "status"),
        ("operator", "in"),
        ("value", "vip"),
        ("end", "1"),
    ];
    let mut group = Group::read(pairs.into_iter());
    group.settle(&catalog());
    assert_eq!(said(&group).unwrap().to_string(), "created_at >= days_ago(30)");
}

#[test]
fn half_a_row_is_told_where_it_stands() {
    let pairs = [
        ("group", "all"),
        ("field", ""),
        ("was", ""),
        ("field", "city"),
        ("was", "city"),
        ("operator", "="),
        ("value", " "),
        ("field", "credit_limit"),
        ("was", "credit_limit"),
        ("operator", ">"),
        ("value", "much"),
        ("end", "1"),
        ("end", "1"),
        ("nonsense", "x"),
    ];
    let mut group = Group::read(pairs.into_iter());
    group.settle(&catalog());
    let mut faults = Vec::new();
    assert!(group.expression(&catalog(), &mut faults).is_none());
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.place.clone(), fault.code))
        .collect();
    assert_eq!(
        places,
        [
            (Place::Pointer("1".into()), "value_missing"),
            (Place::Pointer("2".into()), "value_invalid"),
        ]
    );
}

#[test]
fn any_text_is_harmless_and_too_much_is_cut() {
    for text in samples::ALL {
        let row = |field: &str, operator| {
            Node::Row(Row::new(
                field,
                operator,
                [
                    Entered::text(text),
                    Entered {
                        when: text.into(),
                        text: text.into(),
                    },
                ],
            ))
        };
        let items = [
            "status",
            "tag",
            "city",
            "credit_limit",
            "created_at",
            "birthday",
            "owner",
            text,
        ]
        .into_iter()
        .flat_map(|field| Operator::ALL.map(|operator| row(field, operator)))
        .collect();
        let faults = HashMap::from([("0".to_owned(), text.to_owned())]);
        samples::assert_harmless(&drawn(&Group::new(Holds::NotAll, items), &faults));
    }
    let deep = [("group", "all")]
        .into_iter()
        .cycle()
        .take(5_000)
        .chain([("field", "city")].into_iter().cycle().take(5_000));
    let group = Group::read(deep);
    assert_eq!(group.fields().len(), MOST_TESTS);
    let mut faults = Vec::new();
    assert!(group.expression(&catalog(), &mut faults).is_none());
}

#[test]
fn conditions_are_said_in_words() {
    let words = Words {
        catalog: catalog(),
        known: Known::from([("owner".to_owned(), vec![("1".to_owned(), "Ada".to_owned())])]),
    };
    let phrase = |text: &str| words.phrase(&parse(text).unwrap());
    assert_eq!(
        phrase("status in (vip) and owner = \"1\""),
        "Status is VIP and Owner is Ada"
    );
    assert_eq!(
        phrase("created_at >= days_ago(1) or not tag not in (a, b)"),
        "Created at since 1 day ago or (not Tag is none of a, b)"
    );
    assert_eq!(phrase("birthday is empty"), "Birthday is not known");
}
