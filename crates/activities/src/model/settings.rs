//! What an organization wants otherwise: how much of an address is kept, and each kind for how long.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::{Faults, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kind, LONGEST_DAYS};

/// How much of an address of the network is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IpPolicy {
    /// All of it.
    Full,
    /// 24 bits, or 48 with version 6.
    #[default]
    Truncated,
    /// Nothing.
    None,
}

impl IpPolicy {
    /// The name used in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Truncated => "truncated",
            Self::None => "none",
        }
    }

    /// The policy of a stored name; one that this server does not know keeps nothing.
    pub fn of(name: &str) -> Self {
        match name {
            "full" => Self::Full,
            "truncated" => Self::Truncated,
            _ => Self::None,
        }
    }
}

/// How activities are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ActivitySettings)]
pub struct Settings {
    /// Grows with every change; also the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// How much of an address of the network is kept.
    pub ip: IpPolicy,
    /// For how many days each kind is kept.
    #[schema(example = json!({"page_view": 180, "purchase": 1096}))]
    pub retention_days: BTreeMap<String, u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(1, IpPolicy::default(), &BTreeMap::new())
    }
}

impl Settings {
    /// The defaults, with what an organization wants otherwise. What is stored may be of another server and is only used
    /// as far as it makes sense here.
    pub fn new(version: i32, ip: IpPolicy, otherwise: &BTreeMap<String, u16>) -> Self {
        let days = |kind: Kind| {
            let wanted = otherwise.get(kind.name()).copied();
            wanted
                .filter(|days| (1..=LONGEST_DAYS).contains(days))
                .unwrap_or_else(|| kind.days())
        };
        Self {
            version,
            ip,
            retention_days: Kind::ALL
                .iter()
                .map(|kind| (kind.name().to_owned(), days(*kind)))
                .collect(),
        }
    }

    /// Before when an activity of this kind is not kept.
    pub fn kept_since(&self, kind: Kind, now: DateTime<Utc>) -> DateTime<Utc> {
        let days = self
            .retention_days
            .get(kind.name())
            .copied()
            .unwrap_or_else(|| kind.days());
        now - TimeDelta::days(i64::from(days))
    }
}

/// Changes of the settings; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ActivitySettingsPatch, example = json!({"ip": "none", "retention_days": {"page_view": 90}}))]
pub struct SettingsPatch {
    /// How much of an address of the network is kept from now on.
    pub ip: Option<IpPolicy>,
    /// For how many days kinds are kept, 1 to 1,096; null for the default. Kinds that are absent stay. What is too old then
    /// leaves within a day.
    #[schema(example = json!({"page_view": 90}))]
    pub retention_days: BTreeMap<String, Option<u16>>,
}

impl SettingsPatch {
    /// Puts the changes over what is stored; fails with every fault.
    pub fn apply(&self, ip: &mut IpPolicy, otherwise: &mut BTreeMap<String, u16>) -> Result<()> {
        let mut faults = Faults::new();
        for (name, days) in &self.retention_days {
            let shown: String = name.chars().take(60).collect();
            let pointer = format!("/retention_days/{}", shown.replace('~', "~0").replace('/', "~1"));
            if !Kind::ALL.iter().any(|kind| kind.name() == name) {
                faults.add(
                    pointer,
                    "choice_unknown",
                    format!("“{shown}” is no kind of activity"),
                );
                continue;
            }
            match days {
                None => {
                    otherwise.remove(name);
                }
                Some(days) if (1..=LONGEST_DAYS).contains(days) => {
                    otherwise.insert(name.clone(), *days);
                }
                Some(_) => {
                    faults.add(
                        pointer,
                        "out_of_range",
                        format!("an activity is kept for 1 to {LONGEST_DAYS} days"),
                    );
                }
            }
        }
        *ip = self.ip.unwrap_or(*ip);
        faults.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_counts_as_far_as_it_makes_sense() {
        let stored = BTreeMap::from([
            ("page_view".to_owned(), 7),
            ("search".to_owned(), 9_999),
            ("gone".to_owned(), 3),
        ]);
        let settings = Settings::new(3, IpPolicy::of("vague"), &stored);
        assert_eq!(settings.ip, IpPolicy::None);
        assert_eq!(settings.retention_days["page_view"], 7);
        assert_eq!(settings.retention_days["search"], 180);
        assert_eq!(settings.retention_days.len(), Kind::ALL.len());
        let now = "2026-01-31T00:00:00Z".parse().unwrap();
        assert_eq!(
            settings.kept_since(Kind::PageView, now).to_rfc3339(),
            "2026-01-24T00:00:00+00:00"
        );
    }

    #[test]
    fn a_patch_changes_what_it_names_and_says_all_that_is_wrong() {
        let (mut ip, mut stored) = (IpPolicy::Truncated, BTreeMap::from([("search".to_owned(), 5)]));
        let patch = SettingsPatch {
            ip: Some(IpPolicy::Full),
            retention_days: BTreeMap::from([("page_view".to_owned(), Some(7)), ("search".to_owned(), None)]),
        };
        patch.apply(&mut ip, &mut stored).unwrap();
        assert_eq!((ip, stored.len(), stored["page_view"]), (IpPolicy::Full, 1, 7));
        let wrong = SettingsPatch {
            ip: None,
            retention_days: BTreeMap::from([("a/b".to_owned(), Some(7)), ("search".to_owned(), Some(0))]),
        };
        let Err(regulars_kernel::Error::Invalid(faults)) = wrong.apply(&mut ip, &mut stored) else {
            panic!("should be refused")
        };
        let places: Vec<_> = faults.0.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/retention_days/a~1b", "/retention_days/search"]);
    }
}
