//! What a member began to write and has not said yet: their own, seen by nobody else, so that it is no event.

use regulars_database::Tx;
use regulars_kernel::{
    Faults, Result,
    ids::{CustomerId, UserId},
};
use serde_json::Value;

use super::require_living;
use crate::store::drafts;

/// Bytes of JSON that are kept of one.
const MOST: usize = 200_000;

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// A company, in its steps.
    Company,
    /// A note about a customer.
    Note(CustomerId),
}

impl Draft {
    fn parts(self) -> (&'static str, Option<CustomerId>) {
        match self {
            Self::Company => ("company", None),
            Self::Note(customer) => ("note", Some(customer)),
        }
    }
}

/// What was written so far.
pub async fn get(tx: &mut Tx, user: UserId, draft: Draft) -> Result<Option<Value>> {
    let (about, customer) = draft.parts();
    drafts::get(tx, user, about, customer).await
}

/// Keeps what is written so far.
pub async fn keep(tx: &mut Tx, user: UserId, draft: Draft, body: &Value) -> Result<()> {
    if body.to_string().len() > MOST {
        let mut faults = Faults::default();
        faults.add(
            "",
            "too_long",
            format!("at most {MOST} bytes of a draft are kept"),
        );
        return faults.check();
    }
    let (about, customer) = draft.parts();
    if let Some(customer) = customer {
        require_living(tx, customer).await?;
    }
    drafts::keep(tx, user, about, customer, body).await
}

/// Forgets it, because it was said or is not wanted; whether there was one.
pub async fn discard(tx: &mut Tx, user: UserId, draft: Draft) -> Result<bool> {
    let (about, customer) = draft.parts();
    drafts::discard(tx, user, about, customer).await
}
