//! The only place that reads the wall clock, so that everything else can be given a time.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// The current time in UTC, cut to microseconds because that is what PostgreSQL keeps.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}
