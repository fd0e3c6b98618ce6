//! `/users`: the members of the organization.

use regulars_kernel::{Actor, Faults, Page, Permission, ids::UserId};
use regulars_web::{
    ActErrors, ApiResult, Call, CommonErrors, Json, ListErrors, OneErrors, Params, Path, json, json_with_etag,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{page_request, reveal};
use crate::{
    model::{Link, Member, MemberPatch, NewMember, Power},
    ops,
};

/// A link that lets one person set their password once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasswordLink {
    /// The address to hand to the person. It is not stored and never shown again; null where the same Idempotency-Key
    /// is sent a second time.
    #[schema(example = "https://crm.example.com/set-password/0qS6…")]
    pub url: Option<String>,
    /// Until when it works.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

impl PasswordLink {
    fn new(call: &Call, link: &Link) -> Self {
        Self {
            url: Some(format!("{}{}", call.state.config.public_url, link.path())),
            expires_at: link.expires_at,
        }
    }

    fn hidden(&self) -> Self {
        Self {
            url: None,
            expires_at: self.expires_at,
        }
    }
}

/// A member just invited, and the link for them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedUser {
    /// The member.
    #[serde(flatten)]
    pub user: Member,
    /// The link for them, by which they set a password or, belonging to another organization too, sign in and say yes.
    pub link: Option<PasswordLink>,
}

/// List users
///
/// The members of the organization by e-mail address. Needs `accounts:read`.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(
        ("limit" = Option<u32>, Query, description = "How many, 1 to 200; 50 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("page" = Option<u32>, Query, description = "Page number from 1, instead of a cursor"),
    ),
    responses((status = 200, description = "A page of users", body = Page<Member>), ListErrors)
)]
pub async fn list_users(call: Call, mut params: Params) -> ApiResult {
    call.require(Permission::AccountsRead)?;
    let mut faults = Faults::new();
    let page = page_request(&mut params, ops::MEMBER_ORDER, &mut faults);
    params.finish(faults)?;
    let mut tx = call.read().await?;
    let (members, next, total) = ops::list_members(&mut tx, &page).await?;
    Ok(json(&Page::new(members, next, total)))
}

/// Invite a user
///
/// Gives a link, valid for 72 hours, by which the person sets a password; somebody who belongs to another organization
/// too signs in and says yes instead, and gets the id of their account then. Needs `accounts:write` and every permission
/// of the role that is given: only owners make owners. Hand the link over yourself.
#[utoipa::path(
    post, path = "/users", tag = "users",
    request_body = NewMember,
    responses((status = 201, description = "The user, and the link for them", body = InvitedUser), CommonErrors)
)]
pub async fn create_user(call: Call, Json(new): Json<NewMember>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let invitation = ops::invite_member(&mut tx, &Power::from(&*call.caller), &new).await?;
    let body = InvitedUser {
        link: invitation
            .link
            .as_ref()
            .map(|link| PasswordLink::new(&call, link)),
        user: invitation.member,
    };
    let kept = InvitedUser {
        user: body.user.clone(),
        link: body.link.as_ref().map(PasswordLink::hidden),
    };
    let location = format!("/api/v1/users/{}", body.user.id);
    let answer = call.created(tx, location, body.user.version, &kept).await?;
    Ok(reveal(answer, &body)?)
}

/// One user
///
/// Needs `accounts:read`, but everybody may read themselves.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    responses((status = 200, description = "The user", body = Member), OneErrors)
)]
pub async fn get_user(call: Call, Path(id): Path<UserId>) -> ApiResult {
    if call.caller.actor != Actor::User(id) {
        call.require(Permission::AccountsRead)?;
    }
    let mut tx = call.read().await?;
    let member = ops::get_member(&mut tx, id).await?;
    Ok(json_with_etag(member.version, &member))
}

/// Change a user
///
/// Needs `accounts:write` and every permission that the user holds and is to hold; everybody may change their own name.
/// The last owner stays one. Name and `disabled` of a person who also belongs to another organization cannot be changed
/// here.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    request_body = MemberPatch,
    responses((status = 200, description = "The changed user", body = Member), CommonErrors)
)]
pub async fn update_user(call: Call, Path(id): Path<UserId>, Json(patch): Json<MemberPatch>) -> ApiResult {
    let power = Power::from(&*call.caller);
    let own = call.caller.user.as_ref().map(|user| user.id);
    let guard = |version| call.if_match(version);
    let only_own_name = own == Some(id) && patch.role.is_none() && patch.disabled.is_none();
    if !only_own_name {
        call.require(Permission::AccountsWrite)?;
    }
    let mut tx = call.write().await?;
    let member = match &patch.name {
        Some(name) if only_own_name => ops::update_own_name(&mut tx, id, name, guard).await?,
        None if only_own_name => {
            let member = ops::get_member(&mut tx, id).await?;
            guard(member.version)?;
            member
        }
        _ => ops::update_member(&mut tx, &power, own, id, &patch, guard).await?,
    };
    Ok(call.ok(tx, Some(member.version), &member).await?)
}

/// Remove a user
///
/// Takes the person out of the organization at once and ends their sessions here; customers that they looked after have
/// nobody then, shortly after. An invitation is withdrawn. Needs `accounts:write` and every
/// permission that the user holds. The last owner stays.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "The user's id")),
    responses((status = 204, description = "Removed"), ActErrors)
)]
pub async fn delete_user(call: Call, Path(id): Path<UserId>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    ops::remove_member(&mut tx, &Power::from(&*call.caller), id, |version| {
        call.if_match(version)
    })
    .await?;
    Ok(call.no_content(tx).await?)
}

/// Issue a password link
///
/// A link, valid for one hour (72 hours for somebody without a password yet), by which the person sets a new password.
/// Earlier links end. Needs `accounts:write` and every permission that the user holds.
#[utoipa::path(
    post, path = "/users/{id}/reset-link", tag = "users",
    params(
        ("id" = UserId, Path, description = "The user's id"),
    ),
    responses((status = 200, description = "The link", body = PasswordLink), ActErrors)
)]
pub async fn create_reset_link(call: Call, Path(id): Path<UserId>) -> ApiResult {
    call.require(Permission::AccountsWrite)?;
    let mut tx = call.write().await?;
    let link = ops::reset_link(&mut tx, &Power::from(&*call.caller), id).await?;
    let body = PasswordLink::new(&call, &link);
    let answer = call.ok(tx, None, &body.hidden()).await?;
    Ok(reveal(answer, &body)?)
}
