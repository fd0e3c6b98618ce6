//! What files an organization keeps, and whether it may keep another.

use regulars_database::Tx;
use regulars_kernel::Result;

use crate::{space::Held, store::files};

/// What is kept now.
pub async fn held(tx: &mut Tx) -> Result<Held> {
    files::held(tx).await
}

/// Admits a file of so many bytes, or fails with 409. Until the transaction ends nobody else of the organization is
/// admitted, so that two at once do not take the same room; the transaction then counts the file among the kept ones.
pub async fn admit(tx: &mut Tx, bytes: u64, quota: u64) -> Result<()> {
    files::lock(tx).await?;
    held(tx).await?.check(bytes, quota)
}
