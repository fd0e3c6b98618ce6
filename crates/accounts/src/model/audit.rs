//! What the audit log holds.

use chrono::{DateTime, Utc};
use regulars_kernel::{Faults, PageRequest};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something somebody did, kept for ever.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// What was done, `noun.verb`.
    #[schema(example = "key.created")]
    pub action: String,
    /// `user`, `key` or `system`.
    #[schema(example = "user")]
    pub actor_kind: String,
    /// Who did it; null for the system.
    pub actor_id: Option<Uuid>,
    /// The name of who did it, as far as it is still known.
    #[schema(example = "Mina Okafor")]
    pub actor_name: Option<String>,
    /// What kind of thing it was done to.
    #[schema(example = "key")]
    pub target_kind: Option<String>,
    /// The thing it was done to.
    pub target_id: Option<Uuid>,
    /// The name of the thing it was done to, as far as it is a user or key still known.
    #[schema(example = "warehouse sync")]
    pub target_name: Option<String>,
    /// More about it; never a secret.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"role": "agent"}))]
    pub data: serde_json::Value,
    /// The address the request came from, where that matters.
    #[schema(example = "192.0.2.7")]
    pub ip: Option<String>,
    /// The request that did it.
    #[schema(example = "0198c0de-7a5b-7c3d-8e4f-1a2b3c4d5e6f")]
    pub request_id: Option<String>,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Any of these actions; a name without a dot means all of that noun.
    pub actions: Vec<String>,
    /// By this user or key.
    pub actor: Option<Uuid>,
    /// Done to this thing.
    pub target: Option<Uuid>,
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// How many, from where.
    pub page: PageRequest,
}

/// Most actions of one filter.
const MOST_ACTIONS: usize = 20;

impl AuditFilter {
    /// Reads the filters as they stand in an address, noting each fault. Days are understood as midnight UTC.
    pub fn parse(
        action: Option<&str>,
        actor: Option<&str>,
        target: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        faults: &mut Faults,
    ) -> Self {
        let given = |text: Option<&str>| {
            text.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let mut actions = Vec::new();
        for name in given(action)
            .iter()
            .flat_map(|list| list.split(','))
            .map(str::trim)
        {
            let fits = !name.is_empty()
                && name.len() <= 60
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.'));
            if fits {
                actions.push(name.to_owned());
            } else {
                faults.add(
                    "?action",
                    "action_invalid",
                    "an action looks like key.created, or key for all that concerns keys",
                );
            }
        }
        if actions.len() > MOST_ACTIONS {
            faults.add(
                "?action",
                "too_many",
                format!("at most {MOST_ACTIONS} actions at once"),
            );
            actions.clear();
        }
        let mut id = |text: Option<&str>, name: &str| {
            given(text).and_then(|text| {
                faults.take(
                    &format!("?{name}"),
                    "id_invalid",
                    Uuid::parse_str(&text).map_err(|_| "this is not an id"),
                )
            })
        };
        let (actor, target) = (id(actor, "actor"), id(target, "target"));
        let mut time = |text: Option<&str>, name: &str| {
            given(text).and_then(|text| {
                faults.take(
                    &format!("?{name}"),
                    "time_invalid",
                    read_time(&text)
                        .ok_or("use a time such as 2026-11-03T14:00:00Z or a day such as 2026-11-03"),
                )
            })
        };
        let (from, to) = (time(from, "from"), time(to, "to"));
        Self {
            actions,
            actor,
            target,
            from,
            to,
            page: PageRequest::default(),
        }
    }
}

fn read_time(text: &str) -> Option<DateTime<Utc>> {
    let day = || {
        Some(
            chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_time(chrono::NaiveTime::MIN)
                .and_utc(),
        )
    };
    let time = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
        .or_else(day)?;
    // PostgreSQL's timestamps end earlier and begin later than chrono's.
    let year = chrono::Datelike::year(&time);
    (1..=9999).contains(&year).then_some(time)
}
