//! Cells.

use chrono::NaiveDate;

use super::*;

#[test]
fn dates_are_read_as_written_or_refused() {
    let day = |text: &str, order| value::day(text, order).ok().map(|day| day.to_string());
    for (given, order, expected) in [
        ("2024-03-14", DateOrder::Certain, Some("2024-03-14")),
        ("2024/3/4", DateOrder::Mdy, Some("2024-03-04")),
        ("20240314", DateOrder::Certain, Some("2024-03-14")),
        ("14.3.2024", DateOrder::Mdy, Some("2024-03-14")),
        ("3/4/2024", DateOrder::Certain, None),
        ("3/4/2024", DateOrder::Mdy, Some("2024-03-04")),
        ("3/4/2024", DateOrder::Dmy, Some("2024-04-03")),
        ("25/4/2024", DateOrder::Certain, Some("2024-04-25")),
        ("25/4/2024", DateOrder::Mdy, None),
        ("14 Mar 2024", DateOrder::Certain, Some("2024-03-14")),
        ("March 14, 2024", DateOrder::Certain, Some("2024-03-14")),
        ("2024-03-14T00:00:00Z", DateOrder::Certain, Some("2024-03-14")),
        ("14.03.24", DateOrder::Dmy, None),
        ("2024-02-30", DateOrder::Certain, None),
        ("soon", DateOrder::Dmy, None),
        ("", DateOrder::Dmy, None),
    ] {
        assert_eq!(day(given, order).as_deref(), expected, "{given}");
    }
    assert!(value::birthday("2999-01-01", DateOrder::Certain).is_err());
    assert_eq!(
        value::birthday("1985-12-10", DateOrder::Certain),
        Ok(NaiveDate::from_ymd_opt(1985, 12, 10).unwrap())
    );
    let moment = |text: &str, zone: &str| {
        value::moment(text, DateOrder::Mdy, zone.parse().unwrap())
            .ok()
            .map(|moment| moment.to_rfc3339())
    };
    for (given, zone, expected) in [
        ("2024-03-14 09:12:31", "UTC", Some("2024-03-14T09:12:31+00:00")),
        (
            "2024-03-14 09:12",
            "Europe/Berlin",
            Some("2024-03-14T08:12:00+00:00"),
        ),
        (
            "2026-09-16 09:12:00 -0500",
            "Europe/Berlin",
            Some("2026-09-16T14:12:00+00:00"),
        ),
        (
            "2024-03-14T09:12:31.250+02:00",
            "UTC",
            Some("2024-03-14T07:12:31.250+00:00"),
        ),
        (
            "2024-03-14T09:12:31Z",
            "Europe/Berlin",
            Some("2024-03-14T09:12:31+00:00"),
        ),
        ("3/15/2024 2:30 PM", "UTC", Some("2024-03-15T14:30:00+00:00")),
        ("3/15/2024 12:05 am", "UTC", Some("2024-03-15T00:05:00+00:00")),
        ("2024-03-14", "UTC", Some("2024-03-14T00:00:00+00:00")),
        // The clock went from 2:00 to 3:00.
        (
            "2024-03-31 02:30",
            "Europe/Berlin",
            Some("2024-03-31T01:30:00+00:00"),
        ),
        ("2024-03-14 25:00", "UTC", None),
        ("2024-03-14 09:12 XYZ", "UTC", None),
    ] {
        assert_eq!(moment(given, zone).as_deref(), expected, "{given}");
    }
}

#[test]
fn lists_amounts_and_consents() {
    assert_eq!(split_list("a, b ,A,,c"), ["a", "b", "c"]);
    assert_eq!(split_list("\"VIP\",\"Blog, daily\""), ["VIP", "Blog, daily"]);
    assert_eq!(split_list("a;b"), ["a", "b"]);
    assert_eq!(split_list("a|b"), ["a", "b"]);
    assert_eq!(split_list("6\" heels, \"odd"), ["6\" heels", "\"odd"]);
    assert_eq!(split_list(""), Vec::<String>::new());
    let amount = |text: &str| value::decimal(text).ok().map(|amount| amount.to_string());
    for (given, expected) in [
        ("1234.5", Some("1234.5")),
        ("1,234.50", Some("1234.50")),
        ("1.234,50", Some("1234.50")),
        ("1 234,5", Some("1234.5")),
        ("1,234,567", Some("1234567")),
        ("1.234.567", Some("1234567")),
        ("1,234", None),
        ("12 EUR", None),
    ] {
        assert_eq!(amount(given).as_deref(), expected, "{given}");
    }
    assert_eq!(value::consent("Opt-in", "email"), Ok(ConsentState::Subscribed));
    assert_eq!(
        value::consent("[\"sms\", \"email\"]", "email"),
        Ok(ConsentState::Subscribed)
    );
    assert_eq!(value::consent("sms", "email"), Ok(ConsentState::NotSubscribed));
    assert!(value::consent("maybe", "email").is_err());
}
