//! Orders that get another owner: somebody turned out to be the same as another, or whose an order is was not known.

use regulars_database::Tx;
use regulars_events::NewEvent;
use regulars_kernel::{Result, ids::CustomerId};
use serde_json::json;

use super::metrics;
use crate::store;

/// Gives a customer all orders of another who turned out to be the same; answers how many.
pub async fn hand_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<u64> {
    let orders = store::orders::hand_over(tx, from, to).await?;
    settle(tx, Some(from), to, orders).await
}

/// Gives a customer those of these orders that have none; answers how many.
pub async fn give(tx: &mut Tx, source: &str, external_ids: &[String], to: CustomerId) -> Result<u64> {
    if external_ids.is_empty() {
        return Ok(0);
    }
    let orders = store::orders::give(tx, source, external_ids, to).await?;
    settle(tx, None, to, orders).await
}

/// The figures, and the timeline, of who has so many more orders now.
async fn settle(tx: &mut Tx, from: Option<CustomerId>, to: CustomerId, orders: u64) -> Result<u64> {
    if orders > 0 {
        metrics::reckon(tx, from.into_iter().chain([to])).await?;
        let mut event = NewEvent::new("orders.handed_over").data(json!({"from": from, "orders": orders}));
        event.customer_id = Some(to);
        regulars_events::append(tx, event).await?;
    }
    Ok(orders)
}
