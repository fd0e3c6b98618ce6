//! A member: a user and their role in one organization. And the links by which people set their password.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_kernel::{Email, Faults, Result, Role, Secret, clock, ids::UserId, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MAX_NAME: usize = 120;

/// What a member can do at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Can sign in.
    Active,
    /// Has not set a password yet, or, belonging to another organization too, has not said yes yet.
    Invited,
    /// Signs in again when the lock after too many wrong passwords ends.
    Locked,
    /// Cannot sign in until enabled.
    Disabled,
}

impl MemberState {
    /// The name used in JSON and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
        }
    }
}

/// A person in this organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// The user's id. Of somebody invited who belongs to another organization it is the invitation's, until they say
    /// yes.
    pub id: UserId,
    /// Grows with every change; also the ETag.
    #[schema(example = 1)]
    pub version: i32,
    /// The address they sign in with.
    #[schema(value_type = String, format = Email, example = "mina@example.com")]
    pub email: String,
    /// Their name; may be empty.
    #[schema(example = "Mina Okafor")]
    pub name: String,
    /// Their role here.
    pub role: Role,
    /// What they can do at this moment.
    pub state: MemberState,
    /// When they last signed in.
    pub last_signed_in_at: Option<DateTime<Utc>>,
    /// When they became a member.
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    pub updated_at: DateTime<Utc>,
    /// The address in lower case as the database writes it: lists are sorted by it.
    #[serde(skip)]
    pub email_lowercase: String,
    /// Whether they have a password.
    #[serde(skip)]
    pub has_password: bool,
    /// Whether they are disabled.
    #[serde(skip)]
    pub disabled: bool,
    /// Whether this is an invitation that nobody has said yes to.
    #[serde(skip)]
    pub pending: bool,
}

impl Member {
    /// The name, or the address where there is none.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() {
            &self.email
        } else {
            &self.name
        }
    }

    pub(crate) fn state_of(
        disabled: bool,
        has_password: bool,
        locked_until: Option<DateTime<Utc>>,
    ) -> MemberState {
        // Short waits between wrong passwords are not worth telling; the real lock is.
        let locked = locked_until.is_some_and(|until| until > clock::now() + TimeDelta::seconds(30));
        match (disabled, has_password, locked) {
            (true, ..) => MemberState::Disabled,
            (_, false, _) => MemberState::Invited,
            (_, _, true) => MemberState::Locked,
            _ => MemberState::Active,
        }
    }
}

/// Whom to invite, and as what.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "mina@example.com", "name": "Mina Okafor", "role": "agent"}))]
pub struct NewMember {
    /// The address they will sign in with.
    #[schema(format = Email)]
    pub email: String,
    /// Their name, up to 120 characters.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub name: String,
    /// Their role: `owner`, `admin`, `agent` or `viewer`.
    #[schema(value_type = Role)]
    pub role: String,
}

/// Whom to invite, checked.
#[derive(Clone, Debug)]
pub struct ValidMember {
    /// Their address.
    pub email: Email,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
}

impl NewMember {
    /// Checks everything at once.
    pub fn check(&self) -> Result<ValidMember> {
        let mut faults = Faults::new();
        let email = faults.take("/email", "email_invalid", Email::parse(&self.email));
        let name = check_person_name(&self.name, &mut faults);
        let role = faults.take("/role", "role_unknown", self.role.parse::<Role>());
        match (email, name, role) {
            (Some(email), Some(name), Some(role)) => Ok(ValidMember { email, name, role }),
            _ => Err(regulars_kernel::Error::Invalid(faults)),
        }
    }
}

pub(crate) fn check_person_name(name: &str, faults: &mut Faults) -> Option<String> {
    match text::clean_line(name, MAX_NAME) {
        Ok(name) => Some(name),
        Err(why) => {
            faults.add("/name", why.code(), why.to_string());
            None
        }
    }
}

/// Changes of a member; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "admin"}))]
pub struct MemberPatch {
    /// Their name, up to 120 characters.
    #[schema(max_length = 120)]
    pub name: Option<String>,
    /// Their role here.
    #[schema(value_type = Option<Role>)]
    pub role: Option<String>,
    /// `true` signs them out everywhere and keeps them out; `false` lets them in again.
    pub disabled: Option<bool>,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first password of an invited person; 72 hours.
    SetPassword,
    /// A new password for somebody who has one; 1 hour.
    ResetPassword,
    /// The first owner of a new installation; 72 hours.
    FirstOwner,
}

impl LinkPurpose {
    /// As stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::SetPassword => "set_password",
            Self::ResetPassword => "reset_password",
            Self::FirstOwner => "first_owner",
        }
    }

    /// How long a link works.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::SetPassword | Self::FirstOwner => TimeDelta::hours(72),
            Self::ResetPassword => TimeDelta::hours(1),
        }
    }
}

/// A link that works once, to be handed to one person.
#[derive(Clone, Debug)]
pub struct Link {
    /// The token in it.
    pub token: Secret<String>,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// The path of the page that takes it.
    pub fn path(&self) -> String {
        format!("/set-password/{}", self.token.expose())
    }
}

/// What inviting somebody gave.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The new member, or who is to become one.
    pub member: Member,
    /// The link for them. None only where the operator adds somebody who has a password already.
    pub link: Option<Link>,
}

/// What somebody is asked who opens the link of an invitation, being signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The organization that invites, by name.
    pub organization: String,
    /// The address that was invited.
    pub email: String,
    /// As what.
    pub role: Role,
}
