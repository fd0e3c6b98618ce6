//! The only place that reads the wall clock, so that everything else can be given a time.

use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};

/// The current time in UTC, cut to microseconds because that is what PostgreSQL keeps.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}

/// Serializes a time as `DateTime` itself does, as one text: that one goes through the serializer piece by piece.
pub fn serialize<S: serde::Serializer>(
    time: &DateTime<Utc>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_serialized_as_chrono_does() {
        for micros in [0, 1, 1_000, 1_700_000_000_000_000, 1_700_000_000_123_456, -1] {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            let ours = serialize(&time, serde_json::value::Serializer).unwrap();
            assert_eq!(ours, serde_json::to_value(time).unwrap());
        }
    }
}
