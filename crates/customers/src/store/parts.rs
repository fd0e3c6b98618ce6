//! A customer with its parts, read with one statement.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Currency, Money, Result, ids::CustomerId};
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::{AssertSqlSafe, FromRow, Row, postgres::PgRow, types::Json};

use super::row::customer_columns;
use crate::model::{Amount, Customer, Include, Included, Metrics, ToldMetrics, WithParts};

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

/// The parts: each a column and the sub-select that fills it, as JSON that the parts' own types read.
const PARTS: [(Include, &str, &str); 8] = [
    (
        Include::Addresses,
        "addresses",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT a.id, a.customer_id, a.version, a.type, a.is_default, a.name, a.company, a.line1, a.line2, a.city, a.province,
         a.postal_code, a.country, a.phone, a.latitude, a.longitude, a.time_zone, a.created_at, a.updated_at
         FROM addresses a WHERE a.organization_id = c.organization_id AND a.customer_id = c.id
         ORDER BY a.is_default DESC, a.id) p), '[]')",
    ),
    (
        Include::Contacts,
        "contacts",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT k.id, k.customer_id, k.version, k.first_name, k.last_name, k.full_name, k.email, k.phone, k.title, k.department,
         k.is_primary, k.is_decision_maker, k.is_influencer, k.note, k.last_contacted_at, k.created_at, k.updated_at
         FROM contacts k WHERE k.organization_id = c.organization_id AND k.customer_id = c.id
         ORDER BY k.is_primary DESC, k.id) p), '[]')",
    ),
    (
        Include::Sources,
        "sources",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT s.version, s.source, s.external_id, s.sync_state, s.synced_at, s.created_at
         FROM customer_sources s WHERE s.organization_id = c.organization_id AND s.customer_id = c.id
         ORDER BY s.source, s.external_id) p), '[]')",
    ),
    (
        Include::Tags,
        "tag_details",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT t.id, t.name, t.color, t.description
         FROM customer_tags ct JOIN tags t ON t.organization_id = ct.organization_id AND t.id = ct.tag_id
         WHERE ct.organization_id = c.organization_id AND ct.customer_id = c.id
         ORDER BY t.name_lowercase) p), '[]')",
    ),
    (
        Include::Notes,
        "notes",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT n.id, n.customer_id, n.version, n.body, n.pinned_at, n.actor_kind, n.actor_id, n.created_at, n.updated_at
         FROM notes n WHERE n.organization_id = c.organization_id AND n.customer_id = c.id
         ORDER BY n.pinned_at DESC NULLS LAST, n.id DESC LIMIT 50) p), '[]')",
    ),
    (
        Include::Consents,
        "consents",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT s.channel, s.state, s.source, s.changed_at
         FROM customer_consents s WHERE s.organization_id = c.organization_id AND s.customer_id = c.id
         ORDER BY s.channel) p), '[]')",
    ),
    (
        Include::Parent,
        "parent",
        "(
         SELECT json_build_object('id', p.id, 'code', p.code, 'kind', p.kind, 'full_name', p.full_name, 'email', p.email,
         'status', p.status)
         FROM customers p WHERE p.organization_id = c.organization_id AND p.id = c.parent_id)",
    ),
    (
        Include::Children,
        "children",
        "coalesce((SELECT json_agg(p) FROM (
         SELECT k.id, k.code, k.kind, k.full_name, k.email, k.status
         FROM customers k WHERE k.organization_id = c.organization_id AND k.parent_id = c.id AND k.deleted_at IS NULL
         ORDER BY k.sort_name, k.id LIMIT 100) p), '[]')",
    ),
];

/// What the customer bought: one row that the room of commerce keeps, or nothing yet.
const METRICS: &str = "(SELECT json_build_object('orders', coalesce(m.orders, 0), 'cancelled_orders', coalesce(m.cancelled_orders, 0),
      'returned_orders', coalesce(m.returned_orders, 0), 'unconverted_orders', coalesce(m.unconverted_orders, 0),
      'items', coalesce(m.items, 0), 'total_spent', m.total_spent::text, 'refunded', m.refunded::text,
      'net_revenue', m.net_revenue::text, 'average_order_value', m.average_order_value::text,
      'currency', coalesce(m.currency, o.currency), 'first_order_at', m.first_order_at, 'last_order_at', m.last_order_at,
      'days_since_last_order', (now() AT TIME ZONE o.time_zone)::date - (m.last_order_at AT TIME ZONE o.time_zone)::date,
      'favourite_category', m.favourite_category, 'favourite_brand', m.favourite_brand, 'told', coalesce(m.told, '{}'))
    FROM organizations o
    LEFT JOIN customer_metrics m ON m.organization_id = c.organization_id AND m.customer_id = c.id
    WHERE o.id = c.organization_id)";

