//! Members: inviting, changing, removing, and links for their passwords.
//!
//! A user may belong to several organizations. What concerns the account itself (its name, its password, whether it is
//! disabled) an organization may touch only while it is the sole one, or it could reach into another.

use regulars_database::Tx;
use regulars_kernel::{
    Error, Faults, PageRequest, Permission, Result, Role, Sort, Total, ids::UserId, paging::Cursor,
};
use serde_json::{Map, Value, json};

use crate::{
    audit::Entry,
    authenticate,
    model::{Invitation, Link, LinkPurpose, Member, MemberPatch, NewMember, Power, check_person_name},
    secrets,
    store::{members, organizations, sessions, users},
};

/// How members are sorted.
pub const MEMBER_ORDER: &[Sort] = &[Sort::ascending("email")];

/// A page of members by address.
pub async fn list_members(tx: &mut Tx, page: &PageRequest) -> Result<(Vec<Member>, Option<Cursor>, Total)> {
    let mut all = members::list(tx, page).await?;
    let next = super::cut(&mut all, page, |member| {
        Cursor::new(MEMBER_ORDER, vec![json!(member.email_lowercase)], member.id.0)
    });
    let total = Total::exact(members::count(tx).await?);
    Ok((all, next, total))
}

/// One member.
pub async fn get_member(tx: &mut Tx, id: UserId) -> Result<Member> {
    members::get(tx, id).await
}

/// Makes somebody a member. Who is new, or belongs nowhere else, gets a link to set a password.
pub async fn invite_member(tx: &mut Tx, power: &Power, new: &NewMember) -> Result<Invitation> {
    power.require(Permission::AccountsWrite)?;
    let valid = new.check()?;
    power.require_covers(&Power::of(valid.role))?;
    let known = users::by_email(tx.conn(), valid.email.as_str()).await?;
    let existed = known.is_some();
    let (id, elsewhere) = if let Some(user) = known {
        users::lock(tx.conn(), user.id).await?;
        (user.id, members::belongs_elsewhere(tx, user.id).await?)
    } else {
        let id = UserId::new();
        users::insert(tx.conn(), id, &valid.email, &valid.name).await?;
        (id, false)
    };
    members::insert(tx, id, valid.role).await?;
    // A link that another organization still holds would open this one too.
    users::drop_tokens(tx.conn(), id).await?;
    let mut link = None;
    if !elsewhere {
        if existed {
            // An account that was left behind is this organization's now: nobody's old password opens it.
            users::start_over(tx.conn(), id).await?;
            if !valid.name.is_empty() {
                users::set_name(tx.conn(), id, &valid.name).await?;
            }
        }
        link = Some(issue(tx, id, LinkPurpose::SetPassword).await?);
    }
    Entry::new("user.invited")
        .target("user", id.0)
        .data(json!({"role": valid.role.name()}))
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    let member = members::get(tx, id).await?;
    Ok(Invitation { member, link })
}

