//! What a member looked at last and keeps at hand: their own, seen by nobody else, so that it is no event.

use regulars_database::Tx;
use regulars_kernel::{
    Error, Result,
    ids::{CustomerId, UserId},
};

use super::require_living;
use crate::{model::Customer, store::marks};

/// So many customers one may keep at hand.
const MOST: i64 = 50;

/// Remembers that somebody looked at a customer.
pub async fn see(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<()> {
    marks::see(tx, user, customer).await
}

/// Keeps a customer at hand, or no more.
pub async fn favour(tx: &mut Tx, user: UserId, customer: CustomerId, wanted: bool) -> Result<()> {
    if !wanted {
        return marks::let_go(tx, user, customer).await;
    }
    require_living(tx, customer).await?;
    if marks::is_kept(tx, user, customer).await? {
        return Ok(());
    }
    if marks::kept(tx, user).await? >= MOST {
        let message = format!("{MOST} favourites are kept; let one go first");
        return Err(Error::conflict("", "too_many", message));
    }
    marks::keep(tx, user, customer).await
}

/// Whether somebody keeps a customer at hand.
pub async fn is_favourite(tx: &mut Tx, user: UserId, customer: CustomerId) -> Result<bool> {
    marks::is_kept(tx, user, customer).await
}

/// Whom somebody keeps at hand, by name.
pub async fn favourites(tx: &mut Tx, user: UserId, most: i64) -> Result<Vec<Customer>> {
    marks::favourites(tx, user, most).await
}

/// What to call all of them.
pub async fn favourite_names(tx: &mut Tx, user: UserId) -> Result<Vec<(CustomerId, String)>> {
    marks::favourite_names(tx, user, MOST).await
}

/// Whom somebody looked at last, the last one first.
pub async fn recent(tx: &mut Tx, user: UserId, most: i64) -> Result<Vec<Customer>> {
    marks::recent(tx, user, most).await
}
