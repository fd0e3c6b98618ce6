//! Postal addresses.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{AddressId, CustomerId},
};
use uuid::Uuid;

use crate::model::Address;

macro_rules! columns {
    () => {
        "id, customer_id, version, type, is_default, name, company, line1, line2, city, province, postal_code, country, \
         phone, latitude, longitude, time_zone, created_at, updated_at"
    };
}

/// All addresses of a customer, the default first.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Address>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM addresses WHERE customer_id = $1 ORDER BY is_default DESC, id"
    );
    Ok(sqlx::query_as(sql).bind(customer_id).fetch_all(tx.conn()).await?)
}

/// One address of a customer.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: AddressId) -> Result<Option<Address>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM addresses WHERE customer_id = $1 AND id = $2"
    );
    Ok(sqlx::query_as(sql)
        .bind(customer_id)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?)
}

/// How many addresses a customer has.
pub async fn count(tx: &mut Tx, customer_id: CustomerId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM addresses WHERE customer_id = $1"#,
        customer_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Adds an address.
pub async fn insert(tx: &mut Tx, address: &Address) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO addresses (organization_id, id, customer_id, type, is_default, name, company, line1, line2, city,
           province, postal_code, country, phone, latitude, longitude, time_zone, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)",
        organization_id.0,
        address.id.0,
        address.customer_id.0,
        address.address_type.to_string(),
        address.is_default,
        address.name,
        address.company,
        address.line1,
        address.line2,
        address.city,
        address.province,
        address.postal_code,
        address.country.as_ref().map(regulars_kernel::Country::as_str),
        address.phone.as_ref().map(regulars_kernel::Phone::as_str),
        address.latitude,
        address.longitude,
        address.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
        address.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes an address. Answers its new version.
pub async fn update(tx: &mut Tx, address: &Address) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "UPDATE addresses SET type = $2, is_default = $3, name = $4, company = $5, line1 = $6, line2 = $7, city = $8,
           province = $9, postal_code = $10, country = $11, phone = $12, latitude = $13, longitude = $14, time_zone = $15
         WHERE id = $1 RETURNING version",
        address.id.0,
        address.address_type.to_string(),
        address.is_default,
        address.name,
        address.company,
        address.line1,
        address.line2,
        address.city,
        address.province,
        address.postal_code,
        address.country.as_ref().map(regulars_kernel::Country::as_str),
        address.phone.as_ref().map(regulars_kernel::Phone::as_str),
        address.latitude,
        address.longitude,
        address.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Lets no address of the customer be the default.
pub async fn clear_default(tx: &mut Tx, customer_id: CustomerId) -> Result<()> {
    sqlx::query!(
        "UPDATE addresses SET is_default = false WHERE customer_id = $1 AND is_default",
        customer_id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes the oldest address the default if none is.
pub async fn ensure_default(tx: &mut Tx, customer_id: CustomerId) -> Result<()> {
    sqlx::query!(
        "UPDATE addresses SET is_default = true
         WHERE id = (SELECT id FROM addresses WHERE customer_id = $1 ORDER BY id LIMIT 1)
           AND NOT EXISTS (SELECT FROM addresses WHERE customer_id = $1 AND is_default)",
        customer_id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Country and city of the default address.
pub async fn place(tx: &mut Tx, customer_id: CustomerId) -> Result<(Option<String>, Option<String>)> {
    let row = sqlx::query!(
        "SELECT country, city FROM addresses WHERE customer_id = $1 AND is_default",
        customer_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or((None, None), |row| (row.country, row.city)))
}

/// Removes an address.
pub async fn delete(tx: &mut Tx, id: AddressId) -> Result<()> {
    let id: Uuid = id.0;
    sqlx::query!("DELETE FROM addresses WHERE id = $1", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
