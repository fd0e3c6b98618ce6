//! SQL of this room, and nothing else: every function takes the transaction of one organization.
//!
//! What it never does: decide. Rules are in `model`, use cases in `ops`.

pub mod carts;
pub mod credit;
pub mod find;
pub mod metrics;
pub mod orders;
pub mod parts;
pub mod people;
pub mod products;
pub mod stock;
pub mod value;
pub mod waiting;
pub mod wishlists;
