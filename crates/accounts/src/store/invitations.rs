//! Rows of `invitations`: people who belong elsewhere and have not said yes yet. Reading them as part of the list of
//! members is [`super::members`]' affair.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Result, Role,
    ids::{OrganizationId, UserId, new_uuid},
};
use sqlx::PgConnection;

use crate::model::ValidMember;

/// The invitation that a link belongs to.
pub struct Found {
    pub organization_id: OrganizationId,
    /// In the place of a member's id.
    pub id: UserId,
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
}

/// Writes an invitation; gives its id.
pub async fn insert(
    tx: &mut Tx,
    user: UserId,
    valid: &ValidMember,
    hash: &[u8; 32],
    expires_at: DateTime<Utc>,
) -> Result<UserId> {
    let (id, organization) = (UserId(new_uuid()), tx.organization_id());
    sqlx::query!(
        "INSERT INTO invitations (organization_id, id, user_id, email, name, role, token_hash, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        organization.0,
        id.0,
        user.0,
        valid.email.as_str(),
        valid.name,
        valid.role.name(),
        &hash[..],
        expires_at
    )
    .execute(tx.conn())
    .await
    .map_err(
        |error| match error.as_database_error().and_then(|error| error.constraint()) {
            Some("invitations_once") => {
                Error::conflict("/email", "already_member", "this person is a member already")
            }
            _ => error.into(),
        },
    )?;
    Ok(id)
}

pub async fn update(tx: &mut Tx, id: UserId, name: &str, role: Role) -> Result<()> {
    sqlx::query!(
        "UPDATE invitations SET name = $2, role = $3 WHERE id = $1",
        id.0,
        name,
        role.name()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives an invitation another link; the one before ends.
pub async fn renew(tx: &mut Tx, id: UserId, hash: &[u8; 32], expires_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE invitations SET token_hash = $2, expires_at = $3 WHERE id = $1",
        id.0,
        &hash[..],
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an invitation away; gives the address and role that were typed, if it was there.
pub async fn take(tx: &mut Tx, id: UserId) -> Result<Option<(String, Role)>> {
    let row = sqlx::query!(
        r#"DELETE FROM invitations WHERE id = $1 RETURNING email, role AS "role: Role""#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.email, row.role)))
}

/// Takes away the invitation of somebody who became a member by other means.
pub async fn drop_of(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM invitations WHERE user_id = $1", user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The invitation of a link, across the wall, whether or not its time is over.
pub async fn by_token(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT organization_id AS "organization_id!: OrganizationId", id AS "id!: UserId", user_id AS "user_id!: UserId",
                  expires_at AS "expires_at!"
           FROM invitation_by_token($1)"#,
        &hash[..]
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}
