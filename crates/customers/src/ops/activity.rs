//! When customers were last active.

use chrono::{DateTime, Utc};
use regulars_database::Tx;
use regulars_kernel::{Result, ids::CustomerId};

use crate::store;

/// Notes that these customers did something at these times. That is no change of the record: its version stays. It is
/// noted at most once an hour, and whoever is being changed at the moment is passed by, so that nobody waits for it.
pub async fn seen(tx: &mut Tx, who: &[(CustomerId, DateTime<Utc>)]) -> Result<()> {
    if who.is_empty() {
        return Ok(());
    }
    store::activity::seen(tx, who).await
}
