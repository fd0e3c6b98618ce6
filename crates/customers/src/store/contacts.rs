//! Contact persons.

use regulars_database::Tx;
use regulars_kernel::{
    Result,
    ids::{ContactId, CustomerId},
};

use crate::model::{Contact, CustomerRef};

/// So many contacts of one address are looked at: an agency's may stand at thousands of customers.
const MOST_READ: i64 = 100;

macro_rules! columns {
    () => {
        "id, customer_id, version, first_name, last_name, full_name, email, phone, title, department, is_primary, \
         is_decision_maker, is_influencer, note, last_contacted_at, created_at, updated_at"
    };
}

/// All contacts of a customer, the primary one first.
pub async fn list(tx: &mut Tx, customer_id: CustomerId) -> Result<Vec<Contact>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM contacts WHERE customer_id = $1 ORDER BY is_primary DESC, id"
    );
    Ok(sqlx::query_as(sql).bind(customer_id).fetch_all(tx.conn()).await?)
}

/// Other living customers that have a contact with this address (in lower case), and what that contact is there; and
/// whether there may be more of them.
pub async fn customers_with(
    tx: &mut Tx,
    email: &str,
    except: CustomerId,
) -> Result<(Vec<(CustomerRef, Option<String>)>, bool)> {
    #[derive(sqlx::FromRow)]
    struct Found {
        #[sqlx(flatten)]
        customer: CustomerRef,
        title: Option<String>,
        is_cut: bool,
    }
    let found: Vec<Found> = sqlx::query_as(
        "WITH k AS (SELECT * FROM contacts WHERE email_lowercase = $1 AND customer_id <> $2 LIMIT $3)
         SELECT DISTINCT ON (c.id) c.id, c.code, c.kind, c.full_name, c.email, c.status, k.title, (SELECT count(*) = $3 FROM k) AS is_cut
           FROM k JOIN customers c ON c.organization_id = k.organization_id AND c.id = k.customer_id
          WHERE c.deleted_at IS NULL
          ORDER BY c.id, k.id",
    )
    .bind(email)
    .bind(except)
    .bind(MOST_READ)
    .fetch_all(tx.conn())
    .await?;
    let is_cut = found.first().is_some_and(|found| found.is_cut);
    let found = found.into_iter().map(|found| (found.customer, found.title));
    Ok((found.collect(), is_cut))
}

/// One contact of a customer.
pub async fn get(tx: &mut Tx, customer_id: CustomerId, id: ContactId) -> Result<Option<Contact>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM contacts WHERE customer_id = $1 AND id = $2"
    );
    Ok(sqlx::query_as(sql)
        .bind(customer_id)
        .bind(id)
        .fetch_optional(tx.conn())
        .await?)
}

/// How many contacts a customer has.
pub async fn count(tx: &mut Tx, customer_id: CustomerId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM contacts WHERE customer_id = $1"#,
        customer_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Adds a contact.
pub async fn insert(tx: &mut Tx, contact: &Contact) -> Result<()> {
    let organization_id = tx.organization_id();
    sqlx::query!(
        "INSERT INTO contacts (organization_id, id, customer_id, first_name, last_name, email, phone, title, department,
           is_primary, is_decision_maker, is_influencer, note, last_contacted_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)",
        organization_id.0,
        contact.id.0,
        contact.customer_id.0,
        contact.first_name,
        contact.last_name,
        contact.email.as_ref().map(regulars_kernel::Email::as_str),
        contact.phone.as_ref().map(regulars_kernel::Phone::as_str),
        contact.title,
        contact.department,
        contact.is_primary,
        contact.is_decision_maker,
        contact.is_influencer,
        contact.note,
        contact.last_contacted_at,
        contact.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a contact. Answers its new version.
pub async fn update(tx: &mut Tx, contact: &Contact) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "UPDATE contacts SET first_name = $2, last_name = $3, email = $4, phone = $5, title = $6, department = $7,
           is_primary = $8, is_decision_maker = $9, is_influencer = $10, note = $11, last_contacted_at = $12
         WHERE id = $1 RETURNING version",
        contact.id.0,
        contact.first_name,
        contact.last_name,
        contact.email.as_ref().map(regulars_kernel::Email::as_str),
        contact.phone.as_ref().map(regulars_kernel::Phone::as_str),
        contact.title,
        contact.department,
        contact.is_primary,
        contact.is_decision_maker,
        contact.is_influencer,
        contact.note,
        contact.last_contacted_at,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Lets no contact of the customer but this one be the primary.
pub async fn clear_primary(tx: &mut Tx, customer_id: CustomerId, but: ContactId) -> Result<()> {
    sqlx::query!(
        "UPDATE contacts SET is_primary = false WHERE customer_id = $1 AND is_primary AND id <> $2",
        customer_id.0,
        but.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a contact.
pub async fn delete(tx: &mut Tx, id: ContactId) -> Result<()> {
    sqlx::query!("DELETE FROM contacts WHERE id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
