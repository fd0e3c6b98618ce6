//! What the text of a cell means where files differ from our own interface: dates, lists, yes and no, amounts, names.
//!
//! What it never does: guess between two readings; what is ambiguous is refused with a sentence that says how to choose.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use regulars_kernel::{clock, text::fold};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ConsentState;

/// How to read a date of three numbers with the year last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Only where it is certain: dots (14.3.2024), or a number above 12. Others are refused.
    #[default]
    Certain,
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// A day: ISO (`2024-03-14`, `20240314`, with a time after it if need be), `14.03.2024`, `3/14/2024` by the order,
/// `14 Mar 2024`, `March 14, 2024`. The year needs four digits.
pub fn day(text: &str, order: DateOrder) -> Result<NaiveDate, String> {
    let (date, _) = split_moment(text);
    plain_day(&date, order)
}

/// A point in time. Without a zone of its own it is read in `zone`; without a time it is midnight.
pub fn moment(text: &str, order: DateOrder, zone: Tz) -> Result<DateTime<Utc>, String> {
    let unclear = || format!("“{}” is not a time such as 2024-03-14 09:12:31", excerpt(text));
    let (date, time) = split_moment(text);
    let date = plain_day(&date, order)?;
    let (time, offset) = if time.is_empty() {
        (NaiveTime::MIN, None)
    } else {
        clock_time(&time).ok_or_else(unclear)?
    };
    let local = NaiveDateTime::new(date, time);
    let moment = match offset {
        Some(offset) => offset
            .from_local_datetime(&local)
            .single()
            .map(|moment| moment.to_utc()),
        // A time that a clock change skipped is read as if the clock had not changed yet.
        None => zone
            .from_local_datetime(&local)
            .earliest()
            .map(|moment| moment.to_utc())
            .or_else(|| {
                let before = zone
                    .from_local_datetime(&(local - chrono::TimeDelta::hours(3)))
                    .earliest()?;
                Some(before.to_utc() + chrono::TimeDelta::hours(3))
            }),
    };
    moment.ok_or_else(unclear)
}

/// A birthday: a day that is not in the future nor before 1850.
pub fn birthday(text: &str, order: DateOrder) -> Result<NaiveDate, String> {
    let day = day(text, order)?;
    if day.year() < 1850 || day > clock::now().date_naive() + chrono::Days::new(1) {
        return Err(format!("nobody's birthday is {day}"));
    }
    Ok(day)
}

/// Cuts a text into its date and what follows: the first token with a colon and all after it.
fn split_moment(text: &str) -> (String, String) {
    let mut spaced = text.trim().to_owned();
    // ISO's T between the date and the time.
    if let Some(at) = spaced.find(['T', 't'])
        && at >= 8
        && spaced[..at].ends_with(|before: char| before.is_ascii_digit())
    {
        spaced.replace_range(at..=at, " ");
    }
    let mut date = Vec::new();
    let mut time = Vec::new();
    for token in spaced.split_whitespace() {
        if time.is_empty() && !token.contains(':') {
            date.push(token);
        } else {
            time.push(token);
        }
    }
    (date.join(" "), time.join(" "))
}

