//! How values are written for people: times, dates, numbers, money, phones.
//!
//! It never parses and never rounds what is stored; it only writes. Words are English; separators follow the locale.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_kernel::clock;
use rust_decimal::{Decimal, RoundingStrategy};

/// How an organization writes numbers and money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    group: &'static str,
    point: &'static str,
    currency: CurrencyPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CurrencyPlace {
    /// €1,234.50
    Before,
    /// € 1.234,50
    BeforeSpaced,
    /// 1.234,50 €
    After,
}

impl Default for Locale {
    fn default() -> Self {
        Self {
            group: ",",
            point: ".",
            currency: CurrencyPlace::Before,
        }
    }
}

impl Locale {
    /// From a BCP 47 tag such as `de`, `de-CH` or `fr_FR`; unknown languages write as English does.
    /// Separators and places of the currency are those of CLDR.
    pub fn new(tag: &str) -> Self {
        let tag = tag.replace('_', "-").to_ascii_lowercase();
        let language = tag.split('-').next().unwrap_or_default();
        let (group, point, currency) = match (language, tag.as_str()) {
            (_, "de-ch" | "it-ch") => ("’", ".", CurrencyPlace::BeforeSpaced),
            (_, "es-mx" | "es-us") => (",", ".", CurrencyPlace::Before),
            ("nl", _) | (_, "pt-br" | "de-at") => (".", ",", CurrencyPlace::BeforeSpaced),
            ("tr", _) => (".", ",", CurrencyPlace::Before),
            ("de" | "es" | "it" | "pt" | "da" | "el" | "hr" | "sl" | "ro" | "id", _) => {
                (".", ",", CurrencyPlace::After)
            }
            ("fr", _) => ("\u{202f}", ",", CurrencyPlace::After),
            (
                "sv" | "nb" | "no" | "nn" | "fi" | "pl" | "cs" | "sk" | "hu" | "ru" | "uk" | "bg" | "lt"
                | "lv" | "et",
                _,
            ) => ("\u{a0}", ",", CurrencyPlace::After),
            _ => (",", ".", CurrencyPlace::Before),
        };
        Self {
            group,
            point,
            currency,
        }
    }
}

/// A whole number with thousands separated: `12,345` or `12.345`.
pub fn integer(value: i64, locale: Locale) -> String {
    let digits = grouped(&value.unsigned_abs().to_string(), locale);
    if value < 0 { format!("−{digits}") } else { digits }
}

/// A decimal number as it is, without trailing zeros: `1,234.5` or `1.234,5`.
pub fn decimal(value: Decimal, locale: Locale) -> String {
    written(value.normalize(), locale)
}

/// A share of a hundred, to one decimal: `3.2%` or `3,2 %`.
#[expect(clippy::cast_possible_truncation, reason = "a share is small")]
pub fn percent(value: f64, locale: Locale) -> String {
    let space = if locale.point == "," { "\u{a0}" } else { "" };
    let number = decimal(Decimal::new((value * 10.0).round() as i64, 1), locale);
    format!("{number}{space}%")
}

/// An amount in a currency (ISO 4217), with that currency's number of decimals: `€1,234.50`, `1.234,50 €`, `¥1,200`.
pub fn money(amount: Decimal, currency: &str, locale: Locale) -> String {
    let code = currency.to_ascii_uppercase();
    let mut rounded =
        amount.round_dp_with_strategy(minor_digits(&code), RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(minor_digits(&code));
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() {
        "−"
    } else {
        ""
    };
    let digits = written(rounded.abs(), locale);
    let symbol = currency_symbol(&code);
    let wordy = symbol.chars().all(|letter| letter.is_ascii_alphabetic());
    match locale.currency {
        CurrencyPlace::Before if !wordy => format!("{sign}{symbol}{digits}"),
        CurrencyPlace::Before | CurrencyPlace::BeforeSpaced => format!("{sign}{symbol}\u{a0}{digits}"),
        CurrencyPlace::After => format!("{sign}{digits}\u{a0}{symbol}"),
    }
}

/// Decimals of a currency's minor unit (ISO 4217 table A.1).
fn minor_digits(code: &str) -> u32 {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn currency_symbol(code: &str) -> &str {
    match code {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        "CNY" => "CN¥",
        "INR" => "₹",
        "KRW" => "₩",
        "ILS" => "₪",
        "VND" => "₫",
        "UAH" => "₴",
        "TRY" => "₺",
        "NGN" => "₦",
        "PLN" => "zł",
        "CZK" => "Kč",
        "BRL" => "R$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "MXN" => "MX$",
        _ => code,
    }
}

fn written(value: Decimal, locale: Locale) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if value.is_sign_negative() && !value.is_zero() {
        "−"
    } else {
        ""
    };
    let whole = grouped(whole, locale);
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}{}{fraction}", locale.point)
    }
}

