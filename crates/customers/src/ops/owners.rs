//! Who looks after customers, when somebody stops doing so.

use regulars_database::Tx;
use regulars_kernel::{Result, ids::UserId};
use serde_json::json;

use super::customers::event;
use crate::store;

/// Lets go of some of the customers that somebody looks after; gives how many, none when there are no more.
pub async fn release(tx: &mut Tx, owner: UserId, most: i64) -> Result<usize> {
    let released = store::customers::release(tx, owner, most).await?;
    let changes = json!({"changes": {"owner_id": {"from": owner, "to": null}}});
    let events = released
        .iter()
        .map(|id| event("customer.updated", *id, changes.clone()))
        .collect();
    regulars_events::append_many(tx, events).await?;
    Ok(released.len())
}
