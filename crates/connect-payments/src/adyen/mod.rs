//! Adyen: standard notifications.

mod process;
mod receive;

/// The name under which Adyen's references are known.
pub const SOURCE: &str = "adyen";
