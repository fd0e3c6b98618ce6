//! What became of records that were told of, in the order of the file.

use regulars_commerce::ops::Outcome as Became;
use regulars_exchange::{
    kind::Told,
    model::{Outcome, Reason},
};
use regulars_kernel::{Error, Result};
use uuid::Uuid;

use crate::{
    fields::Schema,
    places::refused,
    sheet::{Said, Sheet},
};

/// Puts what became of those that could be read between those that could not. `said` has what the rows of each that could
/// say, `list` is where their parts stand, such as `/lines/`.
pub fn settle(
    told: Vec<Option<Told>>,
    became: Vec<Became<Uuid>>,
    said: Vec<Said>,
    schema: &Schema,
    sheet: &Sheet,
    list: &str,
) -> Result<Vec<Told>> {
    let mut became = became.into_iter().zip(said);
    told.into_iter()
        .map(|told| {
            if let Some(told) = told {
                return Ok(told);
            }
            let (became, said) = became
                .next()
                .ok_or_else(|| Error::internal("each record that was told of has an outcome"))?;
            match became {
                Became::Created(_) => Ok(plain(Outcome::Create, None)),
                Became::Updated(id) => Ok(plain(Outcome::Update, Some(id))),
                Became::Unchanged(id) => Ok(unchanged(id)),
                Became::Refused(error) => refused(error, schema, sheet, &said, list),
            }
        })
        .collect()
}

/// What became of each, by its id.
pub fn by_id<T>(became: Vec<Became<T>>, id: impl Fn(&T) -> Uuid) -> Vec<Became<Uuid>> {
    became
        .into_iter()
        .map(|one| match one {
            Became::Created(one) => Became::Created(id(&one)),
            Became::Updated(one) => Became::Updated(id(&one)),
            Became::Unchanged(one) => Became::Unchanged(id(&one)),
            Became::Refused(error) => Became::Refused(error),
        })
        .collect()
}

/// What needs no reason.
pub fn plain(outcome: Outcome, id: Option<Uuid>) -> Told {
    Told {
        outcome,
        id,
        reasons: Vec::new(),
        changes: None,
    }
}

/// What is known already, or known better.
pub fn unchanged(id: Uuid) -> Told {
    let message = "says nothing new: it is known already, or something newer is";
    Told {
        reasons: vec![(None, Reason::of_row("unchanged", message))],
        ..plain(Outcome::Skip, Some(id))
    }
}
