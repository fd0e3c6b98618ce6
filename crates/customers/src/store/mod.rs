//! SQL of this room, and nothing else: every function takes the transaction of one organization.
//!
//! What it never does: decide. Rules are in `model`, use cases in `ops`.

pub mod activity;
pub mod addresses;
pub mod attributes;
pub mod batch;
pub mod batch_parts;
pub mod bulks;
pub mod captions;
pub mod consents;
pub mod contacts;
pub mod customers;
pub mod days;
pub(crate) mod drafts;
pub mod hierarchy;
pub(crate) mod marks;
pub(crate) mod mentions;
pub mod notes;
pub mod parts;
pub mod row;
pub mod search;
pub mod sources;
pub mod tags;
pub mod words;
