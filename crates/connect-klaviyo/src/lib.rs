//! Klaviyo: what its webhooks say of people and of what they did with messages, and what its API knows of them.
//!
//! A profile is a customer. What changed last holds, whichever way it comes first: by a webhook or by a pull. What is absent
//! is not empty, and an empty field empties only what Klaviyo had told. What somebody did is told once for each of Klaviyo's
//! event ids, on the customer's timeline, also where the profile becomes known later.
//!
//! What it never does: make a customer of an event alone, loosen a withdrawal by something that was said before it, send the
//! API key anywhere but to the address that the server's operator chose, or fail on a field that cannot be understood: the
//! field is left out and named in the result.

mod client;
mod events;
mod json;
mod lists;
mod location;
mod predictions;
mod process;
mod profiles;
mod pull;
mod receive;
mod subscriptions;
mod topics;

pub use client::{Client, DEFAULT_URL, Patience, REVISION};
pub use pull::job_handlers;

/// Klaviyo's part of the inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Klaviyo;

/// The name under which Klaviyo's ids are known.
pub(crate) const SOURCE: &str = "klaviyo";
