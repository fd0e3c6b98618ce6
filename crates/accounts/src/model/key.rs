//! API keys.

use chrono::{DateTime, Utc};
use regulars_kernel::{
    Error, Faults, Patch, Permission, Result, Role, clock,
    ids::{KeyId, UserId},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Power, origin::check_origins};

const MAX_NAME: usize = 120;

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Works.
    Active,
    /// Its time is over.
    Expired,
    /// Was revoked.
    Revoked,
}

impl KeyState {
    /// The name used in JSON and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Who may hold a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Programs, which keep it secret.
    #[default]
    Secret,
    /// Browsers: it may tell of activities from pages of its origins, and nothing else.
    Publishable,
}

/// What a key that browsers hold may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagesKey {
    /// The origins of the pages that use it.
    pub origins: Vec<String>,
    /// Requests that it may make in a minute; none for as many as by default.
    pub rate_per_minute: Option<i32>,
}

/// An API key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Grows with every change; also the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// What it is for.
    #[schema(example = "warehouse sync")]
    pub name: String,
    /// Who may hold it.
    pub kind: KeyKind,
    /// Of a publishable key, the origins of the pages that use it.
    #[schema(example = json!([]))]
    pub origins: Vec<String>,
    /// Of a publishable key, the requests that it may make in a minute; null for as many as by default.
    pub rate_per_minute: Option<i32>,
    /// The role it acts with.
    pub role: Role,
    /// The permissions it is narrowed to; empty for all of its role.
    #[schema(value_type = Vec<Permission>, example = json!(["customers:read"]))]
    pub scopes: Vec<Permission>,
    /// Its last four characters.
    #[schema(example = "x7Qa")]
    pub hint: String,
    /// Whether it works.
    pub state: KeyState,
    /// The user who created it, if a user did.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub created_by: Option<UserId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it stops working; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// What it can do.
    pub fn power(&self) -> Power {
        Power {
            role: self.role,
            scopes: (!self.scopes.is_empty()).then(|| self.scopes.clone()),
        }
    }

    pub(crate) fn state_of(expires_at: Option<DateTime<Utc>>, revoked_at: Option<DateTime<Utc>>) -> KeyState {
        if revoked_at.is_some() {
            KeyState::Revoked
        } else if expires_at.is_some_and(|at| at <= clock::now()) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }
}

/// A key just created: the only time its text is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub record: ApiKey,
    /// Its text, to be kept now: it is not stored and never shown again. Null where the same Idempotency-Key is sent
    /// a second time.
    #[schema(example = "rk_AZqN…")]
    pub key: Option<String>,
    /// Of a publishable key, with what the shop's server signs who somebody is; it does not leave that server. Never shown
    /// again either.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "q3Jt8yH1xkq2dZ5wL7uR9sT4bN6cE0fG1hI2jK3mO0Q")]
    pub identity_secret: Option<String>,
}

