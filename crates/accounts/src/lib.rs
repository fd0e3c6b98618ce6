//! Accounts: organizations, users and their roles, links, sessions, API keys, and the audit log.
//!
//! Invariants:
//! - No secret is stored: of tokens and keys only SHA-256 (they are 256 random bits), of passwords only argon2id.
//! - Nobody gives away, or takes over, more than they hold ([`model::Power`]); an organization always keeps an owner.
//! - An organization never reaches into an account that also belongs to another one.
//! - Every change here has its audit entry in the same transaction.
//!
//! [`authenticate`] turns credentials into a caller. It never decides what handlers of other rooms allow: they ask the
//! caller.

mod api;
mod audit;
mod authenticate;
mod brake;
mod cookies;
pub mod model;
pub mod ops;
mod pages;
mod passwords;
mod publishable;
mod routes;
mod secrets;
mod store;

pub use audit::{Entry as AuditRecord, audit};
pub use authenticate::{authenticate, caller_of, forget};
pub use pages::{asked, face};
pub use publishable::{PREFIX as PUBLISHABLE_PREFIX, PublishableKey, RATE_PER_MINUTE, publishable, sign};
pub use routes::{api_routes, page_routes};