fn plain_day(text: &str, order: DateOrder) -> Result<NaiveDate, String> {
    let unclear = || format!("“{}” is not a date such as 2024-03-14", excerpt(text));
    let make = |year: u32, month: u32, day: u32| {
        if year < 1000 {
            return Err(format!("the year of “{}” needs four digits", excerpt(text)));
        }
        NaiveDate::from_ymd_opt(year as i32, month, day)
            .ok_or_else(|| format!("“{}” is not a day of the calendar", excerpt(text)))
    };
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |range: std::ops::Range<usize>| text[range].parse().unwrap_or(0);
        return make(number(0..4), number(4..6), number(6..8));
    }
    if text.contains(char::is_alphabetic) {
        let (year, month, day) = named_month(text).ok_or_else(unclear)?;
        return make(year, month, day);
    }
    let separator = text
        .chars()
        .find(|letter| !letter.is_ascii_digit())
        .ok_or_else(unclear)?;
    if !matches!(separator, '-' | '/' | '.') {
        return Err(unclear());
    }
    let parts: Vec<&str> = text
        .trim_end_matches('.')
        .split(separator)
        .map(str::trim)
        .collect();
    let [a, b, c] = parts[..] else {
        return Err(unclear());
    };
    let number = |part: &str| {
        let is_short = !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_short { part.parse::<u32>().ok() } else { None }
    };
    let (Some(first), Some(second), Some(third)) = (number(a), number(b), number(c)) else {
        return Err(unclear());
    };
    if a.len() == 4 {
        return make(first, second, third);
    }
    let order = match order {
        _ if separator == '.' => DateOrder::Dmy,
        DateOrder::Certain if first > 12 => DateOrder::Dmy,
        DateOrder::Certain if second > 12 => DateOrder::Mdy,
        DateOrder::Certain if first == second => DateOrder::Dmy,
        order => order,
    };
    match order {
        DateOrder::Dmy => make(third, second, first),
        DateOrder::Mdy => make(third, first, second),
        DateOrder::Certain => Err(format!(
            "“{}” can be read in two ways: set date_order to dmy or mdy",
            excerpt(text)
        )),
    }
}

/// `14 Mar 2024`, `Mar 14, 2024`, `14-Mar-2024`.
fn named_month(text: &str) -> Option<(u32, u32, u32)> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let parts: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let [a, b, year] = parts[..] else { return None };
    let (name, day) = if a.starts_with(|c: char| c.is_ascii_digit()) {
        (b, a)
    } else {
        (a, b)
    };
    let name = name.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| name.get(..3) == Some(month))? as u32 + 1;
    Some((year.parse().ok()?, month, day.parse().ok()?))
}

/// `09:12`, `09:12:31.5`, `2:30 PM`, each with `Z`, `UTC`, `-0500` or `+02:00` after it.
fn clock_time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let text = text.trim().to_ascii_uppercase();
    let clock_end = text
        .find(|letter: char| !(letter.is_ascii_digit() || letter == ':' || letter == '.'))
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(clock_end);
    let mut rest = rest.trim();
    let mut parts = clock.splitn(3, ':');
    let mut hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let micros: u32 = format!("{:0<6}", fraction.get(..fraction.len().min(6))?)
        .parse()
        .ok()?;
    for (half, begins) in [("AM", 0), ("PM", 12)] {
        if let Some(after) = rest.strip_prefix(half) {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + begins;
            rest = after.trim();
        }
    }
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second.parse().ok()?, micros)?;
    Some((
        time,
        if rest.is_empty() {
            None
        } else {
            Some(utc_offset(rest)?)
        },
    ))
}

