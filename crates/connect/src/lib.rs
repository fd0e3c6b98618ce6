//! What every provider needs: connections with their secrets, and one durable inbox for what they send.
//!
//! A webhook is verified on its raw body, stored, answered, and processed by a job. Invariants: what is not signed
//! leaves no row; a message that came twice is stored once; nothing is acknowledged before it is durable; what cannot
//! be processed is kept, visible and can be played again.
//!
//! A provider's customers are found, made and changed in one way ([`people`], [`consents`]), and what it lists is pulled by a job of
//! its crate, whose place is kept here ([`ops::pulls`]).
//!
//! What it never does: know what a message means. A crate for each provider implements [`Receiver`] and [`Processor`].

mod address;
pub mod api;
pub mod body;
mod cache;
pub mod consents;
mod drain;
mod entity;
mod fitting;
mod intake;
pub mod model;
pub mod ops;
mod pages;
pub mod people;
mod provider;
mod receive;
mod routes;
pub mod signature;
mod store;

pub use address::Address;
pub use entity::{Entity, Said};
pub use fitting::leave_out;
pub use model::Provider;
pub use pages::topics_to_subscribe_to;
pub use provider::{
    Applied, Delivery, Failure, Known, Message, Processor, Providers, Received, Receiver, Refusal,
};
pub use routes::{api_routes, job_handlers, page_routes, webhook_routes};
