//! SQL of this room, and nothing else: every function takes the transaction of one organization.
//!
//! What it never does: decide. Rules are in `model`, use cases in `ops`.

pub mod activities;
pub mod lookup;
pub mod settings;
pub mod visitors;
