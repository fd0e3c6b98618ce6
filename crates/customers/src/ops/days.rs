//! Noting how many customers there are, day by day.

use regulars_database::Tx;
use regulars_kernel::{Result, TimeZone};

use crate::{find, store};

/// Notes how many customers of each status there are now; the last count of a day, where the organization is, stays.
pub async fn note(tx: &mut Tx, zone: TimeZone) -> Result<()> {
    let today = tx.now().with_timezone(&zone.0).date_naive();
    let counts = find::by_status(tx).await?;
    store::days::note(tx, today, &counts).await
}
