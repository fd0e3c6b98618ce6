//! A batch: changes and the state of those who changed, read in one snapshot, as writes.

use std::collections::{HashMap, HashSet};

use regulars_customers::{
    model::{Include, Included},
    store::parts,
};
use regulars_database::Tx;
use regulars_events::{
    Event,
    followers::{self, Change},
};
use regulars_kernel::{Result, ids::CustomerId};
use uuid::Uuid;

use crate::{
    FOLLOWER,
    client::Place,
    document::{self, Fields},
    proto::{Document, Operation, Write},
};

/// Writes of one commit, as many as Firestore takes.
pub const SIZE: usize = 500;
/// Bytes of one commit; Firestore takes 10 MiB, its emulator 4.
pub const MOST_BYTES: usize = 3_500_000;
/// Changes that are looked at for a batch: a customer may have changed often.
const LOOKED_AT: i64 = 2_000;

/// One customer's document, as it shall be.
#[derive(Clone)]
pub struct Wanted {
    /// The customer.
    pub customer_id: CustomerId,
    /// The fields; none: there shall be no document.
    pub fields: Option<Fields>,
    /// Bytes of the document.
    pub size: usize,
}

impl Wanted {
    /// What is to be done for it.
    pub fn write(&self, place: &Place) -> Write {
        let name = place.name(&self.customer_id.to_string());
        let operation = match &self.fields {
            Some(fields) => Operation::Update(Document {
                name,
                fields: fields.clone(),
            }),
            None => Operation::Delete(name),
        };
        Write {
            operation: Some(operation),
        }
    }
}

/// What is read at a time.
pub struct Batch {
    /// The changes that are dealt with when all of it is written.
    pub changes: Vec<Change>,
    /// Whose documents are to be written.
    pub wanted: Vec<Wanted>,
}

impl Batch {
    /// Those whose documents are in it.
    pub fn customers(&self) -> Vec<CustomerId> {
        self.wanted.iter().map(|one| one.customer_id).collect()
    }
}

/// Reads the next batch behind a change, of so many customers at most and without certain ones. None if there is no change.
pub async fn read(tx: &mut Tx, after: Uuid, except: &[CustomerId], most: usize) -> Result<Option<Batch>> {
    let mut changes = followers::changes(tx, FOLLOWER, after, except, LOOKED_AT).await?;
    let mut seen = HashSet::new();
    // Cut before the first change of one customer too many.
    let end = changes.iter().position(|change| {
        seen.insert(change.customer_id);
        seen.len() > most.min(SIZE)
    });
    changes.truncate(end.unwrap_or(changes.len()));
    if changes.is_empty() {
        return Ok(None);
    }
    let mut ids: Vec<CustomerId> = changes.iter().map(|change| change.customer_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let wanted = wanted(tx, &ids).await?;
    Ok(Some(Batch { changes, wanted }))
}

/// What the documents of these customers shall be, in the order of their ids. Whoever is deleted or unknown shall have none.
pub async fn wanted(tx: &mut Tx, ids: &[CustomerId]) -> Result<Vec<Wanted>> {
    let included = Included::of(&[Include::Addresses, Include::Contacts]);
    let mut living: HashMap<CustomerId, _> = parts::many_with_metrics(tx, ids, &included)
        .await?
        .into_iter()
        .filter(|one| one.customer.deleted_at.is_none())
        .map(|one| (one.customer.id, one))
        .collect();
    let mut recent: HashMap<CustomerId, Vec<Event>> = HashMap::with_capacity(living.len());
    let known: Vec<CustomerId> = living.keys().copied().collect();
    for event in regulars_events::latest_of(tx, &known, document::RECENT).await? {
        if let Some(id) = event.customer_id {
            recent.entry(id).or_default().push(event);
        }
    }
    let mut wanted = Vec::with_capacity(ids.len());
    for id in ids {
        let fields = match living.remove(id) {
            Some(whole) => {
                let recent = recent.remove(id).unwrap_or_default();
                Some(document::fields(&whole, &recent)?)
            }
            None => None,
        };
        wanted.push(Wanted {
            customer_id: *id,
            size: fields.as_ref().map_or(100, document::size),
            fields,
        });
    }
    Ok(wanted)
}
