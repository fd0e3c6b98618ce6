//! The customer record: people and companies, their contacts, addresses, sources, tags, attributes, notes, hierarchy,
//! and how they are found.
//!
//! Invariants: an e-mail address belongs to one living customer of an organization, whatever its case; a hierarchy
//! never has a cycle; every change appends an event in the same transaction; an import never loosens a withdrawn
//! consent; the columns by which customers are found (`sort_name`, `search_text`, `name_tokens`) change with what
//! they are made of.

pub mod api;
mod days;
pub mod find;
pub mod jobs;
mod letting_go;
pub mod model;
pub mod ops;
mod routes;
pub mod store;
mod sweep;

pub use jobs::job_handlers;
pub use routes::api_routes;
