//! The mirror in Firestore: each customer as a document, written after each change.
//!
//! Whatever changes a customer marks it in the same transaction ([`regulars_events::followers`]); a job reads how customers
//! are by then and writes their documents whole, 500 at a time. Invariants: a change that was committed is written, whatever
//! is killed in between; of two states of a customer the older never stays; no transaction is open while Firestore is waited
//! for; an outage makes the mirror late and nothing else; what Firestore refuses keeps nobody else back.
//!
//! What it never does: read Firestore to learn anything of customers, delete a document of which it was not asked, or go
//! anywhere but to Google's Firestore or the emulator that the operator chose.

pub mod access;
mod api;
mod batch;
mod client;
mod compare;
mod customer_line;
mod dispatch;
pub mod document;
mod load;
mod mirror;
pub mod model;
pub mod ops;
mod pace;
mod pages;
pub mod proto;
mod routes;
mod store;

pub use batch::{Wanted, wanted};
pub use client::{Client, Firestore, Place, Trouble};
pub use compare::{Comparing, Ended};
pub use customer_line::MirrorLine;
pub use dispatch::{dispatch, is_idle};
pub use load::LoadJob;
pub use mirror::{Done, Run};
pub use routes::{Emulator, api_routes, job_handlers, page_routes};

/// The name under which changes are followed.
pub(crate) const FOLLOWER: &str = "firestore";
