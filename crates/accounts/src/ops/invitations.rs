//! Invitations of people who belong to another organization: asked, then accepted or declined by the person.
//!
//! Saying yes takes both the link and the account: nobody is made a member by having the right address typed somewhere,
//! and who got hold of an account does not find their way into organizations that invited its owner.

use regulars_database::{Database, Tx};
use regulars_kernel::{
    Actor, Error, Result, Scope, clock,
    ids::{OrganizationId, UserId},
};
use serde_json::json;

use super::links::Device;
use crate::{
    audit::Entry,
    authenticate,
    model::{Asked, Invitation, Link, LinkPurpose, ValidMember},
    secrets,
    store::{
        invitations::{self, Found},
        members, organizations, users,
    },
};

/// Asks somebody who belongs elsewhere. Nothing of their account is touched or told.
pub(super) async fn ask(tx: &mut Tx, user: UserId, valid: &ValidMember) -> Result<Invitation> {
    if members::get(tx, user).await.is_ok() {
        return Err(Error::conflict(
            "/email",
            "already_member",
            "this person is a member already",
        ));
    }
    let (link, hash) = new_link(tx);
    let id = invitations::insert(tx, user, valid, &hash, link.expires_at).await?;
    Entry::new("user.invited")
        .target("user", id.0)
        .data(json!({"email": valid.email.as_str(), "role": valid.role.name()}))
        .write(tx)
        .await?;
    let member = members::get(tx, id).await?;
    Ok(Invitation {
        member,
        link: Some(link),
    })
}

/// Another link for an invitation.
pub(super) async fn renew(tx: &mut Tx, id: UserId) -> Result<Link> {
    let (link, hash) = new_link(tx);
    invitations::renew(tx, id, &hash, link.expires_at).await?;
    Ok(link)
}

/// Takes away the invitation of somebody who becomes a member by other means.
pub(super) async fn withdraw_of(tx: &mut Tx, user: UserId) -> Result<()> {
    invitations::drop_of(tx, user).await
}

/// It looks like the link that sets a first password, so that it does not tell who has an account already.
fn new_link(tx: &Tx) -> (Link, [u8; 32]) {
    let token = secrets::new_token();
    let hash = secrets::hash(token.expose());
    let expires_at = tx.now() + LinkPurpose::SetPassword.lifetime();
    (Link { token, expires_at }, hash)
}

async fn found(database: &Database, token: &str) -> Result<Option<Found>> {
    let mut conn = database.outside_organizations().acquire().await?;
    let found = invitations::by_token(&mut conn, &secrets::hash(token)).await?;
    Ok(found.filter(|found| found.expires_at > clock::now()))
}

/// Whom a link asks and what, if it is an invitation's and still works.
pub async fn asked(database: &Database, token: &str) -> Result<Option<(UserId, Asked)>> {
    let Some(found) = found(database, token).await? else {
        return Ok(None);
    };
    let mut tx = database
        .begin_read(Scope {
            organization_id: found.organization_id,
            actor: Actor::System,
        })
        .await?;
    let Ok(invited) = members::get(&mut tx, found.id).await else {
        return Ok(None);
    };
    let organization = organizations::get(tx.conn(), found.organization_id).await?;
    let asked = Asked {
        organization: organization.name,
        email: invited.email,
        role: invited.role,
    };
    Ok(Some((found.user_id, asked)))
}

/// In the organization that asks `user` by this link; 404 if it asks somebody else or nobody any more.
async fn begin_answer(
    database: &Database,
    token: &str,
    user: UserId,
    actor: Actor,
    device: &Device,
) -> Result<(Tx, Found)> {
    let found = found(database, token)
        .await?
        .filter(|found| found.user_id == user)
        .ok_or(Error::NotFound("link"))?;
    let scope = Scope {
        organization_id: found.organization_id,
        actor,
    };
    let mut tx = database.begin(scope).await?;
    device.name_request(&mut tx);
    Ok((tx, found))
}

/// Says yes: `user` is who is signed in. Gives where they are a member now; 404 if the link does not work for them.
pub async fn accept_invitation(
    database: &Database,
    token: &str,
    user: UserId,
    device: &Device,
) -> Result<OrganizationId> {
    let (mut tx, found) = begin_answer(database, token, user, Actor::User(user), device).await?;
    users::lock(tx.conn(), user).await?;
    let (_, role) = invitations::take(&mut tx, found.id)
        .await?
        .ok_or(Error::NotFound("link"))?;
    members::insert(&mut tx, user, role).await?;
    // A link to a new password that another organization still holds would open this one too.
    users::drop_tokens(tx.conn(), user).await?;
    Entry::new("user.joined")
        .target("user", user.0)
        .data(json!({"role": role.name()}))
        .ip(&device.ip)
        .write(&mut tx)
        .await?;
    tx.after_commit(authenticate::forget);
    tx.commit().await?;
    Ok(found.organization_id)
}

/// Says no. The organization learns that, and nothing of the person.
pub async fn decline_invitation(
    database: &Database,
    token: &str,
    user: UserId,
    device: &Device,
) -> Result<()> {
    let (mut tx, found) = begin_answer(database, token, user, Actor::System, device).await?;
    let (email, _) = invitations::take(&mut tx, found.id)
        .await?
        .ok_or(Error::NotFound("link"))?;
    Entry::new("user.declined")
        .target("user", found.id.0)
        .data(json!({"email": email}))
        .write(&mut tx)
        .await?;
    tx.commit().await
}
