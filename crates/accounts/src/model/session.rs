//! Sessions: how long they last, and what is shown of them.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::ids::{SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A session ends when it was not used for this long…
pub const IDLE: TimeDelta = TimeDelta::hours(12);
/// …and after this long in any case.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(30);

/// Whether a session last used at that time has ended.
pub fn idle_out(last_seen_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - last_seen_at >= IDLE
}

/// A sign-in on one device.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionInfo {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The browser, as it names itself.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")]
    pub user_agent: String,
    /// The address it was opened from.
    #[schema(example = "203.0.113.7")]
    pub ip: String,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest; after 12 hours without use it ends earlier.
    pub expires_at: DateTime<Utc>,
}

impl SessionInfo {
    /// The browser and system in a few words.
    pub fn device(&self) -> String {
        let agent = self.user_agent.as_str();
        // The order matters: Edge and Opera also name Chrome, Chrome also names Safari.
        let browser = [
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
            ("curl/", "curl"),
        ]
        .into_iter()
        .find(|(mark, _)| agent.contains(mark))
        .map(|(_, name)| name);
        let system = [
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ]
        .into_iter()
        .find(|(mark, _)| agent.contains(mark))
        .map(|(_, name)| name);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "Unknown browser".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idleness_ends_a_session_after_twelve_hours() {
        let now = regulars_kernel::clock::now();
        assert!(!idle_out(now - TimeDelta::minutes(719), now));
        assert!(idle_out(now - TimeDelta::hours(12), now));
    }
}