fn utc_offset(text: &str) -> Option<FixedOffset> {
    if matches!(text, "Z" | "UTC" | "GMT") {
        return FixedOffset::east_opt(0);
    }
    let sign = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = if digits.len() == 4 {
        digits[2..].parse().ok()?
    } else {
        0
    };
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// What a cell says about consent on a channel (`email` or `sms`): yes and no in several languages, the words of Shopify,
/// Klaviyo, Mailchimp and HubSpot, or a list of channels agreed to. Of several words the strictest counts.
pub fn consent(text: &str, channel: &str) -> Result<ConsentState, String> {
    use ConsentState::{Bounced, Complained, NotSubscribed, Pending, Subscribed, Suppressed, Unsubscribed};
    let mut strictest = None;
    let mut channels: Option<bool> = None;
    for word in text.split([',', ';', '|']) {
        let word = words(word);
        let state = match word.as_str() {
            "" => continue,
            "email" | "sms" | "web" | "mobile" | "direct_mail" | "directmail" | "push" | "whatsapp" => {
                channels = Some(channels.unwrap_or(false) || word == channel);
                continue;
            }
            "yes" | "y" | "true" | "t" | "1" | "on" | "ja" | "oui" | "si" | "sim" | "wahr" | "vrai"
            | "subscribed" | "opted_in" | "opt_in" | "accepted" | "granted" | "confirmed" => Subscribed,
            "no" | "n" | "false" | "f" | "0" | "off" | "nein" | "non" | "nao" | "nee" | "falsch" | "faux"
            | "never_subscribed" | "not_subscribed" | "never" | "none" | "transactional" => NotSubscribed,
            "pending" | "pending_confirmation" | "unconfirmed" | "requested" => Pending,
            "unsubscribed" | "opted_out" | "opt_out" | "withdrawn" | "revoked" | "abgemeldet" => Unsubscribed,
            "suppressed" | "user_suppressed" | "invalid" | "redacted" | "archived" => Suppressed,
            "hard_bounce" | "hardbounce" | "bounced" | "bounce" | "cleaned" | "invalid_email" => Bounced,
            "spam_complaint" | "spamcomplaint" | "spam" | "complained" | "complaint" => Complained,
            _ => {
                return Err(format!(
                    "“{}” does not say whether they agreed; use yes, no or unsubscribed",
                    excerpt(text)
                ));
            }
        };
        strictest = strictest.max(Some(state));
    }
    let by_channel = channels.map(|is_named| if is_named { Subscribed } else { NotSubscribed });
    strictest
        .max(by_channel)
        .ok_or_else(|| format!("“{}” does not say whether they agreed", excerpt(text)))
}

/// Yes or no in several languages.
pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match words(text).as_str() {
        "yes" | "y" | "true" | "t" | "1" | "on" | "ja" | "oui" | "si" | "sim" | "wahr" | "vrai" | "x" => {
            Ok(true)
        }
        "no" | "n" | "false" | "f" | "0" | "off" | "nein" | "non" | "nao" | "nee" | "falsch" | "faux" => {
            Ok(false)
        }
        _ => Err(format!("“{}” is neither yes nor no", excerpt(text))),
    }
}

/// One of a few words, in any case, with spaces or hyphens for underscores.
pub fn choice(text: &str, allowed: &[&'static str]) -> Result<&'static str, String> {
    let word = words(text);
    allowed
        .iter()
        .find(|choice| **choice == word)
        .copied()
        .ok_or_else(|| format!("“{}” is none of {}", excerpt(text), allowed.join(", ")))
}

/// Folded words joined with underscores; brackets and quotes around them are dropped.
pub fn words(text: &str) -> String {
    let folded = fold(text);
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// A list: separated by commas, else by semicolons, else by bars; items may be quoted as in CSV (as Mailchimp's tags are).
/// Items that differ only in case count once.
pub fn split_list(text: &str) -> Vec<String> {
    let separator = [',', ';', '|']
        .into_iter()
        .find(|separator| has_unquoted(text, *separator))
        .unwrap_or(',');
    let mut items: Vec<String> = Vec::new();
    let mut rest = text;
    loop {
        let (item, after) = next_item(rest, separator);
        let item = item.trim();
        if !item.is_empty()
            && !items
                .iter()
                .any(|known| known.to_lowercase() == item.to_lowercase())
        {
            items.push(item.to_owned());
        }
        match after {
            Some(after) => rest = after,
            None => return items,
        }
    }
}

/// The ids that a cell holds: those of a list, which cells of CSV write in quotes; else the whole text, since a comma may be
/// part of an id.
pub fn split_ids(text: &str, is_list: bool) -> Vec<String> {
    if !is_list && !text.starts_with('"') {
        return vec![text.to_owned()];
    }
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let (item, after) = next_item(rest, ',');
        items.push(item.trim().to_owned());
        match after {
            Some(after) => rest = after,
            None => return items,
        }
    }
}

/// The ids of one source in one cell: one as it stands, several each in quotes, as [`split_ids`] tells them apart.
pub fn join_ids<'a>(mut ids: impl Iterator<Item = &'a str>) -> Cow<'a, str> {
    let Some(first) = ids.next() else {
        return Cow::Borrowed("");
    };
    let second = ids.next();
    if second.is_none() && !first.contains(',') && !first.starts_with('"') {
        return Cow::Borrowed(first);
    }
    let all = std::iter::once(first).chain(second).chain(ids);
    let quoted: Vec<String> = all.map(|id| format!("\"{}\"", id.replace('"', "\"\""))).collect();
    Cow::Owned(quoted.join(","))
}

