//! The latest of many timelines at once, for whoever copies customers elsewhere.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

use crate::Event;

/// The latest events and activities of each of some customers, so many of each, latest first within each.
pub async fn latest_of(tx: &mut Tx, customers: &[CustomerId], most: i64) -> Result<Vec<Event>> {
    let events = sqlx::query_as(
        "SELECT e.* FROM unnest($1::uuid[]) w (id) CROSS JOIN LATERAL (
           (SELECT id, customer_id, kind, actor_kind, actor_id, data, occurred_at FROM events
            WHERE customer_id = w.id ORDER BY occurred_at DESC, id DESC LIMIT $2)
           UNION ALL
           (SELECT a.id, a.customer_id, a.kind, CASE WHEN a.key_id IS NULL THEN 'system' ELSE 'key' END, a.key_id,
              jsonb_strip_nulls(jsonb_build_object(
                'name', a.name, 'url', a.url, 'title', a.title, 'referrer', a.referrer, 'utm', a.utm,
                'product_id', a.product_id, 'order_id', a.order_id, 'query', a.query,
                'amount', CASE WHEN a.amount IS NOT NULL THEN jsonb_build_object('amount', round(a.amount, greatest(scale(trim_scale(a.amount)), 2))::text, 'currency', a.currency) END,
                'session_id', a.session_id, 'visitor_id', a.visitor_id, 'user_agent', a.user_agent, 'ip', host(a.ip),
                'geo', a.geo, 'data', a.data)), a.occurred_at
            FROM activities a WHERE a.customer_id = w.id ORDER BY a.occurred_at DESC, a.id DESC LIMIT $2)
           ORDER BY occurred_at DESC, id DESC LIMIT $2
         ) e ORDER BY e.customer_id, e.occurred_at DESC, e.id DESC",
    );
    Ok(events.bind(customers).bind(most).fetch_all(tx.conn()).await?)
}
