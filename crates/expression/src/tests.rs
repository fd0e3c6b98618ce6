//! The language as people write it, its faults, and that each face reads what it wrote.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use regulars_kernel::TimeZone;
use rust_decimal::Decimal;
use serde_json::json;

use super::*;

pub(crate) fn catalog() -> Catalog {
    let field = |name: &str, kind| Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
    };
    let choices = |names: &[&str]| Kind::Choice(names.iter().map(|&name| name.to_owned()).collect());
    Catalog(vec![
        field("status", choices(&["active", "vip", "churned"])),
        field(
            "country",
            Kind::Code("a country", |text| (text.len() == 2).then(|| text.to_uppercase())),
        ),
        field("tag", Kind::Names),
        field("last_name", Kind::Text),
        field("total_spent", Kind::Number),
        field("opted_in", Kind::Boolean),
        field("created_at", Kind::Time),
        field("last_order_at", Kind::Time),
        field("birthday", Kind::Date),
    ])
}

fn clock() -> Clock {
    Clock {
        now: at("2026-03-31T22:30:00Z"),
        zone: TimeZone::parse("Europe/Berlin").unwrap(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn checked(text: &str) -> Checked {
    check(
        &parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")),
        &catalog(),
        &clock(),
    )
    .unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn is(field: &str, condition: Condition) -> Checked {
    Checked::Is {
        field: field.to_owned(),
        condition,
    }
}

fn not(checked: Checked) -> Checked {
    Checked::Not(Box::new(checked))
}

fn one_of(field: &str, values: &[&str]) -> Checked {
    is(
        field,
        Condition::OneOf(values.iter().map(|&value| value.to_owned()).collect()),
    )
}

/// The fault of a text: its code and the characters it points at.
fn fault(text: &str) -> (&'static str, String) {
    let fault = match parse(text) {
        Err(fault) => fault,
        Ok(expression) => check(&expression, &catalog(), &clock())
            .expect_err(text)
            .remove(0),
    };
    let Place::Text { start, end } = fault.place else {
        panic!("{text}: {fault:?}");
    };
    assert!(!fault.message.is_empty());
    (fault.code, text.chars().skip(start).take(end - start).collect())
}

#[test]
fn and_binds_before_or_and_not_before_both() {
    let written = "status = vip or country = \"DE\" AND not tag in ('berlin', press)";
    let read = parse(written).unwrap();
    assert_eq!(
        read.to_string(),
        "status = \"vip\" or country = \"DE\" and not tag in (\"berlin\", \"press\")"
    );
    let Expression::Any(some) = &read else {
        panic!("{read:?}")
    };
    assert!(matches!(&some[1], Expression::All(every) if matches!(every[1], Expression::Not(_))));
    let grouped = parse("(status = vip or country = DE) and not (tag = a or tag = b)").unwrap();
    assert_eq!(
        grouped.to_string(),
        "(status = \"vip\" or country = \"DE\") and not (tag = \"a\" or tag = \"b\")"
    );
}

#[test]
fn the_example_of_the_interface_is_read() {
    let read = checked("total_spent > 500 and (last_order_at < days_ago(90) or tag = \"vip\")");
    let over = Condition::Number {
        from: Some((Decimal::from(500), true)),
        to: None,
    };
    let before = Condition::Time {
        from: None,
        // It is April 1 in Berlin already.
        to: Some(at("2025-12-31T23:00:00Z")),
    };
    let either = Checked::Any(vec![is("last_order_at", before), one_of("tag", &["vip"])]);
    assert_eq!(read, Checked::All(vec![is("total_spent", over), either]));
}

#[test]
fn what_is_not_known_is_not_equal() {
    assert_eq!(checked("country != de"), not(one_of("country", &["DE"])));
    assert_eq!(checked("country is empty"), not(is("country", Condition::Known)));
    assert_eq!(checked("country is known"), is("country", Condition::Known));
    let no = Checked::All(vec![
        is("opted_in", Condition::Known),
        not(is("opted_in", Condition::True)),
    ]);
    assert_eq!(checked("opted_in = false"), no);
    assert_eq!(checked("opted_in is not false"), not(no));
    assert_eq!(
        checked("last_name not contains 'ü'"),
        not(is("last_name", Condition::Contains("ü".into())))
    );
}

#[test]
fn a_day_is_the_whole_day_where_the_organization_is() {
    let day = |from: Option<&str>, to: Option<&str>| {
        is(
            "created_at",
            Condition::Time {
                from: from.map(at),
                to: to.map(at),
            },
        )
    };
    // The day on which the clocks go forward has 23 hours.
    let (begins, ends) = ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    for (text, wanted) in [
        ("created_at = 2026-03-29", day(Some(begins), Some(ends))),
        ("created_at < 2026-03-29", day(None, Some(begins))),
        ("created_at <= 2026-03-29", day(None, Some(ends))),
        ("created_at > 2026-03-29", day(Some(ends), None)),
        ("created_at >= 2026-03-29", day(Some(begins), None)),
        ("created_at >= today()", day(Some("2026-03-31T22:00:00Z"), None)),
        (
            "created_at >= start_of_year()",
            day(Some("2025-12-31T23:00:00Z"), None),
        ),
        (
            "created_at >= months_ago(1)",
            day(Some("2026-02-28T23:00:00Z"), None),
        ),
        (
            "created_at < hours_ago(1)",
            day(None, Some("2026-03-31T21:30:00Z")),
        ),
        (
            "created_at <= \"2026-01-01T00:00:00+01:00\"",
            day(None, Some("2025-12-31T23:00:00.000001Z")),
        ),
    ] {
        assert_eq!(checked(text), wanted, "{text}");
    }
}

#[test]
fn faults_point_at_what_is_wrong() {
    for (text, code, pointed) in [
        ("", "field_expected", ""),
        ("status =", "value_expected", ""),
        ("status = vip and", "field_expected", ""),
        ("status vip", "operator_expected", "vip"),
        ("(status = vip", "parenthesis_open", ""),
        ("status = vip)", "parenthesis_alone", ")"),
        ("status = vip country = DE", "connective_missing", "country"),
        ("status = \"vip", "quote_open", "\"vip"),
        ("status = vip; drop", "sign_unknown", ";"),
        ("tag in vip", "list_expected", "vip"),
        ("tag in (vip", "list_open", ""),
        ("statsu = vip", "field_unknown", "statsu"),
        ("status = gold", "value_invalid", "gold"),
        ("country in (DE, Atlantis)", "value_invalid", "Atlantis"),
        ("status > vip", "operator_not_possible", ">"),
        ("total_spent > much", "value_invalid", "much"),
        (
            "total_spent > 79228162514264337593543950336",
            "number_invalid",
            "79228162514264337593543950336",
        ),
        ("created_at < 2026-02-30", "value_invalid", "2026-02-30"),
        ("created_at < day(3)", "function_unknown", "day"),
        ("created_at < days_ago()", "number_expected", ")"),
        ("created_at < days_ago(1.5)", "number_invalid", "1.5"),
        ("tag in (a, 3, true)", "value_invalid", "true"),
        ("and = 3", "field_expected", "and"),
    ] {
        assert_eq!(fault(text), (code, pointed.to_owned()), "{text}");
    }
    let Err(suggestion) = check(&parse("statsu = vip").unwrap(), &catalog(), &clock()) else {
        panic!()
    };
    assert_eq!(
        suggestion[0].message,
        "there is no field “statsu”; did you mean status?"
    );
    let all = check(
        &parse("statsu = vip or total_spent > much").unwrap(),
        &catalog(),
        &clock(),
    );
    assert_eq!(all.unwrap_err().len(), 2, "all are told at once");
}

#[test]
fn what_is_too_much_is_refused_before_it_hurts() {
    let deep = format!("{}status = vip{}", "(".repeat(500), ")".repeat(500));
    assert_eq!(fault(&deep).0, "too_deep");
    let nots = format!("{} status = vip", "not ".repeat(500));
    assert_eq!(fault(&nots).0, "too_deep");
    let many = vec!["tag = a"; 101].join(" or ");
    assert_eq!(fault(&many).0, "too_many");
    assert_eq!(fault(&" ".repeat(4_001)).0, "too_long");
    let mut json = json!({"field": "tag", "operator": "=", "value": "a"});
    for _ in 0..30 {
        json = json!({"not": json});
    }
    assert_eq!(Expression::from_json(&json).unwrap_err().code, "too_deep");
    assert_eq!(
        read(&format!("{{{}}}", " ".repeat(16_000))).unwrap_err().code,
        "too_long"
    );
}

#[test]
fn json_faults_point_into_it() {
    let test = json!({"field": "tag", "operator": "=", "value": "a"});
    for (json, code, pointer) in [
        (json!(3), "expression_expected", ""),
        (json!({"all": []}), "list_expected", "/all"),
        (json!({"all": [test, {"any": 3}]}), "list_expected", "/all/1/any"),
        (json!({"all": [test], "any": [test]}), "expression_expected", ""),
        (json!({"not": {"field": "tag"}}), "text_expected", "/not/operator"),
        (
            json!({"field": "tag", "operator": "like", "value": "a"}),
            "operator_unknown",
            "/operator",
        ),
        (
            json!({"field": "tag", "operator": "=", "values": ["a"]}),
            "value_expected",
            "",
        ),
        (
            json!({"field": "tag", "operator": "in", "values": ["a", null]}),
            "value_invalid",
            "/values/1",
        ),
        (
            json!({"field": "tag", "operator": "=", "value": "a", "a/b": 1}),
            "unknown",
            "/a~1b",
        ),
        (
            json!({"field": "a", "operator": "<", "value": {"days_ago": -1}}),
            "value_invalid",
            "/value",
        ),
        (
            json!({"field": "a", "operator": "<", "value": {"today": 1}}),
            "value_invalid",
            "/value",
        ),
    ] {
        let fault = Expression::from_json(&json).expect_err(&json.to_string());
        assert_eq!(
            (fault.code, fault.place),
            (code, Place::Pointer(pointer.to_owned())),
            "{json}"
        );
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,12}".prop_map(Value::Text),
        (-999_999_999_999_999_i64..=999_999_999_999_999, 0_u32..6)
            .prop_map(|(number, scale)| Value::Number(Decimal::new(number, scale))),
        any::<bool>().prop_map(Value::Boolean),
        (prop::sample::select(&Function::ALL[..]), 0_u32..36_500).prop_map(|(function, number)| Value::Call(
            Call {
                function,
                number: if function.takes_number() { number } else { 0 },
            }
        )),
    ]
}

fn test() -> impl Strategy<Value = Expression> {
    (
        "[a-z][a-z_]{0,10}",
        prop::sample::select(&Operator::ALL[..]),
        prop::collection::vec(value(), 1..4),
    )
        .prop_filter("a keyword names no field", |(field, ..)| {
            !parse::is_keyword(field)
        })
        .prop_map(|(field, operator, mut values)| {
            match operator.takes() {
                Takes::Nothing => values.clear(),
                Takes::One => values.truncate(1),
                Takes::Several => {}
            }
            let place = Place::Pointer(String::new());
            Expression::Test(Test {
                field,
                operator,
                field_at: place.clone(),
                operator_at: place.clone(),
                values_at: vec![place; values.len()],
                values,
            })
        })
}

/// As parsing makes them: a group has two or more, and none of its own kind that parentheses would not have made.
pub(crate) fn expression() -> impl Strategy<Value = Expression> {
    test().prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::Any),
            inner.prop_map(|inside| Expression::Not(Box::new(inside))),
        ]
    })
}

proptest! {
    #[test]
    fn text_and_json_read_what_they_wrote(written in expression()) {
        let text = written.to_string();
        match parse(&text) {
            Ok(read) => prop_assert_eq!(&read, &written, "{}", text),
            Err(fault) => prop_assert!(["too_long", "too_many", "too_deep"].contains(&fault.code), "{}: {:?}", text, fault),
        }
        let json = written.to_json();
        let again = Expression::from_json(&serde_json::from_str(&json.to_string()).unwrap());
        prop_assert_eq!(again.as_ref(), Ok(&written), "{}", json);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(text in "\\PC{0,60}") {
        if let Err(fault) = parse(&text) {
            let Place::Text { start, end } = fault.place else { panic!("{fault:?}") };
            prop_assert!(start <= end && end <= text.chars().count());
        }
    }

    #[test]
    fn any_words_of_the_language_are_read_or_refused(words in prop::collection::vec(
        prop::sample::select(&["status", "=", "(", ")", "and", "or", "not", "in", "vip", "\"x\"", "3", ",", "is", "empty", "contains", "<", "days_ago", "tag"][..]), 0..20)) {
        let text = words.join(" ");
        if let Ok(expression) = parse(&text) {
            prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
        }
    }
}
