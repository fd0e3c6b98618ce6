//! The customer's own row.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Result,
    ids::{CustomerId, UserId},
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{row::customer_columns, search};
use crate::model::{Channel, Choice, Customer};

/// Reads a customer, deleted ones too.
pub async fn get(tx: &mut Tx, id: CustomerId) -> Result<Option<Customer>> {
    let sql = concat!(
        "SELECT ",
        customer_columns!(),
        " FROM customers c WHERE c.id = $1"
    );
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}

/// Reads a customer and keeps others from changing it until the transaction ends; deleted ones too. Rows that refer
/// to it can still be added.
pub async fn lock(tx: &mut Tx, id: CustomerId) -> Result<Option<Customer>> {
    let sql = concat!(
        "SELECT ",
        customer_columns!(),
        " FROM customers c WHERE c.id = $1 FOR NO KEY UPDATE OF c"
    );
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(tx.conn()).await?)
}

/// As [`lock`] for many, in the order of their ids, so that two that lock the same ones wait instead of blocking each
/// other for ever.
pub async fn lock_many(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<Customer>> {
    let sql = concat!(
        "SELECT ",
        customer_columns!(),
        " FROM customers c WHERE c.id = ANY($1) ORDER BY c.id FOR NO KEY UPDATE OF c"
    );
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as(sql).bind(ids).fetch_all(tx.conn()).await?)
}

