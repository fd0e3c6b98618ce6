//! Shopify: what its webhooks say of customers, carts, orders and products, and how it is told from forgery.
//!
//! Its messages come late, twice and in any order. What is absent from one is not empty: API versions leave out what has
//! a topic of its own. What staff changed here stays until Shopify says something new of that field.
//!
//! What it never does: take a text for a number that does not fit one (ids go beyond 2^53), or fail on a field that
//! cannot be understood: the field is left out and named in the result.

mod addresses;
mod body;
mod carts;
mod consents;
mod customers;
mod merging;
mod orders;
mod parts;
mod privacy;
mod process;
mod products;
mod receive;
mod stock;
mod tags;

/// Shopify's part of the inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shopify;

/// The name under which Shopify's ids are known.
pub(crate) const SOURCE: &str = "shopify";
