//! Stripe: `payment_intent.*`, `charge.*`, `refund.*`, `charge.dispute.*`, `invoice.*`, `invoice_payment.*`, `checkout.session.*`.

mod invoices;
mod objects;
mod process;
mod receive;

/// The name under which Stripe's ids are known.
pub const SOURCE: &str = "stripe";
