//! A customer with its parts, read with one statement.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use serde::de::DeserializeOwned;
use sqlx::{FromRow, Row, postgres::PgRow, types::Json};

use super::row::customer_columns;
use crate::model::{Customer, Include, Included, WithParts};

/// How to find the customer.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// By its id; deleted ones too.
    Id(CustomerId),
    /// By its e-mail address in lower case; living ones only.
    Email(&'a str),
    /// By its id in another system; living ones only.
    External {
        /// The system.
        source: &'a str,
        /// The id there.
        id: &'a str,
    },
}

/// Each part is a sub-select that runs only if it is asked for: $1 to $8, in the order of `Include`. What PostgreSQL
/// writes as JSON is read by the parts' own types.
macro_rules! with_parts {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            customer_columns!(),
            ", CASE WHEN $1 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT a.id, a.customer_id, a.version, a.type, a.is_default, a.name, a.company, a.line1, a.line2, a.city, a.province,
                       a.postal_code, a.country, a.phone, a.latitude, a.longitude, a.time_zone, a.created_at, a.updated_at
                FROM addresses a WHERE a.organization_id = c.organization_id AND a.customer_id = c.id
                ORDER BY a.is_default DESC, a.id) p), '[]') END AS addresses,
              CASE WHEN $2 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT k.id, k.customer_id, k.version, k.first_name, k.last_name, k.full_name, k.email, k.phone, k.title, k.department,
                       k.is_primary, k.is_decision_maker, k.is_influencer, k.note, k.last_contacted_at, k.created_at, k.updated_at
                FROM contacts k WHERE k.organization_id = c.organization_id AND k.customer_id = c.id
                ORDER BY k.is_primary DESC, k.id) p), '[]') END AS contacts,
              CASE WHEN $3 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT s.version, s.source, s.external_id, s.sync_state, s.synced_at, s.created_at
                FROM customer_sources s WHERE s.organization_id = c.organization_id AND s.customer_id = c.id
                ORDER BY s.source, s.external_id) p), '[]') END AS sources,
              CASE WHEN $4 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT t.id, t.name, t.color, t.description
                FROM customer_tags ct JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id
                WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id
                ORDER BY t.name_lowercase) p), '[]') END AS tag_details,
              CASE WHEN $5 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT n.id, n.customer_id, n.version, n.body, n.pinned_at, n.actor_kind, n.actor_id, n.created_at, n.updated_at
                FROM notes n WHERE n.organization_id = c.organization_id AND n.customer_id = c.id
                ORDER BY n.pinned_at DESC NULLS LAST, n.id DESC LIMIT 50) p), '[]') END AS notes,
              CASE WHEN $6 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT s.channel, s.state, s.source, s.changed_at
                FROM customer_consents s WHERE s.organization_id = c.organization_id AND s.customer_id = c.id
                ORDER BY s.channel) p), '[]') END AS consents,
              CASE WHEN $7 THEN (
                SELECT json_build_object('id', p.id, 'code', p.code, 'kind', p.kind, 'full_name', p.full_name, 'email', p.email,
                         'status', p.status)
                FROM customers p WHERE p.organization_id = c.organization_id AND p.id = c.parent_id) END AS parent,
              CASE WHEN $8 THEN coalesce((SELECT json_agg(p) FROM (
                SELECT k.id, k.code, k.kind, k.full_name, k.email, k.status
                FROM customers k WHERE k.organization_id = c.organization_id AND k.parent_id = c.id AND k.deleted_at IS NULL
                ORDER BY k.sort_name, k.id LIMIT 100) p), '[]') END AS children
            FROM customers c WHERE ",
            $condition
        )
    };
}

impl FromRow<'_, PgRow> for WithParts {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        fn part<T: DeserializeOwned + 'static>(row: &PgRow, name: &str) -> sqlx::Result<Option<T>> {
            Ok(row.try_get::<Option<Json<T>>, _>(name)?.map(|json| json.0))
        }
        Ok(Self {
            customer: Customer::from_row(row)?,
            addresses: part(row, "addresses")?,
            contacts: part(row, "contacts")?,
            sources: part(row, "sources")?,
            tag_details: part(row, "tag_details")?,
            notes: part(row, "notes")?,
            consents: part(row, "consents")?,
            parent: part(row, "parent")?,
            children: part(row, "children")?,
        })
    }
}

/// The parts in the order of the parameters.
const ORDER: [Include; 8] = [
    Include::Addresses,
    Include::Contacts,
    Include::Sources,
    Include::Tags,
    Include::Notes,
    Include::Consents,
    Include::Parent,
    Include::Children,
];

/// Reads some customers with the parts that are wanted, in no particular order.
pub async fn many(tx: &mut Tx, ids: &[CustomerId], included: &Included) -> Result<Vec<WithParts>> {
    let mut query = sqlx::query_as(with_parts!("c.id = ANY ($9)"));
    for include in ORDER {
        query = query.bind(included.has(include));
    }
    Ok(query.bind(ids).fetch_all(tx.conn()).await?)
}

/// Reads a customer with the parts that are wanted.
pub async fn get(tx: &mut Tx, key: Key<'_>, included: &Included) -> Result<Option<WithParts>> {
    let sql = match key {
        Key::Id(_) => with_parts!("c.id = $9"),
        Key::Email(_) => with_parts!("c.email_lowercase = $9 AND c.deleted_at IS NULL"),
        Key::External { .. } => with_parts!(
            "c.deleted_at IS NULL AND c.id = (SELECT s.customer_id FROM customer_sources s WHERE s.source = $9 AND s.external_id = $10)"
        ),
    };
    let mut query = sqlx::query_as(sql);
    for include in ORDER {
        query = query.bind(included.has(include));
    }
    query = match key {
        Key::Id(id) => query.bind(id),
        Key::Email(email) => query.bind(email),
        Key::External { source, id } => query.bind(source).bind(id),
    };
    Ok(query.fetch_optional(tx.conn()).await?)
}
