//! SQL of connections and of the inbox. All through a `Tx`, so only this organization's.

pub mod connections;
pub mod entities;
pub mod events;
pub mod inbox;
pub mod pulls;