/// The living customer with this e-mail address, given in lower case.
pub async fn id_by_email(tx: &mut Tx, email_lowercase: &str) -> Result<Option<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: CustomerId" FROM customers WHERE email_lowercase = $1 AND deleted_at IS NULL"#,
        email_lowercase
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The customer with this code, deleted ones too.
pub async fn id_by_code(tx: &mut Tx, code: &str) -> Result<Option<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: CustomerId" FROM customers WHERE code = $1"#,
        code
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether this is a member of the organization.
pub async fn is_member(tx: &mut Tx, id: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM memberships WHERE user_id = $1 AND ended_at IS NULL) AS "is!""#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Takes some customers, deleted ones too, from whoever looks after them.
pub async fn release(tx: &mut Tx, owner: UserId, most: i64) -> Result<Vec<CustomerId>> {
    Ok(sqlx::query_scalar!(
        r#"UPDATE customers SET owner_id = NULL
           WHERE id = ANY(ARRAY(SELECT id FROM customers WHERE owner_id = $1 ORDER BY created_at, id LIMIT $2 FOR UPDATE))
           RETURNING id AS "id: CustomerId""#,
        owner.0,
        most
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What the database added to a new row.
#[derive(Debug)]
pub struct Inserted {
    /// The code, given or made.
    pub code: String,
    /// Required attributes that have no value.
    pub missing_attributes: Vec<String>,
    /// Channels that a deleted customer with this address or phone had withdrawn.
    pub withdrawn: Vec<Channel>,
}

/// How often a made code may turn out to be taken (by one that was given) before another way is gone.
const CODE_TRIES: usize = 8;

/// Inserts a customer with one statement; an empty code is filled with the next free one, also where it is searched and
/// sorted by (see [`search::search_text`] and [`search::sort_name`]).
pub async fn insert(tx: &mut Tx, customer: &Customer) -> Result<Inserted> {
    let given = Some(customer.code.as_str()).filter(|code| !code.is_empty());
    for _ in 0..CODE_TRIES {
        if let Some(inserted) = try_insert(tx, customer, given).await? {
            return Ok(inserted);
        }
    }
    // Somebody gave many codes of the form that is made here.
    let mut unlike = customer.clone();
    unlike.code = format!("C-{}", customer.id.0.simple()).to_uppercase();
    let code = Some(unlike.code.as_str());
    try_insert(tx, &unlike, code)
        .await?
        .ok_or_else(|| Error::internal("no free customer code was found"))
}

/// None when the code that was made is taken.
async fn try_insert(tx: &mut Tx, customer: &Customer, given: Option<&str>) -> Result<Option<Inserted>> {
    let organization_id = tx.organization_id();
    let now = tx.now();
    let made = given.is_none();
    // A given code that is taken is the caller's fault and told by its constraint; a made one is ours.
    let row = sqlx::query!(
        r#"INSERT INTO customers AS c (organization_id, id, code, kind, email, phone, first_name, last_name, birthday,
             company_name, legal_name, industry, tax_id, status, type, lifecycle_stage, parent_id, owner_id, priority,
             service_level, credit_limit, locale, time_zone, attributes, note, internal_note, country, city, created_at,
             updated_at, sort_name, search_text, credit_limit_currency, email_verified, phone_verified)
           SELECT $1, $2, n.code, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             $22, $23, $24, $25, $26, $27, $28, $29, $29, coalesce(nullif($30, ''), lower(n.code)),
             CASE WHEN $3::text IS NULL THEN $31 || lower(n.code) || ' ' ELSE $31 END, $32, $33, $34
           FROM (SELECT coalesce($3, 'C-' || to_char(nextval('customer_codes'), 'FM999999999000000'))) AS n (code)
           WHERE $3 IS NOT NULL OR NOT EXISTS (SELECT FROM customers t WHERE t.organization_id = $1 AND t.code = n.code)
           RETURNING c.code, ARRAY(
             SELECT d.name FROM attribute_definitions d
             WHERE d.required AND d.archived_at IS NULL AND NOT jsonb_exists(c.attributes, d.name) ORDER BY d.position, d.name
           ) AS "missing!", ARRAY(
             SELECT k.channel FROM customers d
             JOIN customer_consents k ON k.organization_id = d.organization_id AND k.customer_id = d.id
             WHERE d.email_lowercase = c.email_lowercase AND d.deleted_at IS NOT NULL AND k.state = 'unsubscribed'
             UNION ALL
             -- Was being deleted while this row waited for the address: seen as living, but no more so.
             SELECT k.channel FROM customers d
             JOIN customer_consents k ON k.organization_id = d.organization_id AND k.customer_id = d.id
             WHERE d.email_lowercase = c.email_lowercase AND d.deleted_at IS NULL AND k.state = 'unsubscribed'
             UNION ALL
             SELECT k.channel FROM customers d
             JOIN customer_consents k ON k.organization_id = d.organization_id AND k.customer_id = d.id
             WHERE d.phone = c.phone AND d.deleted_at IS NOT NULL AND k.state = 'unsubscribed'
               AND (k.channel = 'sms' OR d.email IS NULL)
           ) AS "withdrawn!""#,
        organization_id.0,
        customer.id.0,
        given,
        customer.kind.to_string(),
        customer.email.as_ref().map(regulars_kernel::Email::as_str),
        customer.phone.as_ref().map(regulars_kernel::Phone::as_str),
        customer.first_name,
        customer.last_name,
        customer.birthday,
        customer.company_name,
        customer.legal_name,
        customer.industry,
        customer.tax_id,
        customer.status.to_string(),
        customer.customer_type.to_string(),
        customer.lifecycle_stage.to_string(),
        customer.parent_id.map(|id| id.0),
        customer.owner_id.map(|id| id.0),
        customer.priority.to_string(),
        customer.service_level.to_string(),
        customer.credit_limit.map(|money| money.amount()),
        customer.locale.as_ref().map(regulars_kernel::Locale::as_str),
        customer.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
        Json(&customer.attributes) as Json<&serde_json::Map<String, Value>>,
        customer.note,
        customer.internal_note,
        customer.country.as_ref().map(regulars_kernel::Country::as_str),
        customer.city,
        now,
        search::sort_name(customer),
        search::search_text(customer),
        credit_limit_currency(customer),
        customer.email_verified,
        customer.phone_verified,
    )
    .fetch_optional(tx.conn())
    .await?;
    match row {
        Some(row) => Ok(Some(Inserted {
            code: row.code,
            missing_attributes: row.missing,
            withdrawn: row
                .withdrawn
                .iter()
                .filter_map(|channel| Channel::parse(channel).ok())
                .collect(),
        })),
        None if made => Ok(None),
        None => Err(Error::internal("a customer was not written")),
    }
}

/// The currency as it is kept with the amount.
pub(super) fn credit_limit_currency(customer: &Customer) -> Option<&'static str> {
    customer.credit_limit.map(|money| money.currency().as_str())
}

/// Writes every changeable column of a locked customer. Answers the new version and time.
pub async fn update(tx: &mut Tx, customer: &Customer) -> Result<(i32, DateTime<Utc>)> {
    let row = sqlx::query!(
        "UPDATE customers SET code = $2, kind = $3, email = $4, phone = $5, first_name = $6, last_name = $7, birthday = $8,
           company_name = $9, legal_name = $10, industry = $11, tax_id = $12, status = $13, type = $14,
           lifecycle_stage = $15, parent_id = $16, owner_id = $17, priority = $18, service_level = $19, credit_limit = $20,
           locale = $21, time_zone = $22, attributes = $23, note = $24, internal_note = $25, country = $26, city = $27,
           sort_name = $28, search_text = $29, credit_limit_currency = $30, email_verified = $31, phone_verified = $32
         WHERE id = $1 RETURNING version, updated_at",
        customer.id.0,
        customer.code,
        customer.kind.to_string(),
        customer.email.as_ref().map(regulars_kernel::Email::as_str),
        customer.phone.as_ref().map(regulars_kernel::Phone::as_str),
        customer.first_name,
        customer.last_name,
        customer.birthday,
        customer.company_name,
        customer.legal_name,
        customer.industry,
        customer.tax_id,
        customer.status.to_string(),
        customer.customer_type.to_string(),
        customer.lifecycle_stage.to_string(),
        customer.parent_id.map(|id| id.0),
        customer.owner_id.map(|id| id.0),
        customer.priority.to_string(),
        customer.service_level.to_string(),
        customer.credit_limit.map(|money| money.amount()),
        customer.locale.as_ref().map(regulars_kernel::Locale::as_str),
        customer.time_zone.as_ref().map(regulars_kernel::TimeZone::as_str),
        Json(&customer.attributes) as Json<&serde_json::Map<String, Value>>,
        customer.note,
        customer.internal_note,
        customer.country.as_ref().map(regulars_kernel::Country::as_str),
        customer.city,
        search::sort_name(customer),
        search::search_text(customer),
        credit_limit_currency(customer),
        customer.email_verified,
        customer.phone_verified,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.version, row.updated_at))
}

/// Gives customers a new version because something they show was changed elsewhere, such as their tags.
pub async fn touch(tx: &mut Tx, ids: &[CustomerId]) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("UPDATE customers SET updated_at = now() WHERE id = ANY($1)", &ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes where the default address is.
pub async fn set_place(tx: &mut Tx, id: CustomerId, country: Option<&str>, city: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE customers SET country = $2, city = $3
         WHERE id = $1 AND (country IS DISTINCT FROM $2 OR city IS DISTINCT FROM $3)",
        id.0,
        country,
        city
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks customers as deleted, or as living again.
pub async fn set_deleted(tx: &mut Tx, ids: &[CustomerId], at: Option<DateTime<Utc>>) -> Result<()> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE customers SET deleted_at = $2 WHERE id = ANY($1)",
        &ids,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
