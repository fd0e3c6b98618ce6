//! What somebody may give away. The one rule: nobody gives or touches what they do not hold themselves.
//!
//! It follows that only owners make and change owners, that an agent's key cannot become an admin's, and that a key
//! with few scopes cannot make one with more.

use regulars_kernel::{Error, Permission, Result, Role};

/// A role, possibly narrowed to some of its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The role.
    pub role: Role,
    /// The permissions it is narrowed to; none for all that the role holds.
    pub scopes: Option<Vec<Permission>>,
}

impl Power {
    /// The operator at the command line: everything.
    pub const OPERATOR: Self = Self {
        role: Role::Owner,
        scopes: None,
    };

    /// All that a role holds.
    pub fn of(role: Role) -> Self {
        Self { role, scopes: None }
    }

    /// Whether it holds a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
            && self
                .scopes
                .as_ref()
                .is_none_or(|scopes| scopes.contains(&permission))
    }

    /// The first permission of `other` that this lacks.
    pub fn lacks(&self, other: &Self) -> Option<Permission> {
        Permission::ALL
            .iter()
            .copied()
            .find(|&permission| other.may(permission) && !self.may(permission))
    }

    /// Fails with 403 unless it holds the permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// Fails with 403 unless this holds all that `other` holds.
    pub fn require_covers(&self, other: &Self) -> Result<()> {
        self.lacks(other)
            .map_or(Ok(()), |missing| Err(Error::Forbidden(missing)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_covers_itself_and_those_below_and_nothing_above() {
        for one in Role::ALL {
            for other in Role::ALL {
                assert_eq!(
                    Power::of(one).require_covers(&Power::of(other)).is_ok(),
                    one >= other,
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_narrowed_power_covers_only_what_is_as_narrow() {
        let narrow = Power {
            role: Role::Admin,
            scopes: Some(vec![Permission::AccountsWrite]),
        };
        assert!(narrow.may(Permission::AccountsWrite));
        assert!(!narrow.may(Permission::CustomersRead));
        assert_eq!(
            narrow.lacks(&Power::of(Role::Viewer)),
            Some(Permission::CustomersRead)
        );
        assert_eq!(narrow.lacks(&narrow.clone()), None);
        let too_much = Power {
            role: Role::Viewer,
            scopes: Some(vec![Permission::AccountsWrite]),
        };
        assert!(
            !too_much.may(Permission::AccountsWrite),
            "scopes narrow a role and never widen it"
        );
    }
}
