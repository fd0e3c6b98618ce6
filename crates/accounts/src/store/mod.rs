//! SQL of the accounts room, and nothing else.
//!
//! Memberships, keys and audit entries live behind the wall and are reached through a `Tx`. Organizations, users,
//! sessions and tokens belong to no single organization; their functions take any connection, and whoever shows them to
//! an organization joins memberships.

pub mod audit;
pub mod invitations;
pub mod keys;
pub mod members;
pub mod organizations;
pub mod sessions;
pub mod users;
