//! Passwords: set by a link that works once, changed by their owner, and the first owner's set-up.
//!
//! Whoever sets a password is signed in afresh; every earlier session of theirs ends.

use regulars_database::{Database, Tx};
use regulars_kernel::{
    Actor, Email, Error, Faults, Result, Role, Scope, Secret, clock,
    ids::{OrganizationId, SessionId, UserId},
};
use serde_json::json;

use crate::{
    audit::Entry,
    authenticate,
    model::{ABSOLUTE, NewOrganization, ValidOrganization, check_person_name},
    passwords, secrets,
    store::{
        members, organizations,
        sessions::{self, NewSession},
        users,
    },
};

/// Where a request comes from, for the list of sessions and the audit log.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// The browser, as it names itself.
    pub user_agent: String,
    /// The address.
    pub ip: String,
    /// The request.
    pub request_id: String,
}

impl Device {
    pub(super) fn name_request(&self, tx: &mut Tx) {
        if !self.request_id.is_empty() {
            tx.set_request_id(self.request_id.as_str());
        }
    }
}

/// A session just opened. The token goes into the cookie.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session's token.
    pub token: Secret<String>,
    /// The session.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub organization_id: OrganizationId,
}

/// Opens a session in the transaction's organization.
pub(super) async fn open_session(tx: &mut Tx, user: UserId, device: &Device) -> Result<SignedIn> {
    let token = secrets::new_token();
    let (now, organization_id) = (tx.now(), tx.organization_id());
    let new = NewSession {
        id: SessionId::new(),
        token_hash: &secrets::hash(token.expose()),
        user_id: user,
        organization_id,
        user_agent: &tidy(&device.user_agent),
        ip: &device.ip,
        now,
        expires_at: now + ABSOLUTE,
    };
    sessions::insert(tx.conn(), &new).await?;
    users::signed_in(tx.conn(), user, now).await?;
    Entry::new("session.created")
        .target("user", user.0)
        .data(json!({"session_id": new.id}))
        .ip(&device.ip)
        .write(tx)
        .await?;
    Ok(SignedIn {
        token,
        session_id: new.id,
        user_id: user,
        organization_id,
    })
}

fn tidy(user_agent: &str) -> String {
    user_agent
        .chars()
        .filter(|letter| !letter.is_control())
        .take(300)
        .collect()
}

/// The address whose password a link sets, if the link still works.
pub async fn link_owner(database: &Database, token: &str) -> Result<Option<String>> {
    let mut conn = database.outside_organizations().acquire().await?;
    let Some(id) = users::token_owner(&mut conn, &secrets::hash(token), clock::now()).await? else {
        return Ok(None);
    };
    Ok(users::by_id(&mut conn, id).await?.map(|user| user.email))
}

/// Sets a password by a link, ends all sessions and opens a new one. 404 if the link does not work any more.
pub async fn set_password(
    database: &Database,
    token: &str,
    password: Secret<String>,
    device: &Device,
) -> Result<SignedIn> {
    let token_hash = secrets::hash(token);
    let (user, organization_id) = {
        let mut conn = database.outside_organizations().acquire().await?;
        let owner = users::token_owner(&mut conn, &token_hash, clock::now()).await?;
        let id = owner.ok_or(Error::NotFound("link"))?;
        let user = users::by_id(&mut conn, id)
            .await?
            .ok_or(Error::NotFound("link"))?;
        let first = users::memberships(&mut conn, id).await?.into_iter().next();
        (user, first.ok_or(Error::NotFound("link"))?.0)
    };
    let mut faults = Faults::new();
    passwords::check(&password, &user.email, "/password", &mut faults);
    faults.check()?;
    let hash = passwords::hash(password).await?;

    let mut tx = database
        .begin(Scope {
            organization_id,
            actor: Actor::User(user.id),
        })
        .await?;
    device.name_request(&mut tx);
    users::lock(tx.conn(), user.id).await?;
    let now = tx.now();
    // Looked at again under the lock: it may have been used, or its user removed, while the password was hashed.
    let still = users::token_owner(tx.conn(), &token_hash, now).await?.is_some();
    if !still || !users::use_token(tx.conn(), &token_hash, now).await? {
        return Err(Error::NotFound("link"));
    }
    members::get(&mut tx, user.id)
        .await
        .map_err(|_| Error::NotFound("link"))?;
    users::set_password(tx.conn(), user.id, &hash).await?;
    users::drop_tokens(tx.conn(), user.id).await?;
    sessions::revoke_all(tx.conn(), user.id, None, now).await?;
    Entry::new("user.password_set")
        .target("user", user.id.0)
        .ip(&device.ip)
        .write(&mut tx)
        .await?;
    let signed_in = open_session(&mut tx, user.id, device).await?;
    tx.after_commit(authenticate::forget);
    tx.commit().await?;
    Ok(signed_in)
}

