//! SQL of this room, and nothing else: every function takes the transaction of one organization.
//!
//! What it never does: decide. Use cases are in `ops`.

pub mod alive;
pub mod errors;
pub mod exports;
pub mod files;
pub mod imports;
