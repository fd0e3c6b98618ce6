//! Everything that must be known before activities are stored, by one statement: who is named, whose visitors are, and
//! what the organization wants kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{IpPolicy, Named, Settings};

/// What is asked for.
#[derive(Default)]
pub struct Asked<'a> {
    pub named: BTreeSet<&'a Named>,
    pub visitors: BTreeSet<&'a str>,
}

/// What is known.
#[derive(Default)]
pub struct Known {
    pub customers: HashMap<Named, CustomerId>,
    pub visitors: HashMap<String, CustomerId>,
    pub settings: Settings,
}

type Row = (
    String,
    Option<String>,
    Option<String>,
    Option<Uuid>,
    Option<Json<BTreeMap<String, u16>>>,
    Option<i32>,
);

/// Looks it up. Only the living are found.
pub async fn look_up(tx: &mut Tx, asked: &Asked<'_>) -> Result<Known> {
    let (mut ids, mut sources, mut externals, mut emails) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for named in &asked.named {
        match named {
            Named::Id(id) => ids.push(id.0),
            Named::Key(source, id) => {
                sources.push(source.as_str());
                externals.push(id.as_str());
            }
            Named::Email(email) => emails.push(email.as_str()),
        }
    }
    let visitors: Vec<&str> = asked.visitors.iter().copied().collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT 'settings', ip, NULL::text, NULL::uuid, retention_days, version FROM activity_settings
         UNION ALL
         SELECT 'id', NULL, NULL, c.id, NULL, NULL FROM customers c WHERE c.id = ANY($1) AND c.deleted_at IS NULL
         UNION ALL
         SELECT 'key', k.source, k.external_id, s.customer_id, NULL, NULL
         FROM unnest($2::text[], $3::text[]) k (source, external_id)
         CROSS JOIN LATERAL (
           SELECT s.customer_id FROM customer_sources s JOIN customers c ON c.id = s.customer_id AND c.deleted_at IS NULL
           WHERE s.source = k.source AND s.external_id = k.external_id LIMIT 1) s
         UNION ALL
         SELECT 'email', NULL, k.email, c.id, NULL, NULL FROM unnest($4::text[]) k (email)
         CROSS JOIN LATERAL (SELECT id FROM customers WHERE email_lowercase = k.email AND deleted_at IS NULL LIMIT 1) c
         UNION ALL
         SELECT 'visitor', NULL, v.visitor_id, v.customer_id, NULL, NULL
         FROM visitors v JOIN customers c ON c.id = v.customer_id AND c.deleted_at IS NULL WHERE v.visitor_id = ANY($5)",
    )
    .bind(ids)
    .bind(sources)
    .bind(externals)
    .bind(emails)
    .bind(visitors)
    .fetch_all(tx.conn())
    .await?;
    let mut known = Known::default();
    for (what, first, second, id, retention, version) in rows {
        let customer = id.map(CustomerId);
        match (what.as_str(), first, second, customer) {
            ("settings", ip, _, _) => {
                let ip = ip.as_deref().map(IpPolicy::of).unwrap_or_default();
                let days = retention.map(|Json(days)| days).unwrap_or_default();
                known.settings = Settings::new(version.unwrap_or(1), ip, &days);
            }
            ("id", _, _, Some(id)) => {
                known.customers.insert(Named::Id(id), id);
            }
            ("key", Some(source), Some(external_id), Some(id)) => {
                known.customers.insert(Named::Key(source, external_id), id);
            }
            ("email", _, Some(email), Some(id)) => {
                known.customers.insert(Named::Email(email), id);
            }
            ("visitor", _, Some(visitor), Some(id)) => {
                known.visitors.insert(visitor, id);
            }
            _ => {}
        }
    }
    Ok(known)
}
