//! `/me` and `/permissions`: who one is, and what there is to be allowed.

use regulars_kernel::{
    Permission, Role,
    ids::{OrganizationId, SessionId},
};
use regulars_web::{ApiResult, Call, ListErrors, json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ops;

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// `user` or `key`.
    #[schema(example = "key")]
    pub kind: &'static str,
    /// The user's or key's id.
    pub id: Option<Uuid>,
    /// The user's or key's name.
    #[schema(example = "warehouse sync")]
    pub name: String,
    /// The user's address.
    #[schema(format = Email, example = json!(null))]
    pub email: Option<String>,
    /// The role here.
    pub role: Role,
    /// All that is allowed.
    #[schema(value_type = Vec<Permission>, example = json!(["customers:read"]))]
    pub permissions: Vec<Permission>,
    /// Where.
    pub organization: MyOrganization,
    /// The session, for users.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub session_id: Option<SessionId>,
}

/// The organization of the caller, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its short name.
    #[schema(example = "acme")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Acme GmbH")]
    pub name: String,
}

/// Who am I
///
/// The user or key that calls, and what it may do.
#[utoipa::path(
    get, path = "/me", tag = "access",
    responses((status = 200, description = "The caller", body = Me), ListErrors)
)]
pub async fn get_me(call: Call) -> ApiResult {
    let caller = &call.caller;
    let (name, email) = match (&caller.user, caller.actor) {
        (Some(user), _) => (user.name.clone(), Some(user.email.clone())),
        (None, regulars_kernel::Actor::Key(id)) => {
            let mut tx = call.read().await?;
            (ops::get_key(&mut tx, id).await?.name, None)
        }
        (None, _) => (String::new(), None),
    };
    Ok(json(&Me {
        kind: caller.actor.kind(),
        id: caller.actor.id(),
        name,
        email,
        role: caller.role,
        permissions: Permission::ALL
            .iter()
            .copied()
            .filter(|permission| caller.may(*permission))
            .collect(),
        organization: MyOrganization {
            id: caller.organization.id,
            slug: caller.organization.slug.clone(),
            name: caller.organization.name.clone(),
        },
        session_id: caller.session_id,
    }))
}

/// A permission, as the written table has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionInfo {
    /// Its name.
    pub name: Permission,
    /// What it allows.
    #[schema(example = "Read customers and everything below them, definitions, views and counts.")]
    pub meaning: &'static str,
    /// The roles that hold it, least first.
    pub roles: Vec<Role>,
}

/// All permissions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Permissions {
    /// Them.
    pub data: Vec<PermissionInfo>,
}

/// List permissions
///
/// Every permission there is, what it allows, and which roles hold it.
#[utoipa::path(
    get, path = "/permissions", tag = "access",
    responses((status = 200, description = "The permissions", body = Permissions), ListErrors)
)]
pub async fn list_permissions(_: Call) -> ApiResult {
    let data = Permission::ALL
        .iter()
        .map(|&permission| PermissionInfo {
            name: permission,
            meaning: permission.meaning(),
            roles: Role::ALL
                .into_iter()
                .filter(|role| role.may(permission))
                .collect(),
        })
        .collect();
    Ok(json(&Permissions { data }))
}
