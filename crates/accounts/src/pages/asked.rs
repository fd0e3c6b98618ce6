//! What a form above a list asks for: addresses that keep it, and days as times.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};

/// The address of a list with what is asked for; what is empty is left out.
pub fn address(href: &str, pairs: &[(&str, &str)]) -> String {
    let given: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    if given.is_empty() {
        href.to_owned()
    } else {
        format!("{href}?{}", given.join("&"))
    }
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The start of a day, or of the day after it, where the organization is.
pub fn midnight(day: &str, zone: chrono_tz::Tz, after: bool) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let day = if after { day.succ_opt()? } else { day };
    // A day may begin after midnight where clocks go forward then.
    (0..3)
        .find_map(|hours| {
            zone.from_local_datetime(&(day.and_time(NaiveTime::MIN) + TimeDelta::hours(hours)))
                .earliest()
        })
        .map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_organizations_day() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(
            midnight("2026-07-01", berlin, false).unwrap().to_rfc3339(),
            "2026-06-30T22:00:00+00:00"
        );
        assert_eq!(
            midnight("2026-07-01", berlin, true).unwrap().to_rfc3339(),
            "2026-07-01T22:00:00+00:00"
        );
        // Clocks went forward at midnight.
        assert!(midnight("2024-09-08", chrono_tz::America::Santiago, false).is_some());
        assert_eq!(midnight("tomorrow", berlin, false), None);
    }
}
