//! Payment providers: what Stripe and Adyen say of payments, and how they are told from forgery.
//!
//! What is said of one payment is kept in one ledger ([`ledger`]), whose lines are payments of an order: the money itself,
//! each attempt that failed, refunds, disputes. Of each line the newest word holds, so messages may come in any order. The
//! ledger is told to the order that its references name, at once or when that order becomes known ([`settle`]).
//!
//! What it never does: sum what it says with what the order's own source says of the same money (commerce counts the greater
//! of both), or make an order out of a payment.

mod adyen;
mod amount;
mod attach;
mod json;
mod ledger;
mod settle;
mod stripe;

pub use attach::job_handlers;

/// Stripe's part of the inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stripe;

/// Adyen's part of the inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Adyen;
