//! Who acts, for which organization, and what they may do.
//!
//! The permission table below is the written one: docs/permissions.md is generated from it.

use serde::{Deserialize, Serialize};

use crate::ids::{KeyId, OrganizationId, UserId};

/// Who caused a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// A program with an API key.
    Key(KeyId),
    /// Regulars itself: jobs, command line, migrations.
    System,
}

impl Actor {
    /// `user`, `key` or `system`, as stored in `actor_kind` columns.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Key(_) => "key",
            Self::System => "system",
        }
    }

    /// The id stored in `actor_id` columns; none for the system.
    pub fn id(&self) -> Option<uuid::Uuid> {
        match self {
            Self::User(id) => Some(id.0),
            Self::Key(id) => Some(id.0),
            Self::System => None,
        }
    }
}

/// The organization and actor that a transaction is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Whose data.
    pub organization_id: OrganizationId,
    /// On whose behalf.
    pub actor: Actor,
}

/// A role in an organization.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works with customers.
    Agent,
    /// Runs the organization.
    Admin,
    /// Owns it: also changes other owners.
    Owner,
}

impl Role {
    /// All roles, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Admin, Self::Owner];

    /// The name used in JSON, the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether this role holds the permission.
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| format!("“{text}” is not a role; one of owner, admin, agent, viewer"))
    }
}

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $role:ident;)+) => {
        /// Something a role may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Permission {$(
            $(#[doc = $doc])+
            #[serde(rename = $text)]
            $name,
        )+}
        impl Permission {
            /// All permissions, in the order of the written table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The name, `resource:verb`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
            /// What it allows, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii()),+ }
            }
            /// The least role that holds it.
            pub fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role),+ }
            }
        }
    };
}

// Written by hand: the derive does not see the names that the macro gives.
impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Something a role may be allowed to do."))
            .enum_values(Some(Self::ALL.iter().map(|permission| permission.name())))
            .into()
    }
}

impl utoipa::ToSchema for Permission {}

permissions! {
    /// Read customers and everything below them, definitions, views and counts.
    CustomersRead = "customers:read", Viewer;
    /// Create, change, tag, note, delete and restore customers.
    CustomersWrite = "customers:write", Agent;
    /// Tell of activities: what visitors and customers did.
    ActivitiesWrite = "activities:write", Agent;
    /// Change tag and attribute definitions.
    DefinitionsWrite = "definitions:write", Agent;
    /// Save views for oneself; sharing needs `customers:write`.
    ViewsWrite = "views:write", Viewer;
    /// Import files.
    ImportsWrite = "imports:write", Agent;
    /// Export customers to files.
    ExportsWrite = "exports:write", Agent;
    /// See connections to other systems and what they sent, personal data masked.
    ConnectionsRead = "connections:read", Agent;
    /// Make, change and delete connections; read, mend and replay what they sent.
    ConnectionsWrite = "connections:write", Admin;
    /// See what is owed to people who asked for their data or for erasure.
    PrivacyRead = "privacy:read", Admin;
    /// Say that it is done.
    PrivacyWrite = "privacy:write", Admin;
    /// See jobs and queues.
    JobsRead = "jobs:read", Viewer;
    /// Retry, discard and cancel jobs.
    JobsWrite = "jobs:write", Admin;
    /// See members, keys and the audit log.
    AccountsRead = "accounts:read", Admin;
    /// Invite and change members, create and revoke keys.
    AccountsWrite = "accounts:write", Admin;
    /// Change the organization's settings.
    OrganizationWrite = "organization:write", Admin;
    /// Change who owns the organization.
    OwnersWrite = "owners:write", Owner;
}
