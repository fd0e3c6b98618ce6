//! Sessions after they were opened: listing, revoking, moving to another organization, clearing away.

use regulars_database::{Database, Tx};
use regulars_kernel::{
    Actor, Error, Permission, Result, Role, Scope, Secret, clock,
    ids::{OrganizationId, SessionId, UserId},
};
use serde_json::json;

use super::links::Device;
use crate::{
    audit::Entry,
    authenticate,
    model::{Power, SessionInfo},
    secrets,
    store::{members, sessions, users},
};

/// One's own open sessions, in whichever organization they are.
pub async fn list_own_sessions(
    tx: &mut Tx,
    user: UserId,
    current: Option<SessionId>,
) -> Result<Vec<SessionInfo>> {
    let now = tx.now();
    sessions::list(tx.conn(), user, None, now, current).await
}

/// A member's open sessions in this organization.
pub async fn list_member_sessions(
    tx: &mut Tx,
    power: &Power,
    user: UserId,
    current: Option<SessionId>,
) -> Result<Vec<SessionInfo>> {
    power.require(Permission::AccountsRead)?;
    members::get(tx, user).await?;
    let (organization, now) = (tx.organization_id(), tx.now());
    sessions::list(tx.conn(), user, Some(organization), now, current).await
}

/// Ends one of one's own sessions.
pub async fn revoke_own_session(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let owner = sessions::owner(tx.conn(), id).await?;
    if owner.is_none_or(|(owner, _)| owner != user) {
        return Err(Error::NotFound("session"));
    }
    end(tx, user, id).await
}

/// Ends a member's session in this organization.
pub async fn revoke_member_session(tx: &mut Tx, power: &Power, id: SessionId) -> Result<()> {
    let organization = tx.organization_id();
    let owner = sessions::owner(tx.conn(), id).await?;
    let Some((user, _)) = owner.filter(|(_, theirs)| *theirs == organization) else {
        return Err(Error::NotFound("session"));
    };
    power.require(Permission::AccountsWrite)?;
    let member = members::get(tx, user)
        .await
        .map_err(|_| Error::NotFound("session"))?;
    power.require_covers(&Power::of(member.role))?;
    end(tx, user, id).await
}

async fn end(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let now = tx.now();
    sessions::revoke(tx.conn(), id, now).await?;
    Entry::new("session.revoked")
        .target("user", user.0)
        .data(json!({"session_id": id}))
        .write(tx)
        .await?;
    tx.after_commit(authenticate::forget);
    Ok(())
}

/// Ends all of one's sessions but the one that asks; gives how many.
pub async fn revoke_other_sessions(tx: &mut Tx, user: UserId, current: Option<SessionId>) -> Result<usize> {
    let now = tx.now();
    let others = sessions::list(tx.conn(), user, None, now, current).await?;
    let others: Vec<_> = others.into_iter().filter(|session| !session.current).collect();
    for session in &others {
        sessions::revoke(tx.conn(), session.id, now).await?;
    }
    if !others.is_empty() {
        Entry::new("session.others_revoked")
            .target("user", user.0)
            .data(json!({"count": others.len()}))
            .write(tx)
            .await?;
        tx.after_commit(authenticate::forget);
    }
    Ok(others.len())
}

/// Ends the session that asks.
pub async fn sign_out(tx: &mut Tx, user: UserId, id: SessionId) -> Result<()> {
    let now = tx.now();
    if sessions::revoke(tx.conn(), id, now).await? {
        Entry::new("session.ended")
            .target("user", user.0)
            .data(json!({"session_id": id}))
            .write(tx)
            .await?;
    }
    tx.after_commit(authenticate::forget);
    Ok(())
}

/// The organizations somebody belongs to, with their role and its name.
pub async fn organizations_of(tx: &mut Tx, user: UserId) -> Result<Vec<(OrganizationId, Role, String)>> {
    users::memberships(tx.conn(), user).await
}

/// Moves a session to another of its user's organizations and gives it a new token.
pub async fn switch_organization(
    database: &Database,
    user: UserId,
    session: SessionId,
    to: OrganizationId,
    device: &Device,
) -> Result<Secret<String>> {
    let mut tx = database
        .begin(Scope {
            organization_id: to,
            actor: Actor::User(user),
        })
        .await?;
    device.name_request(&mut tx);
    members::get(&mut tx, user)
        .await
        .map_err(|_| Error::NotFound("organization"))?;
    let token = secrets::new_token();
    if !sessions::switch(tx.conn(), session, to, &secrets::hash(token.expose())).await? {
        return Err(Error::Unauthorized("this session has ended".into()));
    }
    Entry::new("session.switched")
        .target("user", user.0)
        .data(json!({"session_id": session}))
        .ip(&device.ip)
        .write(&mut tx)
        .await?;
    tx.after_commit(authenticate::forget);
    tx.commit().await?;
    Ok(token)
}

/// Drops what ended more than 30 days ago; for a daily schedule.
pub async fn sweep_sessions(database: &Database) -> Result<u64> {
    sessions::sweep(database.outside_organizations(), clock::now()).await
}