/// The statement that reads the parts that are wanted. A sub-select that is only switched off still has its tables locked
/// and its plan set up, which takes longer than reading the customer does, so the others are not in it.
fn with_parts(included: &Included, metrics: &str, condition: &str) -> String {
    let mut sql = String::from(concat!("SELECT ", customer_columns!()));
    for (include, column, select) in PARTS {
        let select = if included.has(include) {
            select
        } else {
            "NULL::json"
        };
        for text in [", ", select, " AS ", column] {
            sql += text;
        }
    }
    for text in [", ", metrics, " AS metrics FROM customers c WHERE ", condition] {
        sql += text;
    }
    sql
}

/// The figures as they are read: amounts as text, since JSON numbers are no decimals.
#[derive(Deserialize)]
struct Figures {
    orders: i64,
    cancelled_orders: i64,
    returned_orders: i64,
    unconverted_orders: i64,
    items: i64,
    total_spent: Option<String>,
    refunded: Option<String>,
    net_revenue: Option<String>,
    average_order_value: Option<String>,
    currency: Currency,
    first_order_at: Option<DateTime<Utc>>,
    last_order_at: Option<DateTime<Utc>>,
    days_since_last_order: Option<i32>,
    favourite_category: Option<String>,
    favourite_brand: Option<String>,
    told: BTreeMap<String, ToldMetrics>,
}

/// A sum that was read as text; it may be more than money can be, so it is checked for its digits alone.
pub(super) fn amount(text: Option<String>, currency: Currency) -> Amount {
    Amount {
        amount: match text {
            Some(text) => Money::parse(&text, currency).map_or(text, |money| money.amount().to_string()),
            None => Money::zero(currency).amount().to_string(),
        },
        currency: currency.to_string(),
    }
}

impl From<Figures> for Metrics {
    fn from(read: Figures) -> Self {
        let amount = |text: Option<String>| amount(text, read.currency);
        Self {
            orders: read.orders,
            cancelled_orders: read.cancelled_orders,
            returned_orders: read.returned_orders,
            unconverted_orders: read.unconverted_orders,
            items: read.items,
            total_spent: amount(read.total_spent),
            refunded: amount(read.refunded),
            net_revenue: amount(read.net_revenue),
            average_order_value: amount(read.average_order_value),
            first_order_at: read.first_order_at,
            last_order_at: read.last_order_at,
            days_since_last_order: read.days_since_last_order,
            favourite_category: read.favourite_category,
            favourite_brand: read.favourite_brand,
            told: read.told,
        }
    }
}

impl FromRow<'_, PgRow> for WithParts {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        fn part<T: DeserializeOwned + 'static>(row: &PgRow, name: &str) -> sqlx::Result<Option<T>> {
            Ok(row.try_get::<Option<Json<T>>, _>(name)?.map(|json| json.0))
        }
        Ok(Self {
            customer: Customer::from_row(row)?,
            metrics: part::<Figures>(row, "metrics")?.map(Metrics::from),
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

/// Reads some customers with the parts that are wanted and without their figures, in no particular order.
pub async fn many(tx: &mut Tx, ids: &[CustomerId], included: &Included) -> Result<Vec<WithParts>> {
    let sql = AssertSqlSafe(with_parts(included, "NULL::json", "c.id = ANY ($1)"));
    Ok(sqlx::query_as(sql).bind(ids).fetch_all(tx.conn()).await?)
}

/// As [`many`], with their figures.
pub async fn many_with_metrics(
    tx: &mut Tx,
    ids: &[CustomerId],
    included: &Included,
) -> Result<Vec<WithParts>> {
    let sql = AssertSqlSafe(with_parts(included, METRICS, "c.id = ANY ($1)"));
    Ok(sqlx::query_as(sql).bind(ids).fetch_all(tx.conn()).await?)
}

/// Reads a customer with the parts that are wanted.
pub async fn get(tx: &mut Tx, key: Key<'_>, included: &Included) -> Result<Option<WithParts>> {
    let condition = match key {
        Key::Id(_) => "c.id = $1",
        Key::Email(_) => "c.email_lowercase = $1 AND c.deleted_at IS NULL",
        Key::External { .. } => {
            "c.deleted_at IS NULL AND c.id = (SELECT s.customer_id FROM customer_sources s WHERE s.source = $1 AND s.external_id = $2)"
        }
    };
    let query = sqlx::query_as(AssertSqlSafe(with_parts(included, METRICS, condition)));
    let query = match key {
        Key::Id(id) => query.bind(id),
        Key::Email(email) => query.bind(email),
        Key::External { source, id } => query.bind(source).bind(id),
    };
    Ok(query.fetch_optional(tx.conn()).await?)
}
