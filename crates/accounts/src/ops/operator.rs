//! What the command line does as the operator of the installation: it may do everything, in any organization.

use regulars_database::Database;
use regulars_kernel::{
    Actor, Error, Faults, Result, Role, Scope, Secret, clock,
    ids::{OrganizationId, UserId},
};
use serde_json::json;

use super::{keys, members};
use crate::{
    audit::Entry,
    model::{
        Invitation, KeyKind, Link, LinkPurpose, NewKey, NewMember, NewOrganization, Organization, Power,
    },
    secrets,
    store::{organizations, users},
};

/// A key made at the command line: its text, and its record.
pub type OperatorKey = crate::model::CreatedKey;

/// Creates an organization.
pub async fn create_organization(database: &Database, new: &NewOrganization) -> Result<Organization> {
    let mut faults = Faults::new();
    let Some(valid) = new.check(&mut faults) else {
        return Err(Error::Invalid(faults));
    };
    let id = OrganizationId::new();
    let mut tx = database
        .begin(Scope {
            organization_id: id,
            actor: Actor::System,
        })
        .await?;
    organizations::insert(tx.conn(), id, &valid).await?;
    Entry::new("organization.created")
        .target("organization", id.0)
        .data(json!({"slug": valid.slug}))
        .write(&mut tx)
        .await?;
    let organization = organizations::get(tx.conn(), id).await?;
    tx.commit().await?;
    Ok(organization)
}

/// Every organization, by short name.
pub async fn list_organizations(database: &Database) -> Result<Vec<Organization>> {
    let mut conn = database.outside_organizations().acquire().await?;
    organizations::all(&mut conn).await
}

/// The organization of a short name, for the system as the actor.
pub async fn organization_by_slug(database: &Database, slug: &str) -> Result<Scope> {
    let mut conn = database.outside_organizations().acquire().await?;
    let id = organizations::by_slug(&mut conn, slug)
        .await?
        .ok_or(Error::NotFound("organization"))?;
    Ok(Scope {
        organization_id: id,
        actor: Actor::System,
    })
}

/// Makes somebody a member. The link is none only for somebody who has a password already and uses it elsewhere.
pub async fn create_user(
    database: &Database,
    organization: OrganizationId,
    email: &str,
    role: Role,
) -> Result<Invitation> {
    let mut tx = database
        .begin(Scope {
            organization_id: organization,
            actor: Actor::System,
        })
        .await?;
    let new = NewMember {
        email: email.to_owned(),
        name: String::new(),
        role: role.name().to_owned(),
    };
    let invitation = members::add_member(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(invitation)
}

/// A link by which somebody sets a new password, whichever organizations they belong to.
pub async fn operator_link(database: &Database, email: &str) -> Result<Link> {
    let (user, organization_id) = {
        let mut conn = database.outside_organizations().acquire().await?;
        let user = users::by_email(&mut conn, email)
            .await?
            .ok_or(Error::NotFound("user"))?;
        let first = users::memberships(&mut conn, user.id).await?.into_iter().next();
        (user, first.ok_or(Error::NotFound("user"))?.0)
    };
    let mut tx = database
        .begin(Scope {
            organization_id,
            actor: Actor::System,
        })
        .await?;
    users::lock(tx.conn(), user.id).await?;
    users::drop_tokens(tx.conn(), user.id).await?;
    let purpose = if user.password_hash.is_some() {
        LinkPurpose::ResetPassword
    } else {
        LinkPurpose::SetPassword
    };
    let link = members::issue(&mut tx, user.id, purpose).await?;
    let id: UserId = user.id;
    Entry::new("user.link_issued")
        .target("user", id.0)
        .data(json!({"purpose": purpose.name()}))
        .write(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(link)
}

/// Creates a key and gives its text.
pub async fn create_key_text(
    database: &Database,
    organization: OrganizationId,
    name: &str,
    role: Role,
) -> Result<Secret<String>> {
    let mut tx = database
        .begin(Scope {
            organization_id: organization,
            actor: Actor::System,
        })
        .await?;
    let new = NewKey {
        name: name.to_owned(),
        role: role.name().to_owned(),
        scopes: Vec::new(),
        expires_at: None,
        kind: KeyKind::Secret,
        origins: Vec::new(),
        rate_per_minute: None,
    };
    let created = keys::create_key(&mut tx, &Power::OPERATOR, &new).await?;
    tx.commit().await?;
    created
        .key
        .map(Secret::new)
        .ok_or_else(|| Error::internal("a new key has its text"))
}

/// Ends the links by which a user could choose a password.
pub async fn drop_links(database: &Database, user: UserId) -> Result<()> {
    let mut tx = database.outside_organizations().begin().await?;
    users::drop_tokens(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}

/// The token of the link `/setup/{token}` that creates the first owner; none once there is any user. It ends the ones
/// given before.
pub async fn first_owner_token(database: &Database) -> Result<Option<Secret<String>>> {
    let mut tx = database.outside_organizations().begin().await?;
    users::lock_first_owner(&mut tx).await?;
    if users::any(&mut tx).await? {
        return Ok(None);
    }
    let token = secrets::new_token();
    users::drop_first_owner_tokens(&mut tx).await?;
    users::insert_token(
        &mut tx,
        &secrets::hash(token.expose()),
        None,
        LinkPurpose::FirstOwner,
        clock::now(),
    )
    .await?;
    tx.commit().await?;
    Ok(Some(token))
}