fn grouped(digits: &str, locale: Locale) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * locale.group.len());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push_str(locale.group);
        }
        out.push(digit);
    }
    out
}

/// A size in bytes, decimal units: `812 B`, `4.2 MB`.
pub fn bytes(size: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if size >= unit {
            let tenths = size.saturating_mul(10) / unit;
            return if tenths < 100 {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            } else {
                format!("{} {name}", tenths / 10)
            };
        }
    }
    format!("{size} B")
}

/// How long ago or ahead, in few words: `just now`, `5 min ago`, `2 h ago`, `yesterday`, `3 d ago`, `3 Nov`, `3 Nov 2023`.
/// Days are those of the time zone. assets/js/times.js keeps the same words true while a page is open.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let apart = (now - at).abs();
    let past = at <= now;
    let say = |text: String| {
        if past {
            format!("{text} ago")
        } else {
            format!("in {text}")
        }
    };
    if apart < TimeDelta::minutes(1) {
        return if past { "just now" } else { "in a moment" }.to_owned();
    }
    if apart < TimeDelta::hours(1) {
        return say(format!("{} min", apart.num_minutes()));
    }
    let then = at.with_timezone(&zone).date_naive();
    let today = now.with_timezone(&zone).date_naive();
    let days = (today - then).num_days().abs();
    if days == 0 || apart < TimeDelta::hours(6) {
        return say(format!("{} h", apart.num_hours()));
    }
    match days {
        1 => if past { "yesterday" } else { "tomorrow" }.to_owned(),
        2..7 => say(format!("{days} d")),
        _ if then.year() == today.year() => then.format("%-d %b").to_string(),
        _ => date(then),
    }
}

/// With a capital letter.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + letters.as_str()
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    capitalized(text) + stop
}

/// A date: `3 Nov 2026`.
pub fn date(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// A birthday without stress on the year: `3 November 1990`.
pub fn long_date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// A moment, exactly: `Tue 3 Nov 2026, 14:32:05 CET`.
pub fn exact(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%a %-d %b %Y, %H:%M:%S %Z")
        .to_string()
}

/// A moment as relative words with the exact one on hover; the script keeps the words true.
pub fn time_tag(at: DateTime<Utc>, zone: Tz) -> Markup {
    html! {
        time datetime=(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)) title=(exact(at, zone)) data-relative {
            (relative(at, clock::now(), zone))
        }
    }
}

/// Whole years and months since a day, for "customer for 3 years": `3 years`, `5 months`, `2 days`.
pub fn span_since(since: NaiveDate, today: NaiveDate) -> String {
    let plural = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let mut months =
        i64::from(today.year() - since.year()) * 12 + i64::from(today.month()) - i64::from(since.month());
    if today.day() < since.day()
        && today
            .checked_add_days(Days::new(1))
            .is_some_and(|next| next.day() != 1)
    {
        months -= 1;
    }
    match months {
        12.. => plural(months / 12, "year"),
        1.. => plural(months, "month"),
        _ => plural((today - since).num_days().max(0), "day"),
    }
}

/// A phone in E.164 with spaces to read it by: `+49 30 123 456`. Anything else is returned as it is.
pub fn phone(e164: &str) -> String {
    let Some(digits) = e164
        .strip_prefix('+')
        .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return e164.to_owned();
    };
    let code = calling_code_length(digits).min(digits.len());
    let (code, mut rest) = digits.split_at(code);
    let mut out = format!("+{code}");
    while !rest.is_empty() {
        // Groups of three, the last of up to four, so that no single digit is left alone.
        let take = if rest.len() <= 4 { rest.len() } else { 3 };
        let (group, tail) = rest.split_at(take);
        out.push(' ');
        out.push_str(group);
        rest = tail;
    }
    out
}