/// Changes a member's role, name or whether they may sign in. `own` is the user who asks, if it is one.
pub async fn update_member(
    tx: &mut Tx,
    power: &Power,
    own: Option<UserId>,
    id: UserId,
    patch: &MemberPatch,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Member> {
    power.require(Permission::AccountsWrite)?;
    let organization = tx.organization_id();
    organizations::lock(tx.conn(), organization).await?;
    users::lock(tx.conn(), id).await?;
    let before = members::get(tx, id).await?;
    guard(before.version)?;

    let mut faults = Faults::new();
    let name = patch
        .name
        .as_ref()
        .and_then(|name| check_person_name(name, &mut faults))
        .filter(|name| *name != before.name);
    let role = patch
        .role
        .as_ref()
        .and_then(|role| faults.take("/role", "role_unknown", role.parse::<Role>()));
    let role = role.filter(|role| *role != before.role);
    let disabled = patch.disabled.filter(|disabled| *disabled != before.disabled);
    if own == Some(id) && disabled == Some(true) {
        faults.add("/disabled", "own_account", "you cannot disable your own account");
    }
    faults.check()?;
    if name.is_none() && role.is_none() && disabled.is_none() {
        return Ok(before);
    }

    if own != Some(id) {
        power.require_covers(&Power::of(before.role))?;
    }
    if (name.is_some() && own != Some(id)) || disabled.is_some() {
        require_sole(tx, id).await?;
    }
    let keeps_owner = role.is_none_or(|role| role == Role::Owner) && disabled != Some(true);
    if before.role == Role::Owner && !keeps_owner {
        require_other_owner(tx, id).await?;
    }

    let mut changes = Map::new();
    if let Some(name) = name {
        users::set_name(tx.conn(), id, &name).await?;
        changes.insert("name".to_owned(), json!({"from": before.name, "to": name}));
    }
    if let Some(role) = role {
        power.require_covers(&Power::of(role))?;
        members::set_role(tx, id, role).await?;
        changes.insert(
            "role".to_owned(),
            json!({"from": before.role.name(), "to": role.name()}),
        );
    }
    if let Some(disabled) = disabled {
        let now = tx.now();
        users::set_disabled(tx.conn(), id, disabled.then_some(now)).await?;
        if disabled {
            sessions::revoke_all(tx.conn(), id, None, now).await?;
            users::drop_tokens(tx.conn(), id).await?;
        }
        changes.insert(
            "disabled".to_owned(),
            json!({"from": before.disabled, "to": disabled}),
        );
    }
    Entry::new("user.updated")
        .target("user", id.0)
        .data(json!({"changes": Value::Object(changes)}))
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    members::get(tx, id).await
}

/// Changes one's own name, which needs no permission.
pub async fn update_own_name(
    tx: &mut Tx,
    id: UserId,
    name: &str,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<Member> {
    users::lock(tx.conn(), id).await?;
    let before = members::get(tx, id).await?;
    guard(before.version)?;
    let mut faults = Faults::new();
    let name = check_person_name(name, &mut faults);
    faults.check()?;
    let Some(name) = name.filter(|name| *name != before.name) else {
        return Ok(before);
    };
    users::set_name(tx.conn(), id, &name).await?;
    let changes = json!({"changes": {"name": {"from": before.name, "to": name}}});
    Entry::new("user.updated")
        .target("user", id.0)
        .data(changes)
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    members::get(tx, id).await
}

/// Takes somebody out of the organization. Their account stays, so that what they did keeps its name.
pub async fn remove_member(
    tx: &mut Tx,
    power: &Power,
    id: UserId,
    guard: impl FnOnce(i32) -> Result<()>,
) -> Result<()> {
    power.require(Permission::AccountsWrite)?;
    let (organization, now) = (tx.organization_id(), tx.now());
    organizations::lock(tx.conn(), organization).await?;
    users::lock(tx.conn(), id).await?;
    let member = members::get(tx, id).await?;
    guard(member.version)?;
    power.require_covers(&Power::of(member.role))?;
    if member.role == Role::Owner {
        require_other_owner(tx, id).await?;
    }
    members::delete(tx, id).await?;
    sessions::revoke_all(tx.conn(), id, Some(organization), now).await?;
    if !members::belongs_elsewhere(tx, id).await? {
        users::drop_tokens(tx.conn(), id).await?;
    }
    Entry::new("user.removed")
        .target("user", id.0)
        .data(json!({"role": member.role.name()}))
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    Ok(())
}

/// A link by which a member sets a new password; it ends those issued before.
pub async fn reset_link(tx: &mut Tx, power: &Power, id: UserId) -> Result<Link> {
    power.require(Permission::AccountsWrite)?;
    users::lock(tx.conn(), id).await?;
    let member = members::get(tx, id).await?;
    power.require_covers(&Power::of(member.role))?;
    if member.disabled {
        return Err(Error::conflict(
            "",
            "user_disabled",
            "this person is disabled; enable them first",
        ));
    }
    require_sole(tx, id).await?;
    users::drop_tokens(tx.conn(), id).await?;
    let purpose = if member.has_password {
        LinkPurpose::ResetPassword
    } else {
        LinkPurpose::SetPassword
    };
    let link = issue(tx, id, purpose).await?;
    Entry::new("user.link_issued")
        .target("user", id.0)
        .data(json!({"purpose": purpose.name()}))
        .write(tx)
        .await?;
    Ok(link)
}

/// Writes a new link for a user.
pub(super) async fn issue(tx: &mut Tx, id: UserId, purpose: LinkPurpose) -> Result<Link> {
    let token = secrets::new_token();
    let now = tx.now();
    users::insert_token(tx.conn(), &secrets::hash(token.expose()), Some(id), purpose, now).await?;
    Ok(Link {
        token,
        expires_at: now + purpose.lifetime(),
    })
}

async fn require_sole(tx: &mut Tx, id: UserId) -> Result<()> {
    if members::belongs_elsewhere(tx, id).await? {
        return Err(Error::Refused(
            "this person also belongs to another organization, so their account is not this one's to change; remove them here, or ask the operator".into(),
        ));
    }
    Ok(())
}

/// The organization's row is locked by then, so two owners cannot both leave in the belief that the other stays.
async fn require_other_owner(tx: &mut Tx, id: UserId) -> Result<()> {
    if members::other_owners(tx, id).await? == 0 {
        return Err(Error::conflict(
            "/role",
            "last_owner",
            "the organization needs an owner: make somebody else one first",
        ));
    }
    Ok(())
}