fn has_unquoted(text: &str, separator: char) -> bool {
    let mut in_quotes = false;
    text.chars().any(|letter| {
        in_quotes ^= letter == '"';
        letter == separator && !in_quotes
    })
}

/// The first item and what follows its separator, if there is one.
fn next_item(text: &str, separator: char) -> (Cow<'_, str>, Option<&str>) {
    let start = text.trim_start();
    if let Some(quoted) = start.strip_prefix('"') {
        let mut end = None;
        let mut letters = quoted.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == '"' && letters.next_if(|(_, next)| *next == '"').is_none() {
                end = Some(at);
                break;
            }
        }
        if let Some(end) = end {
            let after = quoted[end + 1..].trim_start();
            let rest = after.strip_prefix(separator);
            if after.is_empty() || rest.is_some() {
                return (Cow::Owned(quoted[..end].replace("\"\"", "\"")), rest);
            }
        }
    }
    match text.split_once(separator) {
        Some((item, rest)) => (Cow::Borrowed(item), Some(rest)),
        None => (Cow::Borrowed(text), None),
    }
}

/// An amount: `1234.5`, `1,234.50`, `1.234,50`, `1 234,5`. A single comma before three digits could be either and is refused.
pub fn decimal(text: &str) -> Result<Decimal, String> {
    let bare: String = text
        .trim()
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’'))
        .collect();
    let unclear = || format!("“{}” is not an amount such as 1234.50", excerpt(text));
    let plain = match (bare.rfind('.'), bare.rfind(',')) {
        (Some(dot), Some(comma)) if dot > comma => bare.replace(',', ""),
        (Some(_), Some(_)) => bare.replace('.', "").replace(',', "."),
        (None, Some(comma)) if bare.matches(',').count() > 1 => {
            if bare.len() - comma != 4 {
                return Err(unclear());
            }
            bare.replace(',', "")
        }
        (None, Some(comma)) if bare.len() - comma == 4 => {
            return Err(format!(
                "“{}” can be read in two ways: write 1234 or 1.234 without a comma",
                excerpt(text)
            ));
        }
        (None, Some(_)) => bare.replace(',', "."),
        (Some(_), None) if bare.matches('.').count() > 1 => bare.replace('.', ""),
        _ => bare,
    };
    plain.parse().map_err(|_| unclear())
}

/// Degrees with a dot or comma, within the limit on both sides.
pub fn degrees(text: &str, limit: f64) -> Result<f64, String> {
    let value = text
        .trim()
        .replace(',', ".")
        .parse::<f64>()
        .ok()
        .filter(|value| value.abs() <= limit);
    value.ok_or_else(|| {
        format!(
            "“{}” is not a number of degrees from -{limit} to {limit}",
            excerpt(text)
        )
    })
}

/// First and last name from one cell: `Last, First`, else the last word, with the small words before it, is the last name.
/// A single word is a first name.
pub fn split_name(text: &str) -> (Option<String>, Option<String>) {
    const PARTICLES: &[&str] = &[
        "van", "von", "vom", "zu", "zum", "zur", "de", "der", "den", "del", "della", "di", "da", "do", "dos",
        "das", "du", "des", "la", "le", "ter", "ten", "te", "bin", "ibn", "al", "el", "af", "av", "st",
        "st.", "'t", "’t", "y",
    ];
    let own = |words: &[&str]| {
        if words.is_empty() {
            None
        } else {
            Some(words.join(" "))
        }
    };
    if let Some((last, first)) = text.split_once(',') {
        let first: Vec<_> = first.split_whitespace().collect();
        let last: Vec<_> = last.split_whitespace().collect();
        return (own(&first), own(&last));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(mut cut) = words.len().checked_sub(1).filter(|cut| *cut > 0) else {
        return (own(&words), None);
    };
    while cut > 1 && PARTICLES.contains(&words[cut - 1].to_lowercase().as_str()) {
        cut -= 1;
    }
    (own(&words[..cut]), own(&words[cut..]))
}

/// Enough of a value to recognise it in a sentence.
pub fn excerpt(text: &str) -> String {
    let mut letters = text.trim().chars();
    let start: String = letters.by_ref().take(60).collect();
    if letters.next().is_some() {
        format!("{start}…")
    } else {
        start
    }
}
