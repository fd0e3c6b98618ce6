//! Who calls: the accounts room finds out and attaches it to the request; handlers ask it for permissions.

use std::sync::Arc;

use http::Extensions;
use regulars_kernel::{
    Actor, Currency, Error, Locale, Permission, Result, Role, Scope, TimeZone,
    ids::{OrganizationId, SessionId, UserId},
};

/// An authenticated caller of one organization.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose data they may reach.
    pub organization_id: OrganizationId,
    /// The person or the key.
    pub actor: Actor,
    /// What they are in the organization.
    pub role: Role,
    /// A key's narrower list of permissions; none means everything the role holds.
    pub scopes: Option<Vec<Permission>>,
    /// The person, when it is one.
    pub user: Option<CallerUser>,
    /// The session, when it came by cookie.
    pub session_id: Option<SessionId>,
    /// The organization's settings.
    pub organization: Arc<OrganizationInfo>,
}

/// The signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerUser {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// What pages and handlers need to know of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationInfo {
    /// Its id.
    pub id: OrganizationId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its currency.
    pub currency: Currency,
    /// Where its days begin.
    pub time_zone: TimeZone,
    /// How it writes numbers.
    pub locale: Locale,
}

impl Caller {
    /// Attaches the caller to a request; the accounts room's middleware does it.
    pub fn attach(self: Arc<Self>, extensions: &mut Extensions) {
        extensions.insert(self);
    }

    /// The caller of a request, if it has one.
    pub fn of(extensions: &Extensions) -> Option<Arc<Self>> {
        extensions
            .get::<Arc<Self>>()
            .cloned()
            .or_else(|| extensions.get::<Self>().cloned().map(Arc::new))
    }

    /// Whether role and scopes both allow it.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
            && self
                .scopes
                .as_ref()
                .is_none_or(|scopes| scopes.contains(&permission))
    }

    /// Fails with 403 unless it is allowed.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// What a transaction is opened for.
    pub fn scope(&self) -> Scope {
        Scope {
            organization_id: self.organization_id,
            actor: self.actor,
        }
    }

    /// The id that limits and Idempotency-Keys are counted by: the person's or the key's.
    pub fn principal(&self) -> uuid::Uuid {
        self.actor.id().unwrap_or_default()
    }
}
