//! Rows of `organizations`.

use regulars_kernel::{Currency, Error, Locale, Result, TimeZone, ids::OrganizationId};
use sqlx::PgConnection;

use crate::model::{Organization, ValidOrganization};

pub async fn insert(conn: &mut PgConnection, id: OrganizationId, new: &ValidOrganization) -> Result<()> {
    sqlx::query!(
        "INSERT INTO organizations (id, slug, name, currency, time_zone, locale) VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        new.slug,
        new.name,
        new.currency.as_str(),
        new.time_zone.as_str(),
        new.locale.as_str()
    )
    .execute(conn)
    .await
    .map_err(slug_taken)?;
    Ok(())
}

pub async fn get(conn: &mut PgConnection, id: OrganizationId) -> Result<Organization> {
    sqlx::query_as!(
        Organization,
        r#"SELECT id AS "id: OrganizationId", version, slug, name, currency AS "currency: Currency",
                  time_zone AS "time_zone: TimeZone", locale AS "locale: Locale", created_at, updated_at
           FROM organizations WHERE id = $1"#,
        id.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound("organization"))
}

/// For the operator alone: nobody who signs in may know who else is here.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Organization>> {
    let all = sqlx::query_as!(
        Organization,
        r#"SELECT id AS "id: OrganizationId", version, slug, name, currency AS "currency: Currency",
                  time_zone AS "time_zone: TimeZone", locale AS "locale: Locale", created_at, updated_at
           FROM organizations ORDER BY slug"#
    )
    .fetch_all(conn)
    .await?;
    Ok(all)
}

pub async fn by_slug(conn: &mut PgConnection, slug: &str) -> Result<Option<OrganizationId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: OrganizationId" FROM organizations WHERE slug = $1"#,
        slug
    )
    .fetch_optional(conn)
    .await?;
    Ok(id)
}

/// Holds back others who change who owns the organization or its settings, until the transaction ends. Weaker than
/// `FOR UPDATE`, so that rows which refer to the organization can still be added meanwhile.
pub async fn lock(conn: &mut PgConnection, id: OrganizationId) -> Result<()> {
    sqlx::query!(
        "SELECT 1 AS one FROM organizations WHERE id = $1 FOR NO KEY UPDATE",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

pub async fn update(conn: &mut PgConnection, id: OrganizationId, new: &ValidOrganization) -> Result<()> {
    sqlx::query!(
        "UPDATE organizations SET slug = $2, name = $3, currency = $4, time_zone = $5, locale = $6 WHERE id = $1",
        id.0,
        new.slug,
        new.name,
        new.currency.as_str(),
        new.time_zone.as_str(),
        new.locale.as_str()
    )
    .execute(conn)
    .await
    .map_err(slug_taken)?;
    Ok(())
}

fn slug_taken(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("organizations_slug_key") => {
            Error::conflict("/slug", "slug_taken", "another organization has this short name")
        }
        _ => error.into(),
    }
}