/// Changes one's own password, ends all sessions and opens a new one.
pub async fn change_password(
    database: &Database,
    scope: Scope,
    user: UserId,
    current: Secret<String>,
    new: Secret<String>,
    device: &Device,
) -> Result<SignedIn> {
    let mut conn = database.outside_organizations().acquire().await?;
    let row = users::by_id(&mut conn, user)
        .await?
        .ok_or(Error::NotFound("user"))?;
    drop(conn);
    let mut faults = Faults::new();
    passwords::check(&new, &row.email, "/new_password", &mut faults);
    faults.check()?;
    // Guessing here needs a stolen session, and is slowed down all the same.
    if !super::sign_in::judge(database, &row, current).await? {
        return Err(Error::invalid(
            "/current_password",
            "password_wrong",
            "this is not your current password",
        ));
    }
    let hash = passwords::hash(new).await?;
    let mut tx = database.begin(scope).await?;
    device.name_request(&mut tx);
    // As in signing in: an older password does not undo a newer one.
    if !users::lock_judged(tx.conn(), &row).await? {
        return Err(Error::Unauthorized(
            "the password was changed meanwhile; sign in again".into(),
        ));
    }
    let now = tx.now();
    users::set_password(tx.conn(), user, &hash).await?;
    users::drop_tokens(tx.conn(), user).await?;
    sessions::revoke_all(tx.conn(), user, None, now).await?;
    Entry::new("user.password_changed")
        .target("user", user.0)
        .ip(&device.ip)
        .write(&mut tx)
        .await?;
    let signed_in = open_session(&mut tx, user, device).await?;
    tx.after_commit(authenticate::forget);
    tx.commit().await?;
    Ok(signed_in)
}

/// Whether anybody could sign in: the first owner is there.
pub async fn has_users(database: &Database) -> Result<bool> {
    let mut conn = database.outside_organizations().acquire().await?;
    users::any(&mut conn).await
}

/// Whether a first-owner link still works.
pub async fn first_owner_link_works(database: &Database, token: &str) -> Result<bool> {
    let mut conn = database.outside_organizations().acquire().await?;
    users::first_owner_token_works(&mut conn, &secrets::hash(token), clock::now()).await
}

/// The organization and the person of the set-up, if they are right. Faults of the organization's name point to
/// `/organization`, of the person's to `/name`.
pub fn check_set_up(
    organization: &NewOrganization,
    (name, email): (&str, &str),
    faults: &mut Faults,
) -> Option<(ValidOrganization, String, Email)> {
    let mut found = Faults::new();
    let organization = organization.check(&mut found);
    for fault in &mut found.0 {
        if fault.pointer == "/name" {
            "/organization".clone_into(&mut fault.pointer);
        }
    }
    faults.0.extend(found.0);
    let name = check_person_name(name, faults);
    let email = faults.take("/email", "email_invalid", Email::parse(email));
    Some((organization?, name?, email?))
}

/// Creates the first organization and its owner by the link of the first start, and signs the owner in. Faults point to
/// where [`check_set_up`] says.
pub async fn set_up(
    database: &Database,
    token: &str,
    organization: &NewOrganization,
    person: (&str, &str),
    password: Secret<String>,
    device: &Device,
) -> Result<SignedIn> {
    if !first_owner_link_works(database, token).await? {
        return Err(Error::NotFound("link"));
    }
    let mut faults = Faults::new();
    let checked = check_set_up(organization, person, &mut faults);
    passwords::check(&password, person.1, "/password", &mut faults);
    let Some((organization, name, email)) = checked.filter(|_| faults.0.is_empty()) else {
        return Err(Error::Invalid(faults));
    };
    let hash = passwords::hash(password).await?;

    let (organization_id, user) = (OrganizationId::new(), UserId::new());
    let mut tx = database
        .begin(Scope {
            organization_id,
            actor: Actor::User(user),
        })
        .await?;
    device.name_request(&mut tx);
    users::lock_first_owner(tx.conn()).await?;
    let (now, token_hash) = (tx.now(), secrets::hash(token));
    let works = users::first_owner_token_works(tx.conn(), &token_hash, now).await?;
    if !works || !users::use_token(tx.conn(), &token_hash, now).await? {
        return Err(Error::NotFound("link"));
    }
    organizations::insert(tx.conn(), organization_id, &organization).await?;
    users::insert(tx.conn(), user, &email, &name).await?;
    users::set_password(tx.conn(), user, &hash).await?;
    members::insert(&mut tx, user, Role::Owner).await?;
    Entry::new("organization.created")
        .target("organization", organization_id.0)
        .data(json!({"slug": organization.slug}))
        .write(&mut tx)
        .await?;
    Entry::new("user.created")
        .target("user", user.0)
        .data(json!({"role": "owner"}))
        .ip(&device.ip)
        .write(&mut tx)
        .await?;
    let signed_in = open_session(&mut tx, user, device).await?;
    tx.commit().await?;
    Ok(signed_in)
}
