//! Members: inviting, changing, removing, and links for their passwords.
//!
//! A user may belong to several organizations. What concerns the account itself (its name, its password, whether it is
//! disabled) an organization may touch only while it is the sole one, or it could reach into another. Who belongs to
//! another one is asked first ([`super::invitations`]): until they say yes they are no member, and nothing of their
//! account is told.

use regulars_database::Tx;
use regulars_jobs::NewJob;
use regulars_kernel::{
    Error, Faults, PageRequest, Permission, Result, Role, Sort, Total, ids::UserId, paging::Cursor,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::invitations;
use crate::{
    audit::Entry,
    authenticate,
    model::{
        Invitation, Link, LinkPurpose, Member, MemberPatch, NewMember, Power, ValidMember, check_person_name,
    },
    secrets,
    store::{self, members, organizations, sessions, users},
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

/// Invites somebody. Who is new, or belongs nowhere else, is a member and gets a link to set a password; anybody else
/// gets a link to say yes.
pub async fn invite_member(tx: &mut Tx, power: &Power, new: &NewMember) -> Result<Invitation> {
    power.require(Permission::AccountsWrite)?;
    let valid = new.check()?;
    power.require_covers(&Power::of(valid.role))?;
    let known = users::by_email(tx.conn(), valid.email.as_str()).await?;
    let Some(user) = known else {
        return admit_new(tx, &valid).await;
    };
    users::lock(tx.conn(), user.id).await?;
    if members::belongs_elsewhere(tx, user.id).await? {
        return invitations::ask(tx, user.id, &valid).await;
    }
    members::insert(tx, user.id, valid.role).await?;
    // An account that was left behind is this organization's now: nobody's old password or link opens it.
    users::drop_tokens(tx.conn(), user.id).await?;
    users::start_over(tx.conn(), user.id, &valid.name).await?;
    let link = issue(tx, user.id, LinkPurpose::SetPassword).await?;
    admitted(tx, user.id, valid.role, Some(link)).await
}

/// Makes somebody a member on the operator's word, whichever organizations they belong to. The link is none for
/// somebody who has a password already and uses it elsewhere.
pub(super) async fn add_member(tx: &mut Tx, new: &NewMember) -> Result<Invitation> {
    let valid = new.check()?;
    let known = users::by_email(tx.conn(), valid.email.as_str()).await?;
    let Some(user) = known else {
        return admit_new(tx, &valid).await;
    };
    users::lock(tx.conn(), user.id).await?;
    if !members::belongs_elsewhere(tx, user.id).await? {
        return invite_member(tx, &Power::OPERATOR, new).await;
    }
    invitations::withdraw_of(tx, user.id).await?;
    members::insert(tx, user.id, valid.role).await?;
    // A link that another organization still holds would open this one too.
    users::drop_tokens(tx.conn(), user.id).await?;
    let mut link = None;
    if user.password_hash.is_none() {
        link = Some(issue(tx, user.id, LinkPurpose::SetPassword).await?);
    }
    admitted(tx, user.id, valid.role, link).await
}

async fn admit_new(tx: &mut Tx, valid: &ValidMember) -> Result<Invitation> {
    let id = UserId::new();
    users::insert(tx.conn(), id, &valid.email, &valid.name).await?;
    members::insert(tx, id, valid.role).await?;
    let link = issue(tx, id, LinkPurpose::SetPassword).await?;
    admitted(tx, id, valid.role, Some(link)).await
}

async fn admitted(tx: &mut Tx, id: UserId, role: Role, link: Option<Link>) -> Result<Invitation> {
    Entry::new("user.invited")
        .target("user", id.0)
        .data(json!({"role": role.name()}))
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
    if before.pending {
        return update_pending(tx, power, &before, name, role, disabled).await;
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

/// Changes what was typed into an invitation that nobody has said yes to.
async fn update_pending(
    tx: &mut Tx,
    power: &Power,
    before: &Member,
    name: Option<String>,
    role: Option<Role>,
    disabled: Option<bool>,
) -> Result<Member> {
    if disabled.is_some() {
        return Err(Error::conflict(
            "/disabled",
            "invitation_pending",
            "this person has not accepted the invitation yet; remove it instead",
        ));
    }
    let mut changes = Map::new();
    if let Some(name) = &name {
        changes.insert("name".to_owned(), json!({"from": before.name, "to": name}));
    }
    if let Some(role) = role {
        power.require_covers(&Power::of(role))?;
        changes.insert(
            "role".to_owned(),
            json!({"from": before.role.name(), "to": role.name()}),
        );
    }
    let name = name.as_ref().unwrap_or(&before.name);
    store::invitations::update(tx, before.id, name, role.unwrap_or(before.role)).await?;
    Entry::new("user.updated")
        .target("user", before.id.0)
        .data(json!({"changes": Value::Object(changes)}))
        .write(tx)
        .await?;
    members::get(tx, before.id).await
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

/// The job that lets go of what somebody looked after, queued when they are taken out. Whoever keeps such things
/// handles it, and calls [`forget_member`] when nothing is left.
pub const MEMBER_REMOVED: &str = "member.removed";

/// Its input.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RemovedMember {
    /// Who.
    pub user_id: UserId,
}

/// Takes somebody out of the organization, at once. Their account stays, so that what they did keeps its name; what
/// they looked after is let go by a job, because it may be a million customers. An invitation is withdrawn.
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
    if member.pending {
        store::invitations::take(tx, id).await?;
        return Entry::new("user.removed")
            .target("user", id.0)
            .data(json!({"email": member.email, "role": member.role.name()}))
            .write(tx)
            .await;
    }
    if member.role == Role::Owner {
        require_other_owner(tx, id).await?;
    }
    members::end(tx, id).await?;
    let job = NewJob::new(MEMBER_REMOVED, RemovedMember { user_id: id })
        .key(id.to_string())
        .queue("accounts");
    regulars_jobs::enqueue(tx, job).await?;
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

/// Whether somebody was taken out and their row still waits for [`forget_member`]. Until the transaction ends they
/// cannot come back, so that nobody lets go of what is theirs again.
pub async fn has_left(tx: &mut Tx, id: UserId) -> Result<bool> {
    members::has_ended(tx, id).await
}

/// Drops what is left of a membership that has ended, when nothing refers to it any more.
pub async fn forget_member(tx: &mut Tx, id: UserId) -> Result<()> {
    members::delete_ended(tx, id).await
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
    let purpose = if member.has_password {
        LinkPurpose::ResetPassword
    } else {
        LinkPurpose::SetPassword
    };
    let link = if member.pending {
        invitations::renew(tx, id).await?
    } else {
        require_sole(tx, id).await?;
        users::drop_tokens(tx.conn(), id).await?;
        issue(tx, id, purpose).await?
    };
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