/// What it takes to create a key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "warehouse sync", "role": "agent", "scopes": ["customers:read", "customers:write"]}))]
pub struct NewKey {
    /// What it is for, up to 120 characters.
    #[schema(max_length = 120)]
    pub name: String,
    /// Who may hold it; secret if absent.
    #[serde(default)]
    pub kind: KeyKind,
    /// Of a publishable key: the origins of the pages that use it, 1 to 50.
    #[serde(default)]
    #[schema(example = json!([]))]
    pub origins: Vec<String>,
    /// Of a publishable key: the requests that it may make in a minute, all browsers together; 6,000 if absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub rate_per_minute: Option<i32>,
    /// The role it acts with; at most one's own. A publishable key has none to choose: it tells of activities.
    #[serde(default)]
    #[schema(value_type = Role)]
    pub role: String,
    /// The permissions it is narrowed to; absent or empty for all of its role.
    #[serde(default)]
    #[schema(value_type = Vec<Permission>)]
    pub scopes: Vec<String>,
    /// When it stops working; absent for never.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A new key, checked.
#[derive(Clone, Debug)]
pub struct ValidKey {
    /// What it is for.
    pub name: String,
    /// What it can do.
    pub power: Power,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// Of a key that browsers hold.
    pub pages: Option<PagesKey>,
}

impl NewKey {
    /// Checks everything at once.
    pub fn check(&self) -> Result<ValidKey> {
        let mut faults = Faults::new();
        let name = check_name(&self.name, &mut faults);
        if self.kind == KeyKind::Publishable {
            return self.check_publishable(name, faults);
        }
        for (pointer, is_given) in [
            ("/origins", !self.origins.is_empty()),
            ("/rate_per_minute", self.rate_per_minute.is_some()),
        ] {
            if is_given {
                faults.add(pointer, "key_secret", "only a publishable key is used by pages");
            }
        }
        let role = faults.take("/role", "role_unknown", self.role.parse::<Role>());
        let scopes = check_scopes(&self.scopes, role, &mut faults);
        check_expiry(self.expires_at, &mut faults);
        match (name, role, faults.0.is_empty()) {
            (Some(name), Some(role), true) => Ok(ValidKey {
                name,
                power: Power {
                    role,
                    scopes: (!scopes.is_empty()).then_some(scopes),
                },
                expires_at: self.expires_at,
                pages: None,
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }

    fn check_publishable(&self, name: Option<String>, mut faults: Faults) -> Result<ValidKey> {
        if !self.role.is_empty() || !self.scopes.is_empty() {
            faults.add(
                "/role",
                "key_publishable",
                "a publishable key has neither role nor scopes",
            );
        }
        let origins = check_origins(&self.origins, &mut faults);
        check_rate(self.rate_per_minute, &mut faults);
        check_expiry(self.expires_at, &mut faults);
        match (name, faults.0.is_empty()) {
            (Some(name), true) => Ok(ValidKey {
                name,
                power: Power {
                    role: Permission::ActivitiesWrite.least_role(),
                    scopes: Some(vec![Permission::ActivitiesWrite]),
                },
                expires_at: self.expires_at,
                pages: Some(PagesKey {
                    origins,
                    rate_per_minute: self.rate_per_minute,
                }),
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

/// Changes of a key; what is absent stays. Its role stays what it was: make a new key instead.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "warehouse sync, old", "expires_at": "2027-01-01T00:00:00Z"}))]
pub struct KeyPatch {
    /// What it is for, up to 120 characters.
    #[schema(max_length = 120)]
    pub name: Option<String>,
    /// The permissions it is narrowed to; empty for all of its role.
    #[schema(value_type = Option<Vec<Permission>>)]
    pub scopes: Option<Vec<String>>,
    /// When it stops working; null for never.
    #[serde(default)]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Patch<DateTime<Utc>>,
    /// Of a publishable key: the origins of the pages that use it.
    pub origins: Option<Vec<String>>,
    /// Of a publishable key: the requests that it may make in a minute; null for as many as by default.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1_000_000)]
    pub rate_per_minute: Patch<i32>,
}

impl KeyPatch {
    /// Puts the changes over what is there.
    pub fn apply(&self, current: &ApiKey) -> Result<ValidKey> {
        let mut faults = Faults::new();
        let name = match &self.name {
            Some(name) => check_name(name, &mut faults),
            None => Some(current.name.clone()),
        };
        let scopes = match &self.scopes {
            Some(scopes) => check_scopes(scopes, Some(current.role), &mut faults),
            None => current.scopes.clone(),
        };
        let pages = self.pages(current, &mut faults);
        if current.kind == KeyKind::Publishable && self.scopes.is_some() {
            faults.add(
                "/scopes",
                "key_publishable",
                "a publishable key has no scopes to choose",
            );
        }
        let mut expires_at = current.expires_at;
        if let Patch::Set(at) = self.expires_at {
            check_expiry(Some(at), &mut faults);
        }
        self.expires_at.apply(&mut expires_at);
        match (name, faults.0.is_empty()) {
            (Some(name), true) => Ok(ValidKey {
                name,
                power: Power {
                    role: current.role,
                    scopes: (!scopes.is_empty()).then_some(scopes),
                },
                expires_at,
                pages,
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }

    fn pages(&self, current: &ApiKey, faults: &mut Faults) -> Option<PagesKey> {
        if current.kind == KeyKind::Secret {
            for (pointer, is_given) in [
                ("/origins", self.origins.is_some()),
                ("/rate_per_minute", !self.rate_per_minute.is_keep()),
            ] {
                if is_given {
                    faults.add(pointer, "key_secret", "only a publishable key is used by pages");
                }
            }
            return None;
        }
        let mut rate_per_minute = current.rate_per_minute;
        self.rate_per_minute.apply(&mut rate_per_minute);
        check_rate(rate_per_minute, faults);
        Some(PagesKey {
            origins: match &self.origins {
                Some(given) => check_origins(given, faults),
                None => current.origins.clone(),
            },
            rate_per_minute,
        })
    }
}

fn check_rate(rate: Option<i32>, faults: &mut Faults) {
    if rate.is_some_and(|rate| !(1..=1_000_000).contains(&rate)) {
        faults.add(
            "/rate_per_minute",
            "out_of_range",
            "a key makes 1 to 1,000,000 requests a minute",
        );
    }
}

fn check_name(name: &str, faults: &mut Faults) -> Option<String> {
    match text::clean_line(name, MAX_NAME) {
        Ok(name) if name.is_empty() => {
            faults.add("/name", "required", "say what the key is for");
            None
        }
        Ok(name) => Some(name),
        Err(why) => {
            faults.add("/name", why.code(), why.to_string());
            None
        }
    }
}

fn check_scopes(names: &[String], role: Option<Role>, faults: &mut Faults) -> Vec<Permission> {
    let mut scopes = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let pointer = format!("/scopes/{at}");
        let Some(permission) = permission_named(name) else {
            let shown: String = name.chars().take(60).collect();
            faults.add(
                pointer,
                "scope_unknown",
                format!("“{shown}” is not a permission; GET /api/v1/permissions lists them"),
            );
            continue;
        };
        if role.is_some_and(|role| !role.may(permission)) {
            let needed = permission.least_role().name();
            faults.add(
                pointer,
                "scope_beyond_role",
                format!("{name} needs the role {needed}"),
            );
        } else if !scopes.contains(&permission) {
            scopes.push(permission);
        }
    }
    scopes
}

fn check_expiry(at: Option<DateTime<Utc>>, faults: &mut Faults) {
    if at.is_some_and(|at| at <= clock::now()) {
        faults.add(
            "/expires_at",
            "expiry_in_past",
            "the key would have expired already",
        );
    }
}

/// The permission of that name.
pub(crate) fn permission_named(name: &str) -> Option<Permission> {
    Permission::ALL
        .iter()
        .copied()
        .find(|permission| permission.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_new_key_is_named() {
        let new = NewKey {
            name: String::new(),
            role: "viewer".into(),
            scopes: vec!["customers:read".into(), "customers:write".into(), "x".into()],
            expires_at: Some(DateTime::UNIX_EPOCH),
            kind: KeyKind::Secret,
            origins: Vec::new(),
            rate_per_minute: None,
        };
        let Err(Error::Invalid(faults)) = new.check() else {
            panic!("should be refused")
        };
        let codes: Vec<_> = faults
            .0
            .iter()
            .map(|fault| (fault.pointer.as_str(), &*fault.code))
            .collect();
        assert_eq!(
            codes,
            [
                ("/name", "required"),
                ("/scopes/1", "scope_beyond_role"),
                ("/scopes/2", "scope_unknown"),
                ("/expires_at", "expiry_in_past"),
            ]
        );
    }

    #[test]
    fn revoked_outweighs_expired() {
        let past = Some(DateTime::UNIX_EPOCH);
        assert_eq!(ApiKey::state_of(None, None), KeyState::Active);
        assert_eq!(ApiKey::state_of(past, None), KeyState::Expired);
        assert_eq!(ApiKey::state_of(past, past), KeyState::Revoked);
    }
}