/// Digits of the calling code (ITU-T E.164: zones 1 and 7 have one digit; listed codes two; the others three).
fn calling_code_length(digits: &str) -> usize {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.get(..2) {
        _ if digits.starts_with(['1', '7']) => 1,
        Some(two) if TWO.contains(&two) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_follow_the_locale() {
        let value = "-1234567.50".parse().unwrap();
        assert_eq!(decimal(value, Locale::new("en")), "−1,234,567.5");
        assert_eq!(decimal(value, Locale::new("de-DE")), "−1.234.567,5");
        assert_eq!(decimal(value, Locale::new("fr_FR")), "−1\u{202f}234\u{202f}567,5");
        assert_eq!(integer(999, Locale::new("en")), "999");
        assert_eq!(integer(i64::MIN, Locale::new("en")), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        let amount = "1234.5".parse().unwrap();
        assert_eq!(money(amount, "EUR", Locale::new("en")), "€1,234.50");
        assert_eq!(money(amount, "eur", Locale::new("de")), "1.234,50\u{a0}€");
        assert_eq!(money(amount, "EUR", Locale::new("nl")), "€\u{a0}1.234,50");
        assert_eq!(money(amount, "JPY", Locale::new("en")), "¥1,235");
        assert_eq!(money(amount, "KWD", Locale::new("en")), "KWD\u{a0}1,234.500");
        assert_eq!(
            money("-0.001".parse().unwrap(), "USD", Locale::new("en")),
            "$0.00"
        );
    }

    #[test]
    fn relative_times_use_days_of_the_zone() {
        let now = at("2026-11-20T09:00:00Z");
        let berlin = chrono_tz::Europe::Berlin;
        let say = |text: &str| relative(at(text), now, berlin);
        assert_eq!(say("2026-11-20T08:59:30Z"), "just now");
        assert_eq!(say("2026-11-20T08:12:00Z"), "48 min ago");
        assert_eq!(say("2026-11-20T07:00:00Z"), "2 h ago");
        assert_eq!(say("2026-11-19T22:59:00Z"), "yesterday");
        assert_eq!(say("2026-11-19T23:01:00Z"), "9 h ago");
        assert_eq!(say("2026-11-17T09:00:00Z"), "3 d ago");
        assert_eq!(say("2026-11-03T09:00:00Z"), "3 Nov");
        assert_eq!(say("2023-11-03T09:00:00Z"), "3 Nov 2023");
        assert_eq!(say("2026-11-21T09:00:00Z"), "tomorrow");
        assert_eq!(say("2026-11-20T11:00:00Z"), "in 2 h");
    }

    #[test]
    fn spans_count_whole_months() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(span_since(day("2023-11-20"), day("2026-11-20")), "3 years");
        assert_eq!(span_since(day("2025-11-21"), day("2026-11-20")), "11 months");
        assert_eq!(span_since(day("2026-11-19"), day("2026-11-20")), "1 day");
    }

    #[test]
    fn phones_are_spaced_and_never_lose_a_digit() {
        assert_eq!(phone("+4930123456"), "+49 301 234 56");
        assert_eq!(phone("+15125550123"), "+1 512 555 0123");
        assert_eq!(phone("not a phone"), "not a phone");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(4_250_000), "4.2 MB");
        assert_eq!(bytes(120_000_000), "120 MB");
    }

    proptest! {
        #[test]
        fn any_phone_keeps_its_digits(digits in "[0-9]{1,15}") {
            let shown = phone(&format!("+{digits}"));
            prop_assert_eq!(shown.replace([' ', '+'], ""), digits);
        }

        #[test]
        fn any_moment_can_be_written(seconds in -10_000_000_000_i64..10_000_000_000) {
            let moment = Utc.timestamp_opt(seconds, 0).unwrap();
            prop_assert!(!relative(moment, at("2026-11-20T09:00:00Z"), chrono_tz::UTC).is_empty());
        }

        #[test]
        fn grouping_only_adds_separators(value in any::<i64>()) {
            let shown = integer(value, Locale::new("de"));
            prop_assert_eq!(shown.replace('.', "").replace('−', "-"), value.to_string());
        }
    }
}
